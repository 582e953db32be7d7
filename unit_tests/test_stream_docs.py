"""docs/streams.md: current, complete, and true to what a plan says."""

import re

from source_stripe_saas.connection.permissions import ALSO_NAMED, LABELS
from source_stripe_saas.streams.plan import plans_of
from source_stripe_saas.streams.plans import load_plans
from tools.generate_stream_docs import FILE, stream_docs
from tools.reading_in_words import reading_in_words

PLANS = load_plans()


def words(retriever, parent=None):
    """How a stream with these manifest entries is told to be read."""
    streams = {"thing": {"path": "things", "object": "thing", "permission": "x", **retriever}}
    if parent is not None:
        streams["parents"] = {"path": "parents", "object": "parent", "permission": "x", **parent}
        streams["thing"].pop("path")
        streams["thing"]["parent"] = "parents"
    entries = [
        {"name": name, "primary_key": ["id"], "retriever": entry} for name, entry in streams.items()
    ]
    return reading_in_words(plans_of(entries)["thing"])


def test_the_committed_file_is_what_the_generator_writes():
    assert FILE.read_text(encoding="utf-8") == stream_docs()


def test_every_stream_has_one_row_and_the_six_main_ones_come_first():
    table = stream_docs().partition("## What is not read")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert rows == list(PLANS)
    assert rows[:6] == ["customers", "subscriptions", "invoices", "charges", "refunds", "payouts"]


def test_every_permission_has_a_label_and_no_label_is_idle():
    also = {name for names in ALSO_NAMED.values() for name in names}
    assert {plan.permission for plan in PLANS.values()} | also == set(LABELS)


def test_invoice_items_name_both_permissions_that_stripe_s_answer_may_name():
    (row,) = re.findall(r"^\| `invoice_items` .*", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert "Invoices (`rak_invoice_read`) or Invoice Items (`rak_invoice_item_read`)" in row


def test_stream_with_events_is_read_by_windows_and_then_by_its_feed():
    assert words({"events": ["thing.created"]}) == "Windows of `created`, then the change feed."


def test_stream_without_a_created_filter_is_listed_whole_first():
    assert words({"events": ["thing.created"], "created_filter": False}) == (
        "The whole list, then the change feed."
    )


def test_stream_that_nothing_is_known_to_change_is_listed_whole_every_time():
    assert words({}) == "Listed whole on every sync."


def test_lists_read_again_are_named():
    told = words(
        {
            "events": ["thing.created"],
            "lookback_days": 2,
            "open_while": {"status": ["open", "pending"]},
            "reread": [{"pending": "true"}],
        }
    )
    assert told == (
        "Windows of `created`, then the change feed. Every sync lists again the last 2 days, "
        "what still had `status` `open` or `pending` and those with `pending=true`."
    )


def test_events_of_one_kind_are_shortened_beyond_two():
    touched = [{"id": "thing", "events": ["a.x", "b.x", "a.y", "b.y", "b.z"]}]
    assert words({"touched_by": touched}) == (
        "Windows of `created`, then the change feed. "
        "Fetched again after `a.x`, `a.y` and `b.*` too."
    )


def test_embedded_child_comes_inside_its_parent_and_is_read_again_with_it():
    child = {"embedded": "things", "expand": ["things"]}
    assert words(child, parent={"events": ["parent.updated"]}) == (
        "Comes inside `parents`, as `things` (expanded), each list read to its end. "
        "Later for each parent named by `parent.updated`."
    )


def test_child_without_a_place_in_its_parent_costs_a_request_per_parent():
    child = {"call": "parents/{id}/things", "only_parents": {"automatic": [True]}}
    assert words(child, parent={"events": ["parent.paid"]}) == (
        "One request per parent. Asked only for `parents` with `automatic` `true`. "
        "Later for each parent named by `parent.paid`."
    )


def test_child_of_a_parent_that_is_read_whole_is_read_whole():
    assert words({"call": "parents/{id}/things"}, parent={}) == (
        "One request per parent. Read whole on every sync."
    )
