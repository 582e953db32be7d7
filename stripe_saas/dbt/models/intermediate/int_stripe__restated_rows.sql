-- One row per closed month, ledger row, client, currency and cause: what the row adds today to the
-- month's closing MRR beyond what it added when the month was closed.
with closes as (
    select * from {{ ref("int_stripe__closes") }}
),
copies as (
    {{ stripe_saas.closed_table("ledger_rows", {
        "close_number": "integer", "event_id": "text", "subscription_id": "text",
        "client_id": "text", "occurred_at": "moment", "counted_on": "date", "currency": "text",
        "mrr_delta_minor": "integer", "is_estimated": "boolean", "options_fingerprint": "text",
        "semantics_version": "text", "is_gone": "boolean"
    }) }}
),
-- of several accounts all together are closed, and copies have the ids that Stripe and you know
events as (
    select
        {%- for key in ["event_id", "subscription_id", "client_id", "currency"] %}
        {{ stripe_saas.plain(key) }} as {{ key }},
        {%- endfor %}
        event_type, occurred_at, counted_on, mrr_delta_minor, is_estimated, options_fingerprint,
        semantics_version
    from {{ ref("int_stripe__events") }}
    where {{ stripe_saas.account_of("event_id") }} = 'all'
),
-- a copy holds for its close and those after it, up to the next copy of the same row
spans as (
    select
        event_id, subscription_id, client_id, occurred_at, counted_on, currency,
        mrr_delta_minor, is_estimated, options_fingerprint, semantics_version,
        not is_gone as was_there, close_number as first_close,
        lead(close_number) over (partition by event_id order by close_number) as next_close
    from copies
    union all
    -- before its first copy a row was not there
    select
        events.event_id, events.subscription_id, events.client_id, events.occurred_at,
        events.counted_on, events.currency, 0 as mrr_delta_minor, events.is_estimated,
        events.options_fingerprint, events.semantics_version,
        1 = 0 as was_there, 0 as first_close, firsts.close_number as next_close
    from events
    left join (
        select event_id, min(close_number) as close_number from copies group by 1
    ) as firsts
        on events.event_id = firsts.event_id
),
differing as (
    select
        spans.*,
        events.event_id is not null as is_there,
        events.event_type = 'adjusted' as is_adjusted,
        coalesce(events.client_id, spans.client_id) as new_client_id,
        coalesce(events.currency, spans.currency) as new_currency,
        coalesce(events.mrr_delta_minor, 0) as new_delta_minor,
        events.counted_on as new_counted_on,
        coalesce(events.occurred_at <> spans.occurred_at, false) as is_moved,
        coalesce(events.is_estimated <> spans.is_estimated, false) as is_estimated_otherwise,
        coalesce(events.options_fingerprint, '') <> coalesce(spans.options_fingerprint, '')
            as has_other_options,
        coalesce(events.semantics_version, '') <> coalesce(spans.semantics_version, '')
            as has_other_rules
    from spans
    left join events on spans.event_id = events.event_id
    where not spans.was_there
        or events.event_id is null
        or events.client_id <> spans.client_id
        or events.currency <> spans.currency
        or events.mrr_delta_minor <> spans.mrr_delta_minor
        or events.counted_on <> spans.counted_on
),
compared as (
    select
        differing.*,
        closes.close_number, closes.month_start, closes.ended_at, closes.had_other_days,
        case when differing.was_there and differing.counted_on < closes.next_month_start
            then differing.mrr_delta_minor else 0 end as before_minor,
        case when differing.is_there and differing.new_counted_on < closes.next_month_start
            then differing.new_delta_minor else 0 end as after_minor,
        coalesce(differing.was_there and differing.is_there
            and (differing.counted_on < closes.next_month_start)
            <> (differing.new_counted_on < closes.next_month_start), false) as is_of_other_month
    from differing
    inner join closes
        on closes.close_number >= differing.first_close
        and (differing.next_close is null or closes.close_number < differing.next_close)
),
-- what is so of a subscription as a whole
today as (
    select
        subscription_id, max(options_fingerprint) as options_fingerprint,
        max(semantics_version) as semantics_version
    from events
    group by 1
),
copied as (
    select
        closes.close_number, spans.subscription_id,
        max(spans.options_fingerprint) as options_fingerprint,
        max(spans.semantics_version) as semantics_version
    from spans
    inner join (select distinct subscription_id from differing) as touched
        on spans.subscription_id = touched.subscription_id
    inner join closes
        on closes.close_number >= spans.first_close
        and (spans.next_close is null or closes.close_number < spans.next_close)
    where spans.was_there
    group by 1, 2
),
changes as (
    select
        close_number, subscription_id,
        max({{ stripe_saas.flag("was_there and not is_there") }}) as has_lost_rows,
        max({{ stripe_saas.flag("not was_there and after_minor <> 0 and not is_adjusted") }})
            as has_new_rows
    from compared
    group by 1, 2
),
caused as (
    select
        compared.*,
        case
            -- a row that is not there any more
            when not compared.is_there then
                case
                    when today.subscription_id is null then 'deleted_data'
                    when coalesce(today.semantics_version, '')
                        <> coalesce(compared.semantics_version, '') then 'changed_rules'
                    when coalesce(today.options_fingerprint, '')
                        <> coalesce(compared.options_fingerprint, '') then 'changed_option'
                    else 'better_evidence'
                end
            -- one that was not
            when not compared.was_there then
                case
                    when compared.occurred_at >= compared.ended_at then 'changed_option'
                    when copied.subscription_id is null then 'late_event'
                    when coalesce(copied.semantics_version, '')
                        <> coalesce(today.semantics_version, '') then 'changed_rules'
                    when compared.is_adjusted and coalesce(copied.options_fingerprint, '')
                        <> coalesce(today.options_fingerprint, '') then 'changed_option'
                    when compared.is_adjusted or changes.has_lost_rows = 1 then 'better_evidence'
                    else 'late_event'
                end
            when compared.has_other_rules then 'changed_rules'
            when compared.has_other_options then 'changed_option'
            when compared.is_of_other_month and not compared.is_moved then
                case when compared.had_other_days then 'changed_option' else 'late_event' end
            when compared.is_moved or compared.is_estimated_otherwise then 'better_evidence'
            -- the row before it came late
            when changes.has_new_rows = 1 and changes.has_lost_rows = 0 then 'late_event'
            else 'better_evidence'
        end as cause
    from compared
    inner join changes
        on compared.close_number = changes.close_number
        and compared.subscription_id = changes.subscription_id
    left join copied
        on compared.close_number = copied.close_number
        and compared.subscription_id = copied.subscription_id
    left join today on compared.subscription_id = today.subscription_id
    where compared.before_minor <> 0 or compared.after_minor <> 0
),
-- first whose the row is, then what it comes to
moved as (
    select
        close_number, month_start, event_id, client_id, currency, 'identity_rule' as cause,
        -before_minor as restated_minor
    from caused
    where new_client_id <> client_id
    union all
    select
        close_number, month_start, event_id, new_client_id as client_id, currency,
        'identity_rule' as cause, before_minor as restated_minor
    from caused
    where new_client_id <> client_id
    union all
    select
        close_number, month_start, event_id, new_client_id as client_id, currency, cause,
        -before_minor as restated_minor
    from caused
    union all
    select
        close_number, month_start, event_id, new_client_id as client_id, new_currency as currency,
        cause, after_minor as restated_minor
    from caused
),
summed as (
    select
        close_number, month_start, event_id, client_id, currency, cause,
        {{ stripe_saas.whole("sum(restated_minor)") }} as restated_minor
    from moved
    group by 1, 2, 3, 4, 5, 6
),
final as (
    select * from summed where restated_minor <> 0
)
select * from final
