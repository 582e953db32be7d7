-- One row per subscription and span of time in which its MRR, plan, quantity and status stood still.
{{ stripe_saas.mart(ref("int_stripe__subscription_periods"), by="subscription_id", is_figure=false, metadata=["subscriptions", "subscription_id"]) }}
