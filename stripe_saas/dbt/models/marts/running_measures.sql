-- One row per basis, window, kind of segment, segment, currency and month in whose window MRR was there or moved (M75 to M77).
{%- set is_reported = stripe_saas.one_of("fx_mode", ["none", "constant", "month_end"]) != "none" %}
{%- set windows = [1, 12] %}
{%- set kinds = {"all": "'all'", "plan": "plan", "country": "country", "source": "source", "campaign": "campaign"} %}
with windowed as (
    {%- for months in windows %}
    select {{ months }} as window_months, client_id, currency, month_start, 0 as opening_minor, closing_minor
    from {{ ref("int_stripe__client_months") }}
    union all
    select
        {{ months }} as window_months, client_id, currency,
        {{ stripe_saas.add_to_date("month_start", months, "month") }} as month_start,
        closing_minor as opening_minor, 0 as closing_minor
    from {{ ref("int_stripe__client_months") }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),
known as (
    select windowed.*
    from windowed
    inner join {{ ref("int_stripe__months") }} as months on windowed.month_start = months.month_start
),
balances as (
    select
        'currency' as basis, window_months, client_id, currency, month_start,
        {{ stripe_saas.whole("sum(opening_minor)") }} as opening_minor,
        {{ stripe_saas.whole("sum(closing_minor)") }} as closing_minor,
        max({{ stripe_saas.flag("opening_minor <> 0") }}) as is_of_opening,
        max({{ stripe_saas.flag("closing_minor <> 0") }}) as is_of_closing
    from known
    group by 1, 2, 3, 4, 5
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, known.window_months, known.client_id,
        {{ stripe_saas.reporting_currency("known.client_id") }} as currency, known.month_start,
        {{ stripe_saas.in_reporting("known.opening_minor") }} as opening_minor,
        {{ stripe_saas.in_reporting("known.closing_minor") }} as closing_minor,
        max({{ stripe_saas.flag("known.opening_minor <> 0") }}) as is_of_opening,
        max({{ stripe_saas.flag("known.closing_minor <> 0") }}) as is_of_closing
    from known
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on known.currency = rates.currency and known.month_start = rates.month_start
    group by 1, 2, 3, 4, 5
    {%- endif %}
),
movements as (
    select
        basis, client_id, currency, {{ stripe_saas.month_of("period_start") }} as month_start,
        sum(case when movement in ('new', 'expansion', 'reactivation') then mrr_delta_minor else 0 end)
            as gained_minor,
        sum(case when movement in ('contraction', 'churn') then -mrr_delta_minor else 0 end) as given_up_minor
    from {{ ref(
        "int_stripe__client_month_movements"
        if stripe_saas.one_of("month_movements", ["daily", "net"]) == "net"
        else "int_stripe__client_day_movements"
    ) }}
    group by 1, 2, 3, 4
),
-- a month's losses are those of mrr_monthly; those of a year are between its two ends
entries as (
    select
        basis, window_months, client_id, currency, month_start, opening_minor, closing_minor,
        is_of_opening, is_of_closing,
        case when window_months > 1 and closing_minor < opening_minor then opening_minor - closing_minor else 0 end
            as lost_minor,
        case when window_months > 1 and is_of_opening = 1 then opening_minor - closing_minor else 0 end
            as net_lost_minor,
        case when window_months > 1 then is_of_opening * (1 - is_of_closing) else 0 end as is_lost_customer,
        0 as gained_minor, 0 as given_up_minor
    from balances
    union all
    select
        basis, 1, client_id, currency, month_start, 0, 0, 0, 0, lost_minor, net_lost_minor,
        is_lost_customer, 0, 0
    from {{ ref("int_stripe__client_month_losses") }}
    {%- for months in windows %}
    union all
    select
        movements.basis, {{ months }}, movements.client_id, movements.currency, months.month_start,
        0, 0, 0, 0, 0, 0, 0, movements.gained_minor, movements.given_up_minor
    from movements
    inner join {{ ref("int_stripe__months") }} as months
        on months.month_start >= movements.month_start
        and months.month_start < {{ stripe_saas.add_to_date("movements.month_start", months, "month") }}
    {%- endfor %}
),
-- the country that the mart of customers shows
places as (
    select
        identities.client_id, customers.country,
        row_number() over (
            partition by identities.client_id
            order by case when identities.is_deleted or customers.customer_id is null then 1 else 0 end,
                customers.created_at, identities.customer_id
        ) as place
    from {{ ref("int_stripe__identities") }} as identities
    left join {{ ref("stg_stripe__customers") }} as customers
        on identities.customer_id = customers.customer_id
),
described as (
    select
        entries.*, coalesce(members.plan, 'unknown') as plan,
        coalesce(members.source, 'unknown') as source,
        coalesce(members.campaign, 'unknown') as campaign,
        coalesce(places.country, 'unknown') as country
    from entries
    left join {{ ref("int_stripe__cohort_members") }} as members
        on entries.basis = members.basis
        and entries.client_id = members.client_id
        and entries.currency = members.currency
    left join places on entries.client_id = places.client_id and places.place = 1
),
sums as (
    {%- for kind, column in kinds.items() %}
    select
        basis, window_months, '{{ kind }}' as segment_kind, {{ column }} as segment, currency, month_start,
        {%- for name in ["opening", "closing", "lost", "net_lost", "gained", "given_up"] %}
        {{ stripe_saas.whole("sum(" ~ name ~ "_minor)") }} as {{ name }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(is_of_opening)") }} as opening_customers,
        {{ stripe_saas.whole("sum(is_of_closing)") }} as customers,
        {{ stripe_saas.whole("sum(is_lost_customer)") }} as lost_customers
    from described
    group by 1, 2, 3, 4, 5, 6
    {{ "union all" if not loop.last }}
    {%- endfor %}
),
final as (
    select
        sums.basis, sums.window_months, sums.segment_kind, sums.segment, sums.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent, sums.month_start as date_month,
        sums.opening_minor, sums.lost_minor, sums.net_lost_minor, sums.closing_minor,
        {{ stripe_saas.share("sums.opening_minor - sums.lost_minor", "sums.opening_minor") }}
            as gross_revenue_retention,
        {{ stripe_saas.share("sums.opening_minor - sums.net_lost_minor", "sums.opening_minor") }}
            as net_revenue_retention,
        sums.gained_minor, sums.given_up_minor,
        {{ stripe_saas.share("sums.gained_minor", "sums.given_up_minor") }} as quick_ratio,
        sums.opening_customers, sums.customers, sums.lost_customers,
        case when sums.customers > 0 and sums.lost_customers > 0 then
            {{ stripe_saas.whole("round(cast(sums.closing_minor as " ~ stripe_saas.type_exact(28, 8)
                ~ ") * sums.window_months * sums.opening_customers / (sums.customers * sums.lost_customers), 0)") }}
        end as lifetime_value_minor,
        sums.month_start = as_of.as_of_month as is_open
    from sums
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("sums.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
