-- One row per variable of this project that moves MRR, as a close keeps it.
{%- for name, value in stripe_saas.model_options().items() %}
select '{{ name }}' as option_name, '{{ value | replace("'", "''") }}' as option_value
{{ "union all" if not loop.last }}
{%- endfor %}
