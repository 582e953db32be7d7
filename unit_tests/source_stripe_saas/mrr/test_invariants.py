"""What always holds: M50 to M54, and the context that carries a ledger from sync to sync."""

import json

import pytest

from source_stripe_saas.mrr import (
    Catalog,
    Context,
    Facts,
    Options,
    StateMissing,
    derive_subscription,
)
from source_stripe_saas.mrr.context import digest_of
from source_stripe_saas.mrr.options import PRESETS, OptionError, options_from
from unit_tests.source_stripe_saas.mrr.builders import (
    PRICES,
    coupon,
    created,
    discount,
    event,
    invoice,
    item,
    line,
    on,
    price,
    rows_of,
    short,
    snapshot,
    subscription,
    updated,
)

S = subscription
A10 = {"id": "A", "amount_off": 100, "currency": "usd", "duration": "forever"}


def derive_at(upper, context=None, prices=PRICES, **facts):
    given = Facts("sub_1", on(upper), on("2025-12-01"), **facts)
    catalog = Catalog(
        prices,
        {"F50": coupon(), "A": A10, "R": coupon("R", 20, "repeating")},
        {"di_1": discount(end="2026-03-01", of="R"), "di_2": discount("di_2", of="A")},
    )
    return derive_subscription(given, catalog, Options(), context)


def test_m50_time_never_goes_back_even_when_a_payment_is_dated_before():
    early = invoice("in_1", "2025-12-31", total=1000, reason="subscription_create")
    rows = rows_of(snapshots=[snapshot("2026-01-01", S())], invoices=[early])
    assert [row["occurred_at"] for row in rows] == ["2026-01-01T00:00:00Z"] * 2


def test_m50_rows_of_one_moment_never_go_back_in_time():
    ends = {"cancel_at_period_end": True, "canceled_at": on("2026-02-01")}
    shots = [
        snapshot("2026-01-01", S()),
        snapshot("2026-02-01 00:10", S(item(quantity=2))),
        snapshot("2026-02-01 00:20", S(item(quantity=2), **ends)),
    ]
    rows = sorted(rows_of(snapshots=shots), key=lambda row: row["sequence"])
    times = [row["occurred_at"] for row in rows]
    assert times == sorted(times)
    assert [row["mrr_before"] for row in rows] == [0, 1000, 2000]


def test_m51_m54_an_object_that_no_row_explains_is_adjusted_at_the_head():
    rows, _ = derive_at("2026-05-01", events=[created(S())], subscription=S(item(quantity=3)))
    assert short(rows)[1] == ("adjusted", "2026-05-01", 3000)
    assert rows[1]["adjustment_reason"] == "head_mismatch"
    assert rows[1]["movement"] == "expansion"


def test_m51_an_object_ahead_of_the_rows_is_not_checked():
    later = updated(S(item(quantity=3)), {"items": S()["items"]}, "2026-05-02")
    rows, context = derive_at(
        "2026-05-01", events=[created(S()), later], subscription=S(item(quantity=3))
    )
    assert len(rows) == 1
    more, _ = derive_at("2026-06-01", context, events=[later], subscription=S(item(quantity=3)))
    assert short(more) == [("quantity_increased", "2026-05-02", 3000)]


def test_m51_the_head_keeps_what_only_the_context_knows():
    inside = {"status": "trialing", "trial_start": on("2026-03-01"), "trial_end": on("2026-06-01")}
    now = S(item(of="p30"), **inside)
    events = [
        created(S()),
        updated(S(**inside), {"status": "active", "trial_end": None}, "2026-03-01"),
        updated(now, {"items": S()["items"]}, "2026-03-05", "evt_3"),
    ]
    rows, context = derive_at("2026-05-01", events=events, subscription=now)
    assert rows[-1]["mrr_after"] == 1000
    assert context.cap == 1000
    assert derive_at("2026-05-20", context, subscription=now)[0] == []


def test_m54_a_new_order_of_discounts_is_adjusted():
    # (1000 - 100) / 2 = 450 against 1000 / 2 - 100 = 400
    known = {"discounts": [discount(), discount("di_2", of="A")], "coupons": [coupon(), A10]}
    shots = [
        snapshot("2026-01-01", S(discounts=["di_2", "di_1"])),
        snapshot("2026-02-01", S(discounts=["di_1", "di_2"])),
    ]
    rows = rows_of(snapshots=shots, **known)
    assert short(rows) == [("activated", "2026-01-01", 450), ("adjusted", "2026-02-01", 400)]
    assert rows[1]["adjustment_reason"] == "discount_order"


