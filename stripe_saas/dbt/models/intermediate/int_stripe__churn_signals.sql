-- One row per subscription and reason to fear for it.
with subscriptions as (
    select * from {{ ref("int_stripe__subscriptions") }} where is_running
),
as_of as (
    select * from {{ ref("stg_stripe__as_of") }}
),
status_since as (
    select subscription_id, max(occurred_at) as since
    from {{ ref("int_stripe__events") }}
    where status_after <> coalesce(status_before, '')
    group by 1
),
failing as (
    select subscription_id, min(failed_at) as failed_at
    from {{ ref("int_stripe__failing_invoices") }}
    group by 1
),
downgrades as (
    select subscription_id, max(occurred_at) as downgraded_at
    from {{ ref("int_stripe__events") }}
    where event_type in ('downgraded', 'quantity_decreased')
    group by 1
),
-- a card works until the end of the month printed on it
cards as (
    select
        subscriptions.subscription_id,
        {{ stripe_saas.add_to_date(
            "cast('1970-01-01' as date)",
            "((methods.card_exp_year - 1970) * 12 + methods.card_exp_month)", "month"
        ) }} as expires_on
    from subscriptions
    left join {{ ref("stg_stripe__customers") }} as customers
        on subscriptions.customer_id = customers.customer_id
    -- a subscription's own means of payment goes before the customer's
    inner join {{ ref("stg_stripe__payment_methods") }} as methods
        on methods.payment_method_id = coalesce(
            subscriptions.default_payment_method_id, customers.default_payment_method_id
        )
    where methods.card_exp_year is not null
        and coalesce(subscriptions.collection_method, 'charge_automatically')
        = 'charge_automatically'
),
signals as (
    select subscriptions.subscription_id, 'payment_failed' as reason, failing.failed_at as signaled_at
    from subscriptions
    inner join failing on subscriptions.subscription_id = failing.subscription_id
    union all
    select subscriptions.subscription_id, 'past_due' as reason, status_since.since as signaled_at
    from subscriptions
    inner join status_since on subscriptions.subscription_id = status_since.subscription_id
    where subscriptions.status in ('past_due', 'unpaid')
    union all
    select
        subscriptions.subscription_id, 'cancellation_scheduled' as reason,
        coalesce(subscriptions.canceled_at, subscriptions.created_at) as signaled_at
    from subscriptions
    where subscriptions.cancel_at is not null
    union all
    select
        subscriptions.subscription_id, 'downgrade' as reason,
        downgrades.downgraded_at as signaled_at
    from subscriptions
    inner join downgrades on subscriptions.subscription_id = downgrades.subscription_id
    cross join as_of
    where downgrades.downgraded_at
        >= {{ dbt.dateadd("day", "-1 * " ~ var("downgrade_signal_days"), "as_of.as_of_at") }}
    union all
    select
        subscriptions.subscription_id, 'card_expiring' as reason,
        cast(cards.expires_on as {{ stripe_saas.type_moment() }}) as signaled_at
    from subscriptions
    inner join cards on subscriptions.subscription_id = cards.subscription_id
    cross join as_of
    where cards.expires_on
        <= {{ stripe_saas.add_to_date("as_of.as_of_date", var("card_expiring_days")) }}
    union all
    select renewals.subscription_id, 'renewal_due' as reason, renewals.renews_at as signaled_at
    from {{ ref("int_stripe__renewals_due") }} as renewals
),
final as (
    select
        {{ dbt.concat(["signals.subscription_id", "'/'", "signals.reason"]) }} as signal_id,
        subscriptions.client_id, subscriptions.customer_id, signals.subscription_id, signals.reason,
        signals.reason <> 'renewal_due' as is_risk, signals.signaled_at, subscriptions.status,
        subscriptions.plan, subscriptions.currency, subscriptions.currency_exponent,
        subscriptions.mrr_minor as mrr_at_risk_minor
    from signals
    inner join subscriptions on signals.subscription_id = subscriptions.subscription_id
)
select * from final
