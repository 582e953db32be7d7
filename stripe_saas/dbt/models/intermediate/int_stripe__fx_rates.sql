-- One row per currency and month: the factor that turns its minor units into the reporting
-- currency's, and null where no rate is known (M60). No rows without a reporting currency.
with currencies as (
    select currency from {{ ref("int_stripe__events") }}
    {{ stripe_saas.set_union() }}
    select currency from {{ ref("stg_stripe__charges") }} where currency is not null
),
months as (
    select month_start, next_month_start, is_open from {{ ref("int_stripe__months") }}
),
exponents as (
    select currency, currency_exponent from {{ ref("stripe_currency_exponents") }}
),
rates as (
    select
        cast(rate_date as date) as rate_date, lower(currency) as currency,
        cast(rate as {{ stripe_saas.type_exact(17, 11) }}) as rate
    from {{ stripe_saas.relation_or_seed("fx_rates_relation", ref("stripe_fx_rates")) }}
    where lower(reporting_currency) = '{{ var("reporting_currency") | lower }}'
),
-- constant: the latest rate for all months; month_end: the last one of each month, and for the open
-- month the last one known
candidates as (
    select
        currencies.currency, months.month_start, rates.rate,
        row_number() over (
            partition by currencies.currency, months.month_start
            -- what was not known yet comes last: a rebuilt past looks as it did
            order by case when rates.rate_date <= as_of.as_of_date then 0 else 1 end,
                rates.rate_date desc
        ) as place
    from currencies
    cross join months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    inner join rates
        on {{ stripe_saas.plain("currencies.currency") }} = rates.currency
        {%- if var("fx_mode") == "month_end" %}
        and rates.rate_date < months.next_month_start
        and (rates.rate_date >= months.month_start or months.is_open)
        {%- endif %}
),
scaled as (
    select
        currencies.currency, months.month_start,
        case
            when {{ stripe_saas.plain("currencies.currency") }} = '{{ var("reporting_currency") | lower }}'
                then cast(1 as {{ stripe_saas.type_exact(17, 11) }})
            else candidates.rate
        end as rate,
        coalesce(own.currency_exponent, 2) as own_exponent,
        coalesce(reporting.currency_exponent, 2) as reporting_exponent
    from currencies
    cross join months
    left join candidates
        on currencies.currency = candidates.currency
        and months.month_start = candidates.month_start
        and candidates.place = 1
    left join exponents as own on {{ stripe_saas.plain("currencies.currency") }} = own.currency
    left join exponents as reporting
        on reporting.currency = '{{ var("reporting_currency") | lower }}'
),
final as (
    select
        currency, month_start, rate,
        cast(
            rate * case reporting_exponent - own_exponent
                {%- for difference, power in [
                    (-3, "0.001"), (-2, "0.01"), (-1, "0.1"), (0, "1"), (1, "10"), (2, "100"), (3, "1000")
                ] %}
                when {{ difference }} then cast({{ power }} as {{ stripe_saas.type_exact(7, 3) }})
                {%- endfor %}
            end as {{ stripe_saas.type_exact(24, 14) }}
        ) as factor
    from scaled
    where '{{ var("fx_mode") }}' <> 'none'
)
select * from final