def in_euro(amount):
    return {"p10": price(currency_options={"eur": {"unit_amount_decimal": amount}})}


def test_m11_m54_an_edited_price_counts_from_the_sync_that_sees_it():
    raw = S(currency="eur")
    rows, context = derive_at(
        "2026-02-01", prices=in_euro("900"), events=[created(raw)], subscription=raw
    )
    assert short(rows) == [("activated", "2026-01-01", 900)]
    more, context = derive_at("2026-03-01", context, in_euro("950"), subscription=raw)
    assert short(more) == [("adjusted", "2026-03-01", 950)]
    assert more[0]["adjustment_reason"] == "price_edit"
    assert derive_at("2026-04-01", context, in_euro("950"), subscription=raw)[0] == []


def test_m54_an_edited_price_is_adjusted_before_the_next_change():
    raw, two = S(currency="eur"), S(item(quantity=2), currency="eur")
    _, context = derive_at("2026-02-01", prices=in_euro("900"), events=[created(raw)])
    change = updated(two, {"items": raw["items"]}, "2026-02-10")
    rows, _ = derive_at("2026-03-01", context, in_euro("950"), events=[change], subscription=two)
    assert short(rows) == [
        ("adjusted", "2026-02-10", 950),
        ("quantity_increased", "2026-02-10", 1900),
    ]


# --- M52: the context ---


def test_m52_a_context_survives_its_text():
    raw = S(discounts=["di_1", "di_2"], pause_collection={"behavior": "void", "resumes_at": 9})
    _, context = derive_at("2026-02-01", events=[created(raw)], subscription=raw)
    again = Context.from_json(json.loads(json.dumps(context.to_json())))
    assert again == context


def test_m52_what_the_clock_will_end_is_known_to_the_next_sync():
    raw = S(discounts=["di_1"])
    rows, context = derive_at("2026-02-01", events=[created(raw)], subscription=raw)
    assert len(rows) == 1
    assert context.compact().state is not None
    more, _ = derive_at("2026-04-01", Context.from_json(context.compact().to_json()))
    assert short(more) == [("discount_expired", "2026-03-01", 1000)]
    assert more[0]["sequence"] == 2


def test_m52_a_payment_told_late_is_not_lost_and_not_doubled():
    paid = invoice("in_1", "2026-01-31 23:59:58", total=0)
    told = event("evt_9", "invoice.paid", "2026-02-01 00:00:03", paid)
    whole, _ = derive_at("2026-03-01", events=[created(S()), told])
    assert [row["event_type"] for row in whole] == ["activated", "renewed"]
    for known_before in ([], [paid]):
        rows, context = derive_at("2026-02-01", events=[created(S())], invoices=known_before)
        more, _ = derive_at("2026-03-01", context, events=[told])
        assert rows + more == whole


def test_m52_a_compact_context_goes_on_from_the_next_event():
    _, context = derive_at("2026-02-01", events=[created(S())], subscription=S())
    text = json.dumps(context.compact().to_json())
    assert context.compact().state is None
    assert len(text) < 100
    change = updated(S(item(quantity=2)), {"items": S()["items"]}, "2026-02-10")
    more, _ = derive_at("2026-03-01", Context.from_json(json.loads(text)), events=[change])
    assert short(more) == [("quantity_increased", "2026-02-10", 2000)]
    ended = S(status="canceled", ended_at=on("2026-02-10"))
    end = event("evt_9", "customer.subscription.deleted", "2026-02-10", ended)
    more, _ = derive_at("2026-03-01", Context.from_json(json.loads(text)), events=[end])
    assert (more[0]["mrr_delta"], more[0]["status_before"]) == (-1000, "active")


def test_m52_a_context_without_a_state_says_so_when_nothing_gives_it_back():
    _, context = derive_at("2026-02-01", events=[created(S())], subscription=S())
    paid = invoice("in_1", "2026-02-05", total=1000)
    with pytest.raises(StateMissing, match="sub_1"):
        derive_at("2026-03-01", context.compact(), invoices=[paid])


