{#- A stream and the columns wanted in; its rows out, each key once, every column of one type.

    Tables differ by loader: a stream that was not synced gives no rows, a column that is missing is
    null, and of two rows of one key (a loader that only appends) the later stays.

    columns: name -> text, integer, number, boolean, moment or json. -#}
{% macro raw_stream(stream, columns, key="id") -%}
    {%- set relation = source('stripe', stream) -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- set existing = load_relation(relation) -%}
        {%- if existing -%}
            {%- for column in adapter.get_columns_in_relation(existing) -%}
                {%- do found.update({column.name | lower: column}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not found %}
    select
        {%- for name, kind in columns.items() %}
        cast(null as {{ stripe_saas.type_of(kind) }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from (select 1 as one) as nothing
    where 1 = 0
    {%- else %}
    select
        {%- for name, kind in columns.items() %}
        {{ stripe_saas.raw_column(found.get(name), kind) }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from (
        select
            *,
            row_number() over (
                partition by {{ key }}
                order by {{ "updated desc," if "updated" in found }}
                    {{ "_airbyte_extracted_at desc" if "_airbyte_extracted_at" in found else key }}
            ) as place_of_row
        from {{ relation }}
    ) as placed
    where place_of_row = 1
    {%- endif %}
{%- endmacro %}

{% macro raw_column(column, kind) -%}
    {%- if column is none or column is not defined -%}
        cast(null as {{ stripe_saas.type_of(kind) }})
    {%- elif kind == "moment" -%}
        {{ stripe_saas.moment(adapter.quote(column.name), column.dtype) }}
    {%- elif kind == "json" -%}
        {{ adapter.quote(column.name) }}
    {%- else -%}
        cast({{ adapter.quote(column.name) }} as {{ stripe_saas.type_of(kind) }})
    {%- endif -%}
{%- endmacro %}

{% macro type_of(kind) -%}
    {%- if kind == "text" -%}{{ dbt.type_string() }}
    {%- elif kind == "integer" -%}{{ dbt.type_bigint() }}
    {%- elif kind == "number" -%}{{ stripe_saas.type_exact(28, 9) }}
    {%- elif kind == "boolean" -%}{{ dbt.type_boolean() }}
    {%- elif kind == "moment" -%}{{ dbt.type_timestamp() }}
    {%- elif target.type in ("duckdb", "postgres") -%}json
    {%- else -%}{{ dbt.type_string() }}
    {%- endif -%}
{%- endmacro %}

{#- Exact decimals: BigQuery's numeric has nine places and no more. -#}
{% macro type_exact(precision, scale) -%}
    {{ "bignumeric" if target.type == "bigquery" else "numeric" }}({{ precision }}, {{ scale }})
{%- endmacro %}
