{#- The moment of the last sync as a query of one row; nothing else may say what *now* is. -#}
{% macro as_of_query() -%}
    {%- set syncs = load_relation(source('stripe', 'syncs')) if execute else none -%}
    {%- set unknown = "cast(null as " ~ dbt.type_string() ~ ")" -%}
    {#- The default, for a caller in another project, whose variables for this one are not seen here. #}
    {%- if var('as_of', none) %}
    select
        cast('{{ var("as_of") }}' as {{ stripe_saas.type_moment() }}) as as_of_at,
        {{ unknown }} as account_id, {{ unknown }} as account_name, {{ unknown }} as mode
    {%- elif syncs %}
    select as_of_at, account_id, account_name, mode
    from (
        select
            {{ stripe_saas.from_epoch("synced_at") }} as as_of_at,
            account_id, account_name, mode,
            row_number() over (order by synced_at desc, sync_id desc) as place
        from {{ syncs }}
        where synced_at is not null
    ) as syncs
    where place = 1
    {%- else %}
    select
        max(extracted_at) as as_of_at,
        {{ unknown }} as account_id, {{ unknown }} as account_name, {{ unknown }} as mode
    from ({{ stripe_saas.extraction_moments() }}) as extractions
    {%- endif %}
{%- endmacro %}

{#- When each stream's table was last written, by Airbyte's own column. -#}
{% macro extraction_moments() -%}
    {%- set selects = [] -%}
    {%- for node in (graph.sources.values() if execute else []) -%}
        {%- if node.package_name == 'stripe_saas' and node.name not in ('syncs', 'sync_streams') -%}
            {%- set relation = load_relation(source('stripe', node.name)) -%}
            {%- if relation -%}
                {%- for column in adapter.get_columns_in_relation(relation) -%}
                    {%- if column.name | lower == '_airbyte_extracted_at' -%}
                        {%- do selects.append(
                            "select '" ~ node.name ~ "' as stream, max("
                            ~ stripe_saas.moment('_airbyte_extracted_at', column.dtype)
                            ~ ") as extracted_at from " ~ relation
                        ) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ selects | join(" union all ") if selects else
        "select cast(null as " ~ dbt.type_string() ~ ") as stream, cast(null as "
        ~ stripe_saas.type_moment() ~ ") as extracted_at" }}
{%- endmacro %}

{#- One row a stream that has a table: when it was last read to its end (`loaded_at`). Without a log
    of syncs nobody knows that of an empty table. -#}
{% macro stream_moments() -%}
    {%- set streams = load_relation(source('stripe', 'sync_streams')) if execute else none -%}
    {%- if streams %}
    select stream, max({{ stripe_saas.from_epoch("synced_at") }}) as loaded_at
    from {{ streams }}
    {#- What no model reads need not be fresh. #}
    where stream in (
        {%- for node in graph.sources.values() if node.package_name == 'stripe_saas' -%}
            '{{ node.name }}'{{ ", " if not loop.last }}
        {%- endfor -%}
    )
    group by 1
    {%- else %}
    select stream, extracted_at as loaded_at
    from ({{ stripe_saas.extraction_moments() }}) as extractions
    where extracted_at is not null
    {%- endif %}
{%- endmacro %}
