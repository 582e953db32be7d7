{#- A table of closed months, as `stripe-saas close` writes them into DuckDB and Postgres; no rows where
    no month was closed.

    columns: name -> text, integer, boolean, date or moment. -#}
{% macro closed_table(table, columns) -%}
    {%- set relation = adapter.get_relation(
        database=source('stripe', 'syncs').database, schema=var('closed_schema'), identifier=table
    ) if execute and target.type in ("duckdb", "postgres") else none -%}
    select
        {%- for name, kind in columns.items() %}
        {%- set type = "date" if kind == "date" else stripe_saas.type_of(kind) %}
        cast({{ name if relation else "null" }} as {{ type }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    {%- if relation %}
    from {{ relation }}
    {%- else %}
    from (select 1 as one) as nothing
    where 1 = 0
    {%- endif %}
{%- endmacro %}

{#- Whole figures of `mrr_monthly` that a close keeps. -#}
{% macro closed_figures() -%}
    {%- set minor = ["opening"] + stripe_saas.movements()
        + ["fx", "closing", "rated_opening", "lost", "net_lost"] -%}
    {%- set customers = ["opening"] + stripe_saas.customer_changes() + ["lost"] -%}
    {%- set names = [] -%}
    {%- for each in minor -%}{%- do names.append(each ~ "_minor") -%}{%- endfor -%}
    {%- for each in customers -%}{%- do names.append(each ~ "_customers") -%}{%- endfor -%}
    {{ return(names + ["customers", "subscriptions"]) }}
{%- endmacro %}

{#- Minor units, to be multiplied by a factor that is exact. -#}
{% macro exactly(minor) -%}
    cast({{ minor }} as {{ stripe_saas.type_exact(14, 0) }})
{%- endmacro %}
