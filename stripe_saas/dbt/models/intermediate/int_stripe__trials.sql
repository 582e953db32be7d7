-- One row per subscription that began with a trial, with how the trial ended.
with events as (
    select * from {{ ref("int_stripe__events") }}
),
starts as (
    select subscription_id, min(occurred_at) as started_at
    from events
    where event_type = 'trial_started'
    group by 1
),
ends as (
    select
        events.subscription_id,
        min(case
            when events.event_type = 'trial_converted'
                or (events.movement = 'new' and events.event_type <> 'trial_started')
                -- a trial that was paused at its end, and goes on as a paid subscription
                or (events.status_before = 'paused' and events.status_after in ('active', 'past_due'))
                then events.occurred_at
        end) as converted_at,
        min(case
            when events.event_type in ('trial_expired', 'canceled') then events.occurred_at
        end) as ended_at
    from events
    inner join starts on events.subscription_id = starts.subscription_id
    where events.occurred_at >= starts.started_at
    group by 1
),
plans as (
    select
        subscription_id, client_id, currency, plan,
        row_number() over (partition by subscription_id order by valid_from) as place
    from {{ ref("subscription_periods") }}
    where status = 'trialing'
),
final as (
    select
        starts.subscription_id, plans.client_id, plans.currency, coalesce(plans.plan, 'unknown') as plan,
        starts.started_at, ends.converted_at,
        case when ends.converted_at is null then ends.ended_at end as expired_at,
        case
            when ends.converted_at is not null then 'converted'
            when ends.ended_at is not null then 'expired'
            else 'open'
        end as outcome
    from starts
    inner join ends on starts.subscription_id = ends.subscription_id
    left join plans on starts.subscription_id = plans.subscription_id and plans.place = 1
)
select * from final
