"""What is remembered fits into a state, and comes back out of its text as it went in."""

import random
import string
from decimal import Decimal
from fractions import Fraction

import pytest

from source_stripe_saas.ledger.memory import packed, remembered, unpacked
from source_stripe_saas.ledger.store import key_of
from source_stripe_saas.mrr import Context
from source_stripe_saas.mrr.state import Item, State

UPPER = 1_781_524_740
DAY = 86_400
LIVE = 100_000
MOST_BYTES = 2_000_000
LETTERS = string.ascii_letters + string.digits


def an_id(prefix, dice):
    return prefix + "".join(dice.choice(LETTERS) for _ in range(24))


def a_context(dice, **fields):
    return Context(
        through=UPPER,
        sequence=dice.randint(1, 60),
        phase="paying",
        mrr_minor=dice.choice((900, 1900, 2900, 4900, 9900, 19900)) * dice.randint(1, 30),
        last_at=UPPER - dice.randint(0, 30 * DAY),
        status="active",
        was_live=True,
        has_paid=True,
        **fields,
    )


def discounted(dice):
    """A subscription with a coupon for some months: the clock will end it."""
    discount = an_id("di_", dice)
    start = UPPER - dice.randint(0, 80 * DAY)
    raw = {
        "id": discount,
        "object": "discount",
        "start": start,
        "end": start + 90 * DAY,
        "customer": an_id("cus_", dice),
        "subscription": an_id("sub_", dice),
        "source": {"type": "coupon", "coupon": f"WELCOME{dice.randint(1, 40)}"},
    }
    item = Item(an_id("si_", dice), "price_1", 2)
    return a_context(
        dice,
        next_end=raw["end"],
        key_counts={f"discount_applied|{discount}": 1},
        state=State("sub_1", "cus_1", "usd", "active", (item,), (discount,)),
        learned={"prices": {}, "discounts": {discount: [1, raw]}},
    )


@pytest.mark.slow
def test_the_state_of_100_000_live_subscriptions_stays_under_two_megabytes():
    dice = random.Random(7)
    memories = {}
    for number in range(LIVE):
        context = discounted(dice) if number % 10 == 0 else a_context(dice)
        identity = an_id("sub_", dice)
        memories[key_of(identity)] = remembered(context, identity, "usd", None)
    text = packed(memories, UPPER)
    assert len(text) < MOST_BYTES
    assert unpacked(text, UPPER) == memories
    assert '"' not in text, "quoting it would make it longer"
    assert "\\" not in text


def test_everything_that_a_context_may_hold_comes_back():
    dice = random.Random(1)
    context = a_context(
        dice,
        is_free=True,
        cap=Fraction(1999, 3),
        metered_minor={"si_1": Fraction(700)},
        next_end=UPPER + DAY,
        customer_discount="di_1",
        earlier_digest="abcdef01",
        recent_invoices=[f"{UPPER}|in_1"],
        learned={
            "discounts": {
                "di_1": [
                    1,
                    {
                        "start": 5,
                        "end": UPPER + DAY,
                        "coupon": {"id": "C", "percent_off": Decimal("12.5")},
                    },
                ]
            }
        },
    )
    memory = remembered(context, "sub_1", "eur", None)
    [back] = unpacked(packed({-5: memory}, UPPER), UPPER).values()
    assert back.context.cap == Fraction(1999, 3)
    assert back.context.metered_minor == {"si_1": Fraction(700)}
    assert back.context.recent_invoices == [f"{UPPER}|in_1"]
    assert back.context.earlier_digest == "abcdef01"
    assert (back.currency, back.subscription_id, back.due_at) == ("eur", "sub_1", UPPER + DAY)
    discount = back.context.learned["discounts"]["di_1"][1]
    assert discount["end"] == UPPER + DAY
    assert discount["coupon"]["percent_off"] == "12.5"


def test_an_ended_subscription_is_remembered_for_a_while():
    context = Context(through=UPPER, sequence=3, status="canceled", phase="lapsed")
    assert remembered(context, "sub_1", "usd", UPPER - 30 * DAY).ended_at == UPPER - 30 * DAY
    assert remembered(context, "sub_1", "usd", UPPER - 120 * DAY) is None


def test_nothing_is_remembered_before_the_first_row():
    assert remembered(Context(through=UPPER), "sub_1", "usd", None) is None


@pytest.mark.parametrize("text", ["", "x", "{}", "AAAA", "é", packed({}, UPPER)[:-3]])
def test_another_text_is_refused(text):
    with pytest.raises(ValueError, match="not a text"):
        unpacked(text, UPPER)


def test_of_a_discount_that_the_clock_will_end_all_that_rules_read_is_remembered_and_no_more():
    coupon = {
        "id": "C",
        "created": 3,
        "duration": "repeating",
        "percent_off": Decimal("12.5"),
        "amount_off": 700,
        "currency": "usd",
        "currency_options": {"eur": {"amount_off": 600}},
        "applies_to": {"products": ["prod_1"]},
    }
    raw = {
        "start": 5,
        "end": UPPER + DAY,
        "subscription_item": "si_1",
        "invoice": "in_1",
        "subscription": "sub_1",
        "customer": "cus_1",
        "source": {"type": "coupon", "coupon": {**coupon, "name": "Welcome", "valid": True}},
        "object": "discount",
    }
    of_customer = {"start": 5, "customer": "cus_1", "coupon": "C"}
    context = a_context(
        random.Random(1),
        next_end=UPPER + DAY,
        state=State("sub_1", "cus_1", "usd", "active", (Item("si_1", "p", 1),), ("di_1", "di_2")),
        learned={"discounts": {"di_1": [1, raw], "di_2": [2, of_customer]}},
    )
    assert remembered(context, "sub_1", "usd", None).context.learned["discounts"] == {
        "di_1": [
            1,
            {
                "start": 5,
                "end": UPPER + DAY,
                "subscription_item": "si_1",
                "invoice": "in_1",
                "coupon": coupon,
                "subscription": 1,
            },
        ],
        "di_2": [2, {"start": 5, "customer": 1, "coupon": "C"}],
    }
