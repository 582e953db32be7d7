-- One row per state of a subscription and item in it.
with elements as (
    {{ stripe_saas.json_elements(ref("int_stripe__states"), ["event_id"], "items_after") }}
),
items as (
    select
        event_id,
        {{ stripe_saas.key_beside("event_id", stripe_saas.json_text("element", "id")) }} as subscription_item_id,
        {{ stripe_saas.key_beside("event_id", stripe_saas.json_text("element", "price")) }} as price_id,
        cast({{ stripe_saas.json_text("element", "quantity") }} as {{ dbt.type_bigint() }}) as quantity,
        cast({{ stripe_saas.json_text("element", "mrr") }} as {{ dbt.type_bigint() }}) as mrr_minor
    from elements
),
final as (
    select
        items.event_id, items.subscription_item_id, items.price_id, items.quantity,
        coalesce(items.mrr_minor, 0) as mrr_minor,
        plans.product_id, coalesce(plans.plan, {{ stripe_saas.plain("items.price_id") }}) as plan, plans.tier,
        -- while nothing counts, as in a pause, what is dearest by its list
        row_number() over (
            partition by items.event_id
            order by coalesce(items.mrr_minor, 0) desc,
                coalesce(plans.unit_amount_minor, 0) * coalesce(items.quantity, 1) desc,
                items.price_id, items.subscription_item_id
        ) as place
    from items
    left join {{ ref("int_stripe__plans") }} as plans on items.price_id = plans.price_id
)
select * from final
