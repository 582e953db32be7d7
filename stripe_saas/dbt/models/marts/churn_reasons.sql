-- One row per basis, month, currency, kind, reason and feedback with which clients left. Each churn of
-- mrr_monthly has one reason, so that amounts and clients add up to it.
{%- set is_net = stripe_saas.one_of("month_movements", ["daily", "net"]) == "net" %}
with churns as (
    select
        basis, client_id, currency, currency_exponent, period_start, customer_change,
        mrr_delta_minor
    from {{ ref("int_stripe__client_month_movements" if is_net else "int_stripe__client_day_movements") }}
    where movement = 'churn'
),
-- what may have been the last of a client: a subscription came to nothing, or would not come back
ends as (
    select
        client_id, currency, subscription_id, event_type, cancellation_reason,
        cancellation_feedback, mrr_delta_minor, occurred_at, event_id,
        {{ stripe_saas.month_of("counted_on") if is_net else "counted_on" }} as period_start
    from {{ ref("int_stripe__events") }}
    where (mrr_delta_minor < 0 and mrr_after_minor = 0) or suspended_delta < 0
),
matched as (
    select
        churns.basis, churns.client_id, churns.currency, churns.currency_exponent,
        churns.period_start, churns.customer_change, churns.mrr_delta_minor, ends.event_type,
        ends.cancellation_reason, ends.cancellation_feedback,
        -- of several the one that cost most, of equal ones the last
        row_number() over (
            partition by churns.basis, churns.client_id, churns.currency, churns.period_start
            order by case when churns.currency = ends.currency then 0 else 1 end,
                ends.mrr_delta_minor, ends.occurred_at desc, ends.event_id
        ) as place,
        count(ends.event_id) over (
            partition by churns.basis, churns.client_id, churns.currency, churns.period_start
        ) as ended
    from churns
    left join ends
        on churns.client_id = ends.client_id
        and churns.period_start = ends.period_start
        and (churns.basis = 'reporting' or churns.currency = ends.currency
            or churns.customer_change = 'churned_while_paused')
),
kinds as (
    select
        basis, {{ stripe_saas.month_of("period_start") }} as date_month, currency,
        currency_exponent,
        case
            when event_type in ('unpaid', 'past_due')
                or cancellation_reason in ('payment_failed', 'payment_disputed') then 'delinquent'
            when cancellation_reason = 'cancellation_requested' then 'voluntary'
            when event_type in ('canceled', 'cancellation_scheduled') or event_type is null
                then 'unknown'
            else 'other'
        end as churn_kind,
        coalesce(cancellation_reason, event_type, 'unknown') as reason,
        coalesce(cancellation_feedback, 'none given') as feedback,
        customer_change, mrr_delta_minor, ended
    from matched
    where place = 1
),
final as (
    select
        date_month, basis, currency, currency_exponent, churn_kind, reason, feedback,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("customer_change = 'churned'") ~ ")") }}
            as clients,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("customer_change = 'churned_while_paused'") ~ ")") }}
            as paused_clients,
        {{ stripe_saas.whole("sum(ended)") }} as subscriptions,
        {{ stripe_saas.whole("-sum(mrr_delta_minor)") }} as mrr_lost_minor
    from kinds
    group by 1, 2, 3, 4, 5, 6, 7
)
{{ stripe_saas.mart("final", by="currency") }}
