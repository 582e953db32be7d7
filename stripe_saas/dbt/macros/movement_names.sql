{#- The movements of MRR, in the order of the marts' columns (M55). -#}
{% macro movements() -%}
    {{ return(["new", "expansion", "contraction", "churn", "reactivation"]) }}
{%- endmacro %}

{#- What a client can be in the count of customers of a currency: those that came, those that went. A
    paused client that leaves for good went when it paused, so it is counted apart. -#}
{% macro customers_in() -%}
    {{ return(["new", "reactivated", "resumed", "moved_in"]) }}
{%- endmacro %}

{% macro customers_out() -%}
    {{ return(["churned", "paused", "moved_out"]) }}
{%- endmacro %}

{% macro customer_changes() -%}
    {{ return(
        stripe_saas.customers_in() + stripe_saas.customers_out() + ["churned_while_paused"]
    ) }}
{%- endmacro %}
