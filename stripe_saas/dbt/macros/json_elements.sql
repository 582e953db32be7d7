{#- A relation with a JSON array in each row in; one row an element out: the keys, and `element`.

    The rows of an empty array, of null and of what is no array are left out. -#}
{% macro json_elements(relation, keys, column) -%}
    {{ return(adapter.dispatch('json_elements', 'stripe_saas')(relation, keys, column)) }}
{%- endmacro %}

{% macro default__json_elements(relation, keys, column) -%}
    {{ exceptions.raise_compiler_error("stripe_saas reads no JSON arrays on " ~ target.type) }}
{%- endmacro %}

{% macro duckdb__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, unnest(cast(cast({{ column }} as json) as json[])) as element
    from {{ relation }}
    where json_type(cast({{ column }} as json)) = 'ARRAY'
{%- endmacro %}

{% macro postgres__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, elements.element
    from {{ relation }}
    cross join lateral json_array_elements(
        case when json_typeof(cast({{ column }} as json)) = 'array'
            then cast({{ column }} as json) else cast('[]' as json) end
    ) as elements (element)
{%- endmacro %}

{% macro redshift__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, element
    from {{ relation }} as holders, holders.{{ column }} as element
{%- endmacro %}

{% macro snowflake__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, elements.value as element
    from {{ relation }},
        lateral flatten(input => {{ stripe_saas.snowflake_json(column) }}) as elements
    where is_array({{ stripe_saas.snowflake_json(column) }})
{%- endmacro %}

{% macro bigquery__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, element
    from {{ relation }}, unnest(json_query_array({{ column }})) as element
{%- endmacro %}

{% macro spark__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, element
    from {{ relation }}
    lateral view explode(from_json({{ column }}, 'array<string>')) elements as element
{%- endmacro %}

{% macro trino__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, json_format(elements.element) as element
    from {{ relation }}
    cross join unnest(
        coalesce(try_cast(json_parse({{ column }}) as array(json)), array[])
    ) as elements (element)
{%- endmacro %}

{% macro athena__json_elements(relation, keys, column) -%}
    {{ stripe_saas.trino__json_elements(relation, keys, column) }}
{%- endmacro %}

{% macro clickhouse__json_elements(relation, keys, column) -%}
    select {{ keys | join(", ") }}, arrayJoin(JSONExtractArrayRaw(ifNull({{ column }}, '[]'))) as element
    from {{ relation }}
{%- endmacro %}
