"""A connector config (a JSON object) -> `Settings`, or a `ConfigError` that names the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pendulum

from source_stripe_saas.mrr.options import OptionError, Options, options_from
from source_stripe_saas.privacy.classes import (
    ACTIONS,
    CLASSES,
    PAYMENT_INSTRUMENTS,
    SHORTEST_KEY,
    Action,
    Policy,
)

Mode = Literal["live", "test", "any"]

STRIPE_URL = "https://api.stripe.com"
OFFICIAL_NUM_WORKERS = 10
"""Default of Airbyte's official connector, stored in every config made with it: not a choice."""

_YEAR = re.compile(r"\d{4}")
_KEY = re.compile(r"(sk|rk)_(live|test|org)_?[A-Za-z0-9_]+")
_LOOKS_SECRET = re.compile(r"\b(?:sk|rk)_(?:live|test|org)_?[A-Za-z0-9]\w*")
"""A key, not the prefix alone, which help texts name."""
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9_/]+")  # it goes into a header
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
class Settings:
    """What a sync needs to know, checked and in the units that the code uses."""

    key: str = field(repr=False)
    key_mode: Literal["live", "test", "unknown"]
    account_id: str | None
    api_url: str
    start: int
    """Backfill begins here, Unix seconds."""
    lookback_days: int
    workers: int | None
    """Most threads at work; None: the connector decides."""
    requests_per_second: int | None
    """Cap on the account's requests a second; None: what Stripe allows for the key's mode."""
    endpoint_requests_per_second: int | None
    """The same for each endpoint."""
    check_streams: tuple[str, ...] | None
    privacy: Policy = field(default_factory=Policy)
    """What becomes of personal data."""
    mrr: Options = field(default_factory=Options)
    """How MRR is counted."""


def _integer(config: Mapping[str, Any], field: str, least: int) -> int | None:
    value = config.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(field, f"must be a whole number, not {value!r}.")
    if value < least:
        raise ConfigError(field, f"must be at least {least}, not {value}.")
    return value


def _text(config: Mapping[str, Any], field: str) -> str | None:
    value = config.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ConfigError(field, f"must be a text, not {type(value).__name__}.")
    return value.strip()


def _start(config: Mapping[str, Any]) -> int:
    text = _text(config, "start_date")
    if text is None:
        return 0
    if not _YEAR.match(text):
        raise _no_date(text)  # it also reads "now" and times of day, by the machine's clock
    try:
        moment = pendulum.parse(text, strict=True)
    except Exception as error:  # pendulum raises several kinds, none helpful to whoever typed it
        raise _no_date(text) from error
    # It also reads durations and intervals.
    if not isinstance(moment, pendulum.DateTime):
        raise _no_date(text)
    return max(0, int(moment.timestamp()))


def _no_date(text: str) -> ConfigError:
    return ConfigError("start_date", f"must be a date such as 2024-01-31T00:00:00Z, not {text!r}.")


def _key(config: Mapping[str, Any]) -> tuple[str, Literal["live", "test", "unknown"]]:
    key = _text(config, "client_secret")
    if key is None:
        raise ConfigError("client_secret", "is missing: paste a restricted or secret key.")
    if key.startswith("pk_"):
        raise ConfigError(
            "client_secret",
            "holds a publishable key (pk_…), which cannot read data: use a restricted key (rk_…).",
        )
    if not _KEY.fullmatch(key):
        raise ConfigError(
            "client_secret",
            "is no Stripe API key: these begin with rk_live_, rk_test_, sk_live_ or sk_test_.",
        )
    if "_live_" in key[:8]:
        return key, "live"
    return key, "test" if "_test_" in key[:8] else "unknown"


def _api_url(config: Mapping[str, Any]) -> str:
    url = (_text(config, "api_url") or STRIPE_URL).rstrip("/")
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


def _action(field: str, value: Any) -> Action | None:
    for action in ACTIONS:
        if value == action:
            return action
    if value is None or value == "":
        return None
    raise ConfigError(field, f"must be one of {', '.join(f'`{one}`' for one in ACTIONS)}.")


