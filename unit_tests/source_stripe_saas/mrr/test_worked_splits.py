"""Every worked example read in two syncs, wherever it is cut, gives the rows of one (M52)."""

import json

import pytest

from source_stripe_saas.mrr import (
    Catalog,
    Context,
    StateMissing,
    derive_subscription,
    facts_of,
    options_from,
)
from source_stripe_saas.mrr.moment import iso, seconds_of
from unit_tests.source_stripe_saas.mrr.worked import CASES, input_of

SPLIT = [case for case in CASES if case["kind"] in ("snapshots", "events", "customer")]


def moments(document):
    """Every second at which something is told, and one half an hour later."""
    found = {one["created"] for one in document.get("events", ())}
    found |= {seconds_of(one["at"]) for one in document.get("snapshots", ())}
    for raw in document.get("invoices", ()):
        times = raw.get("status_transitions") or {}
        found |= {raw["created"], times.get("paid_at") or 0, times.get("finalized_at") or 0} - {0}
    return [at for told in sorted(found) for at in (told, told + 1800)]


def known_at(document, at):
    """The document as an earlier sync would have had it: without what came later."""
    invoices = []
    for raw in document.get("invoices", ()):
        times = dict(raw.get("status_transitions") or {})
        if (times.get("paid_at") or 0) > at:
            raw = {**raw, "status": "open", "status_transitions": {**times, "paid_at": None}}
        if raw["created"] <= at:
            invoices.append(raw)
    return {
        **document,
        "now": iso(at),
        "events": [one for one in document.get("events", ()) if one["created"] <= at],
        "snapshots": [one for one in document.get("snapshots", ()) if seconds_of(one["at"]) <= at],
        "invoices": invoices,
    }


def synced(documents, options, keep):
    """Rows by subscription of syncs that go on from the text of the last context."""
    rows, contexts = {}, {}
    for document in documents:
        catalog = Catalog(*(document.get(name) for name in ("prices", "coupons", "discounts")))
        for facts in facts_of(document):
            key = facts.subscription_id
            made, context = derive_subscription(facts, catalog, options, contexts.get(key))
            rows.setdefault(key, []).extend(made)
            contexts[key] = Context.from_json(json.loads(json.dumps(keep(context).to_json())))
    return json.dumps(rows)


@pytest.mark.parametrize("case", SPLIT, ids=[case["id"] for case in SPLIT])
def test_example_gives_the_same_rows_in_two_syncs(case):
    document = input_of(case)
    options = options_from(document["options"])
    whole = synced([document], options, lambda context: context)
    cuts = [at for at in moments(document) if at < seconds_of(document["now"])]
    for at in cuts:
        parts = [known_at(document, at), document]
        assert synced(parts, options, lambda context: context) == whole, iso(at)
        try:
            bare = synced(parts, options, lambda context: context.compact())
        except StateMissing:
            continue  # these examples give no object, which a bare context may ask for
        if case["kind"] == "events":
            assert bare == whole, iso(at)
