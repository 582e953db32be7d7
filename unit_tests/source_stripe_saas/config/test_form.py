"""A config against `spec.yaml`: an error is one line with the field, its value, what is allowed.

What was ever accepted is accepted: forms send empty texts, platforms add fields of their own.
"""

from decimal import Decimal

import pytest
from jsonschema import Draft7Validator

from source_stripe_saas.config import resources
from source_stripe_saas.config.settings import ConfigError, parse_settings

SPECIFICATION = resources.spec()["connectionSpecification"]
KEY = "rk_test_51Secret"
HASHING_KEY = "k" * 32
ACTIONS = "one of `keep`, `hash`, `drop`"
CLASSES = (
    "`email`, `name`, `phone`, `address`, `ip`, `identity`, `card_details`, `bank_details`, "
    "`descriptions`, `metadata`, `links`"
)
OPTIONS = (
    "`preset`, `discounts`, `churn_at`, `past_due`, `unpaid`, `pause_collection`, `trials`, "
    "`free_periods`, `metered`, `new_mrr_at`, `weeks_per_year`, `days_per_year`, "
    "`backdated_start`, `zero_price_movement`, `switch_window_hours`, `fx_mode`, "
    "`reporting_timezone`"
)
ACCOUNTS = (
    "`this`, `all_connected`, a list of accounts (acct_…), or `organization` with such a list"
)

OAUTH = {"auth_type": "stripe_app", "client_secret": "sk_test_app", "refresh_token": "rt_1"}

