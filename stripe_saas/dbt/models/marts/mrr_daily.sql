-- One row per basis, currency and day: how MRR opened, what moved it, how it closed.
{%- set movements = stripe_saas.movements() %}
{%- set changes = stripe_saas.customer_changes() %}
with movements as (
    select * from {{ ref("int_stripe__client_day_movements") }}
),
subscription_days as (
    select
        counted_on as date_day, currency,
        sum({{ stripe_saas.flag("mrr_after_minor > 0") }}
            - {{ stripe_saas.flag("mrr_before_minor > 0") }}) as change
    from {{ ref("int_stripe__events") }}
    group by 1, 2
),
kinds as (
    select distinct basis, currency from movements
),
-- what a subscription is worth by what is decided: nothing once its end is scheduled, its list value
-- while it is on trial (M67)
committed_rows as (
    select
        subscription_id, sequence, currency, counted_on as date_day,
        {{ stripe_saas.month_of("counted_on") }} as month_start, mrr_after_minor,
        case
            when max(case when event_type = 'cancellation_scheduled' then sequence else 0 end) over (
                partition by subscription_id order by sequence rows unbounded preceding
            ) > max(case when event_type = 'cancellation_revoked' then sequence else 0 end) over (
                partition by subscription_id order by sequence rows unbounded preceding
            ) then 0
            when status_after = 'trialing' and mrr_after_minor = 0 then list_mrr_after_minor
            else mrr_after_minor
        end - mrr_after_minor as beyond_minor
    from {{ ref("int_stripe__events") }}
),
committed_changes as (
    select
        *,
        coalesce(
            lag(beyond_minor) over (partition by subscription_id order by sequence), 0
        ) as beyond_before_minor,
        coalesce(
            lag(mrr_after_minor) over (partition by subscription_id order by sequence), 0
        ) as mrr_before_minor,
        row_number() over (partition by subscription_id, month_start order by sequence)
            as place_in_month
    from committed_rows
),
committed_openings as (
    select
        *,
        max(case when place_in_month = 1 then beyond_before_minor end) over (
            partition by subscription_id, month_start
        ) as beyond_opening_minor,
        max(case when place_in_month = 1 then mrr_before_minor end) over (
            partition by subscription_id, month_start
        ) as mrr_opening_minor
    from committed_changes
),
-- how much of it was there when the month began: of a subscription that ends what closing MRR has of
-- it at the previous month's rate, of a trial its value then
committed_stocks as (
    select
        *,
        case
            when beyond_minor < 0 then -mrr_opening_minor
            when beyond_minor > 0 and beyond_opening_minor > 0 then beyond_opening_minor
            else 0
        end as stock_minor
    from committed_openings
),
committed_steps as (
    select
        currency, date_day, beyond_minor - beyond_before_minor as change_minor,
        stock_minor - case
            when place_in_month = 1 then beyond_before_minor
            else lag(stock_minor) over (
                partition by subscription_id, month_start order by sequence
            )
        end as stock_change_minor
    from committed_stocks
),
committed_sums as (
    select
        currency, date_day, {{ stripe_saas.whole("sum(change_minor)") }} as change_minor,
        {{ stripe_saas.whole("sum(stock_change_minor)") }} as stock_change_minor
    from committed_steps
    where change_minor <> 0 or stock_change_minor <> 0
    group by 1, 2
),
committed_currencies as (
    select distinct currency from committed_sums
),
-- by how much more (or less) than closing MRR is committed at a day's end, by currency
committed_days as (
    select
        committed_currencies.currency, days.date_day, days.month_start, days.is_month_end,
        {{ stripe_saas.whole("sum(coalesce(committed_sums.change_minor, 0)) over (
            partition by committed_currencies.currency, days.month_start order by days.date_day
            rows unbounded preceding
        )") }} as month_change_minor,
        {{ stripe_saas.whole("sum(coalesce(committed_sums.stock_change_minor, 0)) over (
            partition by committed_currencies.currency, days.month_start order by days.date_day
            rows unbounded preceding
        )") }} as stock_change_minor,
        {{ stripe_saas.whole("sum(coalesce(committed_sums.change_minor, 0)) over (
            partition by committed_currencies.currency order by days.date_day
            rows unbounded preceding
        )") }} as beyond_minor
    from committed_currencies
    cross join {{ ref("int_stripe__days") }} as days
    left join committed_sums
        on committed_currencies.currency = committed_sums.currency
        and days.date_day = committed_sums.date_day
),
{%- if var("fx_mode") != "none" %}
-- as in closing MRR, what a month began with changes its rate on the month's last day
committed_stock_days as (
    select
        currency, date_day, month_start, beyond_minor,
        case when is_month_end then 0
            else beyond_minor - month_change_minor + stock_change_minor end as stock_minor
    from committed_days
),
committed_parts as (
    select currency, date_day, month_start, beyond_minor - stock_minor as beyond_minor
    from committed_stock_days
    union all
    select
        currency, date_day, {{ stripe_saas.add_to_date("month_start", -1, "month") }} as month_start,
        stock_minor as beyond_minor
    from committed_stock_days
),
{%- endif %}
committed as (
    select 'currency' as basis, currency, date_day, beyond_minor from committed_days
    {%- if var("fx_mode") != "none" %}
    union all
    select
        'reporting' as basis,
        {{ stripe_saas.reporting_currency("committed_parts.currency") }} as currency, date_day,
        {{ stripe_saas.in_reporting("beyond_minor") }} as beyond_minor
    from committed_parts
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on committed_parts.currency = rates.currency
        and committed_parts.month_start = rates.month_start
    group by 1, 2, 3
    {%- endif %}
),
{%- if var("by_account") %}
-- an account's days begin with its own ledger
starts as (
    select {{ stripe_saas.account_of("currency") }} as account_id, min(occurred_on) as first_day
    from {{ ref("int_stripe__events") }}
    group by 1
),
{%- endif %}
sums as (
    select
        basis, currency, period_start as date_day,
        {%- for movement in movements %}
        sum(case when movement = '{{ movement }}' then mrr_delta_minor else 0 end) as {{ movement }}_minor,
        {%- endfor %}
        {%- for change in changes %}
        sum({{ stripe_saas.flag("customer_change = '" ~ change ~ "'") }}) as {{ change }}_customers
        {{- "," if not loop.last }}
        {%- endfor %}
    from movements
    group by 1, 2, 3
),
subscription_sums as (
    select
        kinds.basis, kinds.currency, subscription_days.date_day,
        sum(subscription_days.change) as subscriptions_change
    from kinds
    inner join subscription_days
        on kinds.currency = subscription_days.currency
        or (kinds.basis = 'reporting'
            and {{ stripe_saas.account_of("kinds.currency") }}
            = {{ stripe_saas.account_of("subscription_days.currency") }})
    group by 1, 2, 3
),
month_sums as (
    select
        basis, currency, {{ stripe_saas.month_of("date_day") }} as month_start,
        sum({% for movement in movements %}{{ movement }}_minor{{ " + " if not loop.last }}{% endfor %})
            as moved_minor
    from sums
    group by 1, 2, 3
),
days as (
    select
        kinds.basis, kinds.currency, days.date_day, days.month_start, days.is_month_end,
        {%- for change in changes %}
        {{ stripe_saas.whole("coalesce(sums." ~ change ~ "_customers, 0)") }} as {{ change }}_customers,
        {%- endfor %}
        {%- for movement in movements %}
        {{ stripe_saas.whole("coalesce(sums." ~ movement ~ "_minor, 0)") }} as {{ movement }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("coalesce(subscription_sums.subscriptions_change, 0)") }}
            as subscriptions_change,
        -- what exchange rates did shows where the month's rate is known: on its last day
        {{ stripe_saas.whole("case
            when kinds.basis = 'reporting' and days.is_month_end and balances.month_start is not null
            then balances.change_minor - coalesce(month_sums.moved_minor, 0)
            else 0
        end") }} as fx_minor
    from kinds
    cross join {{ ref("int_stripe__days") }} as days
    {%- if var("by_account") %}
    inner join starts
        on {{ stripe_saas.account_of("kinds.currency") }} = starts.account_id
        and days.date_day >= starts.first_day
    {%- endif %}
    left join sums
        on kinds.basis = sums.basis
        and kinds.currency = sums.currency
        and days.date_day = sums.date_day
    left join subscription_sums
        on kinds.basis = subscription_sums.basis
        and kinds.currency = subscription_sums.currency
        and days.date_day = subscription_sums.date_day
    left join month_sums
        on kinds.basis = month_sums.basis
        and kinds.currency = month_sums.currency
        and days.month_start = month_sums.month_start
    left join {{ ref("int_stripe__month_balances") }} as balances
        on days.month_start = balances.month_start
        and {{ stripe_saas.account_of("kinds.currency") }} = balances.account_id
),
running as (
    select
        *,
        {{ stripe_saas.whole("sum(
            " ~ movements | join("_minor + ") ~ "_minor + fx_minor
        ) over (partition by basis, currency order by date_day rows unbounded preceding)") }}
            as closing_minor,
        {{ stripe_saas.whole("sum(
            " ~ stripe_saas.customers_in() | join("_customers + ") ~ "_customers
            - (" ~ stripe_saas.customers_out() | join("_customers + ") ~ "_customers)
        ) over (partition by basis, currency order by date_day rows unbounded preceding)") }}
            as customers,
        {{ stripe_saas.whole("sum(subscriptions_change) over (
            partition by basis, currency order by date_day rows unbounded preceding
        )") }} as subscriptions
    from days
),
final as (
    select
        running.date_day, running.month_start as date_month, running.basis, running.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        running.closing_minor - running.fx_minor
            {%- for movement in movements %} - running.{{ movement }}_minor{% endfor %} as opening_minor,
        {%- for movement in movements %}
        running.{{ movement }}_minor,
        {%- endfor %}
        running.fx_minor, running.closing_minor,
        running.closing_minor * 12 as arr_minor,
        running.closing_minor + coalesce(committed.beyond_minor, 0) as committed_minor,
        running.customers
            {%- for change in stripe_saas.customers_in() %} - running.{{ change }}_customers{% endfor %}
            {%- for change in stripe_saas.customers_out() %} + running.{{ change }}_customers{% endfor %}
            as opening_customers,
        {%- for change in changes %}
        running.{{ change }}_customers,
        {%- endfor %}
        running.customers, running.subscriptions
    from running
    left join committed
        on running.basis = committed.basis
        and running.currency = committed.currency
        and running.date_day = committed.date_day
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("running.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
