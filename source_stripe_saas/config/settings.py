"""A connector config (a JSON object) -> `Settings`, or a `ConfigError` that names the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pendulum

from source_stripe_saas.config.accounts import ACCOUNT_ID, AccountChoice, read_accounts
from source_stripe_saas.config.form import filled_in, first_problem
from source_stripe_saas.mrr.options import OptionError, Options, options_from
from source_stripe_saas.privacy.classes import CLASSES, PAYMENT_INSTRUMENTS, Action, Policy

STRIPE_URL = "https://api.stripe.com"
CONNECT_URL = "https://connect.stripe.com"
"""Where Connect gives tokens; everything else is at `STRIPE_URL`."""
OFFICIAL_NUM_WORKERS = 10
"""Default of Airbyte's official connector, stored in every config made with it: not a choice."""

_OBEYED_BY_THE_CDK = "__injected"
"""Fields that begin so can make the CDK run code from a config. A platform may add other fields
that begin with `__`; they are ignored like any unknown field."""

_KEY = re.compile(r"(sk|rk)_(live|test|org)_?[A-Za-z0-9_]+")
_LOOKS_SECRET = re.compile(r"\b(?:sk|rk)_(?:live|test|org)_?[A-Za-z0-9]\w*")
"""A key, not the prefix alone, which help texts name."""
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:\d{1,5})?"
    r"(?P<path>/[^\s?#\\]*)?",
    re.IGNORECASE,
)


class ConfigError(ValueError):
    """A setting that cannot be used; its text is one line and names the field, never a secret."""

    def __init__(self, field: str, problem: str) -> None:
        # A key that was pasted into the wrong field must not come back in the complaint.
        super().__init__(_LOOKS_SECRET.sub("[key]", f"Config field `{field}` {problem}"))
        self.field = field


@dataclass(frozen=True)
class OAuth:
    """How access tokens are had, for a config without a key."""

    kind: Literal["stripe_app", "stripe_connect"]
    client_secret: str = field(repr=False)
    """The secret key of the app or platform that the connection was made with."""
    token_url: str
    config: Mapping[str, Any] = field(repr=False)
    """The whole config, as a CONTROL message gives it back with new tokens."""

    @property
    def is_lasting(self) -> bool:
        """True for access tokens that do not expire."""
        return self.kind == "stripe_connect"


@dataclass(frozen=True)
class Settings:
    """What a sync needs to know, checked and in the units that the code uses."""

    key: str = field(repr=False)
    key_mode: Literal["live", "test", "unknown"]
    account_id: str | None
    api_url: str
    start: int
    """Backfill begins here, Unix seconds."""
    lookback_days: int
    reread_days: int | None
    """In so many days the whole past is read again; None: it is not."""
    test_clocks: bool
    """Objects of test clocks are wanted."""
    workers: int | None
    """Most threads at work; None: the connector decides."""
    requests_per_second: int | None
    """Cap on the account's requests a second; None: what Stripe allows for the key's mode."""
    endpoint_requests_per_second: int | None
    """The same for each endpoint."""
    check_streams: tuple[str, ...] | None
    meter_customers: tuple[str, ...] = ()
    """Ids of the customers whose metered usage is read."""
    accounts: AccountChoice | None = None
    """Several accounts, each read by itself; None: one, without a word of it in its records."""
    privacy: Policy = field(default_factory=Policy)
    """What becomes of personal data."""
    mrr: Options = field(default_factory=Options)
    """How MRR is counted."""
    oauth: OAuth | None = None
    """Instead of the key, which is then the access token to begin with, if there is one."""


def _start(text: str | None) -> int:
    if text is None:
        return 0
    try:
        moment = pendulum.parse(text, strict=True)
    except Exception as error:  # pendulum raises several kinds
        raise _no_date(text) from error
    # It also reads durations and intervals.
    if not isinstance(moment, pendulum.DateTime):
        raise _no_date(text)
    return max(0, int(moment.timestamp()))