WRONG = [
    ("client_secret", None, "is missing: paste a restricted or secret key."),
    ("client_secret", "", "is missing: paste a restricted or secret key."),
    ("client_secret", "  ", "is missing: paste a restricted or secret key."),
    ("client_secret", 5, "must be a text."),
    ("client_secret", ["rk_test_1"], "must be a text."),
    ("account_id", 7, "must be a text, not 7."),
    ("account_id", ["acct_1"], "must be a text, not ['acct_1']."),
    ("account_id", "1A2b", "must look like acct_…, not '1A2b'."),
    ("accounts", "all", f"must be {ACCOUNTS}, not 'all'."),
    ("accounts", 7, f"must be {ACCOUNTS}, not 7."),
    ("accounts", {"read": "some"}, f"must be {ACCOUNTS}, not 'some'."),
    ("accounts", {"ids": ["acct_1"]}, f"must be {ACCOUNTS}, not None."),
    ("accounts", [], f"names no account; there may be {ACCOUNTS}."),
    ("accounts", {"read": "named"}, f"names no account; there may be {ACCOUNTS}."),
    ("accounts", {"read": "named", "ids": "acct_1"}, f"names no account; there may be {ACCOUNTS}."),
    ("accounts", ["acct_1", "1A2b"], "must hold ids such as acct_…, not '1A2b'."),
    ("accounts", ["acct_1\r\nX: y"], "must hold ids such as acct_…, not 'acct_1\\r\\nX: y'."),
    ("accounts", [5], "must hold ids such as acct_…, not 5."),
    (
        "accounts",
        {"organization": ["acct_1"]},
        "has `organization`, which needs a `client_secret` that begins with sk_org_.",
    ),
    ("start_date", 1_700_000_000, "must be a text, not 1700000000."),
    ("start_date", "soon", "must be a date such as 2024-01-31T00:00:00Z, not 'soon'."),
    ("start_date", "31.01.2024", "must be a date such as 2024-01-31T00:00:00Z, not '31.01.2024'."),
    ("start_date", "2024-02-30", "must be a date such as 2024-01-31T00:00:00Z, not '2024-02-30'."),
    ("start_date", "12:00", "must be a date such as 2024-01-31T00:00:00Z, not '12:00'."),
    ("start_date", "P1D", "must be a date such as 2024-01-31T00:00:00Z, not 'P1D'."),
    ("mode", "sandbox", "must be one of `live`, `test`, `any`, not 'sandbox'."),
    ("mode", "LIVE", "must be one of `live`, `test`, `any`, not 'LIVE'."),
    ("mode", True, "must be one of `live`, `test`, `any`, not True."),
    ("mode", "live", "is `live`, but `client_secret` is a test-mode key."),
    ("check_streams", "customers", "must be a list, not 'customers'."),
    ("check_streams", {"customers": True}, "must be a list, not {'customers': True}."),
    ("check_streams[1]", ["customers", 1], "must be a text, not 1."),
    ("lookback_window_days", -1, "must be at least 0, not -1."),
    ("lookback_window_days", 1.5, "must be a whole number, not 1.5."),
    ("lookback_window_days", "7", "must be a whole number, not '7'."),
    ("reread_days", 0, "must be at least 1, not 0."),
    ("test_clocks", "yes", "must be true or false, not 'yes'."),
    ("meter_customers", "cus_1", "must be a list, not 'cus_1'."),
    ("meter_customers[1]", ["cus_1", 2], "must be a text, not 2."),
    ("meter_customers[0]", [""], "must not be empty."),
    ("num_workers", 0, "must be at least 1, not 0."),
    ("num_workers", "4", "must be a whole number, not '4'."),
    ("num_workers", True, "must be a whole number, not True."),
    ("call_rate_limit", 0, "must be at least 1, not 0."),
    ("call_rate_limit", "fast", "must be a whole number, not 'fast'."),
    ("endpoint_rate_limit", -5, "must be at least 1, not -5."),
    ("slice_range", 0, "must be at least 1, not 0."),
    ("slice_range", [365], "must be a whole number, not [365]."),
    ("api_url", 5, "must be a text, not 5."),
    (
        "api_url",
        "api.stripe.com",
        "must be an http(s) address without a query, not 'api.stripe.com'.",
    ),
    ("personal_data", "encrypt", f"must be {ACTIONS}, not 'encrypt'."),
    ("personal_data", False, f"must be {ACTIONS}, not False."),
    ("personal_data", {"email": "hash"}, f"must be {ACTIONS}, not {{'email': 'hash'}}."),
    ("payment_instruments", "mask", f"must be {ACTIONS}, not 'mask'."),
    ("credentials", "token", "must be an object, not 'token'."),
    ("credentials.auth_type", {}, "is missing."),
    (
        "credentials.auth_type",
        {"auth_type": "key"},
        "must be one of `stripe_app`, `stripe_connect`, not 'key'.",
    ),
    ("credentials.refresh_token", {"refresh_token": 5}, "must be a text."),
    ("personal_data_key", "k" * 31, "must have at least 32 characters."),
    ("personal_data_key", 5, "must be a text."),
    ("personal_data_by_class", "drop", "must be an object, not 'drop'."),
    ("personal_data_by_class", ["email"], "must be an object, not ['email']."),
    (
        "personal_data_by_class",
        {"mail": "drop"},
        f"has no option 'mail'; there are {CLASSES}.",
    ),
    ("personal_data_by_class.ip", {"ip": "blur"}, f"must be {ACTIONS}, not 'blur'."),
    ("personal_data_by_class.metadata", {"metadata": 1}, f"must be {ACTIONS}, not 1."),
    ("mrr", "stripe", "must be an object, not 'stripe'."),
    ("mrr", ["stripe"], "must be an object, not ['stripe']."),
    ("mrr", {"churns_at": "end"}, f"has no option 'churns_at'; there are {OPTIONS}."),
    ("mrr.preset", {"preset": "excel"}, None),
    ("mrr.discounts", {"discounts": "some"}, None),
    ("mrr.churn_at", {"churn_at": "never"}, "must be one of `end`, `request`, not 'never'."),
    ("mrr.past_due", {"past_due": True}, "must be one of `count`, `exclude`, not True."),
    ("mrr.unpaid", {"unpaid": "maybe"}, "must be one of `exclude`, `count`, not 'maybe'."),
    ("mrr.pause_collection", {"pause_collection": "x"}, None),
    ("mrr.trials", {"trials": "some"}, "must be one of `exclude`, `include`, not 'some'."),
    ("mrr.free_periods", {"free_periods": 0}, "must be one of `keep`, `exclude`, not 0."),
    ("mrr.metered", {"metered": "all"}, "must be one of `exclude`, `last_invoice`, not 'all'."),
    ("mrr.new_mrr_at", {"new_mrr_at": "trial"}, None),
    ("mrr.weeks_per_year", {"weeks_per_year": [52]}, "must be a text, not [52]."),
    (
        "mrr.weeks_per_year",
        {"weeks_per_year": "0"},
        "cannot be used: '0' is not a positive number or fraction.",
    ),
    (
        "mrr.days_per_year",
        {"days_per_year": "a year"},
        "cannot be used: 'a year' is not a positive number or fraction.",
    ),
    ("mrr.backdated_start", {"backdated_start": "never"}, None),
    ("mrr.zero_price_movement", {"zero_price_movement": "new"}, None),
    ("mrr.switch_window_hours", {"switch_window_hours": "a day"}, "must be a number, not 'a day'."),
    (
        "mrr.fx_mode",
        {"fx_mode": "nonsense"},
        "must be one of `none`, `constant`, `month_end`, not 'nonsense'.",
    ),
    ("mrr.reporting_timezone", {"reporting_timezone": 1}, "must be a text, not 1."),
    (
        "__injected_components_py",
        "import os",
        "is not allowed: `__injected...` is reserved.",
    ),
]
"""(field named, value of its first part, what is said; None: a choice among those of the spec)."""


def top(field):
    return field.partition(".")[0].partition("[")[0]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    WRONG,
    ids=[f"{n:02} {field}" for n, (field, *_) in enumerate(WRONG)],
)
def test_a_wrong_setting_is_one_line_with_field_value_and_what_is_allowed(field, value, said):
    if said is None:
        allowed = SPECIFICATION["properties"]["mrr"]["properties"][field.partition(".")[2]]["enum"]
        choice = ", ".join(f"`{one}`" for one in allowed)
        said = f"must be one of {choice}, not {next(iter(value.values()))!r}."
    config = {"client_secret": KEY, top(field): value}
    if top(field) == "credentials":  # without a key alone
        config["client_secret"] = None
        if isinstance(value, dict):
            needed = (
                OAUTH if value else {name: OAUTH[name] for name in OAUTH if name != "auth_type"}
            )
            config["credentials"] = {**needed, **value}
    with pytest.raises(ConfigError) as raised:
        parse_settings(config)
    assert str(raised.value) == f"Config field `{field}` {said}"
    assert raised.value.field == field


