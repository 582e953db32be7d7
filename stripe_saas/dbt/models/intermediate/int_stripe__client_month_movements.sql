-- One row per client, basis, currency and month whose closing MRR is not its opening (M59, net).
{{ stripe_saas.client_movements("month") }}