def _no_date(text: str) -> ConfigError:
    return ConfigError("start_date", f"must be a date such as 2024-01-31T00:00:00Z, not {text!r}.")


def _key_mode(key: str) -> Literal["live", "test", "unknown"]:
    if key.startswith("pk_"):
        raise ConfigError(
            "client_secret",
            "holds a publishable key (pk_…), which cannot read data: use a restricted key (rk_…).",
        )
    if not _KEY.fullmatch(key):
        raise ConfigError(
            "client_secret",
            "is not a Stripe API key: these begin with rk_live_, rk_test_, sk_live_ or sk_test_.",
        )
    if "_live_" in key[:8]:
        return "live"
    return "test" if "_test_" in key[:8] else "unknown"


def _oauth(config: Mapping[str, Any], fields: Mapping[str, Any], api_url: str) -> OAuth | None:
    """What a config with OAuth says, None for one with a key."""
    if "client_secret" in fields:
        return None
    credentials = fields["credentials"]
    kind = credentials["auth_type"]
    token_url = f"{api_url}/v1/oauth/token"
    if kind == "stripe_connect":
        token_url = f"{CONNECT_URL if api_url == STRIPE_URL else api_url}/oauth/token"
    kept = {**config, "credentials": dict(credentials)}
    return OAuth(kind, credentials["client_secret"], token_url, kept)


def _key(
    fields: Mapping[str, Any], oauth: OAuth | None
) -> tuple[str, Literal["live", "test", "unknown"]]:
    """The key, or the access token to begin with, and the mode of its data."""
    if oauth is None:
        return fields["client_secret"], _key_mode(fields["client_secret"])
    token = fields["credentials"].get("access_token", "")
    return token, _key_mode(token) if _KEY.fullmatch(token) else "unknown"


def _api_url(given: str) -> str:
    url = given.rstrip("/")
    found = _URL.fullmatch(url)
    if found is None:
        raise ConfigError("api_url", f"must be an http(s) address without a query, not {url!r}.")
    host = found["host"].lower().rstrip(".")
    if host == "stripe.com" or host.endswith(".stripe.com"):
        # Stripe's own limits and rules hold there, so no other spelling may pass for elsewhere.
        is_plain = found["scheme"].lower() == "https" and found["port"] in (None, ":443")
        if f"https://{host}" != STRIPE_URL or not is_plain or found["path"]:
            raise ConfigError("api_url", f"must be {STRIPE_URL} for Stripe itself, not {url!r}.")
        return STRIPE_URL
    return url


def refuse_several_accounts(settings: Settings, who: str) -> None:
    """Ends what works on one account, if the config names several.

    Args:
        settings: the checked config.
        who: the command, for the message.

    Raises:
        ConfigError: it does.
    """
    if settings.accounts is not None:
        raise ConfigError(
            "accounts",
            f"names several accounts, and {who} takes one: put that one into `account_id` and "
            "leave `accounts` out.",
        )


def _accounts(fields: dict[str, Any]) -> AccountChoice | None:
    """Reads the field, and puts the form's way to write it in its place."""
    if fields.get("accounts", {}) == {}:  # as a form leaves it
        fields.pop("accounts", None)
        return None
    try:
        fields["accounts"], choice = read_accounts(fields["accounts"])
    except ValueError as error:
        raise ConfigError("accounts", str(error)) from error
    is_organization_key = str(fields.get("client_secret")).startswith("sk_org")
    if choice is None:
        return None
    if "account_id" in fields:
        raise ConfigError("accounts", "cannot be combined with `account_id`: leave one empty.")
    if is_organization_key and choice.is_all_connected:
        raise ConfigError(
            "accounts",
            "must name the accounts: no list shows which an organization key (sk_org_…) opens.",
        )
    if choice.is_organization and not is_organization_key:
        raise ConfigError(
            "accounts",
            "has `organization`, which needs a `client_secret` that begins with sk_org_.",
        )
    return choice


