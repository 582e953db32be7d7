-- One row per subscription that began with a trial, with how the trial ended.
{%- set conversion = stripe_saas.one_of(
    "trial_conversion_at", ["first_payment", "status", "new_mrr"]
) %}
with events as (
    select * from {{ ref("int_stripe__events") }}
),
starts as (
    select subscription_id, min(occurred_at) as started_at
    from events
    where event_type = 'trial_started'
    group by 1
),
since as (
    select
        events.*, starts.started_at,
        row_number() over (
            partition by events.subscription_id order by events.sequence desc
        ) as place_from_end
    from events
    inner join starts on events.subscription_id = starts.subscription_id
    where events.occurred_at >= starts.started_at
),
moments as (
    select
        since.subscription_id, since.started_at,
        min(since.client_id) as client_id, min(since.currency) as currency,
        -- what is paid while the trial goes on, as a fee for setting up, is no conversion
        min(case
            when since.status_after <> 'trialing' and (
                since.event_type = 'first_payment'
                or (since.event_type = 'renewed'
                    and coalesce(invoices.total_minor, since.mrr_after_minor) > 0)
            ) then since.occurred_at
        end) as first_payment_at,
        min(case
            when since.event_type = 'trial_converted'
                -- a trial that was paused at its end, and goes on as a paid subscription
                or (since.status_before = 'paused'
                    and since.status_after in ('active', 'past_due'))
                then since.occurred_at
        end) as status_at,
        min(case
            when since.status_after <> 'trialing' and since.mrr_after_minor > 0
                then since.occurred_at
        end) as new_mrr_at,
        min(case when since.status_after <> 'trialing' then since.occurred_at end) as left_at,
        min(case
            when since.event_type in ('trial_expired', 'canceled') then since.occurred_at
        end) as ended_at,
        max(case when since.place_from_end = 1 then since.status_after end) as last_status
    from since
    left join {{ ref("stg_stripe__invoices") }} as invoices
        on since.invoice_id = invoices.invoice_id
    group by 1, 2
),
-- the ledger has no row for every paid invoice, as for one of an update after a fee for setting up
paid_invoices as (
    select moments.subscription_id, min(invoices.paid_at) as paid_at
    from moments
    inner join {{ ref("stg_stripe__invoices") }} as invoices
        on moments.subscription_id = invoices.subscription_id
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    where invoices.status = 'paid' and invoices.total_minor > 0
        and invoices.created_at >= moments.left_at
        and invoices.paid_at <= as_of.as_of_at
    group by 1
),
conversions as (
    select
        moments.subscription_id, moments.status_at, moments.new_mrr_at,
        {{ stripe_saas.earlier_of("moments.first_payment_at", "paid_invoices.paid_at") }}
            as first_payment_at
    from moments
    left join paid_invoices on moments.subscription_id = paid_invoices.subscription_id
),
plans as (
    select
        subscription_id, plan,
        row_number() over (partition by subscription_id order by valid_from) as place
    from {{ ref("int_stripe__subscription_periods") }}
    where status = 'trialing'
),
final as (
    select
        moments.subscription_id, moments.client_id, moments.currency,
        coalesce(plans.plan, 'unknown') as plan, moments.started_at,
        conversions.{{ conversion }}_at as converted_at,
        case when conversions.{{ conversion }}_at is null then moments.ended_at end as expired_at,
        case
            when conversions.{{ conversion }}_at is not null then 'converted'
            when moments.ended_at is not null then 'expired'
            when moments.last_status = 'trialing' then 'open'
            -- over, and nothing paid: a failing card, an open invoice, a discount of 100 %, a pause
            else 'pending'
        end as outcome
    from moments
    inner join conversions on moments.subscription_id = conversions.subscription_id
    left join plans on moments.subscription_id = plans.subscription_id and plans.place = 1
)
select * from final