def test_every_setting_of_the_specification_has_a_wrong_value_here():
    known = set(SPECIFICATION["properties"])
    known |= {f"mrr.{name}" for name in SPECIFICATION["properties"]["mrr"]["properties"]}
    assert known <= {field.partition("[")[0] for field, *_ in WRONG}


def test_of_several_wrong_settings_the_first_in_the_form_is_named():
    with pytest.raises(ConfigError) as raised:
        parse_settings({"mrr": 5, "mode": "x", "num_workers": 0, "client_secret": KEY})
    assert raised.value.field == "mode"
    with pytest.raises(ConfigError) as raised:
        parse_settings({"mrr": 5, "mode": "x"})
    assert raised.value.field == "client_secret"


def test_a_long_value_is_shown_in_part_and_a_secret_not_at_all():
    with pytest.raises(ConfigError) as raised:
        parse_settings({"client_secret": KEY, "mode": "x" * 5_000})
    assert len(str(raised.value)) < 200
    with pytest.raises(ConfigError) as raised:
        parse_settings({"client_secret": KEY, "personal_data_key": "searched"})
    assert "searched" not in str(raised.value)


EMPTY = {name: "" for name in SPECIFICATION["properties"] if name != "client_secret"}

ACCEPTED = {
    "every field left empty": EMPTY,
    "every field null": dict.fromkeys(EMPTY),
    "empty options": {"mrr": dict.fromkeys(SPECIFICATION["properties"]["mrr"]["properties"], "")},
    "an empty list for an empty object": {"personal_data_by_class": []},
    "fields of a platform": {"__hidden": {"a": 1}, "__test": None, "credentials": {"x": "y"}},
    "blanks around texts": {"mode": " test ", "account_id": " acct_1\n", "personal_data": "keep "},
    "an empty object for accounts": {"accounts": {}},
    "a whole number with a point": {"num_workers": 4.0, "lookback_window_days": 7.0},
    "numbers for weeks and days": {"mrr": {"weeks_per_year": 52, "days_per_year": 365.25}},
    "decimals": {"mrr": {"days_per_year": Decimal("365.25")}},
    "fractions": {"mrr": {"weeks_per_year": "365/7", "days_per_year": " 360 "}},
    "hours as a text": {"mrr": {"switch_window_hours": "24"}},
    "options of the models": {
        "mrr": {"switch_window_hours": 1.5, "fx_mode": "none", "reporting_timezone": "UTC"}
    },
}


@pytest.mark.parametrize("config", ACCEPTED.values(), ids=ACCEPTED)
def test_what_forms_and_platforms_send_is_accepted(config):
    parse_settings({"client_secret": KEY, **config})


@pytest.mark.parametrize(
    "text",
    [
        "2024",
        "2024-01",
        "20240131",
        "2024-W05-3",
        "2024-031",
        "2024/01/31",
        "2024-01-31T00:00",
        "2024-01-31 00:00:00",
        "2024-01-31T00:00:00.5Z",
        "2024-01-31T00:00:00,5",
        "2024-01-31T02:00:00+02:00",
        "20240131T000000Z",
    ],
)
def test_a_date_may_have_any_form_of_iso_8601(text):
    assert parse_settings({"client_secret": KEY, "start_date": text}).start >= 1_704_067_200


def test_whole_numbers_with_a_point_are_whole_numbers():
    settings = parse_settings({"client_secret": KEY, "num_workers": 4.0, "call_rate_limit": 7.0})
    assert (settings.workers, settings.requests_per_second) == (4, 7)
    assert type(settings.workers) is int


def test_the_specification_is_a_schema_whose_rules_can_all_be_told():
    Draft7Validator.check_schema(SPECIFICATION)
    told = {"type", "enum", "minimum", "minLength", "pattern", "required", "additionalProperties"}
    told |= {"properties", "items"}
    told |= {"oneOf"}  # of `accounts`, which are looked at before: see test_accounts.py
    said = {"$schema", "title", "description", "order", "examples", "default", "format"}
    said |= {"pattern_descriptor", "airbyte_secret", "airbyte_hidden"}

    def rules(schema):
        for name, value in schema.items():
            yield name
            if name == "properties":
                for inner in value.values():
                    yield from rules(inner)
            elif name == "items":
                yield from rules(value)

    assert set(rules(SPECIFICATION)) <= told | said
    patterns = [name for name, schema in SPECIFICATION["properties"].items() if "pattern" in schema]
    assert patterns == ["start_date"], "the line about a pattern speaks of dates"
