-- One row per price.
with source as (
    {{ stripe_saas.raw_stream("prices", {
        "id": "key", "product": "key", "currency": "currency", "nickname": "text",
        "lookup_key": "text", "active": "boolean", "billing_scheme": "text",
        "unit_amount": "integer", "unit_amount_decimal": "number", "recurring": "json",
        "metadata": "json", "tiers": "json", "tiers_mode": "text", "transform_quantity": "json",
        "currency_options": "json"
    }) }}
),
final as (
    select
        id as price_id, product as product_id, currency, nickname, lookup_key, active as is_active,
        billing_scheme, unit_amount as unit_amount_minor,
        coalesce(unit_amount_decimal, unit_amount) as exact_unit_amount, tiers, tiers_mode,
        cast({{ stripe_saas.json_text("transform_quantity", "divide_by") }}
            as {{ dbt.type_bigint() }}) as divide_by,
        {{ stripe_saas.json_text("transform_quantity", "round") }} as rounded, currency_options,
        {{ stripe_saas.json_text("recurring", "interval") }} as billing_interval,
        cast({{ stripe_saas.json_text("recurring", "interval_count") }}
            as {{ dbt.type_bigint() }}) as interval_count,
        {{ stripe_saas.json_text("recurring", "usage_type") }} as usage_type
    from source
)
select * from final