def _privacy(fields: Mapping[str, Any]) -> Policy:
    """Personal data: one word for all classes, the payment instruments, then single classes."""
    actions: dict[str, Action] = dict.fromkeys(CLASSES, fields.get("personal_data", "keep"))
    if "payment_instruments" in fields:
        actions |= dict.fromkeys(PAYMENT_INSTRUMENTS, fields["payment_instruments"])
    actions |= fields.get("personal_data_by_class", {})
    secret = fields.get("personal_data_key")
    if secret is None and "hash" in actions.values():
        raise ConfigError(
            "personal_data_key", "is missing: hashing needs a secret of its own, kept for good."
        )
    if secret is not None and secret == fields.get("client_secret"):
        # A new API key would change all hashes, and joins with what was loaded before would break.
        raise ConfigError("personal_data_key", "must be another secret than `client_secret`.")
    return Policy(actions, secret)


def _mrr(chosen: Mapping[str, Any]) -> Options:
    try:
        return options_from(chosen)
    except OptionError as error:
        name, _, problem = str(error).removeprefix("options.").partition(": ")
        raise ConfigError(f"mrr.{name}", f"cannot be used: {problem}.") from error


def _whole(number: int | float | None) -> int | None:
    """JSON knows one kind of numbers: 4.0 is a whole one."""
    return None if number is None else int(number)


def without_reserved(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config without the fields of platforms, for the CDK, which may obey some of them."""
    return {name: value for name, value in config.items() if not name.startswith("__")}


def parse_settings(config: Mapping[str, Any]) -> Settings:
    """Checks a config against `spec.yaml` and beyond, and gives its settings.

    Raises:
        ConfigError: a field is missing, of the wrong type or out of range.
    """
    for name in config:
        if name.startswith(_OBEYED_BY_THE_CDK):
            raise ConfigError(name, f"is not allowed: `{_OBEYED_BY_THE_CDK}...` is reserved.")
    fields = filled_in(config)
    accounts = _accounts(fields)
    problem = first_problem(fields)
    if problem is not None:
        raise ConfigError(*problem)
    api_url = _api_url(fields.get("api_url", STRIPE_URL))
    oauth = _oauth(config, fields, api_url)
    if oauth is not None and accounts is not None:
        raise ConfigError("accounts", "need a platform's key: `credentials` open one account.")
    key, key_mode = _key(fields, oauth)
    mode = fields.get("mode", "any")
    if mode != "any" and key_mode not in ("unknown", mode):
        raise ConfigError("mode", f"is `{mode}`, but `client_secret` is a {key_mode}-mode key.")
    account_id = fields.get("account_id")
    if account_id is not None and not ACCOUNT_ID.fullmatch(account_id):
        raise ConfigError("account_id", f"must look like acct_…, not {account_id!r}.")
    workers = _whole(fields.get("num_workers"))
    check_streams = fields.get("check_streams")
    return Settings(
        key=key,
        key_mode=key_mode,
        account_id=account_id,
        api_url=api_url,
        start=_start(fields.get("start_date")),
        lookback_days=_whole(fields.get("lookback_window_days")) or 0,
        reread_days=_whole(fields.get("reread_days")),
        test_clocks=fields.get("test_clocks", False),
        workers=None if workers == OFFICIAL_NUM_WORKERS else workers,
        requests_per_second=_whole(fields.get("call_rate_limit")),
        endpoint_requests_per_second=_whole(fields.get("endpoint_rate_limit")),
        check_streams=tuple(check_streams) if check_streams is not None else None,
        meter_customers=tuple(fields.get("meter_customers") or ()),
        accounts=accounts,
        privacy=_privacy(fields),
        mrr=_mrr(fields.get("mrr", {})),
        oauth=oauth,
    )
