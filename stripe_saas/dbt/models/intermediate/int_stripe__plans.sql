-- One row per price that any table names, with what it is called and the tier it opens.
with listed as (
    select
        price_id, product_id, nickname, lookup_key, billing_interval, interval_count, usage_type,
        unit_amount_minor
    from {{ ref("stg_stripe__prices") }}
),
-- prices made for one subscription stand in no list
of_items as (
    select price_id, min(product_id) as product_id, min(price_nickname) as nickname
    from {{ ref("stg_stripe__subscription_items") }}
    where price_id is not null
    group by 1
),
prices as (
    select * from listed
    union all
    select
        of_items.price_id, of_items.product_id, of_items.nickname,
        cast(null as {{ dbt.type_string() }}), cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_bigint() }}), cast(null as {{ dbt.type_string() }}),
        cast(null as {{ dbt.type_bigint() }})
    from of_items
    left join listed on of_items.price_id = listed.price_id
    where listed.price_id is null
),
final as (
    select
        prices.price_id, prices.product_id, products.product_name,
        coalesce(prices.nickname, prices.lookup_key, products.product_name,
            {{ stripe_saas.plain("prices.price_id") }}) as plan,
        products.tier, prices.billing_interval, prices.interval_count, prices.usage_type,
        prices.unit_amount_minor
    from prices
    left join {{ ref("stg_stripe__products") }} as products
        on prices.product_id = products.product_id
)
select * from final
