-- One row per subscription whose renewal comes within `renewal_due_days`.
{{ stripe_saas.mart(ref("int_stripe__renewals_due"), by="subscription_id", is_figure=false) }}
