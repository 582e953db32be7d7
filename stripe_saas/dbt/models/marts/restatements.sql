-- One row per closed month, basis, client, currency and cause: by how much today's closing MRR is not
-- the closed one.
{%- set causes = [
    "identity_rule", "changed_option", "changed_rules", "deleted_data", "late_event",
    "better_evidence"
] %}
with closes as (
    select * from {{ ref("int_stripe__closes") }}
),
amounts as (
    select
        close_number, month_start, client_id, currency, cause,
        {{ stripe_saas.whole("sum(restated_minor)") }} as restated_minor,
        count(*) as event_count, min(event_id) as first_event_id
    from {{ ref("int_stripe__restated_rows") }}
    group by 1, 2, 3, 4, 5
),
closed_rates as (
    {{ stripe_saas.closed_table("rates", {
        "close_number": "integer", "currency": "text", "factor": "text"
    }) }}
),
-- the currency that all of them were turned into
reported as (
    {{ stripe_saas.closed_table("figures", {
        "close_number": "integer", "basis": "text", "currency": "text"
    }) }}
),
balances as (
    select close_number, client_id, currency, {{ stripe_saas.whole("sum(minor)") }} as minor
    from (
        select
            closes.close_number, {{ stripe_saas.plain("months.client_id") }} as client_id,
            {{ stripe_saas.plain("months.currency") }} as currency, months.closing_minor as minor
        from closes
        inner join {{ ref("int_stripe__client_months") }} as months
            on closes.month_start = months.month_start
        where {{ stripe_saas.account_of("months.currency") }} = 'all'
        union all
        -- less what came since
        select close_number, client_id, currency, -restated_minor as minor from amounts
    ) as parts
    group by 1, 2, 3
),
factors as (
    select
        closes.close_number, closes.had_other_rates, currencies.currency,
        cast(coalesce(closed_rates.factor, '0') as {{ stripe_saas.type_exact(24, 14) }})
            as closed_factor,
        case when closes.had_other_reporting_currency then 0 else coalesce(rates.factor, 0) end
            as factor
    from closes
    cross join (
        select currency from balances
        {{ stripe_saas.set_union() }}
        select currency from amounts
    ) as currencies
    left join closed_rates
        on closes.close_number = closed_rates.close_number
        and currencies.currency = closed_rates.currency
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on closes.month_start = rates.month_start
        and {{ stripe_saas.key_of_all("currencies.currency") }} = rates.currency
),
-- One cause after the other changes the exact amount of a client; each is the difference between the
-- rounded amounts before and after it, so that they add up.
steps as (
    select
        balances.close_number, balances.client_id, 0 as place, 'closed' as cause,
        sum({{ stripe_saas.exactly("balances.minor") }} * factors.closed_factor) as amount,
        0 as event_count, cast(null as {{ dbt.type_string() }}) as first_event_id
    from balances
    inner join factors
        on balances.close_number = factors.close_number and balances.currency = factors.currency
    group by 1, 2
    union all
    select
        balances.close_number, balances.client_id, 1 as place,
        case when factors.had_other_rates then 'changed_option' else 'rate' end as cause,
        sum({{ stripe_saas.exactly("balances.minor") }} * (factors.factor - factors.closed_factor))
            as amount,
        0 as event_count, cast(null as {{ dbt.type_string() }}) as first_event_id
    from balances
    inner join factors
        on balances.close_number = factors.close_number and balances.currency = factors.currency
    group by 1, 2, factors.had_other_rates
    union all
    select
        amounts.close_number, amounts.client_id,
        case amounts.cause
            {%- for cause in causes %} when '{{ cause }}' then {{ loop.index + 1 }}{% endfor %}
        end as place,
        amounts.cause,
        sum({{ stripe_saas.exactly("amounts.restated_minor") }} * factors.factor) as amount,
        sum(amounts.event_count) as event_count, min(amounts.first_event_id) as first_event_id
    from amounts
    inner join factors
        on amounts.close_number = factors.close_number and amounts.currency = factors.currency
    group by 1, 2, amounts.cause
),
running as (
    select
        *,
        round(sum(amount) over (
            partition by close_number, client_id order by place rows unbounded preceding
        ), 0) as reached
    from steps
),
converted as (
    select
        close_number, client_id, place, cause, event_count, first_event_id,
        reached - lag(reached) over (
            partition by close_number, client_id order by place
        ) as restated_minor
    from running
),
all_bases as (
    select
        'currency' as basis, close_number, client_id, currency, cause, restated_minor, event_count,
        first_event_id
    from amounts
    union all
    select
        'reporting' as basis, converted.close_number, converted.client_id, reported.currency,
        converted.cause, {{ stripe_saas.whole("sum(converted.restated_minor)") }} as restated_minor,
        sum(converted.event_count) as event_count,
        min(converted.first_event_id) as first_event_id
    from converted
    inner join reported on converted.close_number = reported.close_number
    where reported.basis = 'reporting' and converted.place > 0
    group by converted.close_number, converted.client_id, reported.currency, converted.cause
),
final as (
    select
        closes.month_start as date_month, all_bases.basis,
        {{ stripe_saas.key_of_all("all_bases.client_id") }} as client_id,
        {{ stripe_saas.key_of_all("all_bases.currency") }} as currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent, closes.close_number,
        all_bases.cause, all_bases.restated_minor,
        {{ stripe_saas.whole("all_bases.event_count") }} as event_count,
        {{ stripe_saas.key_of_all("all_bases.first_event_id") }} as first_event_id
    from all_bases
    inner join closes on all_bases.close_number = closes.close_number
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on all_bases.currency = exponents.currency
    where all_bases.restated_minor <> 0
)
{{ stripe_saas.mart("final", by="currency") }}
