{#- Several accounts in one warehouse (the variable `by_account`).

    Every id and currency is then qualified in staging, and every raw row is there twice: as its
    account's own, "acct_1|acct_1|sub_1" and "acct_1||usd", and as part of all accounts together,
    "all|acct_1|sub_1" and "all||usd". The first part is what figures belong to; the second keeps
    objects of two accounts apart that have the same id. (An account's id may have a slash in it.) So
    a join or a group by an id or a currency mixes neither accounts nor an account and the whole, and
    models are written as for one account. What a mart shows is taken apart again by `mart`. Without
    the variable all of this is nothing. -#}

{#- What a qualified key belongs to: an account's id or `all`. -#}
{% macro account_of(key) -%}
    {{ dbt.split_part(key, "'|'", 1) if var("by_account") else "'all'" }}
{%- endmacro %}

{#- A qualified key -> what Stripe, or you, call it. -#}
{% macro plain(key) -%}
    {%- if var("by_account") -%}
    substr({{ key }}, length({{ dbt.split_part(key, "'|'", 1) }}) + length({{ dbt.split_part(key, "'|'", 2) }}) + 3)
    {%- else -%}
    {{ key }}
    {%- endif -%}
{%- endmacro %}

{#- The key of an object of the same account, of which the text of its id is known. -#}
{% macro key_beside(key, id) -%}
    {%- if var("by_account") -%}
    {{ dbt.concat([
        dbt.split_part(key, "'|'", 1), "'|'", dbt.split_part(key, "'|'", 2), "'|'", id
    ]) }}
    {%- else -%}
    {{ id }}
    {%- endif -%}
{%- endmacro %}

{#- A key of what no account owns, as a currency or a client: its text, for what a key belongs to. -#}
{% macro key_for(key, text) -%}
    {{ dbt.concat([stripe_saas.account_of(key), "'||'", text]) if var("by_account") else text }}
{%- endmacro %}

{#- The text of a key -> the key that it has among all accounts together. -#}
{% macro key_of_all(text) -%}
    {{ dbt.concat(["'all||'", text]) if var("by_account") else text }}
{%- endmacro %}

{#- The reporting currency, for what a key belongs to. -#}
{% macro reporting_currency(key) -%}
    {{ stripe_saas.key_for(key, "'" ~ (var("reporting_currency") | lower) ~ "'") }}
{%- endmacro %}

{#- The columns of marts that are qualified. -#}
{% macro qualified_columns() -%}
    {{ return([
        "client_id", "customer_id", "subscription_id", "subscription_item_id", "event_id",
        "first_event_id", "period_id", "signal_id", "invoice_id", "discount_id", "price_id",
        "from_price_id", "to_price_id", "product_id", "coupon_id", "promotion_code_id", "meter_id",
        "payout_id", "line_id", "balance_transaction_id", "source_id", "charge_id", "currency", "scope"
    ]) }}
{%- endmacro %}

{#- A mart's last step: the rows as they are, or with the account that each belongs to.

    by: the column that tells whose a row is. is_figure: whether rows of all accounts together are
    shown, with `all` as their account; what is an object of one account is there once. metadata: the
    stream and the key of objects whose metadata follows, as the variable `metadata_columns` says. -#}
{% macro mart(relation, by, is_figure=true, metadata=none) -%}
    {%- set keys = stripe_saas.metadata_keys(metadata[0]) if metadata else [] -%}
    {%- set of_mart = "shown." if keys else "" -%}
    {%- set is_several = var("by_account") and execute -%}
select
    {%- if is_several %}
    {{ stripe_saas.account_of(of_mart ~ by) }} as account_id
        {%- for column in model.columns if column != "account_id" %},
    {{ (stripe_saas.plain(of_mart ~ column) ~ " as " ~ column)
        if column in stripe_saas.qualified_columns() else of_mart ~ column }}
        {%- endfor %}
    {%- else %} {{ of_mart }}*
    {%- endif %}
    {{- stripe_saas.metadata_columns(keys) }}
from {{ relation }}{{ " as shown" if keys }}
    {{- stripe_saas.metadata_join("shown", metadata) if keys }}
{{- "\nwhere " ~ stripe_saas.account_of(of_mart ~ by) ~ " <> 'all'" if is_several and not is_figure }}
{%- endmacro %}

{#- The rows of a mart of figures, with currencies qualified, for another mart. -#}
{% macro figures_of(name) -%}
    {%- set relation = ref(name) -%}
    {%- if var("by_account") and execute -%}
    select
        {%- for column in graph.nodes["model.stripe_saas." ~ name].columns if column != "account_id" %}
        {{ (dbt.concat(["account_id", "'||'", column]) ~ " as " if column == "currency" else "") ~ column }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    {%- else -%}
    select * from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- For a test: a mart's column of accounts and a comma, where there are several. -#}
{% macro account_column(relation) -%}
    {%- if var("by_account") and execute -%}
        {#- A test with a condition has a query in the place of the relation. #}
        {%- for node in graph.nodes.values()
            if node.resource_type == "model" and "marts" in node.fqn
            and node.relation_name in relation | string -%}
            account_id, {# #}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- What a sum is of, a column or a list of them; in a mart of several accounts the account belongs
    to it. -#}
{% macro in_account(relation, by) -%}
    {%- set columns = [by] if by is string else by -%}
    {%- set parts = [] -%}
    {%- if stripe_saas.account_column(relation) -%}
        {%- do parts.extend(["account_id", "'||'"]) -%}
    {%- endif -%}
    {%- for column in columns -%}
        {%- if not loop.first -%}{%- do parts.append("'/'") -%}{%- endif -%}
        {%- do parts.append("cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")") -%}
    {%- endfor -%}
    {{ dbt.concat(parts) if parts | length > 1 else parts[0] }}
{%- endmacro %}
