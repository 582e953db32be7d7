-- One row per basis, currency and month: how MRR opened, what moved it, how it closed (M59).
{%- set movements = ["new", "expansion", "contraction", "churn", "reactivation"] %}
with days as (
    select * from {{ ref("mrr_daily") }}
),
placed as (
    select
        *,
        row_number() over (partition by basis, currency, date_month order by date_day) as place,
        row_number() over (partition by basis, currency, date_month order by date_day desc)
            as place_from_end
    from days
),
daily as (
    select
        basis, currency, currency_exponent, date_month,
        max(case when place = 1 then opening_minor end) as opening_minor,
        {%- for movement in movements %}
        {{ stripe_saas.whole("sum(" ~ movement ~ "_minor)") }} as {{ movement }}_minor,
        {%- endfor %}
        max(case when place_from_end = 1 then closing_minor end) as closing_minor,
        max(case when place = 1 then opening_customers end) as opening_customers,
        {{ stripe_saas.whole("sum(new_customers)") }} as new_customers,
        {{ stripe_saas.whole("sum(churned_customers)") }} as churned_customers,
        {{ stripe_saas.whole("sum(reactivated_customers)") }} as reactivated_customers,
        max(case when place_from_end = 1 then customers end) as customers,
        max(case when place_from_end = 1 then subscriptions end) as subscriptions
    from placed
    group by 1, 2, 3, 4
),
{%- if stripe_saas.one_of("month_movements", ["daily", "net"]) == "net" %}
-- one movement a client, from the month's opening to its closing
net as (
    select
        basis, currency, period_start as date_month,
        {%- for movement in movements %}
        sum(case when movement = '{{ movement }}' then mrr_delta_minor else 0 end) as {{ movement }}_minor,
        {%- endfor %}
        sum({{ stripe_saas.flag("movement = 'new'") }}) as new_customers,
        sum({{ stripe_saas.flag("movement = 'churn'") }}) as churned_customers,
        sum({{ stripe_saas.flag("movement = 'reactivation'") }}) as reactivated_customers
    from {{ ref("int_stripe__client_month_movements") }}
    group by 1, 2, 3
),
months as (
    select
        daily.basis, daily.currency, daily.currency_exponent, daily.date_month,
        daily.opening_minor, daily.closing_minor, daily.opening_customers, daily.customers,
        daily.subscriptions,
        {%- for movement in movements %}
        {{ stripe_saas.whole("coalesce(net." ~ movement ~ "_minor, 0)") }} as {{ movement }}_minor,
        {%- endfor %}
        {%- for kind in ["new", "churned", "reactivated"] %}
        {{ stripe_saas.whole("coalesce(net." ~ kind ~ "_customers, 0)") }} as {{ kind }}_customers
        {{- "," if not loop.last }}
        {%- endfor %}
    from daily
    left join net
        on daily.basis = net.basis
        and daily.currency = net.currency
        and daily.date_month = net.date_month
),
{%- else %}
months as (
    select * from daily
),
{%- endif %}
final as (
    select
        months.date_month, months.basis, months.currency, months.currency_exponent,
        months.opening_minor,
        {%- for movement in movements %}
        months.{{ movement }}_minor,
        {%- endfor %}
        -- nothing but exchange rates moves MRR without a movement
        months.closing_minor - months.opening_minor
            {%- for movement in movements %} - months.{{ movement }}_minor{% endfor %} as fx_minor,
        months.closing_minor,
        months.closing_minor * 12 as arr_minor,
        months.opening_customers, months.new_customers, months.churned_customers,
        months.reactivated_customers, months.customers, months.subscriptions,
        case when months.customers > 0 then
            {{ stripe_saas.whole("round(cast(months.closing_minor as "
                ~ stripe_saas.type_exact(28, 8) ~ ") / months.customers, 0)") }}
        end as arpa_minor,
        {{ stripe_saas.share("months.closing_minor - months.opening_minor", "months.opening_minor") }}
            as growth_rate,
        {{ stripe_saas.share("-(months.churn_minor + months.contraction_minor)", "months.opening_minor") }}
            as gross_churn_rate,
        {{ stripe_saas.share(
            "-(months.churn_minor + months.contraction_minor + months.expansion_minor + months.reactivation_minor)",
            "months.opening_minor"
        ) }} as net_churn_rate,
        {{ stripe_saas.share("months.churned_customers", "months.opening_customers") }}
            as customer_churn_rate,
        months.date_month = as_of.as_of_month as is_open
    from months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
)
select * from final
