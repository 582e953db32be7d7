-- One row per item of a subscription, as it is now.
with source as (
    {{ stripe_saas.raw_stream("subscription_items", {
        "id": "key", "subscription": "key", "quantity": "integer", "created": "moment",
        "current_period_start": "moment", "current_period_end": "moment", "price": "json",
        "discounts": "json", "is_deleted": "boolean"
    }) }}
),
final as (
    select
        id as subscription_item_id, subscription as subscription_id, quantity, created as created_at,
        current_period_start as period_started_at, current_period_end as period_ends_at,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("price", "id")) }} as price_id,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("price", "product")) }} as product_id,
        {{ stripe_saas.json_text("price", "nickname") }} as price_nickname,
        {{ stripe_saas.json_text("price", "recurring", "usage_type") }} as usage_type,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("price", "recurring", "meter")) }} as meter_id, discounts
    from source
    where not coalesce(is_deleted, false)
)
select * from final
