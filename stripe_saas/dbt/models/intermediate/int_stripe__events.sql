-- One row per ledger row up to the moment *as of*, with whose it is and the day it falls on.
-- `counted_at` is the moment at which it moves MRR in the marts: its own, or with `switch_movements`
-- one_moment that at which a switch was over, for what happened between its two halves.
{%- set is_one_moment = stripe_saas.one_of("switch_movements", ["own_days", "one_moment"]) == "one_moment" %}
with identities as (
    select customer_id, client_id from {{ ref("int_stripe__identities") }}
),
events as (
    select
        events.*,
        coalesce(identities.client_id, events.customer_id) as client_id,
        {{ stripe_saas.flag("events.is_suspended_after") }}
        - coalesce(
            lag({{ stripe_saas.flag("events.is_suspended_after") }}) over (
                partition by events.subscription_id order by events.sequence
            ),
            0
        ) as suspended_delta
    from {{ ref("stg_stripe__subscription_events") }} as events
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join identities on events.customer_id = identities.customer_id
    where events.occurred_at <= as_of.as_of_at
),
{%- if is_one_moment %}
sums as (
    select
        client_id, occurred_at, sum(mrr_delta_minor) as total_delta,
        sum(suspended_delta) as suspended_delta
    from events
    group by 1, 2
),
moments as (
    select
        client_id, occurred_at, total_delta,
        sum(total_delta) over (
            partition by client_id order by occurred_at rows unbounded preceding
        ) as total_after,
        sum(suspended_delta) over (
            partition by client_id order by occurred_at rows unbounded preceding
        ) as suspended_after
    from sums
),
-- after a fall to zero the next change is the rise
changes as (
    select
        client_id, occurred_at as fell_at, total_after, suspended_after,
        lead(occurred_at) over (partition by client_id order by occurred_at) as rose_at
    from moments
    where total_delta <> 0
),
switches as (
    select client_id, fell_at, rose_at
    from changes
    where total_after = 0 and suspended_after = 0
        and {{ stripe_saas.is_switch("fell_at", "rose_at") }}
),
counted as (
    select events.*, coalesce(switches.rose_at, events.occurred_at) as counted_at
    from events
    left join switches
        on events.client_id = switches.client_id
        and events.occurred_at >= switches.fell_at
        and events.occurred_at < switches.rose_at
),
{%- else %}
counted as (
    select events.*, events.occurred_at as counted_at from events
),
{%- endif %}
final as (
    select
        counted.*,
        {{ stripe_saas.local_period("counted.occurred_at") }} as occurred_on,
        {{ stripe_saas.local_period("counted.counted_at") }} as counted_on
    from counted
)
select * from final
