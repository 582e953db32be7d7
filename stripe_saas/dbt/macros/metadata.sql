{#- Keys of Stripe's metadata as columns of marts (the variable `metadata_columns`). -#}

{#- The keys that are asked for of a stream's objects. -#}
{% macro metadata_keys(stream) -%}
    {%- set asked = var("metadata_columns") -%}
    {%- for name in asked if name not in ["customers", "subscriptions", "invoices"] -%}
        {{ exceptions.raise_compiler_error(
            "metadata_columns: there are customers, subscriptions and invoices, and no " ~ name
        ) }}
    {%- endfor -%}
    {%- for key in asked.get(stream, []) if not modules.re.fullmatch("[A-Za-z0-9_ -]+", key) -%}
        {{ exceptions.raise_compiler_error(
            "metadata_columns: " ~ key ~ " has other signs than letters, digits, _, - and spaces"
        ) }}
    {%- endfor -%}
    {{ return(asked.get(stream, [])) }}
{%- endmacro %}

{% macro metadata_columns(keys) -%}
    {%- for key in keys %},
    {{ stripe_saas.json_text("objects.metadata", key) }} as metadata_
        {{- modules.re.sub("[^a-z0-9]+", "_", key | lower) }}
    {%- endfor -%}
{%- endmacro %}

{#- metadata: the stream, and the column that names its object. -#}
{% macro metadata_join(relation, metadata) %}
left join {{ ref("stg_stripe__" ~ metadata[0]) }} as objects
    on {{ relation }}.{{ metadata[1] }} = objects.{{ metadata[1] }}
{%- endmacro %}
