-- One row per basis, currency and month: how MRR opened, what moved it, how it closed (M59).
{%- set movements = stripe_saas.movements() %}
{%- set changes = stripe_saas.customer_changes() %}
with days as (
    {{ stripe_saas.figures_of("mrr_daily") }}
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
        {%- for change in changes %}
        {{ stripe_saas.whole("sum(" ~ change ~ "_customers)") }} as {{ change }}_customers,
        {%- endfor %}
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
        {%- for change in changes %}
        sum({{ stripe_saas.flag("customer_change = '" ~ change ~ "'") }}) as {{ change }}_customers
        {{- "," if not loop.last }}
        {%- endfor %}
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
        {%- for change in changes %}
        {{ stripe_saas.whole("coalesce(net." ~ change ~ "_customers, 0)") }} as {{ change }}_customers
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
losses as (
    select
        basis, currency, month_start,
        {{ stripe_saas.whole("sum(lost_minor)") }} as lost_minor,
        {{ stripe_saas.whole("sum(net_lost_minor)") }} as net_lost_minor,
        {{ stripe_saas.whole("sum(is_lost_customer)") }} as lost_customers
    from {{ ref("int_stripe__client_month_losses") }}
    group by 1, 2, 3
),
rated as (
    select
        months.*,
        {% if var("fx_mode") == "month_end" -%}
        case when months.basis = 'reporting' then coalesce(openings.opening_minor, 0)
            else months.opening_minor end
        {%- else -%}
        months.opening_minor
        {%- endif %} as rated_opening_minor,
        coalesce(losses.lost_minor, 0) as lost_minor,
        coalesce(losses.net_lost_minor, 0) as net_lost_minor,
        coalesce(losses.lost_customers, 0) as lost_customers
    from months
    left join losses
        on months.basis = losses.basis
        and months.currency = losses.currency
        and months.date_month = losses.month_start
    {%- if var("fx_mode") == "month_end" %}
    left join {{ ref("int_stripe__month_openings") }} as openings
        on months.date_month = openings.month_start
        and {{ stripe_saas.account_of("months.currency") }} = openings.account_id
    {%- endif %}
),
final as (
    select
        rated.date_month, rated.basis, rated.currency, rated.currency_exponent,
        rated.opening_minor,
        {%- for movement in movements %}
        rated.{{ movement }}_minor,
        {%- endfor %}
        -- nothing but exchange rates moves MRR without a movement
        rated.closing_minor - rated.opening_minor
            {%- for movement in movements %} - rated.{{ movement }}_minor{% endfor %} as fx_minor,
        rated.closing_minor,
        rated.closing_minor * 12 as arr_minor,
        rated.opening_customers,
        {%- for change in changes %}
        rated.{{ change }}_customers,
        {%- endfor %}
        rated.customers, rated.subscriptions,
        case when rated.customers > 0 then
            {{ stripe_saas.whole("round(cast(rated.closing_minor as "
                ~ stripe_saas.type_exact(28, 8) ~ ") / rated.customers, 0)") }}
        end as arpa_minor,
        {{ stripe_saas.share("rated.closing_minor - rated.opening_minor", "rated.opening_minor") }}
            as growth_rate,
        rated.rated_opening_minor, rated.lost_minor, rated.net_lost_minor, rated.lost_customers,
        {{ stripe_saas.share("rated.lost_minor", "rated.rated_opening_minor") }} as gross_churn_rate,
        {{ stripe_saas.share("rated.net_lost_minor", "rated.rated_opening_minor") }} as net_churn_rate,
        {{ stripe_saas.share("rated.lost_customers", "rated.opening_customers") }}
            as customer_churn_rate,
        rated.date_month = as_of.as_of_month as is_open
    from rated
    cross join {{ ref("stg_stripe__as_of") }} as as_of
)
{{ stripe_saas.mart("final", by="currency") }}
