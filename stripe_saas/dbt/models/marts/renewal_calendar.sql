-- One row per subscription and renewal within two years, with the MRR that it has by then (M66).
with as_of as (
    select * from {{ ref("stg_stripe__as_of") }}
),
numbers as (
    {{ dbt.generate_series(733) }}
),
counted as (
    select {{ stripe_saas.place_in_series("numbers") }} as step from numbers
),
subscriptions as (
    select
        subscriptions.subscription_id, subscriptions.customer_id, subscriptions.client_id,
        subscriptions.renews_at, subscriptions.cancel_at, subscriptions.plan, subscriptions.tier,
        subscriptions.quantity, subscriptions.currency, subscriptions.currency_exponent,
        subscriptions.mrr_minor, plans.billing_interval,
        coalesce(plans.interval_count, 1) as interval_count
    from {{ ref("int_stripe__subscriptions") }} as subscriptions
    cross join as_of
    left join {{ ref("int_stripe__plans") }} as plans on subscriptions.price_id = plans.price_id
    where subscriptions.renews_at >= as_of.as_of_at
),
renewals as (
    select
        subscriptions.*, counted.step,
        case subscriptions.billing_interval
            {%- for part in ["month", "year", "week", "day"] %}
            when '{{ part }}' then {{ dbt.dateadd(
                part, "cast(counted.step * subscriptions.interval_count as " ~ dbt.type_int() ~ ")",
                "subscriptions.renews_at"
            ) }}
            {%- endfor %}
            else subscriptions.renews_at
        end as due_at
    from subscriptions
    inner join counted
        -- as far as two years go; of a price that is not known only the next renewal is
        on counted.step * subscriptions.interval_count <= case subscriptions.billing_interval
            when 'month' then 24 when 'year' then 2 when 'week' then 105 when 'day' then 732 else 0
        end
),
coming as (
    select renewals.*
    from renewals
    cross join as_of
    where {{ stripe_saas.local_period("renewals.due_at") }}
        <= {{ stripe_saas.add_to_date("as_of.as_of_date", 24, "month") }}
        and (renewals.cancel_at is null or renewals.due_at < renewals.cancel_at)
),
-- from an end on, or a trial's that nothing pays for, nothing renews
ends as (
    select subscription_id, min(changes_at) as ends_at
    from {{ ref("int_stripe__contracted_changes") }}
    where is_over
    group by 1
),
changed as (
    select
        coming.*, changes.mrr_after_minor,
        row_number() over (
            partition by coming.subscription_id, coming.step order by changes.changes_at desc
        ) as place
    from coming
    left join {{ ref("int_stripe__contracted_changes") }} as changes
        on coming.subscription_id = changes.subscription_id
        and changes.changes_at <= coming.due_at
    left join ends on coming.subscription_id = ends.subscription_id
    where ends.ends_at is null or coming.due_at < ends.ends_at
),
final as (
    select
        subscription_id, customer_id, client_id, due_at as renews_at,
        {{ stripe_saas.local_period("due_at", "month") }} as date_month, step + 1 as renewal,
        plan, tier, quantity, billing_interval, interval_count, currency, currency_exponent,
        coalesce(mrr_after_minor, mrr_minor) as mrr_minor
    from changed
    where place = 1
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false) }}
