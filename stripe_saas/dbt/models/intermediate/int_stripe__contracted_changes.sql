-- One row per subscription and moment to come at which its MRR changes by what is known now: its end, the
-- end of a trial, of a pause or of a coupon, a phase of its schedule (M66).
with as_of as (
    select as_of_at from {{ ref("stg_stripe__as_of") }}
),
-- what it was worth when it last counted, of the same items
counted as (
    select subscription_id, list_mrr_after_minor as list_mrr_minor, mrr_after_minor as mrr_minor
    from (
        select
            subscription_id, list_mrr_after_minor, mrr_after_minor,
            row_number() over (partition by subscription_id order by sequence desc) as place
        from {{ ref("int_stripe__events") }}
        where mrr_after_minor > 0 and coalesce(status_after, '') <> 'trialing'
    ) as placed
    where place = 1
),
discount_elements as (
    {{ stripe_saas.json_elements(ref("stg_stripe__subscriptions"), ["subscription_id"], "discounts") }}
),
discounts as (
    select
        discount_elements.subscription_id, coupons.duration,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("discount_elements.element", "end")) }}
            as ends_at
    from discount_elements
    left join {{ ref("stg_stripe__coupons") }} as coupons
        on {{ stripe_saas.key_beside(
            "discount_elements.subscription_id",
            stripe_saas.discount_coupon("discount_elements.element")
        ) }} = coupons.coupon_id
),
discount_sums as (
    select
        subscription_id,
        sum({{ stripe_saas.flag("duration = 'forever'") }}) as lasting,
        sum({{ stripe_saas.flag("duration = 'repeating'") }}) as repeating,
        max(case when duration = 'repeating' then ends_at end) as ends_at
    from discounts
    group by 1
),
last_phases as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__subscription_schedules"), ["subscription_id", "end_behavior"], "phases"
    ) }}
),
schedule_ends as (
    select
        subscription_id,
        max({{ stripe_saas.from_epoch(stripe_saas.json_text("element", "end_date")) }}) as ends_at
    from last_phases
    where end_behavior = 'cancel'
    group by 1
),
values_now as (
    select contracted.subscription_id, contracted.net_value
    from {{ ref("int_stripe__contracted_values") }} as contracted
    inner join as_of on contracted.starts_at = as_of.as_of_at
),
subscriptions as (
    select
        states.subscription_id, states.client_id, states.currency, states.currency_exponent,
        states.status, states.mrr_minor, states.list_mrr_minor,
        coalesce(states.cancel_at, schedule_ends.ends_at) as ends_at,
        case when states.status = 'trialing' then states.trial_ends_at end as trial_ends_at,
        -- only a pause that takes MRR away gives it back
        case when states.is_suspended then objects.resumes_at end as resumes_at,
        states.is_suspended,
        -- a trial without a means of payment ends as its settings say
        states.status = 'trialing' and states.mrr_minor = 0
            and coalesce(objects.missing_payment_method, 'create_invoice') <> 'create_invoice'
            and coalesce(
                objects.default_payment_method_id, objects.default_source_id,
                customers.default_payment_method_id, customers.default_source_id
            ) is null as is_unpayable,
        case
            when discount_sums.repeating > 0 and discount_sums.lasting = 0
                and states.mrr_minor > 0 and states.mrr_minor < states.list_mrr_minor
                then discount_sums.ends_at
        end as discount_ends_at,
        case
            when states.mrr_minor > 0 and states.status <> 'trialing' then states.mrr_minor
            when counted.list_mrr_minor = states.list_mrr_minor then counted.mrr_minor
            when values_now.net_value is not null
                then {{ stripe_saas.whole("round(round(values_now.net_value, 6), 0)") }}
            else states.list_mrr_minor
        end as value_minor
    from {{ ref("int_stripe__subscriptions") }} as states
    left join {{ ref("stg_stripe__subscriptions") }} as objects
        on states.subscription_id = objects.subscription_id
    left join {{ ref("stg_stripe__customers") }} as customers
        on states.customer_id = customers.customer_id
    left join counted on states.subscription_id = counted.subscription_id
    left join discount_sums on states.subscription_id = discount_sums.subscription_id
    left join schedule_ends on states.subscription_id = schedule_ends.subscription_id
    left join values_now on states.subscription_id = values_now.subscription_id
    where states.is_running and states.has_events
        and (
            states.status in ('active', 'past_due', 'trialing')
            -- where the connector counts what is unpaid
            or (states.status = 'unpaid' and states.mrr_minor > 0)
        )
),
phases as (
    select
        phases.subscription_id, phases.starts_at,
        -- rounded to six places first, since a third of a cent may be a part of half a one
        case
            when phases.net_value is not null
                then {{ stripe_saas.whole("round(round(phases.net_value, 6), 0)") }}
            when phases.list_value is not null and subscriptions.list_mrr_minor > 0
                then {{ stripe_saas.whole("round(phases.list_value * subscriptions.value_minor / subscriptions.list_mrr_minor, 0)") }}
        end as value_minor
    from {{ ref("int_stripe__contracted_values") }} as phases
    inner join subscriptions on phases.subscription_id = subscriptions.subscription_id
    inner join as_of on phases.starts_at > as_of.as_of_at
),
moments as (
    -- an end that Stripe was to have made by now is due at once
    select
        subscription_id,
        case when ends_at > as_of.as_of_at then ends_at else as_of.as_of_at end as changes_at,
        'end' as reason, 1 as place
    from subscriptions
    cross join as_of
    where ends_at is not null
    union all
    {%- for column, reason, place in [
        ("trial_ends_at", "trial_end", 2), ("resumes_at", "resume", 3),
        ("discount_ends_at", "discount_end", 4)
    ] %}
    select subscription_id, {{ column }} as changes_at, '{{ reason }}' as reason, {{ place }} as place
    from subscriptions
    cross join as_of
    where {{ column }} > as_of.as_of_at
    union all
    {%- endfor %}
    select subscription_id, starts_at as changes_at, 'phase' as reason, 5 as place
    from phases
    where value_minor is not null
),
-- of several things at one moment the first names it
placed as (
    select
        *,
        row_number() over (partition by subscription_id, changes_at order by place) as place_of_moment
    from moments
),
phased as (
    select
        placed.subscription_id, placed.changes_at, placed.reason, phases.value_minor,
        row_number() over (
            partition by placed.subscription_id, placed.changes_at order by phases.starts_at desc
        ) as place_of_phase
    from placed
    left join phases
        on placed.subscription_id = phases.subscription_id
        and phases.starts_at <= placed.changes_at
        and phases.value_minor is not null
    where placed.place_of_moment = 1
),
valued as (
    select
        subscriptions.subscription_id, subscriptions.client_id, subscriptions.currency,
        subscriptions.currency_exponent, phased.changes_at, phased.reason,
        subscriptions.mrr_minor as mrr_now_minor,
        case
            when subscriptions.ends_at <= phased.changes_at then 0
            when subscriptions.trial_ends_at > phased.changes_at then subscriptions.mrr_minor
            when subscriptions.is_unpayable and subscriptions.trial_ends_at <= phased.changes_at then 0
            when subscriptions.is_suspended
                and (subscriptions.resumes_at is null or subscriptions.resumes_at > phased.changes_at)
                then subscriptions.mrr_minor
            when phased.value_minor is not null then phased.value_minor
            when subscriptions.discount_ends_at <= phased.changes_at then subscriptions.list_mrr_minor
            else subscriptions.value_minor
        end as mrr_after_minor,
        coalesce(
            subscriptions.ends_at <= phased.changes_at
            or (subscriptions.is_unpayable and subscriptions.trial_ends_at <= phased.changes_at),
            false
        ) as is_over
    from phased
    inner join subscriptions on phased.subscription_id = subscriptions.subscription_id
    where phased.place_of_phase = 1
),
final as (
    select
        subscription_id, client_id, currency, currency_exponent, changes_at,
        {{ stripe_saas.local_period("changes_at") }} as changes_on, reason,
        coalesce(
            lag(mrr_after_minor) over (partition by subscription_id order by changes_at),
            mrr_now_minor
        ) as mrr_before_minor,
        mrr_after_minor, is_over
    from valued
)
select
    *, mrr_after_minor - mrr_before_minor as mrr_delta_minor
from final
