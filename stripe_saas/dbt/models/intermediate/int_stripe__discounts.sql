-- One row per discount and subscription that has or had it, with its coupon and code: as it stands on the
-- subscription, an item of it, its customer (unless the subscription has one of its own) or an invoice.
with of_subscriptions as (
    {{ stripe_saas.json_elements(ref("stg_stripe__subscriptions"), ["subscription_id"], "discounts") }}
),
of_items as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__subscription_items"), ["subscription_id"], "discounts"
    ) }}
),
of_invoices as (
    {{ stripe_saas.json_elements(ref("stg_stripe__invoices"), ["subscription_id"], "discounts") }}
),
of_customers as (
    select
        subscriptions.subscription_id,
        {% if target.type in ("duckdb", "postgres") -%}
            cast(customers.discount as json)
        {%- else -%}
            customers.discount
        {%- endif %} as element
    from {{ ref("stg_stripe__customers") }} as customers
    inner join {{ ref("stg_stripe__subscriptions") }} as subscriptions
        on customers.customer_id = subscriptions.customer_id
    left join (select distinct subscription_id from of_subscriptions) as own
        on subscriptions.subscription_id = own.subscription_id
    where customers.discount is not null
        and own.subscription_id is null
        and subscriptions.status not in ('canceled', 'incomplete_expired')
),
elements as (
    select subscription_id, element, 1 as is_on_subscription from of_subscriptions
    union all
    select subscription_id, element, 1 as is_on_subscription from of_items
    union all
    select subscription_id, element, 1 as is_on_subscription from of_customers
    union all
    select subscription_id, element, 0 as is_on_subscription from of_invoices
),
-- what was not expanded is an id in quotes, of which nothing more is known
read_elements as (
    select
        subscription_id, is_on_subscription,
        {{ stripe_saas.key_beside("subscription_id", stripe_saas.json_text("element", "id")) }}
            as discount_id,
        {{ stripe_saas.key_beside("subscription_id", "coalesce("
            ~ stripe_saas.json_text("element", "source", "coupon", "id") ~ ", "
            ~ stripe_saas.json_text("element", "coupon", "id") ~ ", "
            ~ stripe_saas.json_text("element", "source", "coupon") ~ ")"
        ) }} as coupon_id,
        {{ stripe_saas.key_beside("subscription_id", "coalesce("
            ~ stripe_saas.json_text("element", "promotion_code", "id") ~ ", "
            ~ stripe_saas.json_text("element", "promotion_code") ~ ")"
        ) }} as promotion_code_id
    from elements
    where subscription_id is not null
),
final as (
    select
        discount_id, subscription_id, max(coupon_id) as coupon_id,
        max(promotion_code_id) as promotion_code_id,
        max(is_on_subscription) = 1 as is_on_subscription
    from read_elements
    where discount_id is not null
    group by 1, 2
)
select * from final
