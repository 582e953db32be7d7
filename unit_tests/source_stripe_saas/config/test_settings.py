"""Every setting is checked, and whatever is wrong is named by its field, without the key."""

import pytest

from source_stripe_saas.config.settings import STRIPE_URL, ConfigError, parse_settings

KEY = "rk_test_51Secret"


def problem(**config):
    with pytest.raises(ConfigError) as raised:
        parse_settings({"client_secret": KEY, **config})
    assert "Secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(f"Config field `{raised.value.field}` ")
    return raised.value.field, str(raised.value)


def test_a_config_of_airbytes_official_connector_is_accepted_unchanged():
    settings = parse_settings(
        {
            "client_secret": "sk_live_abc",
            "account_id": "acct_1",
            "start_date": "2017-01-25T00:00:00Z",
            "lookback_window_days": 0,
            "slice_range": 365,
            "num_workers": 10,
            "call_rate_limit": 25,
        }
    )
    assert settings.key == "sk_live_abc"
    assert settings.key_mode == "live"
    assert settings.account_id == "acct_1"
    assert settings.start == 1_485_302_400
    assert settings.lookback_days == 0
    assert settings.workers is None
    assert settings.requests_per_second == 25
    assert settings.api_url == STRIPE_URL
    assert settings.check_streams is None


def test_a_key_alone_is_enough():
    settings = parse_settings({"client_secret": KEY})
    assert (settings.start, settings.lookback_days, settings.workers) == (0, 0, None)
    assert (settings.account_id, settings.requests_per_second) == (None, None)


@pytest.mark.parametrize(
    ("given", "workers"),
    [({}, None), ({"num_workers": None}, None), ({"num_workers": 10}, None)]
    + [({"num_workers": number}, number) for number in (1, 9, 11)],
)
def test_ten_workers_are_the_official_default_and_no_choice(given, workers):
    assert parse_settings({"client_secret": KEY, **given}).workers == workers


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        ("sk_live_1", "live"),
        ("rk_live_1", "live"),
        ("sk_test_1", "test"),
        ("rk_test_1", "test"),
        ("sk_org_live_1", "unknown"),
        ("rk_test_with_live_inside", "test"),
    ],
)
def test_the_mode_is_told_by_the_keys_prefix(key, mode):
    assert parse_settings({"client_secret": key}).key_mode == mode


@pytest.mark.parametrize("mode", ["any", "test", None, ""])
def test_a_key_of_the_wanted_mode_is_accepted(mode):
    assert parse_settings({"client_secret": KEY, "mode": mode}).key_mode == "test"


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({"client_secret": "pk_live_Secret"}, "publishable key"),
        ({"client_secret": "Secret"}, "is not a Stripe API key"),
        ({"client_secret": "rk_test_Sec ret"}, "is not a Stripe API key"),
        ({"start_date": "2024-01/2024-02"}, "must be a date"),
        ({"start_date": "now"}, "must be a date"),
        ({"api_url": "https://me@example.com"}, "must be an http(s) address"),
        ({"api_url": "https://example.com/?a=1"}, "must be an http(s) address"),
        ({"__injected_manifest": {}}, "is not allowed"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(config, part):
    """Beyond what a schema can say; the rest is in test_form.py."""
    field, text = problem(**config)
    assert field == next(iter(config))
    assert part in text


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2024-01-31", 1_706_659_200),
        ("2024-01-31T00:00:00Z", 1_706_659_200),
        ("2024-01-31T00:00:00.500Z", 1_706_659_200),
        ("2024-01-31T02:00:00+02:00", 1_706_659_200),
        ("2024-01-31 00:00:00", 1_706_659_200),
        (" 2024-01-31 ", 1_706_659_200),
        ("", 0),
        (None, 0),
        ("1960-01-01", 0),
    ],
)
def test_a_start_date_is_read_in_utc_unless_it_says_otherwise(text, start):
    assert parse_settings({"client_secret": KEY, "start_date": text}).start == start


def test_an_empty_check_list_is_kept_apart_from_none():
    assert parse_settings({"client_secret": KEY, "check_streams": []}).check_streams == ()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8421/", "http://127.0.0.1:8421"),
        ("https://example.com/stripe", "https://example.com/stripe"),
        ("", STRIPE_URL),
    ],
)
def test_an_api_address_loses_its_last_slash(url, kept):
    settings = parse_settings({"client_secret": KEY, "api_url": url})
    assert settings.api_url == kept


