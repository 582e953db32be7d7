"""The texts of a config, a catalog and a state -> what they came to; anything else is a finding."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager

from integration_tests.fuzz.mutation import mutated
from source_stripe_saas.config.settings import ConfigError, parse_settings
from source_stripe_saas.ledger.memory import Memory
from source_stripe_saas.ledger.progress import LedgerPosition, read_ledger_position
from source_stripe_saas.mrr import Context, Options
from source_stripe_saas.protocol.arguments import (
    catalog_of,
    load_catalog,
    load_config,
    load_state,
    states_of,
)
from source_stripe_saas.streams.position import read_position
from source_stripe_saas.streams.progress import Progress
from source_stripe_saas.streams.read_mode import FullRead, IncrementalRead, choose_read_mode
from source_stripe_saas.streams.spans import Span

NOW = 1_750_100_000
_DAY = 86_400
KEY = "sk_test_fuzz0000000000001"
HASHING_KEY = "fuzz0000000000000000000000000002"

CONFIG: dict[str, Any] = {
    "client_secret": KEY,
    "account_id": "acct_1",
    "start_date": "2024-01-31T00:00:00Z",
    "lookback_window_days": 3,
    "slice_range": 365,
    "num_workers": 4,
    "call_rate_limit": 20,
    "mode": "test",
    "api_url": "http://127.0.0.1:9",
    "check_streams": ["customers"],
    "personal_data": "hash",
    "personal_data_key": HASHING_KEY,
    "payment_instruments": "drop",
    "personal_data_by_class": {"email": "keep", "metadata": "drop"},
    "mrr": {"preset": "chartmogul", "metered": "last_invoice", "days_per_year": "365.25"},
}

_NAMES = (
    *("customers", "invoices", "invoice_line_items", "quotes", "balance_transactions", "events"),
    "subscription_events",
)

CATALOG: dict[str, Any] = {
    "streams": [
        {
            "stream": {
                "name": name,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_cursor": True,
                "default_cursor_field": ["updated"],
                "source_defined_primary_key": [["id"]],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
            "cursor_field": ["updated"],
            "primary_key": [["id"]],
        }
        for name in _NAMES[:2]
    ]
}

_BLOBS: tuple[dict[str, Any], ...] = (
    {"updated": 1750000000},
    {"updated": 1750000000, "open_since": 1749000000},
    {"backfill": {"began": 1750000000, "done": {"": [[1700000000, 1750000000]]}}},
    {"backfill": {"began": 1750000000, "done": {}, "after": {"": "qt_1"}, "finished": ["a"]}},
    {"created": 1750000000},
    {"slices": [{"start_time": "1750000000", "end_time": 1750000000}], "state_type": "date-range"},
    {
        "states": [{"partition": {}, "cursor": {"updated": "1750000000"}}],
        "use_global_cursor": False,
    },
    {"__ab_no_cursor_state_message": True},
)


def _ledger_blob() -> dict[str, Any]:
    """A state of `subscription_events` that remembers two subscriptions."""
    memories = {
        key: Memory(Context(through=NOW, sequence=3, status="active", last_at=NOW - _DAY), "usd")
        for key in (-5, 2**62)
    }
    options = Options().fingerprint
    return LedgerPosition(NOW - 29 * _DAY, options, NOW, memories, written=7).blob()


def _state(dice: Random) -> list[dict[str, Any]]:
    """A state of three streams, in one or the other shape."""
    return [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": name},
                "stream_state": _ledger_blob()
                if name == "subscription_events"
                else dice.choice(_BLOBS),
            },
        }
        for name in dice.sample(_NAMES, 3)
    ]


class Finding(AssertionError):
    """Something else than an answer or a clear error."""


def case(seed: int, folder: Path) -> dict[str, Path]:
    """The three files of one case, one of them damaged or all."""
    dice = Random(f"fuzz/{seed}")
    damaged = dice.choice(("config", "catalog", "state", "state", "all"))
    files = {}
    for name, document in (("config", CONFIG), ("catalog", CATALOG), ("state", _state(dice))):
        is_hit = damaged in (name, "all")
        text = mutated(document, dice) if is_hit else json.dumps(document)
        files[name] = folder / f"{name}.json"
        files[name].write_bytes(text.encode("utf-8", "surrogatepass"))
    return files


def judge(files: dict[str, Path], plans: dict[str, Any]) -> str:
    """`fine`, or the text of the clear error.

    Raises:
        Finding: neither.
    """
    try:
        _read(files, plans)
    except ConfigError as error:
        text = str(error)
        shows_secret = KEY in text or HASHING_KEY in text
        if "\n" in text or shows_secret or not text.startswith(("Config field `", "`")):
            raise Finding(f"not a clear line: {text!r}") from error
        text.encode("utf-8", "backslashreplace")
        return text
    except Finding:
        raise
    except Exception as error:
        raise Finding(f"{type(error).__name__}: {error}") from error
    return "fine"


def _read(files: dict[str, Path], plans: dict[str, Any]) -> None:
    settings = parse_settings(load_config(str(files["config"])))
    catalog = catalog_of(load_catalog(str(files["catalog"])))
    states = states_of(load_state(str(files["state"])))
    manager = ConnectorStateManager(state=states)
    chosen = {chosen.stream.name for chosen in catalog.streams}
    for name in {*_NAMES, *(chosen & plans.keys())}:
        plan = plans[name]
        if plan.derived:
            _read_ledger(manager.get_stream_state(name, None))
            continue
        position, _ = read_position(manager.get_stream_state(name, None))
        route = choose_read_mode(
            plan, position, began=NOW, start=settings.start, lookback_days=settings.lookback_days
        )
        spans = (
            [route.span]
            if isinstance(route, FullRead)
            else [route.feed, route.lookback, route.new, route.unread]
        )
        for span in spans:
            if span is not None:
                _look_at(span, settings.start)
        if isinstance(route, IncrementalRead) and route.watermark > NOW + _DAY:
            raise Finding(f"the next state would lie in the future: {route}")
        progress = Progress(plan, route, position)
        for span in progress.to_read("", (0, NOW)):
            _look_at(span, 0)
        _, remark = read_position(json.loads(json.dumps(progress.blob())))
        if remark is not None:
            raise Finding(f"our own state is not understood: {progress.blob()}: {remark}")


def _read_ledger(blob: dict[str, Any]) -> None:
    """The state of the derived stream: not understood, or understood for good."""
    try:
        position = read_ledger_position(blob)
    except ValueError:
        return  # it is read again, and the log says so
    if position is None:
        return
    try:
        again = read_ledger_position(json.loads(json.dumps(position.blob())))
    except ValueError as error:
        raise Finding(f"our own state is not understood: {blob}") from error
    if again != position:
        raise Finding(f"a state does not come back as it went: {blob}")


def _look_at(span: Span, start: int) -> None:
    first, last = span
    if first < 0 or last > NOW + _DAY or (last < first and start <= NOW):
        raise Finding(f"a span that nobody can ask for: {span}")
