"""A connector's settings in; what the models are to be told of them, as dbt variables, out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIONS = ("switch_window_hours", "fx_mode", "reporting_timezone")
_PRESETS: Mapping[str, Mapping[str, Any]] = {"chartmogul": {"switch_window_hours": 1}}
"""What a preset says of the models; the rest of it is for the connector."""


def variables_from(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the block `mrr` that the models read, as far as they were chosen."""
    block = settings.get("mrr")
    if not isinstance(block, Mapping):
        return {}
    chosen = dict(_PRESETS.get(str(block.get("preset")), {}))
    chosen.update({name: block[name] for name in _OPTIONS if block.get(name) is not None})
    return chosen