def _privacy(config: Mapping[str, Any], key: str) -> Policy:
    """Personal data: one word for all classes, the payment instruments, then single classes."""
    everything = _action("personal_data", config.get("personal_data")) or "keep"
    actions = dict.fromkeys(CLASSES, everything)
    instruments = _action("payment_instruments", config.get("payment_instruments"))
    if instruments is not None:
        actions |= dict.fromkeys(PAYMENT_INSTRUMENTS, instruments)
    classes = config.get("personal_data_by_class") or {}
    if not isinstance(classes, dict):
        raise ConfigError("personal_data_by_class", "must be an object: class of data, action.")
    for name, value in classes.items():
        if name not in CLASSES:
            known = ", ".join(CLASSES)
            raise ConfigError("personal_data_by_class", f"may name {known}, but not {name!r}.")
        actions[name] = _action(f"personal_data_by_class.{name}", value) or actions[name]
    secret = _text(config, "personal_data_key")
    if secret is None and "hash" in actions.values():
        raise ConfigError(
            "personal_data_key", "is missing: hashing needs a secret of its own, kept for good."
        )
    if secret is not None and len(secret) < SHORTEST_KEY:
        raise ConfigError("personal_data_key", f"must have at least {SHORTEST_KEY} characters.")
    if secret is not None and secret == key:
        # A new API key would change all hashes, and joins with what was loaded before would break.
        raise ConfigError("personal_data_key", "must be another secret than `client_secret`.")
    return Policy(actions, secret)


def _mrr(config: Mapping[str, Any]) -> Options:
    """How MRR is counted; what a form leaves empty counts as not chosen."""
    chosen = config.get("mrr")
    if chosen is None:
        return Options()
    if not isinstance(chosen, dict):
        raise ConfigError("mrr", f"must be an object, not {type(chosen).__name__}.")
    try:
        return options_from({k: v for k, v in chosen.items() if v is not None and v != ""})
    except OptionError as error:
        name, _, problem = str(error).removeprefix("options.").partition(": ")
        raise ConfigError(f"mrr.{name}", f"cannot be used: {problem}.") from error


def parse_settings(config: Mapping[str, Any]) -> Settings:
    """Checks a config and gives its settings.

    Raises:
        ConfigError: a field is missing, of the wrong type or out of range.
    """
    for name in config:
        if name.startswith("__"):
            # The CDK would obey some of these, up to running code from the config.
            raise ConfigError(name, "is not allowed: names that begin with `__` are reserved.")
    key, key_mode = _key(config)
    mode = _text(config, "mode") or "any"
    if mode not in ("live", "test", "any"):
        raise ConfigError("mode", f"must be `live`, `test` or `any`, not {mode!r}.")
    if mode != "any" and key_mode not in ("unknown", mode):
        raise ConfigError("mode", f"is `{mode}`, but `client_secret` is a {key_mode}-mode key.")
    account_id = _text(config, "account_id")
    if account_id is not None and not _ACCOUNT.fullmatch(account_id):
        raise ConfigError("account_id", f"must look like acct_…, not {account_id!r}.")
    workers = _integer(config, "num_workers", 1)
    check_streams = config.get("check_streams")
    if check_streams is not None and not (
        isinstance(check_streams, list) and all(isinstance(name, str) for name in check_streams)
    ):
        raise ConfigError("check_streams", "must be a list of stream names.")
    _integer(config, "slice_range", 1)
    return Settings(
        key=key,
        key_mode=key_mode,
        account_id=account_id,
        api_url=_api_url(config),
        start=_start(config),
        lookback_days=_integer(config, "lookback_window_days", 0) or 0,
        workers=None if workers == OFFICIAL_NUM_WORKERS else workers,
        requests_per_second=_integer(config, "call_rate_limit", 1),
        endpoint_requests_per_second=_integer(config, "endpoint_rate_limit", 1),
        check_streams=tuple(check_streams) if check_streams is not None else None,
        privacy=_privacy(config, key),
        mrr=_mrr(config),
    )
