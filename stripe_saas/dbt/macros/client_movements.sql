{#- The movements of clients by day or month, per currency and, if asked for, in the reporting
    currency (M55 to M58, M60). One row per client, basis, currency and period; `basis` is
    `currency` or `reporting`. -#}
{% macro client_movements(period) %}
{%- set is_reported = stripe_saas.one_of("fx_mode", ["none", "constant", "month_end"]) != "none" -%}
with phases as (
    select * from {{ ref("int_stripe__client_" ~ period ~ "_phases") }}
),
deltas as (
    select
        client_id, currency,
        {{ "counted_on" if period == "day" else stripe_saas.month_of("counted_on") }} as period_start,
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as delta_minor
    from {{ ref("int_stripe__events") }}
    where mrr_delta_minor <> 0
    group by 1, 2, 3
),
-- every currency of a client in every period in which anything of it moved
client_currencies as (
    select distinct client_id, currency from deltas
),
balances as (
    select
        phases.client_id, phases.period_start, phases.total_opening, phases.total_closing,
        phases.crossing, phases.spell, phases.rises_by, phases.falls_by, phases.is_empty_churn,
        phases.fell_at,
        client_currencies.currency,
        coalesce(deltas.delta_minor, 0) as delta_minor,
        {{ stripe_saas.whole("sum(coalesce(deltas.delta_minor, 0)) over (
            partition by phases.client_id, client_currencies.currency
            order by phases.period_start rows unbounded preceding
        )") }} as closing_minor
    from phases
    inner join client_currencies on phases.client_id = client_currencies.client_id
    left join deltas
        on phases.client_id = deltas.client_id
        and client_currencies.currency = deltas.currency
        and phases.period_start = deltas.period_start
),
{%- if is_reported %}
converted as (
    select
        balances.client_id, balances.period_start, balances.total_opening,
        balances.total_closing, balances.crossing, balances.spell, balances.rises_by,
        balances.falls_by, balances.is_empty_churn, balances.fell_at,
        -- before rounding: a cent of a small currency is MRR, though it may come to nothing
        max({{ stripe_saas.flag("closing_minor - delta_minor <> 0") }}) as had_mrr,
        max({{ stripe_saas.flag("closing_minor <> 0") }}) as has_mrr,
        {{ stripe_saas.in_reporting("closing_minor - delta_minor") }} as opening_minor,
        {{ stripe_saas.in_reporting("closing_minor") }} as closing_minor,
        {{ stripe_saas.in_reporting("delta_minor") }} as delta_minor
    from balances
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on balances.currency = rates.currency
        and {{ stripe_saas.month_of("balances.period_start") }} = rates.month_start
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
),
{%- endif %}
all_bases as (
    select
        'currency' as basis, client_id, period_start, currency, total_opening, total_closing,
        crossing, spell, rises_by, falls_by, is_empty_churn, fell_at,
        {{ stripe_saas.flag("closing_minor - delta_minor <> 0") }} as had_mrr,
        {{ stripe_saas.flag("closing_minor <> 0") }} as has_mrr,
        closing_minor - delta_minor as opening_minor, closing_minor, delta_minor
    from balances
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, client_id, period_start,
        {{ stripe_saas.reporting_currency("client_id") }} as currency, total_opening, total_closing,
        crossing, spell, rises_by, falls_by, is_empty_churn, fell_at, had_mrr, has_mrr,
        opening_minor, closing_minor,
        {#- constant: what was rounded is subtracted; month_end: the difference is what is rounded #}
        {{ "closing_minor - opening_minor" if var("fx_mode") == "constant" else "delta_minor" }}
            as delta_minor
    from converted
    {%- endif %}
),
-- what fell to zero when a spell began is what an empty churn is about
fallen as (
    select distinct basis, client_id, spell, currency
    from all_bases
    where crossing = 'fall' and had_mrr = 1
),
classified as (
    select
        all_bases.basis, all_bases.client_id, all_bases.period_start, all_bases.currency,
        all_bases.opening_minor, all_bases.closing_minor, all_bases.delta_minor,
        case
            when all_bases.rises_by = 'new' then 'new'
            when all_bases.rises_by = 'returned' then 'reactivation'
            when all_bases.rises_by is not null then 'expansion'
            when all_bases.falls_by = 'left' then 'churn'
            when all_bases.falls_by is not null then 'contraction'
            when all_bases.is_empty_churn then 'churn'
            when all_bases.delta_minor > 0 then 'expansion'
            else 'contraction'
        end as movement,
        -- what a client that begins or ends to pay in a currency is in the count of its customers
        case
            when all_bases.had_mrr = all_bases.has_mrr then
                case when all_bases.is_empty_churn then 'churned_while_paused' end
            when all_bases.has_mrr = 1 then
                case all_bases.rises_by
                    when 'new' then 'new'
                    when 'returned' then 'reactivated'
                    when 'resumed' then 'resumed'
                    else 'moved_in'
                end
            else
                case all_bases.falls_by
                    when 'left' then 'churned'
                    when 'paused' then 'paused'
                    else 'moved_out'
                end
        end as customer_change,
        coalesce(all_bases.rises_by = 'switched' or all_bases.falls_by = 'switched', false)
            as is_switch,
        all_bases.had_mrr, all_bases.crossing, all_bases.fell_at
    from all_bases
    left join fallen
        on all_bases.basis = fallen.basis
        and all_bases.client_id = fallen.client_id
        and all_bases.spell = fallen.spell
        and all_bases.currency = fallen.currency
    where all_bases.delta_minor <> 0
        or all_bases.delta_minor is null
        or all_bases.had_mrr <> all_bases.has_mrr
        or (all_bases.is_empty_churn and fallen.client_id is not null)
),
final as (
    select
        classified.basis, classified.client_id, classified.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        classified.period_start, classified.movement, classified.customer_change,
        classified.is_switch, classified.had_mrr = 1 as had_mrr,
        classified.opening_minor as mrr_before_minor,
        classified.closing_minor as mrr_after_minor,
        classified.delta_minor as mrr_delta_minor,
        -- a fall so late that a rise may still make it a switch
        coalesce(
            classified.movement = 'churn' and classified.crossing = 'fall' and as_of.as_of_at
            <= {{ stripe_saas.end_of_window("classified.fell_at") }},
            false
        ) as is_provisional
    from classified
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("classified.currency") }} = exponents.currency
)
select * from final
{% endmacro %}

{#- The sum over currencies of minor units times their factors, rounded once, half away from zero.
    Null, which a test refuses, where there is an amount and no rate for it. -#}
{% macro in_reporting(minor) -%}
    {%- set amount = "cast(" ~ minor ~ " as " ~ stripe_saas.type_exact(14, 0) ~ ")" -%}
    case when sum(case when {{ minor }} <> 0 and rates.factor is null then 1 else 0 end) = 0 then
        {{ stripe_saas.whole("round(sum(" ~ amount ~ " * coalesce(rates.factor, 0)), 0)") }}
    end
{%- endmacro %}
