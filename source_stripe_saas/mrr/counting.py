"""What is in force and the options in, whether the subscription counts out: C of the formula."""

from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.standing import Standing


def counts(standing: Standing, has_paid: bool, options: Options) -> bool:
    """C(S, t) of M1.

    Args:
        standing: what is in force.
        has_paid: whether a first invoice above 0 has been paid (M26).
        options: the chosen rules.
    """
    return (
        _status_counts(standing, options)
        and _pause_counts(standing, options)
        and not (options.churn_at == "request" and standing.is_requested)  # M25
        and (options.new_mrr_at == "status" or has_paid)  # M26
    )


def _status_counts(standing: Standing, options: Options) -> bool:
    """The status table (M22), with dunning (M27), trials and free periods (M24)."""
    status = standing.status
    if status == "trialing":
        if standing.is_free:
            return options.free_periods == "keep"
        return options.trials == "include"
    if status == "past_due":
        return options.past_due == "count"
    if status == "unpaid":
        return options.unpaid == "count"
    return status == "active"


def _pause_counts(standing: Standing, options: Options) -> bool:
    """A paused collection: money still owed counts, money given up does not (M23)."""
    if standing.pause is None or options.pause_collection == "count":
        return True
    return options.pause_collection == "by_behavior" and standing.pause == "keep_as_draft"
