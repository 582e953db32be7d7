-- One row per invoice; deleted drafts are left out.
with source as (
    {{ stripe_saas.raw_stream("invoices", {
        "id": "text", "customer": "text", "customer_account": "text", "status": "text",
        "currency": "text", "created": "moment", "billing_reason": "text",
        "collection_method": "text", "attempt_count": "integer", "amount_due": "integer",
        "amount_paid": "integer", "amount_remaining": "integer", "total": "integer",
        "subtotal": "integer", "due_date": "moment", "next_payment_attempt": "moment",
        "parent": "json", "status_transitions": "json", "discounts": "json",
        "total_discount_amounts": "json", "is_deleted": "boolean"
    }) }}
),
final as (
    select
        id as invoice_id, coalesce(customer, customer_account) as customer_id, status, currency,
        created as created_at, billing_reason, collection_method,
        coalesce(attempt_count, 0) as attempt_count, amount_due as amount_due_minor,
        amount_paid as amount_paid_minor, amount_remaining as amount_remaining_minor,
        total as total_minor, subtotal as subtotal_minor, due_date as due_at,
        next_payment_attempt as next_attempt_at,
        {{ stripe_saas.json_text("parent", "subscription_details", "subscription") }}
            as subscription_id,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "finalized_at")) }}
            as finalized_at,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "paid_at")) }} as paid_at,
        discounts, total_discount_amounts
    from source
    where not coalesce(is_deleted, false)
)
select * from final
