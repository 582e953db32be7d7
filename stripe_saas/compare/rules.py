"""A way of counting MRR as a set of named rules; presets of others' published ones (M68 to M72).

A rule is a setting of the MRR options, or one that no option has: `past_due_days`, `taxes`,
`rounding`. Two ways of counting differ by the rules whose settings differ, taken in one fixed
order, so that the same two always give the same shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from source_stripe_saas.mrr.options import PRESETS as OPTION_PRESETS
from source_stripe_saas.mrr.options import OptionError, Options, options_from

ORDER: tuple[tuple[str, str], ...] = (
    ("weeks_per_year", "weeks of a year"),
    ("days_per_year", "days of a year"),
    ("discounts", "coupons that count"),
    ("metered", "metered prices"),
    ("trials", "trials"),
    ("free_periods", "free periods of payers"),
    ("past_due", "past due"),
    ("past_due_days", "past due for long"),
    ("unpaid", "unpaid"),
    ("pause_collection", "paused collection"),
    ("new_mrr_at", "when new MRR begins"),
    ("churn_at", "cancellation at the period's end"),
    ("taxes", "taxes"),
    ("rounding", "rounding"),
)
"""Setting -> what a report calls the rule, in the order in which they are switched (M68).

`backdated_start` and `zero_price_movement` are no rules: they move dates and names of movements."""

OWN_RULES: Mapping[str, tuple[str, ...]] = {
    "past_due_days": ("any",),
    "taxes": ("exclude", "include"),
    "rounding": ("subscription", "client"),
}
"""Settings that no MRR option has; the first value is ours. `past_due_days` takes a number, too."""

PRESETS: Mapping[str, Mapping[str, str]] = {
    "stripe": OPTION_PRESETS["stripe"],  # M69
    "chartmogul": OPTION_PRESETS["chartmogul"],  # M70
    "profitwell": OPTION_PRESETS["profitwell"],  # M71
    "baremetrics": {"discounts": "all", "past_due_days": "30"},  # M72
}
_NO_RULES = ("backdated_start", "zero_price_movement")


class CompareError(Exception):
    """A comparison is not possible; the text is one line that says what to do."""


@dataclass(frozen=True)
class Rules:
    """One way of counting."""

    options: Options
    past_due_days: str = "any"
    """After how many days a subscription that is past due counts no more."""
    taxes: str = "exclude"
    rounding: str = "subscription"

    def setting(self, name: str) -> str:
        """The setting of a rule, as text."""
        if name in OWN_RULES:
            return str(getattr(self, name))
        return str(getattr(self.options, name))


@dataclass(frozen=True)
class Step:
    """One rule switched: all before it are theirs, all after it still ours."""

    name: str
    title: str
    ours: str
    theirs: str
    rules: Rules
    """With this rule switched."""


def rules_from(preset: str | None, settings: Mapping[str, str]) -> Rules:
    """A preset, and single rules over it.

    Args:
        preset: one of `PRESETS`; None is our defaults.
        settings: rule -> setting.

    Raises:
        CompareError: there is no such rule or setting.
    """
    chosen = {**PRESETS.get(preset or "", {}), **settings}
    own = {name: chosen.pop(name) for name in OWN_RULES if name in chosen}
    for name, value in own.items():
        is_days = name == "past_due_days" and re.fullmatch(r"[0-9]{1,4}", value)
        if value not in OWN_RULES[name] and not is_days:
            raise CompareError(f"{name}: {value!r} is not one of {', '.join(OWN_RULES[name])}.")
    for name in chosen:
        if name not in dict(ORDER) and name not in _NO_RULES:
            raise CompareError(f"{name}: there is no such rule: {', '.join(dict(ORDER))}.")
    try:
        return Rules(options_from(chosen), **own)
    except OptionError as error:
        raise CompareError(f"{error}.") from error


def steps_between(ours: Rules, theirs: Rules) -> list[Step]:
    """The rules that differ, each switched after the one before it (M68)."""
    steps, now = [], ours
    for name, title in ORDER:
        before, after = ours.setting(name), theirs.setting(name)
        if before == after:
            continue
        now = _switched(now, name, theirs)
        steps.append(Step(name, title, before, after, now))
    return steps


def _switched(rules: Rules, name: str, theirs: Rules) -> Rules:
    own = {each: rules.setting(each) for each in OWN_RULES}
    if name in OWN_RULES:
        return Rules(rules.options, **{**own, name: theirs.setting(name)})
    chosen = {each: rules.setting(each) for each, _ in ORDER if each not in OWN_RULES}
    chosen |= {each: rules.setting(each) for each in _NO_RULES}
    return Rules(options_from({**chosen, name: theirs.setting(name)}), **own)
