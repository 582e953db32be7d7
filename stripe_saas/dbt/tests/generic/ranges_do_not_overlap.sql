{#- Of each key, every range ends where the next one starts: no gap, no overlap, and only the last
    one is open. Ranges are half open. -#}
{% test ranges_do_not_overlap(model, key, starts, ends) %}
with ranges as (
    select
        {{ key }} as range_key, {{ starts }} as starts, {{ ends }} as ends,
        lead({{ starts }}) over (partition by {{ stripe_saas.account_column(model) }}{{ key }} order by {{ starts }}) as next_starts
    from {{ model }}
)
select * from ranges
where (ends is not null and ends <= starts)
    or (next_starts is not null and (ends is null or ends <> next_starts))
    or (next_starts is null and ends is not null)
{% endtest %}
