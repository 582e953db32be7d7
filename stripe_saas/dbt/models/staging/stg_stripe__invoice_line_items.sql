-- One row per line of an invoice. Fields of API versions before basil stand in for those that came
-- later, where the table has them.
with source as (
    {{ stripe_saas.raw_stream("invoice_line_items", {
        "id": "key", "invoice": "key", "amount": "integer", "subscription": "key",
        "parent": "json", "period": "json", "pricing": "json", "price": "json", "plan": "json",
        "proration": "boolean", "type": "text", "discount_amounts": "json", "taxes": "json",
        "tax_amounts": "json", "is_deleted": "boolean"
    }) }}
),
final as (
    select
        id as line_id, invoice as invoice_id, amount as amount_minor,
        {{ stripe_saas.key_beside("id", "coalesce("
            ~ stripe_saas.json_text("pricing", "price_details", "price") ~ ", "
            ~ stripe_saas.json_text("price", "id") ~ ", "
            ~ stripe_saas.json_text("plan", "id") ~ ")"
        ) }} as price_id,
        coalesce(
            {{ stripe_saas.key_beside("id", "coalesce("
                ~ stripe_saas.json_text("parent", "subscription_item_details", "subscription") ~ ", "
                ~ stripe_saas.json_text("parent", "invoice_item_details", "subscription") ~ ")"
            ) }},
            subscription
        ) as subscription_id,
        {{ stripe_saas.json_text("parent", "type") }} = 'subscription_item_details'
            or coalesce(type, '') = 'subscription' as is_of_item,
        coalesce(
            coalesce(
                {{ stripe_saas.json_text("parent", "subscription_item_details", "proration") }},
                {{ stripe_saas.json_text("parent", "invoice_item_details", "proration") }}
            ) = 'true',
            proration, false
        ) as is_proration,
        {{ stripe_saas.json_text("price", "recurring", "usage_type") }} as usage_type,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("period", "start")) }} as period_started_at,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("period", "end")) }} as period_ends_at,
        discount_amounts, taxes, tax_amounts
    from source
    where not coalesce(is_deleted, false)
)
select * from final
