"""Which terms of a deleted coupon fit what invoices show, and which values of MRR follow."""

from fractions import Fraction

from stripe_sandbox.company import Company, CompanyOptions
from stripe_sandbox.company.calendar import add_months
from stripe_sandbox.company.changes import INVOICE
from stripe_sandbox.company.habits import DELETED_COUPONS
from stripe_sandbox.company.knowable import admitted, guesses
from stripe_sandbox.company.valuation import (
    Coupon,
    Discount,
    Part,
    Price,
    Snapshot,
    Taken,
)
from unit_tests.stripe_sandbox.company.bench import DAY, JANUARY_2025, Bench

SEAT = Price("seat", "p1", "usd", "month", 1, {"usd": Fraction(1000)})
OTHER = Price("other", "p2", "usd", "month", 1, {"usd": Fraction(400)})


def seats(quantity, *, other=0, group=True):
    held = Discount("di", Coupon("GONE", "forever", Fraction(10)), 0, None)
    parts = [Part(SEAT, quantity, () if group else (held,))]
    if other:
        parts.append(Part(OTHER, other))
    return Snapshot(tuple(parts), (held,) if group else (), "usd", counts=True)


def fits(snapshot, *shown, is_held=True):
    return admitted(snapshot, {"di": guesses(shown, "usd", is_held=is_held)})


def test_with_one_base_a_share_and_an_amount_fit_and_agree_at_that_base():
    shown = Taken("in_1", "p1", 1000, 500)
    # 49.95 to 50.05 percent, or 5.00
    assert fits(seats(1), shown) == ((500, 500), (500, 501))
    # of ten seats: 49.95 to 50.05 percent of 100.00, or 5.00 off it
    assert fits(seats(10), shown) == ((4995, 5005), (9500, 9500))


def test_two_bases_tell_a_share_from_an_amount():
    one = Taken("in_1", "p1", 1000, 500)
    assert fits(seats(10), one, Taken("in_2", "p1", 10_000, 500)) == ((9500, 9500),)
    # 5000 of 10000 is within 49.995 and 50.005 percent: 4999.5 rounds up
    assert fits(seats(10), one, Taken("in_2", "p1", 10_000, 5000)) == ((5000, 5001),)


def test_an_amount_larger_than_an_invoice_takes_all_of_it():
    small, large = Taken("in_1", "p1", 500, 500), Taken("in_2", "p1", 2000, 800)
    assert fits(seats(3), small, large) == ((2200, 2200),)
    # where every invoice came to nothing it may be any amount from the largest on, or all
    assert fits(seats(3), small) == ((0, 3), (0, 2500))


def test_an_amount_is_one_for_all_lines_of_an_invoice():
    lines = [Taken("in_1", "p1", 1000, 357), Taken("in_1", "p2", 400, 143)]
    # 500 of 1400 together; 35.7 percent fits both lines (356.5/1000 to 357.5/1000)
    assert fits(seats(1, other=1), *lines) == ((900, 900), (900, 901))


def test_what_other_products_get_is_not_known():
    shown = Taken("in_1", "p1", 1000, 100)
    # 9.95 to 10.05 percent of 14.00, or of 10.00 alone; 1.00 off either way
    assert fits(seats(1, other=1), shown) == ((1259, 1261), (1300, 1300), (1300, 1301))


def test_a_discount_that_is_gone_may_have_counted_or_not():
    shown = Taken("in_1", "p1", 1000, 100)
    values = fits(seats(1), shown, is_held=False)
    assert values == ((900, 900), (900, 901), (1000, 1000))


def test_a_discount_that_took_nothing_yet_may_take_anything():
    assert fits(seats(1)) == ((0, 1000),)


def test_a_discount_of_an_item_is_guessed_for_that_item():
    shown = Taken("in_1", "p1", 1000, 100)
    assert fits(seats(2, other=1, group=False), shown) == ((2199, 2201), (2300, 2300))


# --- in a company ----------------------------------------------------------------------------

FEW = Coupon("FEW", "forever", None, {"usd": 300})


def bench_with(coupon, *, on_item):
    bench = Bench(DELETED_COUPONS)
    bench.world.create({"id": coupon.id, "object": "coupon", "created": JANUARY_2025})
    given = {"item_coupon": coupon} if on_item else {"coupons": [coupon]}
    return bench, bench.subscribe(("pro.month", 1), **given)


def test_as_long_as_the_coupon_is_there_nothing_is_a_guess():
    bench, sub = bench_with(FEW, on_item=True)
    assert {entry.admits for entry in bench.ledger(sub)} == {()}


def test_of_a_deleted_coupon_the_item_s_discount_is_a_guess_and_the_subscription_s_is_not():
    for on_item, expected in ((True, ((1200, 1200), (1200, 1201))), (False, ())):
        bench, sub = bench_with(FEW, on_item=on_item)
        bench.world.remove("coupon", FEW.id)
        # 3.00 of 15.00 is 20 percent, or 19.97 to 20.03
        assert bench.ledger(sub)[0].admits == expected
        assert bench.ledger(sub)[0].mrr_after == 1200


def test_a_purged_coupon_is_a_guess_everywhere():
    bench, sub = bench_with(FEW, on_item=False)
    bench.world.remove("coupon", FEW.id)
    bench.world.store.purged.add(FEW.id)
    assert bench.ledger(sub)[0].admits == ((1200, 1200), (1200, 1201))


