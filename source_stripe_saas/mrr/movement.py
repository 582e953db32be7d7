"""MRR before and after a row and the subscription's phase in, the movement and next phase out."""

NEVER, PAYING, SUSPENDED, LAPSED = "never", "paying", "suspended", "lapsed"
NEW, EXPANSION, CONTRACTION = "new", "expansion", "contraction"
CHURN, REACTIVATION, NONE = "churn", "reactivation", "none"

ITEM_ROWS = frozenset(
    {"upgraded", "downgraded", "plan_changed", "quantity_increased", "quantity_decreased"}
)
DISCOUNT_ROWS = frozenset({"discount_applied", "discount_removed", "discount_expired"})
_SUSPENDING = frozenset({"paused", "past_due", "free_period_started"})
_RISE = {NEVER: NEW, SUSPENDED: EXPANSION, LAPSED: REACTIVATION, PAYING: EXPANSION}


def movement_of(
    event_type: str, before_minor: int, after_minor: int, phase: str, zero_price_movement: str
) -> tuple[str, str]:
    """The movement of a row and the phase after it (M34)."""
    if before_minor == after_minor:
        if phase == SUSPENDED and event_type in ("canceled", "unpaid"):
            return CHURN, LAPSED
        return NONE, phase
    if before_minor == 0:
        return _RISE[phase], PAYING
    if after_minor == 0:
        is_zero_price = event_type in ITEM_ROWS or event_type in DISCOUNT_ROWS
        if event_type in _SUSPENDING or (is_zero_price and zero_price_movement == CONTRACTION):
            return CONTRACTION, SUSPENDED
        return CHURN, LAPSED
    return (EXPANSION if after_minor > before_minor else CONTRACTION), phase
