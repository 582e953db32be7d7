-- One row per promotion code.
with source as (
    {{ stripe_saas.raw_stream("promotion_codes", {
        "id": "key", "code": "text", "promotion": "json", "customer": "key",
        "times_redeemed": "integer", "active": "boolean"
    }) }}
),
final as (
    select
        id as promotion_code_id, code, 
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("promotion", "coupon")) }} as coupon_id,
        customer as customer_id, times_redeemed, active as is_active
    from source
)
select * from final
