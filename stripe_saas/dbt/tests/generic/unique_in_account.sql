{#- No two rows of a mart have the same id, in one account where there are several. -#}
{% test unique_in_account(model, column_name) %}
select {{ stripe_saas.account_column(model) }}{{ column_name }} as id
from {{ model }}
where {{ column_name }} is not null
group by {{ stripe_saas.account_column(model) }}{{ column_name }}
having count(*) > 1
{% endtest %}
