-- One row per client and day in which anything moved: what leaving or reaching zero was (M55-M57).
{{ stripe_saas.client_phases("day") }}
