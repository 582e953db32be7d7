-- One row per product.
with source as (
    {{ stripe_saas.raw_stream("products", {
        "id": "key", "name": "text", "active": "boolean", "metadata": "json"
    }) }}
),
final as (
    select
        id as product_id, name as product_name, active as is_active,
        coalesce({{ stripe_saas.json_text("metadata", var("tier_metadata_key")) }}, name) as tier
    from source
)
select * from final
