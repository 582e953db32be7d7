{#- A JSON column and keys in, the text at that path out (null where there is none). -#}
{% macro json_text(column) -%}
    {{ return(adapter.dispatch('json_text', 'stripe_saas')(column, varargs)) }}
{%- endmacro %}

{% macro default__json_text(column, path) -%}
    json_value({{ column }}, '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '$."{{ path | join('"."') }}"')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
    (cast({{ column }} as json) #>> array['{{ path | join("','") }}'])
{%- endmacro %}

{% macro redshift__json_text(column, path) -%}
    json_extract_path_text(json_serialize({{ column }}), '{{ path | join("','") }}', true)
{%- endmacro %}

{% macro snowflake__json_text(column, path) -%}
    cast(get_path({{ stripe_saas.snowflake_json(column) }}, '"{{ path | join('"."') }}"') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
    json_value({{ column }}, '$."{{ path | join('"."') }}"')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, "$['{{ path | join("']['") }}']")
{%- endmacro %}

{#- A JSON column and a key in, what is there as JSON out. -#}
{% macro json_part(column, key) -%}
    {{ return(adapter.dispatch('json_part', 'stripe_saas')(column, key)) }}
{%- endmacro %}

{% macro default__json_part(column, key) -%}
    json_query({{ column }}, '$.{{ key }}')
{%- endmacro %}

{% macro duckdb__json_part(column, key) -%}
    json_extract({{ column }}, '$."{{ key }}"')
{%- endmacro %}

{% macro postgres__json_part(column, key) -%}
    (cast({{ column }} as json) -> '{{ key }}')
{%- endmacro %}

{% macro redshift__json_part(column, key) -%}
    {{ column }}."{{ key }}"
{%- endmacro %}

{% macro snowflake__json_part(column, key) -%}
    get_path({{ stripe_saas.snowflake_json(column) }}, '"{{ key }}"')
{%- endmacro %}

{% macro bigquery__json_part(column, key) -%}
    json_query({{ column }}, '$."{{ key }}"')
{%- endmacro %}

{% macro spark__json_part(column, key) -%}
    get_json_object({{ column }}, "$['{{ key }}']")
{%- endmacro %}

{#- A loader may have written JSON as a variant or as text; a variant's text is its JSON. -#}
{% macro snowflake_json(column) -%}
    try_parse_json(cast({{ column }} as varchar))
{%- endmacro %}

{% macro trino__json_text(column, path) -%}
    json_extract_scalar({{ column }}, '$["{{ path | join('"]["') }}"]')
{%- endmacro %}

{% macro trino__json_part(column, key) -%}
    json_format(json_extract({{ column }}, '$["{{ key }}"]'))
{%- endmacro %}

{% macro athena__json_text(column, path) -%}
    {{ stripe_saas.trino__json_text(column, path) }}
{%- endmacro %}

{% macro athena__json_part(column, key) -%}
    {{ stripe_saas.trino__json_part(column, key) }}
{%- endmacro %}

{% macro clickhouse__json_text(column, path) -%}
    nullIf(JSON_VALUE({{ column }}, '$."{{ path | join('"."') }}"'), '')
{%- endmacro %}

{% macro clickhouse__json_part(column, key) -%}
    nullIf(JSONExtractRaw({{ column }}, '{{ key }}'), '')
{%- endmacro %}
