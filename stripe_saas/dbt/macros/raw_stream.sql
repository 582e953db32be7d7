{#- A stream and the columns wanted in; its rows out, each key once, every column of one type.

    Tables differ by loader: a stream that was not synced gives no rows, a column that is missing is
    null, and of two rows of one key (a loader that only appends) the later stays. Where a table has
    a column `_airbyte_data`, as Airbyte's raw tables have, everything is read out of that.

    columns: name -> text, integer, number, boolean, moment or json; `key` and `currency` are texts that
    tell accounts apart where there are several (see accounts.sql). -#}
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
    {%- set is_raw = "_airbyte_data" in found -%}
    {%- if not found %}
    select
        {%- for name, kind in columns.items() %}
        cast(null as {{ stripe_saas.type_of(kind) }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from (select 1 as one) as nothing
    where 1 = 0
    {%- elif "account_id" in found and not var("by_account") -%}
    {{ exceptions.raise_compiler_error(
        relation ~ " has a column account_id: set the variable by_account to true"
    ) }}
    {%- else %}
    {%- set account = stripe_saas.raw_property("account_id", "text") if is_raw
        else stripe_saas.raw_column(found.get("account_id"), "text") %}
    select
        {%- for name, kind in columns.items() %}
        {{ stripe_saas.raw_key(
            stripe_saas.raw_property(name, kind) if is_raw
                else stripe_saas.raw_column(found.get(name), kind),
            kind
        ) }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from (
        select
            *,
            {%- if var("by_account") %}
            coalesce({{ account }}, 'unknown') as _account,
            {%- endif %}
            row_number() over (
                partition by {% if var("by_account") %}{{ account }}, {% endif %}
                {%- for part in key.split(", ") -%}
                    {{ stripe_saas.raw_property(part, "text") if is_raw else part }}
                    {{- ", " if not loop.last }}
                {%- endfor %}
                order by
                    {%- if is_raw %}
                    coalesce({{ stripe_saas.raw_property("updated", "integer") }}, 0) desc,
                    {%- elif "updated" in found %}
                    case when updated is null then 1 else 0 end, updated desc,
                    {%- endif %}
                    {{ "_airbyte_extracted_at desc" if "_airbyte_extracted_at" in found else key }}
            ) as place_of_row
        from {{ relation }}
    ) as placed
    {%- if var("by_account") %}
    cross join (select 0 as _is_together union all select 1 as _is_together) as scopes
    {%- endif %}
    where place_of_row = 1
    {%- endif %}
{%- endmacro %}

{#- A key or a currency of a raw row, qualified by what the row is read for. -#}
{% macro raw_key(value, kind) -%}
    {%- if var("by_account") and kind in ("key", "currency") -%}
        {#- DuckDB takes a text and a null that stands for a missing column for an integer. #}
        cast({{ dbt.concat([
            "case when _is_together = 1 then 'all' else _account end",
            "'|'", "_account" if kind == "key" else "''", "'|'", value
        ]) }} as {{ dbt.type_string() }})
    {%- else -%}
        {{ value }}
    {%- endif -%}
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

{#- A property of Stripe's object inside `_airbyte_data`. -#}
{% macro raw_property(name, kind) -%}
    {%- set text = stripe_saas.json_text("_airbyte_data", name) -%}
    {%- if kind == "json" -%}
        {{ stripe_saas.json_part("_airbyte_data", name) }}
    {%- elif kind == "moment" -%}
        {#- Stripe's are Unix seconds, the ledger's ISO 8601. #}
        coalesce(
            {{ stripe_saas.moment("case when " ~ text ~ " like '%-%-%' then " ~ text ~ " end", "text") }},
            {{ stripe_saas.from_epoch("case when " ~ text ~ " not like '%-%-%' then " ~ text ~ " end") }}
        )
    {%- else -%}
        cast({{ text }} as {{ stripe_saas.type_of(kind) }})
    {%- endif -%}
{%- endmacro %}

{% macro type_of(kind) -%}
    {%- if kind in ("text", "key", "currency") -%}{{ dbt.type_string() }}
    {%- elif kind == "integer" -%}{{ dbt.type_bigint() }}
    {%- elif kind == "number" -%}{{ stripe_saas.type_exact(28, 9) }}
    {%- elif kind == "boolean" -%}{{ dbt.type_boolean() }}
    {%- elif kind == "moment" -%}{{ stripe_saas.type_moment() }}
    {%- elif target.type in ("duckdb", "postgres") -%}json
    {%- elif target.type == "redshift" -%}super
    {%- else -%}{{ dbt.type_string() }}
    {%- endif -%}
{%- endmacro %}

{#- Exact decimals: BigQuery's numeric has nine places and no more. -#}
{% macro type_exact(precision, scale) -%}
    {{ "bignumeric" if target.type == "bigquery" else "numeric" }}({{ precision }}, {{ scale }})
{%- endmacro %}
