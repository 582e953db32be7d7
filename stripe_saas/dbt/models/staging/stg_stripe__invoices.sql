-- One row per invoice; deleted drafts are left out. Fields of API versions before 2019 stand in for
-- those that came later, where the table has them.
with source as (
    {{ stripe_saas.raw_stream("invoices", {
        "id": "key", "customer": "key", "customer_account": "key", "status": "text",
        "currency": "currency", "created": "moment", "date": "moment", "billing_reason": "text",
        "collection_method": "text", "billing": "text", "attempt_count": "integer",
        "amount_due": "integer", "amount_paid": "integer", "amount_remaining": "integer",
        "total": "integer", "subtotal": "integer", "due_date": "moment",
        "next_payment_attempt": "moment", "parent": "json", "subscription": "key",
        "status_transitions": "json", "discounts": "json", "total_discount_amounts": "json",
        "starting_balance": "integer", "ending_balance": "integer",
        "paid": "boolean", "closed": "boolean", "forgiven": "boolean", "is_deleted": "boolean",
        "metadata": "json"
    }) }}
),
-- an invoice without a status, as until 2018, says by three flags what became of it (M28)
states as (
    select
        *,
        case
            when status is not null then status
            when paid then 'paid'
            when forgiven then 'uncollectible'
            when closed then 'void'
            when coalesce(paid, closed, forgiven) is not null then 'open'
            else 'unknown'
        end as state
    from source
),
final as (
    select
        id as invoice_id, coalesce(customer, customer_account) as customer_id, state as status,
        currency, coalesce(created, date) as created_at, billing_reason,
        coalesce(collection_method, billing) as collection_method,
        coalesce(attempt_count, 0) as attempt_count, amount_due as amount_due_minor,
        coalesce(amount_paid, case when state = 'paid' then amount_due else 0 end)
            as amount_paid_minor,
        coalesce(amount_remaining, case when state = 'paid' then 0 else amount_due end)
            as amount_remaining_minor,
        total as total_minor, subtotal as subtotal_minor, due_date as due_at,
        next_payment_attempt as next_attempt_at,
        coalesce(
            {{ stripe_saas.key_beside(
                "id", stripe_saas.json_text("parent", "subscription_details", "subscription")
            ) }},
            subscription
        ) as subscription_id,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "finalized_at")) }}
            as finalized_at,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "paid_at")) }} as paid_at,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "voided_at")) }}
            as voided_at,
        {{ stripe_saas.from_epoch(
            stripe_saas.json_text("status_transitions", "marked_uncollectible_at")
        ) }} as uncollectible_at,
        coalesce(starting_balance, 0) as starting_balance_minor,
        coalesce(ending_balance, starting_balance, 0) as ending_balance_minor,
        discounts, total_discount_amounts, metadata
    from states
    where not coalesce(is_deleted, false)
)
select * from final
