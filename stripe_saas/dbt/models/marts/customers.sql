-- One row per client: one of your own ids, or a Stripe customer that none was found for.
with stripe_customers as (
    select
        identities.client_id, identities.customer_id, customers.name, customers.email,
        customers.country, customers.created_at,
        identities.is_deleted,
        row_number() over (
            partition by identities.client_id
            order by case when identities.is_deleted or customers.customer_id is null
                then 1 else 0 end,
                customers.created_at, identities.customer_id
        ) as place
    from {{ ref("int_stripe__identities") }} as identities
    left join {{ ref("stg_stripe__customers") }} as customers
        on identities.customer_id = customers.customer_id
),
clients as (
    select
        client_id, count(*) as stripe_customers, min(created_at) as first_seen_at,
        max(case when place = 1 then customer_id end) as customer_id,
        max(case when place = 1 then name end) as name,
        max(case when place = 1 then email end) as email,
        max(case when place = 1 then country end) as country,
        min({{ stripe_saas.flag("is_deleted") }}) = 1 as is_deleted
    from stripe_customers
    group by 1
),
subscriptions as (
    select * from {{ ref("int_stripe__subscriptions") }}
),
events as (
    select * from {{ ref("int_stripe__events") }}
),
lifecycle_stages as (
    select status, stage, precedence
    from {{ stripe_saas.relation_or_seed(
        "lifecycle_stages_relation", ref("stripe_lifecycle_stages")
    ) }}
),
exponents as (
    select currency, currency_exponent from {{ ref("stripe_currency_exponents") }}
),
-- a client's currency is that of its MRR, else of its last change, else of its last charge
money_moments as (
    select client_id, currency, mrr_delta_minor, occurred_at as moved_at,
        cast(null as {{ stripe_saas.type_moment() }}) as charged_at
    from events
    union all
    select client_id, currency, 0, cast(null as {{ stripe_saas.type_moment() }}), created_at
    from {{ ref("int_stripe__charges") }}
),
currency_sums as (
    select
        client_id, currency,
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as mrr_minor,
        max(moved_at) as moved_at, max(charged_at) as charged_at
    from money_moments
    group by 1, 2
),
currencies as (
    select
        sums.client_id, sums.currency, coalesce(exponents.currency_exponent, 2) as currency_exponent,
        sums.mrr_minor,
        row_number() over (
            partition by sums.client_id
            order by case when sums.mrr_minor > 0 then 0 else 1 end,
                case when sums.moved_at is null then 1 else 0 end,
                case when sums.charged_at is null then 1 else 0 end,
                sums.moved_at desc, sums.charged_at desc, sums.currency
        ) as place,
        sum({{ stripe_saas.flag("sums.mrr_minor > 0") }}) over (partition by sums.client_id)
            as paying_currencies
    from currency_sums as sums
    left join exponents on {{ stripe_saas.plain("sums.currency") }} = exponents.currency
),
stages as (
    select
        subscriptions.client_id, stages.stage,
        row_number() over (
            partition by subscriptions.client_id order by stages.precedence, stages.stage
        ) as place
    from subscriptions
    inner join lifecycle_stages as stages on subscriptions.status = stages.status
),
running as (
    select
        client_id, count(*) as subscriptions,
        {{ stripe_saas.whole("sum(quantity)") }} as quantity,
        min(renews_at) as renews_at, min(cancel_at) as cancel_at,
        max({{ stripe_saas.flag("status in ('past_due', 'unpaid')") }}) as is_behind
    from subscriptions
    where is_running
    group by 1
),
plan_names as (
    select distinct client_id, plan from subscriptions where is_running and plan is not null
),
plans as (
    select
        client_id,
        {{ stripe_saas.sorted_list("plan", "', '") }} as plans
    from plan_names
    group by 1
),
main_plans as (
    select
        client_id, tier,
        row_number() over (
            partition by client_id
            order by case when is_running then 0 else 1 end, mrr_minor desc, created_at desc,
                subscription_id
        ) as place
    from subscriptions
),
moments as (
    select
        client_id,
        min(occurred_at) as first_event_at,
        min(case when event_type = 'trial_started' then occurred_at end) as trial_started_at,
        min(case when mrr_after_minor > 0 then occurred_at end) as first_paid_at
    from events
    group by 1
),
births as (
    select
        client_id, event_type, list_mrr_after_minor,
        row_number() over (partition by client_id order by occurred_at, subscription_id, sequence)
            as place
    from events
    -- whoever never finished signing up took no path
    where event_type not in ('signup_incomplete', 'signup_expired')
),
turns as (
    select
        client_id,
        max(case when falls_by = 'left' or is_empty_churn then period_start end) as churned_on,
        max(case when rises_by = 'returned' then period_start end) as reactivated_on,
        max(case when crossing = 'rise' then period_start end) as rose_on
    from {{ ref("int_stripe__client_day_phases") }}
    group by 1
),
revenue as (
    select
        client_id, currency,
        {{ stripe_saas.whole("sum(gross_minor)") }} as gross_minor,
        {{ stripe_saas.whole("sum(gross_minor - refunded_minor - dispute_lost_minor)") }} as net_minor
    from {{ ref("int_stripe__charges") }}
    group by 1, 2
),
paid as (
    select distinct client_id from {{ ref("int_stripe__charges") }} where gross_minor > 0
),
failing as (
    select distinct subscriptions.client_id
    from {{ ref("int_stripe__failing_invoices") }} as invoices
    inner join subscriptions on invoices.subscription_id = subscriptions.subscription_id
    where subscriptions.is_running
),
disputed as (
    select distinct coalesce(identities.client_id, charges.customer_id) as client_id
    from {{ ref("stg_stripe__disputes") }} as disputes
    inner join {{ ref("stg_stripe__charges") }} as charges
        on disputes.charge_id = charges.charge_id
    left join {{ ref("int_stripe__identities") }} as identities
        on charges.customer_id = identities.customer_id
    where disputes.status not in ('won', 'lost', 'warning_closed', 'prevented')
),
risks as (
    select client_id, max({{ stripe_saas.flag("is_risk") }}) as is_at_risk
    from {{ ref("int_stripe__churn_signals") }}
    where mrr_at_risk_minor > 0
    group by 1
),
tiers as (
    select
        currencies.client_id, tiers.tier,
        row_number() over (partition by currencies.client_id order by tiers.from_mrr desc) as place
    from currencies
    inner join {{ stripe_saas.relation_or_seed(
        "revenue_tiers_relation", ref("stripe_revenue_tiers")
    ) }} as tiers
        on currencies.mrr_minor >= tiers.from_mrr * case currencies.currency_exponent
            when 0 then 1 when 3 then 1000 else 100 end
    where currencies.place = 1 and currencies.mrr_minor > 0
),
final as (
    select
        clients.client_id, clients.customer_id, clients.stripe_customers, clients.name,
        clients.email, clients.country, clients.is_deleted,
        coalesce(stages.stage, lead_stage.stage) as lifecycle_stage,
        currencies.currency, currencies.currency_exponent,
        coalesce(currencies.mrr_minor, 0) as mrr_minor,
        coalesce(currencies.mrr_minor, 0) * 12 as arr_minor,
        coalesce(currencies.paying_currencies, 0) > 1 as has_other_currencies,
        coalesce(running.subscriptions, 0) as subscriptions, plans.plans, main_plans.tier,
        running.quantity,
        case
            when births.event_type = 'trial_started' then 'trial'
            when births.event_type is null then 'none'
            when births.list_mrr_after_minor > 0 then 'paid'
            else 'free'
        end as signup_path,
        {{ stripe_saas.earlier_of("clients.first_seen_at", "moments.first_event_at") }}
            as first_seen_at,
        moments.trial_started_at, moments.first_paid_at,
        -- who came back after it has not left, also while it pauses
        case when turns.churned_on > turns.rose_on then turns.churned_on end as churned_on,
        turns.reactivated_on,
        running.renews_at, running.cancel_at,
        case
            when running.is_behind = 1 then 'past_due'
            when failing.client_id is not null then 'failing'
            when disputed.client_id is not null then 'disputed'
            when paid.client_id is not null then 'good'
            else 'unknown'
        end as payment_health,
        coalesce(revenue.gross_minor, 0) as lifetime_gross_minor,
        coalesce(revenue.net_minor, 0) as lifetime_net_minor,
        coalesce(tiers.tier, 'none') as revenue_tier,
        coalesce(risks.is_at_risk, 0) = 1 as is_at_risk
    from clients
    left join currencies on clients.client_id = currencies.client_id and currencies.place = 1
    left join stages on clients.client_id = stages.client_id and stages.place = 1
    left join lifecycle_stages as lead_stage on lead_stage.status = 'none'
    left join running on clients.client_id = running.client_id
    left join plans on clients.client_id = plans.client_id
    left join main_plans on clients.client_id = main_plans.client_id and main_plans.place = 1
    left join births on clients.client_id = births.client_id and births.place = 1
    left join moments on clients.client_id = moments.client_id
    left join turns on clients.client_id = turns.client_id
    left join failing on clients.client_id = failing.client_id
    left join disputed on clients.client_id = disputed.client_id
    left join paid on clients.client_id = paid.client_id
    left join revenue
        on clients.client_id = revenue.client_id and currencies.currency = revenue.currency
    left join tiers on clients.client_id = tiers.client_id and tiers.place = 1
    left join risks on clients.client_id = risks.client_id
)
{{ stripe_saas.mart("final", by="client_id", metadata=["customers", "customer_id"]) }}
