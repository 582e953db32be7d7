"""The `mrr` settings in, one checked Options value out: it moves amounts, never rows."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from typing import Any

from source_stripe_saas.mrr.exact import exact

CHOICES: dict[str, tuple[str, ...]] = {
    "discounts": ("forever", "none", "recurring", "all"),
    "churn_at": ("end", "request"),
    "past_due": ("count", "exclude"),
    "unpaid": ("exclude", "count"),
    "pause_collection": ("by_behavior", "count", "exclude"),
    "trials": ("exclude", "include"),
    "free_periods": ("keep", "exclude"),
    "metered": ("exclude", "last_invoice"),
    "new_mrr_at": ("status", "first_payment"),
    "backdated_start": ("created", "start_date"),
    "zero_price_movement": ("churn", "contraction"),
}
FACTORS: dict[str, str] = {"weeks_per_year": "52", "days_per_year": "365"}
# Settings of the dbt models: accepted, so that one block serves both, and not used here.
WAREHOUSE_OPTIONS = frozenset({"switch_window_hours", "fx_mode", "reporting_timezone"})
PRESETS: dict[str, dict[str, str]] = {
    "stripe": {"churn_at": "request"},
    "chartmogul": {
        "discounts": "all",
        "new_mrr_at": "first_payment",
        "pause_collection": "count",
        "zero_price_movement": "contraction",
    },
    "profitwell": {"discounts": "all", "metered": "last_invoice", "pause_collection": "exclude"},
}
_DURATIONS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "forever": frozenset({"forever"}),
    "recurring": frozenset({"forever", "repeating"}),
    "all": frozenset({"forever", "repeating", "once"}),
}
_FACTOR = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?(/[0-9]{1,9})?")
_LONGEST_SHOWN = 100


class OptionError(ValueError):
    """An option that does not exist, or a value it does not take."""


@dataclass(frozen=True)
class Options:
    """How MRR is counted; the defaults follow what Stripe documents, but for `churn_at`."""

    discounts: str = "forever"
    churn_at: str = "end"
    past_due: str = "count"
    unpaid: str = "exclude"
    pause_collection: str = "by_behavior"
    trials: str = "exclude"
    free_periods: str = "keep"
    metered: str = "exclude"
    new_mrr_at: str = "status"
    weeks_per_year: Fraction = Fraction(52)
    days_per_year: Fraction = Fraction(365)
    backdated_start: str = "created"
    zero_price_movement: str = "churn"

    @property
    def counted_durations(self) -> frozenset[str]:
        """Coupon durations that lower MRR in the chosen mode (M20)."""
        return _DURATIONS[self.discounts]

    @cached_property
    def year(self) -> str:
        """The chosen weeks and days of a year, as a key for values that hang on them."""
        return f"{self.weeks_per_year} {self.days_per_year}"

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that name this set of options in every row (M36)."""
        chosen = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        text = json.dumps(chosen, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def options_from(settings: Mapping[str, Any]) -> Options:
    """Reads settings over their preset over the defaults.

    Raises:
        OptionError: an unknown option, preset or value, named in one line.
    """
    chosen: dict[str, Any] = {}
    preset = settings.get("preset")
    if preset is not None:
        if not isinstance(preset, str) or preset not in PRESETS:
            raise OptionError(f"options.preset: {preset!r} is not one of {', '.join(PRESETS)}")
        chosen.update(PRESETS[preset])
    for name, value in settings.items():
        if name in CHOICES:
            if value not in CHOICES[name]:
                allowed = ", ".join(CHOICES[name])
                raise OptionError(f"options.{name}: {value!r} is not one of {allowed}")
            chosen[name] = value
        elif name in FACTORS:
            chosen[name] = _positive_fraction(name, value)
        elif name != "preset" and name not in WAREHOUSE_OPTIONS:
            raise OptionError(f"options.{name}: there is no such option")
    return Options(**chosen)


def _positive_fraction(name: str, value: Any) -> Fraction:
    # Looked at before it is worked out: "1e999999999" is a number too, and takes for ever.
    is_short = not isinstance(value, bool) and _FACTOR.fullmatch(str(value).replace(" ", ""))
    try:
        number = exact(value) if is_short else Fraction(0)
    except (ValueError, ZeroDivisionError):
        number = Fraction(0)
    if number <= 0:
        shown = repr(value)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]} …"
        raise OptionError(f"options.{name}: {shown} is not a positive number or fraction")
    return number
