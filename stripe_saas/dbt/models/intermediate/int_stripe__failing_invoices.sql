-- One row per invoice of a subscription that is open after a payment failed or was due.
with invoices as (
    select * from {{ ref("stg_stripe__invoices") }}
    where status = 'open' and subscription_id is not null
),
final as (
    select
        invoices.invoice_id, invoices.subscription_id, invoices.customer_id, invoices.currency,
        invoices.amount_remaining_minor, invoices.attempt_count,
        coalesce(failures.failed_at, invoices.due_at) as failed_at
    from invoices
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("int_stripe__invoice_failures") }} as failures
        on invoices.invoice_id = failures.invoice_id
    where failures.invoice_id is not null or invoices.due_at < as_of.as_of_at
)
select * from final
