-- One row per basis, currency, way of grouping, group, month of the first payment and month since.
{%- set is_reported = stripe_saas.one_of("fx_mode", ["none", "constant", "month_end"]) != "none" %}
{%- set groupings = {"all": "'all'", "plan": "plan", "source": "source", "campaign": "campaign"} %}
with members as (
    {%- for cohort_by, column in groupings.items() %}
    select
        '{{ cohort_by }}' as cohort_by, {{ column }} as cohort, basis, client_id, currency,
        currency_exponent, cohort_month, start_mrr_minor
    from {{ ref("int_stripe__cohort_members") }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),
charges as (
    select
        client_id, currency, {{ stripe_saas.month_of("charged_on") }} as month_start,
        sum(gross_minor) as gross_minor,
        sum(refunded_minor) as refunded_minor,
        sum(gross_minor - refunded_minor - dispute_lost_minor) as net_minor
    from {{ ref("int_stripe__charges") }}
    group by 1, 2, 3
),
balances as (
    select 'currency' as basis, client_id, currency, month_start, closing_minor
    from {{ ref("int_stripe__client_months") }}
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, months.client_id,
        {{ stripe_saas.reporting_currency("months.client_id") }} as currency, months.month_start,
        {{ stripe_saas.in_reporting("months.closing_minor") }} as closing_minor
    from {{ ref("int_stripe__client_months") }} as months
    left join {{ ref("int_stripe__last_fx_rates") }} as rates on months.currency = rates.currency
    group by 1, 2, 3, 4
    {%- endif %}
),
revenue as (
    select
        'currency' as basis, client_id, currency, month_start, gross_minor, refunded_minor,
        net_minor, 0 as is_without_rate
    from charges
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, charges.client_id,
        {{ stripe_saas.reporting_currency("charges.client_id") }} as currency, charges.month_start,
        {%- for name in ["gross", "refunded", "net"] %}
        {{ stripe_saas.in_reporting("charges." ~ name ~ "_minor") }} as {{ name }}_minor,
        {%- endfor %}
        max({{ stripe_saas.flag("rates.factor is null and charges.gross_minor <> 0") }})
            as is_without_rate
    from charges
    left join {{ ref("int_stripe__last_fx_rates") }} as rates on charges.currency = rates.currency
    group by 1, 2, 3, 4
    {%- endif %}
),
-- one row per client, currency and month from its first
member_months as (
    select
        members.cohort_by, members.cohort, members.basis, members.currency,
        members.currency_exponent, members.cohort_month, months.month_start,
        {{ stripe_saas.whole(dbt.datediff("members.cohort_month", "months.month_start", "month")) }}
            as months_since,
        members.start_mrr_minor,
        coalesce(balances.closing_minor, 0) as mrr_minor,
        coalesce(revenue.gross_minor, 0) as gross_minor,
        coalesce(revenue.refunded_minor, 0) as refunded_minor,
        coalesce(revenue.net_minor, 0) as net_minor,
        coalesce(revenue.is_without_rate, 0) as is_without_rate
    from members
    inner join {{ ref("int_stripe__months") }} as months
        on months.month_start >= members.cohort_month
    left join balances
        on members.basis = balances.basis
        and members.client_id = balances.client_id
        and members.currency = balances.currency
        and months.month_start = balances.month_start
    left join revenue
        on members.basis = revenue.basis
        and members.client_id = revenue.client_id
        and members.currency = revenue.currency
        and months.month_start = revenue.month_start
),
sums as (
    select
        cohort_by, cohort, basis, currency, currency_exponent, cohort_month, month_start,
        months_since,
        count(*) as customers_at_start,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("mrr_minor > 0") ~ ")") }} as customers,
        {{ stripe_saas.whole("sum(start_mrr_minor)") }} as mrr_at_start_minor,
        {{ stripe_saas.whole("sum(mrr_minor)") }} as mrr_minor,
        {{ stripe_saas.whole("sum(case when mrr_minor < start_mrr_minor
            then mrr_minor else start_mrr_minor end)") }} as mrr_kept_minor,
        {{ stripe_saas.whole("sum(gross_minor)") }} as gross_minor,
        {{ stripe_saas.whole("sum(refunded_minor)") }} as refunded_minor,
        {{ stripe_saas.whole("sum(net_minor)") }} as net_minor,
        max(is_without_rate) as is_without_rate
    from member_months
    group by 1, 2, 3, 4, 5, 6, 7, 8
),
sums_so_far as (
    select
        *,
        {%- for name in ["gross", "refunded", "net"] %}
        {{ stripe_saas.whole("sum(" ~ name ~ "_minor) over (
            partition by cohort_by, cohort, basis, currency, cohort_month
            order by month_start rows unbounded preceding
        )") }} as {{ name }}_so_far_minor,
        {%- endfor %}
        max(is_without_rate) over (
            partition by cohort_by, cohort, basis, currency, cohort_month
            order by month_start rows unbounded preceding
        ) as is_without_rate_so_far
    from sums
),
-- revenue in a currency without a rate makes what it is part of unknown
running as (
    select
        *
        {%- for name in ["gross", "refunded", "net"] %},
        case when is_without_rate_so_far = 0 then {{ name }}_so_far_minor end
            as lifetime_{{ name }}_minor
        {%- endfor %}
    from sums_so_far
),
spend as (
    select
        'currency' as basis, {{ stripe_saas.month_of("month") }} as cohort_month, source,
        {% if var("by_account") -%}
        {{ dbt.concat(["accounts.account_id", "'||'", "lower(currency)"]) }} as currency,
        {%- else -%}
        lower(currency) as currency,
        {%- endif %} {{ stripe_saas.whole("sum(spend_minor)") }} as spend_minor
    from {{ stripe_saas.relation_or_seed(
        "acquisition_spend_relation", ref("stripe_acquisition_spend")
    ) }}
    {%- if var("by_account") %}
    -- nobody says for which account it was spent
    cross join (
        select distinct {{ stripe_saas.account_of("client_id") }} as account_id
        from {{ ref("int_stripe__cohort_members") }}
    ) as accounts
    {%- endif %}
    group by 1, 2, 3, 4
),
spend_of_bases as (
    select basis, cohort_month, source, currency, spend_minor from spend
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, spend.cohort_month, spend.source,
        {{ stripe_saas.reporting_currency("spend.currency") }} as currency,
        {{ stripe_saas.in_reporting("spend.spend_minor") }} as spend_minor
    from spend
    left join {{ ref("int_stripe__last_fx_rates") }} as rates on spend.currency = rates.currency
    group by 1, 2, 3, 4
    {%- endif %}
),
final as (
    select
        running.basis, running.cohort_by, running.cohort, running.currency,
        running.currency_exponent, running.cohort_month, running.month_start as date_month,
        running.months_since, running.customers_at_start, running.customers,
        {{ stripe_saas.share("running.customers", "running.customers_at_start") }} as logo_retention,
        running.mrr_at_start_minor, running.mrr_minor, running.mrr_kept_minor,
        {{ stripe_saas.share("running.mrr_kept_minor", "running.mrr_at_start_minor") }}
            as gross_revenue_retention,
        {{ stripe_saas.share("running.mrr_minor", "running.mrr_at_start_minor") }}
            as net_revenue_retention,
        running.lifetime_gross_minor, running.lifetime_refunded_minor, running.lifetime_net_minor,
        {{ stripe_saas.share("running.lifetime_refunded_minor", "running.lifetime_gross_minor") }}
            as refund_rate,
        {{ stripe_saas.whole("round(cast(running.lifetime_net_minor as "
            ~ stripe_saas.type_exact(28, 8) ~ ") / running.customers_at_start, 0)") }}
            as lifetime_value_minor,
        spend.spend_minor,
        running.lifetime_net_minor >= spend.spend_minor as is_paid_back
    from running
    left join spend_of_bases as spend
        on running.cohort_by = 'source'
        and running.basis = spend.basis
        and running.cohort = spend.source
        and running.cohort_month = spend.cohort_month
        and running.currency = spend.currency
)
{{ stripe_saas.mart("final", by="currency") }}
