{#- The rules M55 to M57 over days or months: one row per client and period in which anything moved.

    A client's periods fall into spells: each begins where its total leaves zero or comes back to it.
    `rises_by` says what leaving zero is (new, returned, resumed, switched), `falls_by` what coming to
    it is (left, paused, switched); `is_empty_churn` marks the period in which a suspended client had
    nothing left that could come back. -#}
{% macro client_phases(period) %}
with moments as (
    select
        client_id, occurred_at, total_delta, total_after, suspended_after,
        {{ "occurred_on" if period == "day" else stripe_saas.month_of("occurred_on") }} as period_start
    from {{ ref("int_stripe__client_moments") }}
),
placed as (
    select
        *,
        row_number() over (
            partition by client_id, period_start order by occurred_at desc
        ) as place_from_end
    from moments
),
periods as (
    select
        client_id, period_start,
        {{ stripe_saas.whole("sum(total_delta)") }} as total_delta,
        max(case when place_from_end = 1 then total_after end) as total_closing,
        max(case when place_from_end = 1 then suspended_after end) as suspended_closing,
        max(case when total_after = 0 and total_delta < 0 then occurred_at end) as fell_at,
        min(case when total_after > 0 then occurred_at end) as rose_at
    from placed
    group by 1, 2
),
crossings as (
    select
        *,
        total_closing - total_delta as total_opening,
        case
            when total_closing - total_delta = 0 and total_closing > 0 then 'rise'
            when total_closing - total_delta > 0 and total_closing = 0 then 'fall'
        end as crossing
    from periods
),
spells as (
    select
        *,
        {{ stripe_saas.whole("sum(case when crossing is null then 0 else 1 end) over (
            partition by client_id order by period_start rows unbounded preceding
        )") }} as spell
    from crossings
),
-- one row per spell: how it began, and whether something suspended was left all along
spell_kinds as (
    select
        client_id, spell,
        max(crossing) as began_with,
        max(case when crossing = 'fall' then suspended_closing end) as suspended_at_fall,
        min(suspended_closing) as least_suspended,
        max(case when crossing = 'fall' then fell_at end) as fell_at,
        max(case when crossing = 'rise' then rose_at end) as rose_at,
        min(case when crossing is null and suspended_closing = 0 then period_start end)
            as emptied_in
    from spells
    group by 1, 2
),
linked as (
    select
        *,
        lead(rose_at) over (partition by client_id order by spell) as next_rose_at,
        lag(began_with) over (partition by client_id order by spell) as previous_began_with,
        lag(suspended_at_fall) over (partition by client_id order by spell)
            as previous_suspended_at_fall,
        lag(least_suspended) over (partition by client_id order by spell)
            as previous_least_suspended,
        lag(fell_at) over (partition by client_id order by spell) as previous_fell_at
    from spell_kinds
),
judged as (
    select
        client_id, spell, began_with, suspended_at_fall,
        case when suspended_at_fall > 0 then emptied_in end as emptied_in,
        case
            when began_with <> 'fall' then null
            when suspended_at_fall > 0 then 'paused'
            when {{ stripe_saas.is_switch("fell_at", "next_rose_at") }} then 'switched'
            else 'left'
        end as falls_by,
        case
            when began_with <> 'rise' then null
            when previous_began_with is null then 'new'
            when previous_suspended_at_fall > 0 and previous_least_suspended > 0 then 'resumed'
            when previous_suspended_at_fall = 0
                and {{ stripe_saas.is_switch("previous_fell_at", "rose_at") }} then 'switched'
            else 'returned'
        end as rises_by
    from linked
),
final as (
    select
        spells.client_id, spells.period_start, spells.total_opening, spells.total_closing,
        spells.crossing, spells.spell, spells.suspended_closing, spells.fell_at,
        case when spells.crossing = 'rise' then judged.rises_by end as rises_by,
        case when spells.crossing = 'fall' then judged.falls_by end as falls_by,
        coalesce(spells.period_start = judged.emptied_in, false) as is_empty_churn
    from spells
    inner join judged on spells.client_id = judged.client_id and spells.spell = judged.spell
)
select * from final
{% endmacro %}

{#- A fall and the next rise not more than `switch_window_hours` later are one switch (M57). -#}
{% macro is_switch(fell_at, rose_at) -%}
    coalesce({{ rose_at }} <= {{ stripe_saas.end_of_window(fell_at) }}, false)
{%- endmacro %}

{% macro end_of_window(fell_at) -%}
    {{ dbt.dateadd("second", (var("switch_window_hours") * 3600) | int, fell_at) }}
{%- endmacro %}
