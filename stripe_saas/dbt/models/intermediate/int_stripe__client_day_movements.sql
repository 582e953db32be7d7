-- One row per client, basis, currency and day whose closing MRR is not its opening (M56).
{{ stripe_saas.client_movements("day") }}
