{#- What SQL means by `union`, which one warehouse wants spelled out. -#}
{% macro set_union() -%}
    {{ "union distinct" if target.type == "bigquery" else "union" }}
{%- endmacro %}

{#- The texts of a group as one, in their order. -#}
{% macro sorted_list(text, delimiter) -%}
    {{ return(adapter.dispatch('sorted_list', 'stripe_saas')(text, delimiter)) }}
{%- endmacro %}

{% macro default__sorted_list(text, delimiter) -%}
    {{ dbt.listagg(text, delimiter, "order by " ~ text) }}
{%- endmacro %}

{#- dbt's own takes no order there. -#}
{% macro spark__sorted_list(text, delimiter) -%}
    nullif(array_join(array_sort(collect_list({{ text }})), {{ delimiter }}), '')
{%- endmacro %}

{#- A number of `dbt.generate_series`, counted from 0: powers of two make it a float on BigQuery. -#}
{% macro place_in_series(numbers) -%}
    (cast({{ numbers }}.generated_number as {{ dbt.type_bigint() }}) - 1)
{%- endmacro %}
