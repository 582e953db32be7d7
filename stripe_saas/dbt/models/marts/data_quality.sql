-- One row per check and what it is about: what was expected, what was found, the difference.
{%- set expected_range = var("expected_mrr_minor") %}
{%- set together = "all||" if var("by_account") else "" %}
{#- Checks of single objects: what they are about, and where those that are off are found. #}
{%- set object_checks = {
    "periods_do_not_overlap": ["subscriptions", "overlapping", "subscription_id"],
    "status_of_events_is_status_of_objects": ["subscriptions", "other_status", "subscription_id"],
    "subscriptions_have_events": ["subscriptions", "without_events", "subscription_id"],
    "no_row_was_adjusted": ["subscription_events", "adjusted", "subscription_id"],
    "invoices_bill_what_the_ledger_says":
        ["subscription_events", "billed_otherwise", "subscription_id"],
    "every_payout_is_its_transactions": ["payouts", "unequal_payouts", "payout_id"],
} %}
{%- set no_ids = "cast(null as " ~ dbt.type_string() ~ ") as found_ids" %}
with as_of as (
    select * from {{ ref("stg_stripe__as_of") }}
),
months as (
    {{ stripe_saas.figures_of("mrr_monthly") }}
),
moved as (
    select currency, sum(mrr_delta_minor) as moved_minor
    from ({{ stripe_saas.figures_of("customer_mrr_movements") }}) as movements
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
    from {{ ref("int_stripe__subscription_periods") }}
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
        and case
            when payouts.balance_transaction_id is null
                then coalesce(transactions.type, '') <> 'payout'
            else transactions.balance_transaction_id <> payouts.balance_transaction_id
        end
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
    from {{ ref("int_stripe__events") }}
    where event_type = 'adjusted' and coalesce(adjustment_reason, '') <> 'better_estimate'
),
-- rows of paid invoices whose lines come to something else than MRR, which nothing explains
billed_otherwise as (
    select subscription_id
    from {{ ref("int_stripe__events") }}
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
    from ({{ stripe_saas.figures_of("retention_cohorts") }}) as cohorts
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
    from ({{ stripe_saas.figures_of("churn_reasons") }}) as reasons_of_months
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
-- one too much and one too little would not show in their sum
unequal_payouts as (
    select payout_id from payouts where amount_minor <> net_minor
),
other_status as (
    select subscription_id
    from {{ ref("int_stripe__subscriptions") }}
    where status <> status_of_events
),
accounts as (
    {%- if var("by_account") %}
    select distinct {{ stripe_saas.account_of("customer_id") }} as account_id
    from {{ ref("int_stripe__identities") }}
    {%- else %}
    select 'all' as account_id
    {%- endif %}
),
objects as (
    {%- for check_name, (scope, relation, id) in object_checks.items() %}
    select
        '{{ check_name }}' as check_name, {{ id }} as object_id,
        {{ stripe_saas.account_of(id) }} as account_id
    from {{ relation }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),
placed_objects as (
    select
        check_name, object_id, account_id, count(*) as found,
        row_number() over (partition by check_name, account_id order by object_id) as place
    from objects
    group by 1, 2, 3
),
found_objects as (
    select
        check_name, account_id, {{ stripe_saas.whole("sum(found)") }} as found,
        {{ stripe_saas.sorted_list(
            "case when place <= 10 then " ~ stripe_saas.plain("object_id") ~ " end", "', '"
        ) }} as found_ids
    from placed_objects
    group by 1, 2
),
object_checks as (
    {%- for check_name, (scope, relation, id) in object_checks.items() %}
    select '{{ check_name }}' as check_name, '{{ scope }}' as scope
    {{ "union all" if not loop.last }}
    {%- endfor %}
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
        object_checks.check_name,
        {{ dbt.concat(["accounts.account_id", "'||'", "object_checks.scope"])
            if var("by_account") else "object_checks.scope" }} as scope,
        0 as expected, coalesce(found_objects.found, 0) as found, found_objects.found_ids
    from object_checks
    cross join accounts
    left join found_objects
        on object_checks.check_name = found_objects.check_name
        and accounts.account_id = found_objects.account_id
    union all
    select
        'payouts_are_their_transactions' as check_name, currency as scope,
        {{ stripe_saas.whole("sum(amount_minor)") }} as expected,
        {{ stripe_saas.whole("sum(net_minor)") }} as found,
        {{ no_ids }}
    from payouts
    group by currency
    {%- for currency, bounds in expected_range.items() %}
    union all
    select
        'mrr_is_in_its_range' as check_name, '{{ together }}{{ currency }}' as scope,
        case
            when coalesce(sum(closing_minor), 0) < {{ bounds[0] }} then {{ bounds[0] }}
            when coalesce(sum(closing_minor), 0) > {{ bounds[1] }} then {{ bounds[1] }}
            else {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }}
        end as expected,
        {{ stripe_saas.whole("coalesce(sum(closing_minor), 0)") }} as found,
        {{ no_ids }}
    from months
    where is_open and basis = 'currency' and currency = '{{ together }}{{ currency }}'
    {%- endfor %}
    union all
    -- the hours that a stream lags behind beyond what is allowed
    select
        'stream_is_fresh' as check_name,
        {{ dbt.concat(["'all||'", "streams.stream"]) if var("by_account") else "streams.stream" }}
            as scope,
        0 as expected,
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
        {{ dbt.concat(["check_name", "'/'", stripe_saas.plain("scope")]) }} as check_id,
        check_name, scope, expected, found, found - expected as difference,
        found = expected as is_good, found_ids
    from checks
)
{{ stripe_saas.mart("final", by="scope") }}
