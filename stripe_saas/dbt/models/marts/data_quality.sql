-- One row per check and what it is about: what was expected, what was found, the difference.
{%- set expected_range = var("expected_mrr_minor") %}
{%- set no_ids = "cast(null as " ~ dbt.type_string() ~ ") as found_ids" %}
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
overlapping as (
    select subscription_id
    from periods
    where next_from is not null and (valid_to is null or valid_to <> next_from)
),
-- subscriptions of the last day may have come after the ledger was read
without_events as (
    select subscriptions.subscription_id
    from {{ ref("int_stripe__subscriptions") }} as subscriptions
    cross join as_of
    where not subscriptions.has_events
        and subscriptions.created_at < {{ dbt.dateadd("day", -1, "as_of.as_of_at") }}
),
adjusted as (
    select subscription_id
    from {{ ref("subscription_events") }}
    where event_type = 'adjusted' and coalesce(adjustment_reason, '') <> 'better_estimate'
),
billed_otherwise as (
    select subscription_id
    from {{ ref("subscription_events") }}
    where billing_check = 'differs'
),
-- customers at each month's end, client by client, and in cohorts
holders as (
    select currency, month_start, count(*) as customers
    from {{ ref("int_stripe__client_months") }}
    group by 1, 2
),
in_cohorts as (
    select currency, date_month, sum(customers) as customers, sum(mrr_minor) as mrr_minor
    from {{ ref("retention_cohorts") }}
    where basis = 'currency' and cohort_by = 'all'
    group by 1, 2
),
month_customers as (
    select
        months.currency,
        {{ stripe_saas.flag("months.customers <> coalesce(holders.customers, 0)
            or months.customers <> months.opening_customers
            + months." ~ stripe_saas.customers_in() | join("_customers + months.") ~ "_customers
            - months." ~ stripe_saas.customers_out() | join("_customers - months.") ~ "_customers"
        ) }} as is_off,
        {{ stripe_saas.flag("months.customers <> coalesce(in_cohorts.customers, 0)
            or months.closing_minor <> coalesce(in_cohorts.mrr_minor, 0)"
        ) }} as is_off_in_cohorts
    from months
    left join holders
        on months.currency = holders.currency and months.date_month = holders.month_start
    left join in_cohorts
        on months.currency = in_cohorts.currency and months.date_month = in_cohorts.date_month
    where months.basis = 'currency'
),
reasons as (
    select
        basis, currency, date_month, sum(mrr_lost_minor) as mrr_lost_minor,
        sum(clients) as clients, sum(paused_clients) as paused_clients
    from {{ ref("churn_reasons") }}
    group by 1, 2, 3
),
month_reasons as (
    select
        months.currency,
        {{ stripe_saas.flag("-months.churn_minor <> coalesce(reasons.mrr_lost_minor, 0)
            or months.churned_customers <> coalesce(reasons.clients, 0)
            or months.churned_while_paused_customers <> coalesce(reasons.paused_clients, 0)"
        ) }} as is_off
    from months
    left join reasons
        on months.basis = reasons.basis
        and months.currency = reasons.currency
        and months.date_month = reasons.date_month
),
streams as (
    {{ stripe_saas.stream_moments() }}
),
checks as (
    select
        'mrr_of_movements_is_mrr_of_subscriptions' as check_name, standing.currency as scope,
        {{ stripe_saas.whole("standing.mrr_minor") }} as expected,
        {{ stripe_saas.whole("coalesce(moved.moved_minor, 0)") }} as found,
        {{ no_ids }}
    from standing
    left join moved on standing.currency = moved.currency
    union all
    select
        'closing_is_opening_and_movements' as check_name, currency as scope,
        {{ stripe_saas.whole("sum(opening_minor + "
            ~ stripe_saas.movements() | join("_minor + ") ~ "_minor + fx_minor)") }} as expected,
        {{ stripe_saas.whole("sum(closing_minor)") }} as found,
        {{ no_ids }}
    from months
    group by currency
    union all
    select
        'month_opens_as_the_last_one_closed' as check_name, currency as scope, 0 as expected,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag(
            "opening_minor <> coalesce(previous_minor, 0)
            or opening_customers <> coalesce(previous_customers, 0)"
        ) ~ ")") }} as found,
        {{ no_ids }}
    from (
        select
            currency, opening_minor, opening_customers,
            lag(closing_minor) over (partition by basis, currency order by date_month)
                as previous_minor,
            lag(customers) over (partition by basis, currency order by date_month)
                as previous_customers
        from months
    ) as followed
    group by currency
    union all
    -- months in which customers are not those of the opening, and who came, less who went
    select
        'customers_are_opening_and_changes' as check_name, currency as scope, 0 as expected,
        {{ stripe_saas.whole("sum(is_off)") }} as found,
        {{ no_ids }}
    from month_customers
    group by currency
    union all
    select
        'cohorts_hold_every_customer' as check_name, currency as scope, 0 as expected,
        {{ stripe_saas.whole("sum(is_off_in_cohorts)") }} as found,
        {{ no_ids }}
    from month_customers
    group by currency
    union all
    select
        'churn_reasons_add_up_to_churn' as check_name, currency as scope, 0 as expected,
        {{ stripe_saas.whole("sum(is_off)") }} as found,
        {{ no_ids }}
    from month_reasons
    group by currency
    union all
    select
        'periods_do_not_overlap' as check_name, 'subscriptions' as scope, 0 as expected,
        count(*) as found,
        {{ stripe_saas.first_ids("overlapping", "subscription_id", "1 = 1") }} as found_ids
    from overlapping
    union all
    select
        'status_of_events_is_status_of_objects' as check_name, 'subscriptions' as scope,
        0 as expected, count(*) as found,
        {{ stripe_saas.first_ids(
            ref("int_stripe__subscriptions"), "subscription_id", "status <> status_of_events"
        ) }} as found_ids
    from {{ ref("int_stripe__subscriptions") }}
    where status <> status_of_events
    union all
    select
        'subscriptions_have_events' as check_name, 'subscriptions' as scope, 0 as expected,
        count(*) as found,
        {{ stripe_saas.first_ids("without_events", "subscription_id", "1 = 1") }} as found_ids
    from without_events
    union all
    select
        'no_row_was_adjusted' as check_name, 'subscription_events' as scope, 0 as expected,
        count(*) as found,
        {{ stripe_saas.first_ids("adjusted", "subscription_id", "1 = 1") }} as found_ids
    from adjusted
    union all
    -- rows of paid invoices whose lines come to something else than MRR, which nothing explains
    select
        'invoices_bill_what_the_ledger_says' as check_name, 'subscription_events' as scope,
        0 as expected, count(*) as found,
        {{ stripe_saas.first_ids("billed_otherwise", "subscription_id", "1 = 1") }} as found_ids
    from billed_otherwise
    union all
    select
        'payouts_are_their_transactions' as check_name, currency as scope,
        {{ stripe_saas.whole("sum(amount_minor)") }} as expected,
        {{ stripe_saas.whole("sum(net_minor)") }} as found,
        {{ no_ids }}
    from payouts
    group by currency
    union all
    -- one too much and one too little would not show in their sum
    select
        'every_payout_is_its_transactions' as check_name, 'payouts' as scope, 0 as expected,
        count(*) as found,
        {{ stripe_saas.first_ids("payouts", "payout_id", "amount_minor <> net_minor") }} as found_ids
    from payouts
    where amount_minor <> net_minor
    {%- for currency, bounds in expected_range.items() %}
    union all
    select
        'mrr_is_in_its_range' as check_name, '{{ currency }}' as scope,
        case
            when coalesce(sum(closing_minor), 0) < {{ bounds[0] }} then {{ bounds[0] }}
            when coalesce(sum(closing_minor), 0) > {{ bounds[1] }} then {{ bounds[1] }}
            else {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }}
        end as expected,
        {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }} as found,
        {{ no_ids }}
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
        end") }} as found,
        {{ no_ids }}
    from streams
    cross join as_of
),
final as (
    select
        {{ dbt.concat(["check_name", "'/'", "scope"]) }} as check_id,
        check_name, scope, expected, found, found - expected as difference,
        found = expected as is_good, found_ids
    from checks
)
select * from final
