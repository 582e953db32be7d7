-- One row per ledger row up to the moment *as of*, with whose it is and the day it falls on.
with events as (
    select * from {{ ref("stg_stripe__subscription_events") }}
),
identities as (
    select customer_id, client_id from {{ ref("int_stripe__identities") }}
),
final as (
    select
        events.*,
        coalesce(identities.client_id, events.customer_id) as client_id,
        {{ stripe_saas.local_period("events.occurred_at") }} as occurred_on,
        {{ stripe_saas.flag("events.is_suspended_after") }}
        - coalesce(
            lag({{ stripe_saas.flag("events.is_suspended_after") }}) over (
                partition by events.subscription_id order by events.sequence
            ),
            0
        ) as suspended_delta
    from events
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join identities on events.customer_id = identities.customer_id
    where events.occurred_at <= as_of.as_of_at
)
select * from final
