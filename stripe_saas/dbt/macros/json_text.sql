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

{#- A JSON column and an expression for a key in, what is there as JSON out. -#}
{% macro json_at(column, key) -%}
    {{ return(adapter.dispatch('json_at', 'stripe_saas')(column, key)) }}
{%- endmacro %}

{% macro default__json_at(column, key) -%}
    json_query({{ column }}, '$.' || {{ key }})
{%- endmacro %}

{% macro duckdb__json_at(column, key) -%}
    json_extract({{ column }}, '$."' || {{ key }} || '"')
{%- endmacro %}

{% macro postgres__json_at(column, key) -%}
    (cast({{ column }} as json) -> {{ key }})
{%- endmacro %}

{% macro redshift__json_at(column, key) -%}
    json_parse(json_extract_path_text(json_serialize({{ column }}), {{ key }}, true))
{%- endmacro %}

{% macro snowflake__json_at(column, key) -%}
    get({{ stripe_saas.snowflake_json(column) }}, {{ key }})
{%- endmacro %}

{% macro bigquery__json_at(column, key) -%}
    to_json_string(safe.parse_json({{ stripe_saas.json_as_text(column) }})[{{ key }}])
{%- endmacro %}

{% macro spark__json_at(column, key) -%}
    get_json_object({{ column }}, concat('$.', {{ key }}))
{%- endmacro %}

{% macro trino__json_at(column, key) -%}
    json_format(json_extract({{ column }}, concat('$.', {{ key }})))
{%- endmacro %}

{% macro athena__json_at(column, key) -%}
    {{ stripe_saas.trino__json_at(column, key) }}
{%- endmacro %}

{% macro clickhouse__json_at(column, key) -%}
    nullIf(JSONExtractRaw({{ column }}, {{ key }}), '')
{%- endmacro %}

{#- The id of a discount's coupon, expanded or not, in today's shape or the older one. -#}
{% macro discount_coupon(discount) -%}
    coalesce(
        {{ stripe_saas.json_text(discount, "source", "coupon", "id") }},
        {{ stripe_saas.json_text(discount, "coupon", "id") }},
        {{ stripe_saas.json_text(discount, "source", "coupon") }}
    )
{%- endmacro %}

{#- A JSON column in, its text out. -#}
{% macro json_as_text(column) -%}
    {{ return(adapter.dispatch('json_as_text', 'stripe_saas')(column)) }}
{%- endmacro %}

{% macro default__json_as_text(column) -%}
    cast({{ column }} as {{ dbt.type_string() }})
{%- endmacro %}

{#- The column may be JSON or text there, and a cast takes only one of them. -#}
{% macro bigquery__json_as_text(column) -%}
    nullif(format('%t', {{ column }}), 'NULL')
{%- endmacro %}

{% macro redshift__json_as_text(column) -%}
    json_serialize({{ column }})
{%- endmacro %}

{#- A JSON column as `json_at` gives JSON out, so that one may stand in the other's place. -#}
{% macro json_alike(column) -%}
    {%- if target.type == "bigquery" -%}
        {{ stripe_saas.json_as_text(column) }}
    {%- elif target.type == "snowflake" -%}
        {{ stripe_saas.snowflake_json(column) }}
    {%- elif target.type == "postgres" -%}
        {#- Airbyte's column is jsonb, and what json_at gives out is json. -#}
        cast({{ column }} as json)
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}
