-- One row per client and month in which anything moved, for movements from month to month (M59).
{{ stripe_saas.client_phases("month") }}
