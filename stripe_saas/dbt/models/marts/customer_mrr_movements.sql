-- One row per client, basis, currency and day on which its MRR moved.
with movements as (
    select * from {{ ref("int_stripe__client_day_movements") }}
),
final as (
    select
        {{ dbt.concat(["basis", "'/'", stripe_saas.plain("client_id"), "'/'",
            stripe_saas.plain("currency"), "'/'",
            "cast(period_start as " ~ dbt.type_string() ~ ")"]) }} as movement_id,
        client_id, basis, currency, currency_exponent, period_start as date_day,
        {{ stripe_saas.month_of("period_start") }} as date_month,
        movement, customer_change, is_switch, mrr_before_minor, mrr_after_minor, mrr_delta_minor,
        is_provisional
    from movements
)
{{ stripe_saas.mart("final", by="client_id") }}
