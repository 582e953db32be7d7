{#- The relation that a variable names, as "schema.table"; without one, a seed of this project. -#}
{% macro relation_or_seed(variable, seed) -%}
    {{ var(variable) or seed }}
{%- endmacro %}

{#- On BigQuery dbt makes a seed's table by loading its rows, so one without rows has none. -#}
{% macro make_empty_seed() -%}
    {%- if target.type == "bigquery" -%}
        create table if not exists {{ this }} (
            {%- for name, type in model.config.column_types.items() %}
            {{ name }} {{ type }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}

{#- A variable's value, which must be one of those given. -#}
{% macro one_of(variable, values) -%}
    {%- if var(variable) not in values -%}
        {{ exceptions.raise_compiler_error(
            variable ~ ": " ~ var(variable) ~ " is not one of " ~ values | join(", ")
        ) }}
    {%- endif -%}
    {{ return(var(variable)) }}
{%- endmacro %}

{#- 1 or 0, to be summed. -#}
{% macro flag(condition) -%}
    case when {{ condition }} then 1 else 0 end
{%- endmacro %}

{#- Sums of integers come back as decimals on most warehouses. -#}
{% macro whole(expression) -%}
    cast({{ expression }} as {{ dbt.type_bigint() }})
{%- endmacro %}

{#- A share with six places, null where there is nothing to share. -#}
{% macro share(part, whole) -%}
    case when {{ whole }} <> 0 then
        round(
            cast({{ part }} as {{ stripe_saas.type_exact(28, 8) }})
            / cast({{ whole }} as {{ stripe_saas.type_exact(28, 8) }}),
            6
        )
    end
{%- endmacro %}

{#- The earlier of two moments, either of which may be null. -#}
{% macro earlier_of(first, second) -%}
    case when {{ first }} is null or {{ second }} < {{ first }} then {{ second }} else {{ first }} end
{%- endmacro %}
