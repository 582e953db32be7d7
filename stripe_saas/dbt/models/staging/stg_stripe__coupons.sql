-- One row per coupon.
with source as (
    {{ stripe_saas.raw_stream("coupons", {
        "id": "key", "name": "text", "duration": "text", "duration_in_months": "integer",
        "percent_off": "number", "amount_off": "integer", "currency": "currency",
        "times_redeemed": "integer", "valid": "boolean", "is_deleted": "boolean",
        "applies_to": "json", "currency_options": "json"
    }) }}
),
final as (
    select
        id as coupon_id, name as coupon_name, duration, duration_in_months, percent_off,
        amount_off as amount_off_minor, currency, times_redeemed, valid as is_valid,
        currency_options,
        -- the list as text, as it is only asked whether it names a product
        {{ stripe_saas.json_as_text(stripe_saas.json_part("applies_to", "products")) }} as products,
        coalesce(is_deleted, false) as is_deleted
    from source
)
select * from final
