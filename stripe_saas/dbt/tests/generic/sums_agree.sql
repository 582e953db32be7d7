{#- A sum over a model equals a sum over another, group by group; a group that only one has counts
    as zero in the other.

    our_where: not `where`, which dbt takes for all that is read of the model, except_where's part too.

    by, other_by: a column, or a list of them. other_latest: a column; only rows of the other with its
    greatest value count. other_except: a client or such that both have; those of the model that
    except_where is true of are left out of the other. -#}
{% test sums_agree(
    model, sum, by, other, other_sum, other_by, our_where="1 = 1", other_where="1 = 1",
    other_latest=none, other_except=none, except_where="1 = 0"
) %}
with ours as (
    select {{ stripe_saas.in_account(model, by) }} as sum_of, sum({{ sum }}) as amount
    from {{ model }} where {{ our_where }} group by 1
),
theirs as (
    select {{ stripe_saas.in_account(other, other_by) }} as sum_of, sum({{ other_sum }}) as amount
    from {{ other }}
    where {{ other_where }}
        {%- if other_latest %} and {{ other_latest }} = (select max({{ other_latest }}) from {{ other }}){% endif %}
        {%- if other_except %}
        and {{ stripe_saas.key_for(other_except, stripe_saas.plain(other_except)) }} not in (
            select {{ stripe_saas.in_account(model, other_except) }} from {{ model }} where {{ except_where }}
        )
        {%- endif %}
    group by 1
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
