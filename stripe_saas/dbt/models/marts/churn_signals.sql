-- One row per subscription and reason to fear for it.
{{ stripe_saas.mart(ref("int_stripe__churn_signals"), by="subscription_id", is_figure=false) }}
