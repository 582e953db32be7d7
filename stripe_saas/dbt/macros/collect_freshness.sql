{#- (An argument hides dbt's own `source`, hence `builtins`.)

    When a stream was last read to its end, against the moment *as of*: dbt's own macro asks the
    warehouse for the time, and would find every rebuilt past stale.

    dbt takes this one where the project is built on its own. A project that installs it as a
    package calls it from a macro of the same name. -#}
{% macro collect_freshness(source, loaded_at_field, filter=none) %}
    {%- set streams = load_relation(builtins.source('stripe', 'sync_streams')) if execute else none -%}
    {%- set existing = load_relation(source) if execute else none -%}
    {% call statement('collect_freshness', fetch_result=True, auto_begin=False) -%}
    with as_of as (
        {{ stripe_saas.as_of_query() }}
    ),
    loaded as (
        {%- if not existing %}
        select as_of_at as loaded_at from as_of
        {%- elif streams %}
        select {{ stripe_saas.from_epoch("max(synced_at)") }} as loaded_at
        from {{ streams }}
        where stream = '{{ source.identifier }}'
        {%- else %}
        {#- Of an empty table nobody knows when it was looked at. #}
        select coalesce(max({{ loaded_at_field }}), max(as_of_at)) as loaded_at
        from as_of
        left join {{ source }} on 1 = 1
        {%- endif %}
    )
    select loaded.loaded_at as max_loaded_at, as_of.as_of_at as snapshotted_at
    from loaded
    cross join as_of
    {%- endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}
