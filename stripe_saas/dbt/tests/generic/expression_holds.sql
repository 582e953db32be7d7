{#- Every row of a model fulfils an expression; one that comes to null fails as well. -#}
{% test expression_holds(model, expression) %}
select * from {{ model }} where not coalesce({{ expression }}, false)
{% endtest %}
