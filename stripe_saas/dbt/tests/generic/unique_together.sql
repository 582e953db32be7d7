{#- No two rows of a model agree in all of these columns, and none of them is null. -#}
{% test unique_together(model, columns) %}
select {{ stripe_saas.account_column(model) }}{{ columns | join(", ") }}, count(*) as number_of_rows
from {{ model }}
group by {{ stripe_saas.account_column(model) }}{{ columns | join(", ") }}
having count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