HASHING_KEY = "0123456789abcdef0123456789abcdef"


def privacy(**config):
    return parse_settings({"client_secret": KEY, **config}).privacy


def test_all_personal_data_is_kept_unless_a_config_says_otherwise():
    assert privacy().is_idle
    assert privacy(personal_data="keep", payment_instruments=None, personal_data_key="").is_idle


def test_one_word_is_for_all_classes():
    assert set(privacy(personal_data="drop").actions.values()) == {"drop"}
    policy = privacy(personal_data="hash", personal_data_key=f" {HASHING_KEY}\n")
    assert set(policy.actions.values()) == {"hash"}
    assert policy.key == HASHING_KEY
    assert HASHING_KEY not in repr(policy)


def test_payment_instruments_and_single_classes_are_exceptions():
    policy = privacy(payment_instruments="drop")
    assert policy.hashed_or_dropped == {"card_details": "drop", "bank_details": "drop"}
    policy = privacy(
        personal_data="drop",
        payment_instruments="keep",
        personal_data_by_class={"bank_details": "hash", "ip": "", "email": "keep", "name": None},
        personal_data_key=HASHING_KEY,
    )
    kept = {"card_details": "keep", "email": "keep", "bank_details": "hash"}
    assert policy.actions == {**dict.fromkeys(policy.actions, "drop"), **kept}


@pytest.mark.parametrize(
    ("config", "field", "said"),
    [
        ({"personal_data": "hash"}, "personal_data_key", "is missing"),
        ({"personal_data_by_class": {"ip": "hash"}}, "personal_data_key", "is missing"),
        ({"payment_instruments": "hash"}, "personal_data_key", "is missing"),
    ],
)
def test_a_switch_that_cannot_be_obeyed_is_refused(config, field, said):
    found, text = problem(**config)
    assert found == field
    assert said in text


def test_the_hashing_key_must_not_be_the_api_key():
    key = "rk_test_Secret" + "0" * 32
    with pytest.raises(ConfigError, match="another secret") as raised:
        parse_settings({"client_secret": key, "personal_data_key": key})
    assert "Secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [STRIPE_URL, f"{STRIPE_URL}/", "https://API.Stripe.com", "https://api.stripe.com:443", ""],
)
def test_stripes_own_address_is_known_however_it_is_spelled(url):
    settings = parse_settings({"client_secret": KEY, "api_url": url})
    assert settings.api_url == STRIPE_URL


@pytest.mark.parametrize(
    "url",
    [
        "http://api.stripe.com",
        "https://api.stripe.com:8443",
        "https://api.stripe.com/proxy",
        "https://files.stripe.com",
        "https://stripe.com",
        "https://evil.example\\@api.stripe.com",
        "https://evil.example\\.api.stripe.com",
        "https://me:mine@evil.example",
        "https://evil.example?api.stripe.com",
        "ftp://api.stripe.com",
        "//api.stripe.com",
        "https://",
        "https://a b",
        "https://a:port",
    ],
)
def test_an_address_that_only_looks_like_stripes_is_refused(url):
    assert problem(api_url=url)[0] == "api_url"


@pytest.mark.parametrize("field", ["account_id", "start_date", "api_url", "mode", "personal_data"])
def test_a_key_in_the_wrong_field_does_not_come_back_in_the_complaint(field):
    assert "51Secret" not in problem(**{field: KEY})[1]
    assert "51Secret" not in problem(**{KEY: 1, "personal_data_by_class": {KEY: "drop"}})[1]


def test_the_help_for_a_wrong_key_names_the_prefixes_of_a_right_one():
    with pytest.raises(ConfigError) as raised:
        parse_settings({"client_secret": "nonsense"})
    assert "rk_live_, rk_test_, sk_live_ or sk_test_" in str(raised.value)
    assert "[key]" not in str(raised.value)


@pytest.mark.parametrize("account", ["acct_1\r\nX: y", "acct_", "acct_漢", "acct_1 2"])
def test_an_account_that_no_header_can_carry_is_refused(account):
    assert problem(account_id=account)[0] == "account_id"


def test_settings_do_not_show_their_key():
    assert "Secret" not in repr(parse_settings({"client_secret": KEY}))
