-- One row per check and what it is about: what was expected, what was found, the difference.
{%- set expected_range = var("expected_mrr_minor") %}
with as_of as (
    select * from {{ ref("stg_stripe__as_of") }}
),
months as (
    select * from {{ ref("mrr_monthly") }}
),
moved as (
    select currency, sum(mrr_delta_minor) as moved_minor
    from {{ ref("customer_mrr_movements") }}
    where basis = 'currency'
    group by 1
),
standing as (
    select currency, sum(mrr_minor) as mrr_minor
    from {{ ref("int_stripe__subscriptions") }}
    group by 1
),
periods as (
    select
        subscription_id, valid_from, valid_to,
        lead(valid_from) over (partition by subscription_id order by valid_from) as next_from
    from {{ ref("subscription_periods") }}
),
-- Stripe lists the payout's own transaction, which takes the money out, beside what it pays out
payouts as (
    select
        payouts.payout_id, payouts.currency, payouts.amount_minor,
        sum(transactions.net_minor) as net_minor
    from {{ ref("stg_stripe__payouts") }} as payouts
    inner join {{ ref("stg_stripe__payout_balance_transactions") }} as transactions
        on payouts.payout_id = transactions.payout_id
    where payouts.is_automatic
        and coalesce(transactions.type, '') <> 'payout'
        and transactions.balance_transaction_id <> coalesce(payouts.balance_transaction_id, '')
    group by 1, 2, 3
),
streams as (
    {{ stripe_saas.stream_moments() }}
),
checks as (
    select
        'mrr_of_movements_is_mrr_of_subscriptions' as check_name, standing.currency as scope,
        {{ stripe_saas.whole("standing.mrr_minor") }} as expected,
        {{ stripe_saas.whole("coalesce(moved.moved_minor, 0)") }} as found
    from standing
    left join moved on standing.currency = moved.currency
    union all
    select
        'closing_is_opening_and_movements' as check_name, currency as scope,
        {{ stripe_saas.whole("sum(opening_minor + new_minor + expansion_minor + contraction_minor
            + churn_minor + reactivation_minor + fx_minor)") }} as expected,
        {{ stripe_saas.whole("sum(closing_minor)") }} as found
    from months
    group by currency
    union all
    select
        'month_opens_as_the_last_one_closed' as check_name, currency as scope,
        0 as expected,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("opening_minor <> coalesce(previous_minor, 0)") ~ ")") }}
            as found
    from (
        select
            currency, opening_minor,
            lag(closing_minor) over (partition by basis, currency order by date_month) as previous_minor
        from months
    ) as followed
    group by currency
    union all
    select
        'periods_do_not_overlap' as check_name, 'subscriptions' as scope, 0 as expected,
        {{ stripe_saas.whole("coalesce(sum(" ~ stripe_saas.flag(
            "next_from is not null and (valid_to is null or valid_to <> next_from)"
        ) ~ "), 0)") }} as found
    from periods
    union all
    select
        'status_of_events_is_status_of_objects' as check_name, 'subscriptions' as scope,
        0 as expected,
        {{ stripe_saas.whole("coalesce(sum(" ~ stripe_saas.flag("status <> status_of_events") ~ "), 0)") }}
            as found
    from {{ ref("int_stripe__subscriptions") }}
    union all
    -- those of the last day may have come after the ledger was read
    select
        'subscriptions_have_events' as check_name, 'subscriptions' as scope, 0 as expected,
        {{ stripe_saas.whole("coalesce(sum(" ~ stripe_saas.flag(
            "not subscriptions.has_events and subscriptions.created_at < "
            ~ dbt.dateadd("day", -1, "as_of.as_of_at")
        ) ~ "), 0)") }} as found
    from {{ ref("int_stripe__subscriptions") }} as subscriptions
    cross join as_of
    union all
    select
        'no_row_was_adjusted' as check_name, 'subscription_events' as scope, 0 as expected,
        {{ stripe_saas.whole("coalesce(sum(" ~ stripe_saas.flag("event_type = 'adjusted'") ~ "), 0)") }}
            as found
    from {{ ref("subscription_events") }}
    union all
    select
        'payouts_are_their_transactions' as check_name, currency as scope,
        {{ stripe_saas.whole("sum(amount_minor)") }} as expected,
        {{ stripe_saas.whole("sum(net_minor)") }} as found
    from payouts
    group by currency
    union all
    -- one too much and one too little would not show in their sum
    select
        'every_payout_is_its_transactions' as check_name, 'payouts' as scope, 0 as expected,
        {{ stripe_saas.whole("coalesce(sum(" ~ stripe_saas.flag("amount_minor <> net_minor") ~ "), 0)") }}
            as found
    from payouts
    {%- for currency, bounds in expected_range.items() %}
    union all
    select
        'mrr_is_in_its_range' as check_name, '{{ currency }}' as scope,
        case
            when coalesce(sum(closing_minor), 0) < {{ bounds[0] }} then {{ bounds[0] }}
            when coalesce(sum(closing_minor), 0) > {{ bounds[1] }} then {{ bounds[1] }}
            else {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }}
        end as expected,
        {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }} as found
    from months
    where is_open and basis = 'currency' and currency = '{{ currency }}'
    {%- endfor %}
    union all
    -- the hours that a stream lags behind beyond what is allowed
    select
        'stream_is_fresh' as check_name, streams.stream as scope, 0 as expected,
        {{ stripe_saas.whole("case
            when streams.loaded_at is null then 1000000
            when " ~ dbt.datediff("streams.loaded_at", "as_of.as_of_at", "hour") ~ " > "
                ~ var("stale_after_hours") ~ "
                then " ~ dbt.datediff("streams.loaded_at", "as_of.as_of_at", "hour") ~ "
            else 0
        end") }} as found
    from streams
    cross join as_of
),
final as (
    select
        {{ dbt.concat(["check_name", "'/'", "scope"]) }} as check_id,
        check_name, scope, expected, found, found - expected as difference,
        found = expected as is_good
    from checks
)
select * from final
