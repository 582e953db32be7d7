-- One row per subscription and second from which its MRR, status or items are others; of several
-- changes in a second the last one counts.
with events as (
    select
        *,
        max({{ stripe_saas.flag("event_type in ('upgraded', 'downgraded', 'plan_changed')") }}) over (
            partition by subscription_id, counted_at
        ) as is_plan_change
    from {{ ref("int_stripe__events") }}
),
changes as (
    select
        *,
        row_number() over (
            partition by subscription_id, counted_at order by sequence desc
        ) as place_from_end
    from events
    where sequence = 1 or mrr_delta_minor <> 0 or suspended_delta <> 0
        or list_mrr_after_minor <> list_mrr_before_minor
        or status_before is null or status_after <> status_before
        or event_type in (
            'upgraded', 'downgraded', 'plan_changed', 'quantity_increased', 'quantity_decreased'
        )
),
final as (
    select
        event_id, subscription_id, customer_id, client_id, counted_at as valid_from,
        lead(counted_at) over (partition by subscription_id order by counted_at) as valid_to,
        event_type, sequence, currency, currency_exponent, status_after as status,
        is_suspended_after as is_suspended, mrr_after_minor as mrr_minor,
        list_mrr_after_minor as list_mrr_minor, mrr_delta_minor, items_after, time_precision,
        is_plan_change = 1 as is_plan_change
    from changes
    where place_from_end = 1
)
select * from final
