"""Stripe's subscriptions, invoices and events in, every change of MRR as one row out.

Pure rules: no HTTP, no CDK, no clock of their own. `derive` takes one document; a connector calls
`derive_subscription` with each subscription's facts and keeps the context between syncs.
"""

from source_stripe_saas.mrr.billing_check import AGREES, DIFFERS, EXPLAINED
from source_stripe_saas.mrr.catalog import Catalog
from source_stripe_saas.mrr.context import Context
from source_stripe_saas.mrr.derive import InputError, derive, facts_of
from source_stripe_saas.mrr.facts import Facts
from source_stripe_saas.mrr.identity import SEMANTICS_VERSION
from source_stripe_saas.mrr.ledger import Witness
from source_stripe_saas.mrr.object_mrr import current_mrr
from source_stripe_saas.mrr.options import OptionError, Options, options_from
from source_stripe_saas.mrr.row import BETTER_ESTIMATE, COLUMNS, EVENT_TYPES, EXACT_COLUMN
from source_stripe_saas.mrr.subscription import StateMissing, derive_subscription

__all__ = [
    "AGREES",
    "BETTER_ESTIMATE",
    "COLUMNS",
    "DIFFERS",
    "EVENT_TYPES",
    "EXACT_COLUMN",
    "EXPLAINED",
    "SEMANTICS_VERSION",
    "Catalog",
    "Context",
    "Facts",
    "InputError",
    "OptionError",
    "Options",
    "StateMissing",
    "Witness",
    "current_mrr",
    "derive",
    "derive_subscription",
    "facts_of",
    "options_from",
]
