"""What the connector adds to a stream, and what it has Stripe expand, shows in the schema."""

from source_stripe_saas.streams.plans import load_plans
from stripe_sandbox.stripe_spec import load
from tools.generate_schemas import all_schemas
from tools.stream_schema import connector_fields, expanded_paths

PLANS = load_plans()
SCHEMAS = all_schemas(load()["schemas"])

INTEGER = {"type": ["null", "integer"]}
BOOLEAN = {"type": ["null", "boolean"]}
STRING = {"type": ["null", "string"]}


def test_incremental_stream_with_deletions_gets_both_marks():
    assert connector_fields(PLANS["customers"]) == {"updated": INTEGER, "is_deleted": BOOLEAN}


def test_stream_whose_objects_are_never_deleted_gets_no_mark_of_deletion():
    assert connector_fields(PLANS["charges"]) == {"updated": INTEGER}


def test_embedded_child_gets_its_parents_id_and_both_marks():
    assert connector_fields(PLANS["invoice_line_items"]) == {
        "invoice": STRING,
        "updated": INTEGER,
        "is_deleted": BOOLEAN,
    }


def test_active_entitlements_that_are_gone_are_marked():
    assert "is_deleted" in connector_fields(PLANS["active_entitlements"])


def test_full_refresh_streams_get_no_updated():
    full_refresh = (
        "account",
        "accounts",
        "entitlement_features",
        "external_account_bank_accounts",
        "external_account_cards",
        "file_links",
        "product_features",
        "shipping_rates",
    )
    assert [name for name in full_refresh if "updated" in SCHEMAS[name]["properties"]] == []


def test_events_have_no_updated_since_their_cursor_is_created():
    assert connector_fields(PLANS["events"]) == {}


def test_updated_of_stripes_own_stays_and_is_not_added():
    for name in ("products", "billing_meters"):
        assert "updated" not in connector_fields(PLANS[name])
        assert SCHEMAS[name]["properties"]["updated"]["type"] == ["null", "integer"]


def test_parents_id_that_is_part_of_the_key_is_never_null():
    payout = SCHEMAS["payout_balance_transactions"]["properties"]["payout"]
    assert payout["type"] == "string"


def test_path_expanded_within_the_parent_is_told_from_the_childs_own_point_of_view():
    assert expanded_paths(PLANS["subscription_items"]) == ["discounts"]
    assert expanded_paths(PLANS["subscriptions"]) == ["discounts", "items.data.discounts"]
    assert expanded_paths(PLANS["bank_accounts"]) == []


def test_reference_that_the_connector_expands_is_an_object_or_an_id():
    discount = SCHEMAS["subscription_items"]["properties"]["discounts"]["items"]
    assert discount["type"] == ["null", "object", "string"]
    assert discount["properties"]["source"]["properties"]["coupon"] == STRING


def test_reference_that_the_connector_does_not_expand_is_an_id():
    assert SCHEMAS["charges"]["properties"]["customer"]["type"] == ["null", "string"]


def test_identity_comes_first_and_the_rest_by_the_alphabet():
    names = list(SCHEMAS["charges"]["properties"])
    assert names[:3] == ["id", "object", "created"]
    assert names[3:] == sorted(names[3:])
