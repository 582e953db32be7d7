"""The events of the last thirty days tell everything that happened."""

import json
from typing import Any

import pytest

from stripe_sandbox.company import PINNED_VERSION, Company, CompanyOptions

DAY = 86_400

# Object -> the events' own objects are enough to notice a change of it.
WITH_EVENTS = (
    "bank_account", "card", "charge", "checkout.session", "coupon", "credit_note", "customer",
    "dispute", "invoice", "payment_intent", "payment_method", "payout", "plan", "price", "product",
    "promotion_code", "refund", "setup_intent", "subscription", "subscription_schedule", "tax_id",
    "tax_rate",
)  # fmt: skip

# Changes that Stripe keeps to itself, and that readers find by looking back.
SILENT = {
    "invoiceitem": {"invoice"},
    "payment_intent": {"amount"},
}


def merged(
    new: dict[str, Any], previous: dict[str, Any], *, is_partial: bool = False
) -> dict[str, Any]:
    """The object before an update, by the rule for plain hashes and lists."""
    out = dict(new)
    for key, old in previous.items():
        is_hash = isinstance(old, dict) and isinstance(out.get(key), dict)
        if is_hash and old.get("object") != "list":
            out[key] = merged(out[key], old, is_partial=is_partial)
        elif is_hash and is_partial:
            shown = {entry["id"]: entry for entry in old["data"]}
            data = [shown.get(entry["id"], entry) for entry in out[key]["data"]]
            out[key] = {**old, "data": data}
        else:
            out[key] = old
    return out


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def events_in_order(company: Company) -> list[dict[str, Any]]:
    return list(company.store.contents("event"))


@pytest.fixture(scope="module")
def moved() -> tuple[Company, dict[str, dict[str, str]], int]:
    """A company a week later, and what its objects were before."""
    company = Company(CompanyOptions(seed=5, customers=260, months=10))
    company.build()
    before = {
        name: {identity: json.dumps(row.content) for identity, row in rows.items()}
        for name, rows in company.store.rows.items()
    }
    then = company.store.now
    company.advance(7 * DAY)
    return company, before, then


def test_only_the_last_thirty_days_are_kept(grown):
    created = [event["created"] for event in grown.store.contents("event")]
    assert min(created) >= grown.store.now - 30 * DAY
    assert min(created) < grown.store.now - 29 * DAY


def test_the_last_two_minutes_are_quiet(moved):
    company, _, then = moved
    now = company.store.now
    assert now == then + 7 * DAY
    for name, rows in company.store.rows.items():
        if name != "balance":
            assert max(row.created for row in rows.values()) <= now - 120, name
    assert sum(e["created"] > then for e in company.store.contents("event")) > 300


def test_whatever_changes_has_an_event(moved):
    company, before, then = moved
    told = {
        (event["data"]["object"]["object"], event["data"]["object"]["id"])
        for event in company.store.contents("event")
        if event["created"] > then
    }
    changed = 0
    for name in WITH_EVENTS:
        for identity, row in company.store.rows.get(name, {}).items():
            old = before.get(name, {}).get(identity)
            if old is None:
                is_open_session = name == "checkout.session" and row.content["status"] == "open"
                assert is_open_session or (name, identity) in told, f"new {name} {identity}"
                continue
            old = json.loads(old)
            keys = {k for k in old.keys() | row.content.keys() if old.get(k) != row.content.get(k)}
            if keys - SILENT.get(name, set()):
                changed += 1
                assert (name, identity) in told, (name, identity, keys)
        for identity in before.get(name, {}).keys() - company.store.rows.get(name, {}).keys():
            assert (name, identity) in told, f"gone {name} {identity}"
    assert changed > 50


def test_children_change_only_with_an_event_of_their_parent(moved):
    company, before, then = moved
    told = {
        event["data"]["object"]["id"]
        for event in company.store.contents("event")
        if event["created"] > then
    }
    for name in ("subscription_item", "line_item", "invoice_payment", "credit_note_line_item",
                 "customer_balance_transaction", "setup_attempt"):  # fmt: skip
        for identity, row in company.store.rows[name].items():
            if before[name].get(identity) != json.dumps(row.content):
                assert row.parent in told, (name, identity)


def test_an_update_merged_with_its_previous_attributes_is_the_object_before(grown):
    last: dict[str, tuple[str, Any]] = {}
    compared = 0
    for event in events_in_order(grown):
        content, previous = event["data"]["object"], event["data"].get("previous_attributes")
        version = event["api_version"]
        key = f"{content['object']} {content['id']}"
        known = last.get(key)
        if previous is not None:
            assert event["type"].endswith(".updated")
            # Two events may tell one change: then the second shows what the first did.
            if known is not None and known[0] == version and known[1] != content:
                compared += 1
                is_partial = version == "2015-10-16"
                before = without_nulls(merged(content, previous, is_partial=is_partial))
                after = without_nulls(known[1])
                silent = SILENT.get(content["object"], set())
                keys = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
                assert keys <= silent, (event["type"], content["id"], keys)
        last[key] = (version, content)
    assert compared > 300


def test_the_newest_event_of_an_object_shows_it_as_it_is(moved):
    company, _, _ = moved
    from stripe_sandbox.render import render

    newest = {}
    for event in events_in_order(company):
        content = event["data"]["object"]
        newest[content["object"], content["id"]] = event
    compared = 0
    for event in newest.values():
        content = event["data"]["object"]
        name = content["object"]
        stored = company.store.get(name, content["id"])
        if event["api_version"] != PINNED_VERSION or stored is None:
            continue
        if event["type"].endswith(".deleted") and name != "subscription":
            continue
        now = render(company.store, stored)
        keys = {k for k in now.keys() | content.keys() if now.get(k) != content.get(k)}
        assert keys <= SILENT.get(name, set()), (event["type"], content["id"], keys)
        compared += 1
    assert compared > 500


def test_old_events_have_the_shapes_of_old_versions(grown):
    shapes: dict[str, list[dict[str, Any]]] = {}
    for event in grown.store.contents("event"):
        content = event["data"]["object"]
        if content["object"] == "subscription":
            shapes.setdefault(event["api_version"], []).append(content)
    assert set(shapes) == {
        "2015-10-16",
        "2018-02-05",
        "2022-11-15",
        "2024-04-10",
        "2025-03-31.basil",
        PINNED_VERSION,
    }
    for version in ("2015-10-16", "2018-02-05"):
        for content in shapes[version]:
            assert "start" in content
            assert not content.keys() & {"start_date", "cancellation_details"}
            items = content.get("items", {"data": []})["data"]
            assert all("plan" in item and "price" not in item for item in items)
    assert any("items" not in content for content in shapes["2015-10-16"])
    assert all("items" in content for content in shapes["2018-02-05"])
    for content in shapes["2022-11-15"]:
        assert "discount" in content
        assert content["current_period_end"] == min(s["current_period_end"] for s in [content])
        assert all("plan" in item for item in content["items"]["data"])
        assert all("current_period_end" not in item for item in content["items"]["data"])
    assert any("discounts" not in content for content in shapes["2022-11-15"])
    assert all("discounts" in content for content in shapes["2024-04-10"])
    assert all("discount" not in content for content in shapes[PINNED_VERSION])
