{#- The variables of this project that move MRR: name -> value as JSON, or as text if it is one. -#}
{% macro model_options() -%}
    {%- set found = {} -%}
    {%- for name in [
        "reporting_timezone", "switch_window_hours", "switch_movements", "month_movements",
        "fx_mode", "reporting_currency", "identity_rules", "identity_metadata_keys",
        "identity_entity"
    ] -%}
        {%- set value = var(name) -%}
        {%- do found.update({name: value if value is string else tojson(value)}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Whether a closed month had other values of some of them; `options` is a JSON object of text. -#}
{% macro had_other_options(options, names) -%}
    {%- set current = stripe_saas.model_options() -%}
    not (
        {%- for name in names %}
        {{ options }} like '%{{ tojson(name) }}: {{ tojson(current[name]) | replace("'", "''") }}%'
        {{- " and" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
