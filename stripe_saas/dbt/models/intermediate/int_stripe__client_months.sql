-- One row per client, currency and month at whose end (or as of the last sync) it has MRR.
with deltas as (
    select
        client_id, currency,
        {{ stripe_saas.month_of("counted_on") }} as month_start,
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as delta_minor
    from {{ ref("int_stripe__events") }}
    where mrr_delta_minor <> 0
    group by 1, 2, 3
),
firsts as (
    select client_id, currency, min(month_start) as first_month from deltas group by 1, 2
),
filled as (
    select
        firsts.client_id, firsts.currency, months.month_start,
        coalesce(deltas.delta_minor, 0) as delta_minor
    from firsts
    inner join {{ ref("int_stripe__months") }} as months
        on months.month_start >= firsts.first_month
    left join deltas
        on firsts.client_id = deltas.client_id
        and firsts.currency = deltas.currency
        and months.month_start = deltas.month_start
),
running as (
    select
        client_id, currency, month_start,
        {{ stripe_saas.whole("sum(delta_minor) over (
            partition by client_id, currency order by month_start rows unbounded preceding
        )") }} as closing_minor
    from filled
),
final as (
    select * from running where closing_minor <> 0
)
select * from final
