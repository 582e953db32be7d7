-- One row per Stripe customer that any table names: its own id, and the rule that found it.
{%- set rules = var("identity_rules") -%}
{%- set keys = var("identity_metadata_keys") -%}
{%- set entity_column = {"user": "user_id", "account": "account_id"}[
    stripe_saas.one_of("identity_entity", ["account", "user"])
] %}
{#- Two accounts may have a customer of one id, who is not one client for it. #}
{%- set own_key = "known.customer_id" if not var("by_account") else
    "case when known.account_id = 'all' and count(*) over (partition by known.account_id, "
    ~ stripe_saas.plain("known.customer_id") ~ ") > 1 then "
    ~ dbt.concat(["'all||'", dbt.split_part("known.customer_id", "'|'", 2), "'/'",
        stripe_saas.plain("known.customer_id")])
    ~ " else known.customer_id end" %}
with customers as (
    select customer_id, email, metadata, is_deleted from {{ ref("stg_stripe__customers") }}
),
-- A customer deleted long ago may be known by its subscriptions alone.
known as (
    select customer_id from customers
    {{ stripe_saas.set_union() }}
    select customer_id from {{ ref("stg_stripe__subscriptions") }}
    {{ stripe_saas.set_union() }}
    select customer_id from {{ ref("stg_stripe__subscription_events") }}
),
own_entities as (
    select
        cast({{ entity_column }} as {{ dbt.type_string() }}) as entity_id,
        lower(trim(email)) as email,
        lower(trim(domain)) as domain
    from {{ stripe_saas.relation_or_seed("own_entities_relation", ref("stripe_own_entities")) }}
    where {{ entity_column }} is not null
),
addresses as (
    select
        customer_id,
        lower(trim(email)) as email,
        lower(trim({{ dbt.split_part("email", "'@'", 2) }})) as domain
    from customers
    where email is not null
),
overrides as (
    select
        known.customer_id,
        min(cast(given.entity_id as {{ dbt.type_string() }})) as entity_id,
        count(distinct given.entity_id) as found
    from {{ stripe_saas.relation_or_seed(
        "identity_overrides_relation", ref("stripe_identity_overrides")
    ) }} as given
    inner join known
        on cast(given.customer_id as {{ dbt.type_string() }})
        = {{ stripe_saas.plain("known.customer_id") }}
    group by 1
),
by_metadata as (
    select
        customer_id,
        {% if keys -%}
        coalesce(
            {%- for key in keys %}
            nullif({{ stripe_saas.json_text("metadata", key) }}, ''),
            {%- endfor %}
            cast(null as {{ dbt.type_string() }})
        ) as entity_id,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as entity_id,
        {%- endif %}
        1 as found
    from customers
),
-- Two entities with one address make it say nothing.
by_email as (
    select
        addresses.customer_id,
        min(own_entities.entity_id) as entity_id,
        count(distinct own_entities.entity_id) as found
    from addresses
    inner join own_entities on addresses.email = own_entities.email
    group by 1
),
by_email_domain as (
    select
        addresses.customer_id,
        min(own_entities.entity_id) as entity_id,
        count(distinct own_entities.entity_id) as found
    from addresses
    inner join own_entities on addresses.domain = own_entities.domain
    left join (
        select distinct lower(trim(domain)) as domain
        from {{ stripe_saas.relation_or_seed(
            "free_mail_domains_relation", ref("stripe_free_mail_domains")
        ) }}
    ) as free_domains
        on addresses.domain = free_domains.domain
    where free_domains.domain is null
    group by 1
),
{%- set sources = {
    "override": "overrides", "metadata": "by_metadata",
    "email": "by_email", "email_domain": "by_email_domain"
} %}
matches as (
    {%- for rule in rules %}
    {%- if rule not in sources %}
    {{ exceptions.raise_compiler_error("identity_rules: " ~ rule ~ " is not one of override, metadata, email, email_domain") }}
    {%- endif %}
    select customer_id, entity_id, found, '{{ rule }}' as matched_by, {{ loop.index }} as place
    from {{ sources[rule] }}
    where entity_id is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}
),
placed as (
    select
        customer_id, entity_id, matched_by,
        row_number() over (partition by customer_id order by place) as place
    from matches
    where found = 1
),
ambiguous as (
    select customer_id, count(*) as rules from matches where found > 1 group by 1
),
final as (
    select
        known.customer_id,
        coalesce({{ stripe_saas.key_for("known.customer_id", "placed.entity_id") }}, {{ own_key }})
            as client_id,
        placed.entity_id,
        placed.matched_by,
        placed.entity_id is null and ambiguous.rules is not null as is_ambiguous,
        -- a customer that is not among those that were read was deleted before the first sync
        coalesce(
            customers.is_deleted,
            customers.customer_id is null and count(customers.customer_id) over (
                partition by known.account_id
            ) > 0
        ) as is_deleted
    from (
        select customer_id, {{ stripe_saas.account_of("customer_id") }} as account_id from known
    ) as known
    left join customers on known.customer_id = customers.customer_id
    left join placed on known.customer_id = placed.customer_id and placed.place = 1
    left join ambiguous on known.customer_id = ambiguous.customer_id
    where known.customer_id is not null
)
select * from final
