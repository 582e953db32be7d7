-- One row per means of payment.
with source as (
    {{ stripe_saas.raw_stream("payment_methods", {
        "id": "key", "customer": "key", "customer_account": "key", "type": "text",
        "created": "moment", "card": "json"
    }) }}
),
final as (
    select
        id as payment_method_id, coalesce(customer, customer_account) as customer_id, type,
        created as created_at, {{ stripe_saas.json_text("card", "brand") }} as card_brand,
        cast({{ stripe_saas.json_text("card", "exp_month") }} as {{ dbt.type_bigint() }})
            as card_exp_month,
        cast({{ stripe_saas.json_text("card", "exp_year") }} as {{ dbt.type_bigint() }})
            as card_exp_year
    from source
)
select * from final
