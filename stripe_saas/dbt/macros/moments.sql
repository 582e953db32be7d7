{#- What a loader wrote for a moment in, a timestamp in UTC without a zone out. Stripe's are Unix
    seconds; the ledger's and other loaders' may be ISO 8601 text or timestamps. -#}
{% macro moment(expression, data_type) -%}
    {%- set kind = data_type | lower -%}
    {%- if kind.startswith(('int', 'bigint', 'hugeint', 'numeric', 'decimal', 'number', 'double', 'float', 'long')) -%}
        {{ stripe_saas.from_epoch(expression) }}
    {%- elif kind.startswith(('char', 'varchar', 'text', 'string')) -%}
        cast(replace(replace({{ expression }}, 'T', ' '), 'Z', '') as {{ stripe_saas.type_moment() }})
    {%- elif 'with time zone' in kind or kind in ('timestamptz', 'timestamp_tz') -%}
        {{ stripe_saas.without_zone(expression) }}
    {%- else -%}
        cast({{ expression }} as {{ stripe_saas.type_moment() }})
    {%- endif -%}
{%- endmacro %}

{#- Unix seconds, a bigint or text of one -> a timestamp in UTC without a zone. -#}
{% macro from_epoch(seconds) -%}
    {{ return(adapter.dispatch('from_epoch', 'stripe_saas')(seconds)) }}
{%- endmacro %}

{% macro default__from_epoch(seconds) -%}
    {{ dbt.dateadd("second", "cast(" ~ seconds ~ " as " ~ dbt.type_bigint() ~ ")",
        "cast('1970-01-01 00:00:00' as " ~ stripe_saas.type_moment() ~ ")") }}
{%- endmacro %}

{#- An interval of DuckDB's holds 32 bits of seconds, which end in 2038. -#}
{% macro duckdb__from_epoch(seconds) -%}
    make_timestamp(1000000 * cast({{ seconds }} as bigint))
{%- endmacro %}

{#- A timestamp with a zone -> the same moment in UTC, without one. -#}
{% macro without_zone(expression) -%}
    {{ return(adapter.dispatch('without_zone', 'stripe_saas')(expression)) }}
{%- endmacro %}

{% macro default__without_zone(expression) -%}
    ({{ expression }} at time zone 'UTC')
{%- endmacro %}

{% macro snowflake__without_zone(expression) -%}
    cast(convert_timezone('UTC', {{ expression }}) as timestamp_ntz)
{%- endmacro %}

{% macro bigquery__without_zone(expression) -%}
    datetime({{ expression }}, 'UTC')
{%- endmacro %}

{% macro spark__without_zone(expression) -%}
    to_utc_timestamp({{ expression }}, current_timezone())
{%- endmacro %}

{#- A moment in UTC -> the clock on the wall in `reporting_timezone`. -#}
{% macro local_time(expression) -%}
    {%- set zone = var('reporting_timezone') -%}
    {%- if zone == 'UTC' -%}
        {{ expression }}
    {%- else -%}
        {{ return(adapter.dispatch('local_time', 'stripe_saas')(expression, zone)) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__local_time(expression, zone) -%}
    (({{ expression }} at time zone 'UTC') at time zone '{{ zone }}')
{%- endmacro %}

{% macro snowflake__local_time(expression, zone) -%}
    convert_timezone('UTC', '{{ zone }}', {{ expression }})
{%- endmacro %}

{% macro bigquery__local_time(expression, zone) -%}
    datetime(timestamp({{ expression }}, 'UTC'), '{{ zone }}')
{%- endmacro %}

{% macro spark__local_time(expression, zone) -%}
    from_utc_timestamp({{ expression }}, '{{ zone }}')
{%- endmacro %}

{#- The day or month of `reporting_timezone` that a moment falls in: its first date. -#}
{% macro local_period(expression, period="day") -%}
    {%- if period == "day" -%}
        cast({{ stripe_saas.local_time(expression) }} as date)
    {%- else -%}
        cast({{ dbt.date_trunc(period, stripe_saas.local_time(expression)) }} as date)
    {%- endif -%}
{%- endmacro %}

{% macro month_of(date) -%}
    cast({{ dbt.date_trunc("month", date) }} as date)
{%- endmacro %}

{#- Days are added as dates: a timestamp would come back otherwise on some warehouses. -#}
{% macro add_to_date(date, count, part="day") -%}
    cast({{ dbt.dateadd(part, count, date) }} as date)
{%- endmacro %}

{#- The type of a moment in UTC without a zone. -#}
{% macro type_moment() -%}
    {{ "datetime" if target.type == "bigquery" else dbt.type_timestamp() }}
{%- endmacro %}

{#- Spark's timestamps are moments that show in the session's zone, and a zone with a summer time has
    hours that it cannot show. -#}
{% macro require_utc() -%}
    {%- if execute and target.type in ("spark", "databricks") -%}
        {%- set zone = run_query("select current_timezone()").columns[0][0] -%}
        {%- if zone not in ("UTC", "Etc/UTC") -%}
            {{ exceptions.raise_compiler_error(
                "stripe_saas needs a session in UTC, and this one is in " ~ zone
                ~ ": set spark.sql.session.timeZone to UTC"
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
