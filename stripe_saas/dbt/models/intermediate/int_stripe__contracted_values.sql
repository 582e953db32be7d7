-- One row per running subscription and set of items that it has or will have by its schedule, with what
-- they are worth a month once they count, exactly (M66): before discounts, and after one that lasts. Null
-- where a price is not known, or where there are several such discounts.
with as_of as (
    select as_of_at from {{ ref("stg_stripe__as_of") }}
),
phase_elements as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__subscription_schedules"), ["schedule_id", "subscription_id"], "phases"
    ) }}
),
phases as (
    select
        phase_elements.schedule_id, phase_elements.subscription_id,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("element", "start_date")) }} as starts_at,
        {{ stripe_saas.json_part("element", "items") }} as items
    from phase_elements
),
coming as (
    select phases.subscription_id, phases.starts_at, phases.items
    from phases
    cross join as_of
    where phases.starts_at > as_of.as_of_at
),
item_elements as (
    {{ stripe_saas.json_elements("coming", ["subscription_id", "starts_at"], "items") }}
),
all_items as (
    select
        subscription_id, starts_at,
        {{ stripe_saas.key_beside("subscription_id", stripe_saas.json_text("element", "price")) }}
            as price_id,
        cast({{ stripe_saas.json_text("element", "quantity") }} as {{ dbt.type_bigint() }}) as quantity
    from item_elements
    union all
    -- the items that it has now, as a phase that has begun
    select items.subscription_id, as_of.as_of_at as starts_at, items.price_id, items.quantity
    from {{ ref("stg_stripe__subscription_items") }} as items
    cross join as_of
),
items as (
    select
        subscription_id, starts_at, price_id, coalesce(quantity, 1) as quantity,
        row_number() over (partition by subscription_id, starts_at order by price_id) as place
    from all_items
),
priced as (
    select
        items.subscription_id, items.starts_at, items.place, items.quantity,
        subscriptions.customer_id, subscriptions.currency, prices.product_id,
        prices.price_id, prices.billing_interval, prices.interval_count, prices.usage_type,
        prices.billing_scheme, prices.tiers_mode, prices.divide_by, prices.rounded,
        prices.currency = subscriptions.currency as is_own_currency,
        prices.exact_unit_amount, prices.tiers as own_tiers,
        {{ stripe_saas.json_at(
            "prices.currency_options", stripe_saas.plain("subscriptions.currency")
        ) }} as currency_option
    from items
    inner join {{ ref("stg_stripe__subscriptions") }} as subscriptions
        on items.subscription_id = subscriptions.subscription_id
        and subscriptions.status not in ('canceled', 'incomplete_expired')
    left join {{ ref("stg_stripe__prices") }} as prices on items.price_id = prices.price_id
),
in_currency as (
    select
        subscription_id, starts_at, place, customer_id, currency, product_id, price_id,
        billing_interval,
        coalesce(interval_count, 1) as interval_count, usage_type, tiers_mode,
        quantity,
        case
            when divide_by is null then quantity
            when rounded = 'down' then {{ stripe_saas.whole("floor(cast(quantity as "
                ~ stripe_saas.type_exact(28, 9) ~ ") / divide_by)") }}
            else {{ stripe_saas.whole("ceil(cast(quantity as "
                ~ stripe_saas.type_exact(28, 9) ~ ") / divide_by)") }}
        end as packages,
        case
            when is_own_currency then exact_unit_amount
            else cast(coalesce(
                {{ stripe_saas.json_text("currency_option", "unit_amount_decimal") }},
                {{ stripe_saas.json_text("currency_option", "unit_amount") }}
            ) as {{ stripe_saas.type_exact(28, 9) }})
        end as unit_amount,
        case when is_own_currency then {{ stripe_saas.json_alike("own_tiers") }}
            else {{ stripe_saas.json_part("currency_option", "tiers") }} end as tiers
    from priced
),
tier_elements as (
    {{ stripe_saas.json_elements(
        "in_currency", ["subscription_id", "starts_at", "place", "quantity", "tiers_mode"], "tiers"
    ) }}
),
tiers as (
    select
        subscription_id, starts_at, place, quantity, tiers_mode,
        cast(nullif({{ stripe_saas.json_text("element", "up_to") }}, 'inf') as {{ dbt.type_bigint() }})
            as up_to,
        cast(coalesce(
            {{ stripe_saas.json_text("element", "unit_amount_decimal") }},
            {{ stripe_saas.json_text("element", "unit_amount") }}, '0'
        ) as {{ stripe_saas.type_exact(28, 9) }}) as unit_amount,
        cast(coalesce(
            {{ stripe_saas.json_text("element", "flat_amount_decimal") }},
            {{ stripe_saas.json_text("element", "flat_amount") }}, '0'
        ) as {{ stripe_saas.type_exact(28, 9) }}) as flat_amount
    from tier_elements
),
ranged as (
    select
        *,
        coalesce(lag(up_to) over (
            partition by subscription_id, starts_at, place
            order by case when up_to is null then 1 else 0 end, up_to
        ), -1) as above
    from tiers
),
-- the first tier is always entered; a volume's one tier prices all units (M8, M9)
tiered as (
    select
        subscription_id, starts_at, place,
        sum(flat_amount + unit_amount * case
            when tiers_mode = 'volume' then quantity
            when up_to is null or quantity < up_to then quantity - case when above < 0 then 0 else above end
            else up_to - case when above < 0 then 0 else above end
        end) as amount
    from ranged
    where quantity > above
        and (tiers_mode <> 'volume' or up_to is null or quantity <= up_to)
    group by 1, 2, 3
),
shares as (
    select
        *,
        case billing_interval
            when 'month' then 12 when 'year' then 1 when 'week' then 52 when 'day' then 365
        end as per_year
    from in_currency
),
valued as (
    select
        shares.subscription_id, shares.starts_at, shares.place, shares.customer_id, shares.currency,
        shares.product_id, shares.price_id,
        cast(shares.per_year as {{ stripe_saas.type_exact(28, 9) }}) / (12 * shares.interval_count)
            as share_of_month,
        case
            when shares.price_id is null then null
            when shares.usage_type = 'metered' then 0
            else coalesce(tiered.amount, shares.packages * shares.unit_amount)
                * shares.per_year / (12 * shares.interval_count)
        end as value
    from shares
    left join tiered
        on shares.subscription_id = tiered.subscription_id
        and shares.starts_at = tiered.starts_at
        and shares.place = tiered.place
),
list_values as (
    select
        subscription_id, starts_at, max(customer_id) as customer_id, max(currency) as currency,
        case when count(*) = count(value) then sum(value) end as list_value
    from valued
    group by 1, 2
),
-- discounts that last for ever: of the subscription, of an item, or else of the customer (M16)
of_subscriptions as (
    {{ stripe_saas.json_elements(ref("stg_stripe__subscriptions"), ["subscription_id"], "discounts") }}
),
-- the subscription's own list of items has discounts in whole, that of items by their ids
item_lists as (
    {{ stripe_saas.json_elements(ref("stg_stripe__subscriptions"), ["subscription_id"], "item_list") }}
),
item_discounts as (
    select
        subscription_id,
        {{ stripe_saas.key_beside("subscription_id", stripe_saas.json_text("element", "price", "id")) }}
            as price_id,
        {{ stripe_saas.json_part("element", "discounts") }} as discounts
    from item_lists
),
of_items as (
    {{ stripe_saas.json_elements("item_discounts", ["subscription_id", "price_id"], "discounts") }}
),
elements as (
    select
        subscription_id, cast(null as {{ dbt.type_string() }}) as price_id,
        {{ stripe_saas.discount_coupon("element") }} as coupon_id
    from of_subscriptions
    union all
    select subscription_id, price_id, {{ stripe_saas.discount_coupon("element") }} as coupon_id
    from of_items
    union all
    select
        subscriptions.subscription_id, cast(null as {{ dbt.type_string() }}) as price_id,
        {{ stripe_saas.discount_coupon("customers.discount") }} as coupon_id
    from {{ ref("stg_stripe__subscriptions") }} as subscriptions
    inner join {{ ref("stg_stripe__customers") }} as customers
        on subscriptions.customer_id = customers.customer_id
    left join (select distinct subscription_id from of_subscriptions) as own
        on subscriptions.subscription_id = own.subscription_id
    where own.subscription_id is null and customers.discount is not null
),
lasting as (
    select
        elements.subscription_id, elements.price_id, coupons.percent_off, coupons.products,
        count(*) over (partition by elements.subscription_id) as discounts,
        case
            when coupons.currency = subscriptions.currency then coupons.amount_off_minor
            else cast({{ stripe_saas.json_text(
                stripe_saas.json_at("coupons.currency_options", stripe_saas.plain("subscriptions.currency")),
                "amount_off"
            ) }} as {{ dbt.type_bigint() }})
        end as amount_off
    from elements
    inner join {{ ref("stg_stripe__subscriptions") }} as subscriptions
        on elements.subscription_id = subscriptions.subscription_id
    inner join {{ ref("stg_stripe__coupons") }} as coupons
        on {{ stripe_saas.key_beside("elements.subscription_id", "elements.coupon_id") }} = coupons.coupon_id
    where coupons.duration = 'forever'
),
current_prices as (
    select distinct subscription_id, price_id from {{ ref("stg_stripe__subscription_items") }}
),
eligible as (
    select
        valued.subscription_id, valued.starts_at, valued.value, valued.share_of_month,
        lasting.percent_off, lasting.amount_off,
        max(valued.share_of_month) over (partition by valued.subscription_id, valued.starts_at)
            as shortest
    from valued
    inner join lasting on valued.subscription_id = lasting.subscription_id
    left join current_prices
        on valued.subscription_id = current_prices.subscription_id
        and valued.price_id = current_prices.price_id
    left join valued as same_item
        on lasting.subscription_id = same_item.subscription_id
        and lasting.price_id = same_item.price_id
        and valued.starts_at = same_item.starts_at
    where lasting.discounts = 1 and valued.value > 0
        and (
            lasting.price_id is null or lasting.price_id = valued.price_id
            -- what takes the place of an item's price keeps the item's discount
            or (same_item.price_id is null and current_prices.price_id is null)
        )
        and (
            lasting.products is null
            or lasting.products like {{ dbt.concat(["'%\"'", stripe_saas.plain("valued.product_id"), "'\"%'"]) }}
        )
),
-- a fixed amount is of an invoice, so of the items with the shortest interval (M19)
taken as (
    select
        subscription_id, starts_at,
        case
            when max(percent_off) is not null then sum(value * percent_off) / 100
            when sum(case when share_of_month = shortest then value else 0 end)
                < max(amount_off) * max(shortest)
                then sum(case when share_of_month = shortest then value else 0 end)
            else max(coalesce(amount_off, 0)) * max(shortest)
        end as amount
    from eligible
    group by 1, 2
),
several as (
    select distinct subscription_id from lasting where discounts > 1
),
final as (
    select
        list_values.subscription_id, list_values.starts_at,
        cast(list_values.list_value as {{ stripe_saas.type_exact(28, 9) }}) as list_value,
        case when several.subscription_id is null then
            cast(list_values.list_value - coalesce(taken.amount, 0) as {{ stripe_saas.type_exact(28, 9) }})
        end as net_value
    from list_values
    left join taken
        on list_values.subscription_id = taken.subscription_id
        and list_values.starts_at = taken.starts_at
    left join several on list_values.subscription_id = several.subscription_id
)
select * from final
