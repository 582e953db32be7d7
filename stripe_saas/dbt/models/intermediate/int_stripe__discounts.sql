-- One row per discount that a subscription or an invoice carries, with its coupon and code.
with of_subscriptions as (
    {{ stripe_saas.json_elements(ref("stg_stripe__subscriptions"), ["subscription_id"], "discounts") }}
),
of_invoices as (
    {{ stripe_saas.json_elements(ref("stg_stripe__invoices"), ["subscription_id"], "discounts") }}
),
elements as (
    select subscription_id, element, 1 as is_on_subscription from of_subscriptions
    union all
    select subscription_id, element, 0 as is_on_subscription from of_invoices
),
-- what was not expanded is an id in quotes, of which nothing more is known
read_elements as (
    select
        subscription_id, is_on_subscription,
        {{ stripe_saas.json_text("element", "id") }} as discount_id,
        coalesce(
            {{ stripe_saas.json_text("element", "source", "coupon", "id") }},
            {{ stripe_saas.json_text("element", "coupon", "id") }},
            {{ stripe_saas.json_text("element", "source", "coupon") }}
        ) as coupon_id,
        coalesce(
            {{ stripe_saas.json_text("element", "promotion_code", "id") }},
            {{ stripe_saas.json_text("element", "promotion_code") }}
        ) as promotion_code_id
    from elements
),
final as (
    select
        discount_id, max(subscription_id) as subscription_id, max(coupon_id) as coupon_id,
        max(promotion_code_id) as promotion_code_id,
        max(is_on_subscription) = 1 as is_on_subscription
    from read_elements
    where discount_id is not null
    group by 1
)
select * from final
