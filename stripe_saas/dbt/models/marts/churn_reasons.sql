-- One row per month, currency, kind, reason and feedback with which subscriptions stopped paying.
with events as (
    select
        *,
        {{ stripe_saas.month_of("occurred_on") }} as date_month,
        case
            when event_type in ('unpaid', 'past_due')
                or cancellation_reason in ('payment_failed', 'payment_disputed') then 'delinquent'
            when cancellation_reason = 'cancellation_requested' then 'voluntary'
            when event_type = 'canceled' then 'unknown'
            else 'other'
        end as churn_kind
    from {{ ref("int_stripe__events") }}
    where movement = 'churn'
),
final as (
    select
        date_month, currency, currency_exponent, churn_kind,
        coalesce(cancellation_reason, event_type) as reason,
        coalesce(cancellation_feedback, 'none given') as feedback,
        count(*) as subscriptions,
        count(distinct client_id) as clients,
        {{ stripe_saas.whole("-sum(mrr_delta_minor)") }} as mrr_lost_minor
    from events
    group by 1, 2, 3, 4, 5, 6
)
select * from final
