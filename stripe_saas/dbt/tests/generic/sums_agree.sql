{#- A sum over a model equals a sum over another, group by group; a group that only one has counts
    as zero in the other. -#}
{% test sums_agree(model, sum, by, other, other_sum, other_by, where="1 = 1", other_where="1 = 1") %}
with ours as (
    select {{ stripe_saas.in_account(model, by) }} as sum_of, sum({{ sum }}) as amount
    from {{ model }} where {{ where }} group by 1
),
theirs as (
    select {{ stripe_saas.in_account(other, other_by) }} as sum_of, sum({{ other_sum }}) as amount
    from {{ other }} where {{ other_where }} group by 1
),
both_sides as (
    select sum_of, amount, 0 as other_amount from ours
    union all
    select sum_of, 0 as amount, amount as other_amount from theirs
),
summed as (
    select sum_of, sum(amount) as our_sum, sum(other_amount) as their_sum
    from both_sides
    group by 1
)
select * from summed where our_sum <> their_sum
{%- if var("by_account") %}
    -- what is one account's object is not there for all accounts together
    and sum_of not like 'all|%'
{%- endif %}
{% endtest %}
