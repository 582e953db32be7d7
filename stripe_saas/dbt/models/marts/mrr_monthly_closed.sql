-- One row per closed month, basis and currency: MRR as it was reported, and what it is today.
{%- set figures = stripe_saas.closed_figures() %}
{%- set columns = {"close_number": "integer", "basis": "text", "currency": "text", "currency_exponent": "integer"} %}
{%- for figure in figures %}{% do columns.update({figure: "integer"}) %}{% endfor %}
with figures as (
    {{ stripe_saas.closed_table("figures", columns) }}
),
months as (
    {{ stripe_saas.figures_of("mrr_monthly") }}
),
final as (
    select
        closes.month_start as date_month, figures.basis,
        {{ stripe_saas.key_of_all("figures.currency") }} as currency, figures.currency_exponent,
        closes.close_number, closes.closed_at, closes.as_of_at, closes.close_hash,
        {%- for figure in figures %}
        figures.{{ figure }},
        {%- endfor %}
        figures.closing_minor * 12 as arr_minor,
        {{ stripe_saas.share("figures.lost_minor", "figures.rated_opening_minor") }} as gross_churn_rate,
        {{ stripe_saas.share("figures.net_lost_minor", "figures.rated_opening_minor") }} as net_churn_rate,
        {{ stripe_saas.share("figures.lost_customers", "figures.opening_customers") }}
            as customer_churn_rate,
        coalesce(months.closing_minor, 0) as current_closing_minor,
        coalesce(months.closing_minor, 0) - figures.closing_minor as restated_minor
    from figures
    inner join {{ ref("int_stripe__closes") }} as closes
        on figures.close_number = closes.close_number
    left join months
        on closes.month_start = months.date_month
        and figures.basis = months.basis
        and {{ stripe_saas.key_of_all("figures.currency") }} = months.currency
)
{{ stripe_saas.mart("final", by="currency") }}
