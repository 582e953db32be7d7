-- One row per client and second at which its MRR, or what suspends it, changed; all currencies in
-- one total, which serves the test for zero alone (M55).
with events as (
    select
        client_id, counted_at as occurred_at, counted_on as occurred_on, mrr_delta_minor,
        suspended_delta
    from {{ ref("int_stripe__events") }}
    where mrr_delta_minor <> 0 or suspended_delta <> 0
),
moments as (
    select
        client_id, occurred_at, occurred_on,
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as total_delta,
        {{ stripe_saas.whole("sum(suspended_delta)") }} as suspended_delta
    from events
    group by 1, 2, 3
),
final as (
    select
        client_id, occurred_at, occurred_on, total_delta, suspended_delta,
        {{ stripe_saas.whole("sum(total_delta) over (
            partition by client_id order by occurred_at rows unbounded preceding
        )") }} as total_after,
        {{ stripe_saas.whole("sum(suspended_delta) over (
            partition by client_id order by occurred_at rows unbounded preceding
        )") }} as suspended_after
    from moments
)
select * from final
