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
    cast(get_path(to_variant({{ column }}), '"{{ path | join('"."') }}"') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
    json_value({{ column }}, '$."{{ path | join('"."') }}"')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '$["{{ path | join('"]["') }}"]')
{%- endmacro %}