def test_m52_the_digest_of_a_state_follows_its_vector_only():
    one, other, seats = (
        digest_of(derive_at("2026-02-01", events=[created(raw)])[1].state)
        for raw in (S(), S(metadata={"a": "b"}, start_date=5), S(item(quantity=2)))
    )
    assert one == other != seats


def test_m52_a_bare_context_says_when_the_object_will_be_needed():
    raw = S(discounts=["di_1"])
    _, context = derive_at("2026-02-01", events=[created(raw)], subscription=raw)
    bare = Context.from_json(context.compact(keep_timed=False).to_json())
    assert (bare.state, bare.next_end) == (None, on("2026-03-01"))
    more, _ = derive_at("2026-04-01", bare, subscription=raw)
    assert short(more) == [("discount_expired", "2026-03-01", 1000)]


def test_m52_a_status_no_event_told_is_seen_without_the_state():
    _, context = derive_at("2026-02-01", events=[created(S())], subscription=S())
    late = S(item(quantity=2), status="past_due")
    change = updated(late, {"items": S()["items"]}, "2026-02-10")
    more, _ = derive_at("2026-03-01", context.compact(), events=[change], subscription=late)
    assert [(row["event_type"], row["time_precision"]) for row in more] == [
        ("past_due", "bounded"),
        ("quantity_increased", "exact"),
    ]


def test_m52_a_row_made_again_is_the_same_to_the_byte():
    used = {"discount_amounts": [{"discount": "di_2", "amount": 100}]}
    first = line("il_1", "2026-01-01", "2026-02-01", **used)
    given = {
        "events": [created(S(discounts=["di_2"]))],
        "invoices": [invoice("in_1", "2026-01-01", first, reason="subscription_create")],
    }
    assert json.dumps(derive_at("2026-02-01", **given)[0]) == json.dumps(
        derive_at("2026-02-01", **given)[0]
    )


# --- M53: options ---


def test_m53_the_name_of_a_change_does_not_depend_on_the_weeks_of_a_year():
    # 4000 a month against 1000 a week: more with 52 weeks a year, less with 46.
    prices = {"m": price("m", "4000"), "w": price("w", "1000", interval="week")}
    shots = [snapshot("2026-01-01", S(item(of="m"))), snapshot("2026-02-01", S(item(of="w")))]
    plain = rows_of(prices=prices, snapshots=shots)
    fewer = rows_of(prices=prices, snapshots=shots, options={"weeks_per_year": "46"})
    assert [row["mrr_delta"] for row in (plain[1], fewer[1])] == [333, -167]
    assert plain[1]["event_type"] == fewer[1]["event_type"] == "upgraded"
    assert plain[1]["event_id"] == fewer[1]["event_id"]


def test_m53_backdating_moves_no_other_row():
    raw = S(start_date=on("2025-10-01"), trial_start=on("2025-12-31 23:00"), trial_end=9)
    shots = [
        snapshot("2026-01-01", S(start_date=on("2025-10-01"))),
        snapshot("2026-01-01 00:10", {**raw, "status": "trialing"}),
    ]
    plain, moved = (
        rows_of(snapshots=shots, options=options)
        for options in ({}, {"backdated_start": "start_date"})
    )
    assert [row["occurred_at"] for row in moved] == ["2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z"]
    assert [row["event_id"] for row in moved] == [row["event_id"] for row in plain]


def test_presets_set_options_and_can_be_overruled():
    found = options_from({"preset": "chartmogul", "discounts": "none", "fx_mode": "constant"})
    assert (found.discounts, found.new_mrr_at) == ("none", "first_payment")
    assert options_from({}) == Options()
    assert all(options_from({"preset": name}) != Options() for name in PRESETS)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"discounts": "some"}, "options.discounts"),
        ({"weeks_per_year": "0"}, "options.weeks_per_year"),
        ({"days_per_year": "1/0"}, "options.days_per_year"),
        ({"preset": "mine"}, "options.preset"),
        ({"disounts": "all"}, "options.disounts"),
    ],
)
def test_a_bad_option_is_named(settings, named):
    with pytest.raises(OptionError, match=named):
        options_from(settings)


