-- One row: the moment of the last sync, which the models take for now, and whose account it is.
{{ config(materialized="table") }}
with syncs as (
    {{ stripe_saas.as_of_query() }}
),
final as (
    select
        as_of_at,
        {{ stripe_saas.local_period("as_of_at") }} as as_of_date,
        {{ stripe_saas.local_period("as_of_at", "month") }} as as_of_month,
        account_id, account_name, mode
    from syncs
)
select * from final
