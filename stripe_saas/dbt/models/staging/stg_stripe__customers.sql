-- One row per Stripe customer, deleted ones included.
with source as (
    {{ stripe_saas.raw_stream("customers", {
        "id": "key", "email": "text", "name": "text", "created": "moment", "currency": "currency",
        "delinquent": "boolean", "metadata": "json", "invoice_settings": "json",
        "default_source": "key", "address": "json", "discount": "json", "is_deleted": "boolean"
    }) }}
),
final as (
    select
        id as customer_id, email, name, created as created_at, currency,
        coalesce(delinquent, false) as is_delinquent, metadata,
        {{ stripe_saas.key_beside(
            "id", stripe_saas.json_text("invoice_settings", "default_payment_method")
        ) }} as default_payment_method_id,
        default_source as default_source_id,
        {{ stripe_saas.json_text("address", "country") }} as country, discount,
        coalesce(is_deleted, false) as is_deleted
    from source
)
select * from final
