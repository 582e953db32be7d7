-- One row per coupon, promotion code and currency.
with discounts as (
    select * from {{ ref("int_stripe__discounts") }} where coupon_id is not null
),
subscriptions as (
    select * from {{ ref("int_stripe__subscriptions") }}
),
-- a subscription counts once for a coupon, however many discounts of it there were
holders as (
    select
        discounts.coupon_id, discounts.promotion_code_id, subscriptions.currency,
        subscriptions.subscription_id, subscriptions.list_mrr_minor, subscriptions.mrr_minor,
        max({{ stripe_saas.flag("discounts.is_on_subscription and subscriptions.mrr_minor > 0") }})
            as is_active
    from discounts
    inner join subscriptions on discounts.subscription_id = subscriptions.subscription_id
    group by 1, 2, 3, 4, 5, 6
),
holder_sums as (
    select
        coupon_id, promotion_code_id, currency, count(*) as subscriptions,
        {{ stripe_saas.whole("sum(is_active)") }} as active_subscriptions,
        {{ stripe_saas.whole("sum(case when is_active = 1 then list_mrr_minor else 0 end)") }}
            as list_mrr_minor,
        {{ stripe_saas.whole("sum(case when is_active = 1 then mrr_minor else 0 end)") }}
            as net_mrr_minor
    from holders
    group by 1, 2, 3
),
redemptions as (
    select
        discounts.coupon_id, discounts.promotion_code_id, subscriptions.currency,
        count(distinct discounts.discount_id) as redemptions
    from discounts
    inner join subscriptions on discounts.subscription_id = subscriptions.subscription_id
    group by 1, 2, 3
),
coupons_of_discounts as (
    select distinct discount_id, coupon_id, promotion_code_id from discounts
),
amount_elements as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__invoices"), ["invoice_id", "currency", "status", "amount_paid_minor"],
        "total_discount_amounts"
    ) }}
),
amounts as (
    select
        invoice_id, currency, status, amount_paid_minor,
        {{ stripe_saas.key_beside("invoice_id", "coalesce("
            ~ stripe_saas.json_text("element", "discount", "id") ~ ", "
            ~ stripe_saas.json_text("element", "discount") ~ ")"
        ) }} as discount_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }}) as amount_minor
    from amount_elements
),
invoice_amounts as (
    select
        discounts.coupon_id, discounts.promotion_code_id, amounts.currency, amounts.invoice_id,
        amounts.amount_paid_minor, sum(amounts.amount_minor) as discount_minor
    from amounts
    inner join coupons_of_discounts as discounts on amounts.discount_id = discounts.discount_id
    where amounts.status = 'paid'
    group by 1, 2, 3, 4, 5
),
invoice_sums as (
    select
        coupon_id, promotion_code_id, currency,
        {{ stripe_saas.whole("sum(discount_minor)") }} as lifetime_discount_minor,
        {{ stripe_saas.whole("sum(amount_paid_minor)") }} as lifetime_revenue_minor
    from invoice_amounts
    group by 1, 2, 3
),
final as (
    select
        holder_sums.coupon_id, coupons.coupon_name, coupons.duration, coupons.percent_off,
        coupons.amount_off_minor, holder_sums.promotion_code_id, codes.code as promotion_code,
        holder_sums.currency, coalesce(exponents.currency_exponent, 2) as currency_exponent,
        redemptions.redemptions, holder_sums.subscriptions, holder_sums.active_subscriptions,
        holder_sums.list_mrr_minor, holder_sums.list_mrr_minor - holder_sums.net_mrr_minor
            as discount_mrr_minor,
        holder_sums.net_mrr_minor,
        coalesce(invoice_sums.lifetime_discount_minor, 0) as lifetime_discount_minor,
        coalesce(invoice_sums.lifetime_revenue_minor, 0) as lifetime_revenue_minor
    from holder_sums
    inner join redemptions
        on holder_sums.coupon_id = redemptions.coupon_id
        and coalesce(holder_sums.promotion_code_id, '') = coalesce(redemptions.promotion_code_id, '')
        and holder_sums.currency = redemptions.currency
    left join invoice_sums
        on holder_sums.coupon_id = invoice_sums.coupon_id
        and coalesce(holder_sums.promotion_code_id, '') = coalesce(invoice_sums.promotion_code_id, '')
        and holder_sums.currency = invoice_sums.currency
    left join {{ ref("stg_stripe__coupons") }} as coupons
        on holder_sums.coupon_id = coupons.coupon_id
    left join {{ ref("stg_stripe__promotion_codes") }} as codes
        on holder_sums.promotion_code_id = codes.promotion_code_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("holder_sums.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="coupon_id", is_figure=false) }}