def test_later_invoices_decide_also_for_what_was_before():
    bench, sub = bench_with(FEW, on_item=True)
    bench.world.remove("coupon", FEW.id)
    bench.run_until(JANUARY_2025 + DAY)
    bench.parts.changes.set_quantity(sub, sub.items[0], 4, INVOICE)
    changed = next(e for e in bench.ledger(sub) if e.event_type == "quantity_increased")
    # 60.00 less 3.00, or less 19.97 to 20.03 percent
    assert changed.admits == ((4798, 4802), (5700, 5700))
    bench.run_until(add_months(JANUARY_2025, 1) + DAY)  # 3.00 off 60.00
    assert {entry.admits for entry in bench.ledger(sub)} == {()}
    first = bench.company.ledger(known_from=JANUARY_2025 + DAY)
    assert [e.admits for e in first if e.event_type == "quantity_increased"] == [changed.admits]


def test_a_company_deletes_coupons_of_every_kind_while_they_are_used():
    options = CompanyOptions(seed=2, customers=600, months=16, habits=frozenset({DELETED_COUPONS}))
    company = Company(options)
    company.build()
    gone, store = company.store.deleted["coupon"], company.store
    used = {
        (coupon["duration"], coupon["percent_off"] is None)
        for discount in (*store.contents("discount"), *store.deleted["discount"].values())
        if (coupon := gone.get(discount["source"]["coupon"])) is not None
    }
    assert used == {
        (duration, is_amount)
        for duration in ("forever", "repeating", "once")
        for is_amount in (True, False)
    }
    assert 5 < len(store.purged) < len(gone) - 5
    guessed = [entry for entry in company.ledger() if entry.admits]
    assert len(guessed) > 20
    for entry in guessed:
        # The truth is always among what fits.
        assert any(low <= entry.mrr_after_minor <= high for low, high in entry.admits)


def test_a_discount_that_is_held_and_has_an_end_does_not_count():
    shown = [Taken("in_1", "p1", 1000, 100)]
    terms = guesses(shown, "usd", is_held=True, has_end=True)
    assert admitted(seats(1), {"di": terms}) == ((1000, 1000),)


def test_what_a_customers_discount_is_on_may_only_be_seen_on_another_subscription():
    shown = [Taken("in_1", "p1", 1000, 100), Taken("in_2", "p2", 400, 40)]
    snapshot = seats(1, other=1)
    # 9.95 to 10.05 percent of 14.00, as both products are seen: 1260.7 to 1259.3
    terms = guesses(shown, "usd", is_held=True)
    assert admitted(snapshot, {"di": terms}) == ((1259, 1261),)
    # Its own invoice shows the one product only: 400, and 900.5 to 899.5.
    terms = guesses(shown, "usd", is_held=True, own={"in_1"})
    assert admitted(snapshot, {"di": terms}) == ((1259, 1261), (1300, 1301))


def test_terms_that_only_another_subscription_has_shown_are_noted_apart():
    gone = Coupon("ALL", "forever", Fraction(100))
    own = Coupon("F20", "forever", Fraction(20))
    bench = Bench(DELETED_COUPONS)
    who, pro = bench.customer(), [(bench.price("pro.month"), 1)]
    with_own = bench.parts.births.begin(who, pro, coupons=[own])
    for coupon in (gone, own):
        bench.world.create({"id": coupon.id, "object": "coupon", "created": JANUARY_2025})
    bench.parts.discounts.give_customer_discount(with_own, gone)
    other = bench.parts.births.begin(who, pro)
    bench.world.remove("coupon", gone.id)
    bench.run_until(JANUARY_2025 + 10 * DAY)
    bench.parts.discounts.take_discount(with_own, with_own.discounts[0])
    # Nothing of 15.00 is left. Until an invoice of its own shows that, nothing seems taken off.
    removed = bench.ledger(with_own)[-1]
    assert (removed.event_type, removed.mrr_after_minor) == ("discount_removed", 0)
    assert removed.admits_alone == ((1500, 1500),)
    bench.run_until(JANUARY_2025 + 40 * DAY)
    assert bench.ledger(with_own)[-1].admits_alone == ()
    assert {entry.admits_alone for entry in bench.ledger(other)} == {()}


def test_an_amount_in_another_currency_is_known_to_be_one_but_not_how_much():
    coupon = Coupon("FEW", "forever", None, {"usd": 300, "eur": 270})
    bench = Bench(DELETED_COUPONS)
    bench.world.create({"id": coupon.id, "object": "coupon", "created": JANUARY_2025})
    who = bench.customer("eur")
    chosen = [(bench.price("pro.month"), 1)]
    sub = bench.parts.births.begin(who, chosen, coupons=[coupon])
    bench.world.remove("coupon", coupon.id)
    # 2.70 of 13.50 EUR, as the invoice shows: no share, and no other amount
    assert bench.ledger(sub)[0].admits == ()
    # where it took all there was, it may be more: of two seats 10.00, or nothing, is left
    shown = [Taken("in_1", "p1", 1000, 1000)]
    terms = guesses(shown, "usd", is_held=True, is_amount=True)
    assert admitted(seats(2), {"di": terms}) == ((0, 1000),)