def test_m24_m52_a_free_period_given_during_a_pause_makes_no_mrr_in_the_next_sync_either():
    paused = {"pause_collection": {"behavior": "void", "resumes_at": on("2026-02-20")}}
    free = {"status": "trialing", "trial_start": on("2026-02-01"), "trial_end": on("2026-03-15")}
    events = [
        created(S(**paused)),
        event("evt_2", "customer.subscription.updated", "2026-02-01", S(**paused, **free),
              {"status": "active", "trial_start": None, "trial_end": None}),
    ]  # fmt: skip
    _, context = derive_at("2026-02-10", events=events, subscription=S(**paused, **free))
    again = Context.from_json(json.loads(json.dumps(context.to_json())))
    assert again.cap == 0
    more, _ = derive_at("2026-03-01", again, subscription=S(**paused, **free))
    assert short(more) == [("resumed", "2026-02-20", 0)]


def echoes(first_at, second_at):
    """One change of seats told by two events; the first says nothing of the state before."""
    two = S(item(quantity=2))
    applied = "customer.subscription.pending_update_applied"
    return [
        event("evt_2", applied, first_at, two),
        updated(two, {"items": S()["items"]}, second_at, "evt_3"),
    ]


@pytest.mark.parametrize("cut", ["2026-01-20", "2026-02-01"])
def test_m30_m52_a_change_told_twice_is_one_row_wherever_a_sync_ends(cut):
    told = [created(S()), *echoes("2026-02-01", "2026-02-01 00:00:01")]
    whole, _ = derive_at("2026-03-01", events=told)
    assert short(whole)[1:] == [("quantity_increased", "2026-02-01", 2000)]
    rows, context = derive_at(cut, events=[one for one in told if one["created"] <= on(cut)])
    bare = Context.from_json(json.loads(json.dumps(context.compact().to_json())))
    more, _ = derive_at(
        "2026-03-01", bare, events=[one for one in told if one["created"] > on(cut)]
    )
    assert rows + more == whole


def test_m30_m52_a_change_told_again_days_after_the_last_sync_is_a_change():
    first = updated(S(item(quantity=2)), {"items": S()["items"]}, "2026-02-01")
    again = {**first, "id": "evt_3", "created": on("2026-02-05")}
    whole, _ = derive_at("2026-03-01", events=[created(S()), first, again])
    assert [row["event_type"] for row in whole][2:] == ["quantity_decreased", "quantity_increased"]
    rows, context = derive_at("2026-02-01 00:01", events=[created(S()), first])
    kept = Context.from_json(json.loads(json.dumps(context.to_json())))
    more, _ = derive_at("2026-03-01", kept, events=[again])
    assert rows + more == whole


def test_m54_a_status_that_no_rule_knows_counts_nothing_and_says_so():
    rows = rows_of(
        snapshots=[snapshot("2026-01-01", S()), snapshot("2026-02-01", S(status="frozen"))]
    )
    assert short(rows)[1] == ("adjusted", "2026-02-01", 0)
    found = {name: rows[1][name] for name in ("adjustment_reason", "status_after", "source")}
    assert found == {
        "adjustment_reason": "head_mismatch",
        "status_after": "frozen",
        "source": "snapshot",
    }


def test_m42_m52_an_estimated_discount_is_known_to_the_next_sync():
    used = {"discount_amounts": [{"discount": "di_x", "amount": 250}]}
    bills = [
        invoice("in_0", "2026-01-01", line("il_0", "2026-01-01", "2026-02-01", **used),
                reason="subscription_create"),
        invoice("in_1", "2026-02-01", line("il_1", "2026-02-01", "2026-03-01", **used)),
    ]  # fmt: skip
    gone = discount("di_x", of="GONE", subscription="sub_1")
    raw = S(discounts=[gone])
    catalog = Catalog(PRICES)
    first = Facts("sub_1", on("2026-02-10"), on("2026-02-05"), subscription=raw, invoices=bills)
    rows, context = derive_subscription(first, catalog, Options())
    assert short(rows)[0] == ("activated", "2026-01-01", 750)
    kept = Context.from_json(json.loads(json.dumps(context.to_json())))
    later = Facts("sub_1", on("2026-02-20"), on("2026-02-05"), subscription=raw)
    assert derive_subscription(later, catalog, Options(), kept)[0] == []
