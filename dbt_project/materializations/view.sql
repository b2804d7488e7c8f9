{#-
    Replaces a view in place, unlike dbt's default (a new view takes the name, and the former one is dropped with
    all dependent objects). So dependent objects and grants stay.

    A reader's open transaction keeps the view locked. Waiting for such a lock blocks all later readers,
    so dbt waits only `view_lock_timeout_ms`, lets readers pass for `view_pause_s`, and tries `view_tries` times.
-#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}
    {%- if existing is not none and not existing.is_view -%}
        {{ exceptions.raise_compiler_error(
            target ~ " is a " ~ existing.type ~ " that dbt did not make. Rename or drop it, then launch dbt_build again."
        ) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {{ replace_view(target, in_former_places(existing, sql)) }}
    {%- endcall %}

    {#- Never revoke: grants may come from outside the project. -#}
    {% do apply_grants(target, config.get('grants'), should_revoke=False) %}
    {% do persist_docs(target, model) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#- `sql` with the view's columns in their places and new ones after them, which PostgreSQL requires to replace a view. -#}
{% macro in_former_places(existing, sql) %}
    {%- set wanted = get_columns_in_query(sql) -%}
    {%- set former = [] if existing is none else adapter.get_columns_in_relation(existing) | map(attribute='name') -%}
    {%- set kept = former | select('in', wanted) | list -%}
    {%- set placed = kept + (wanted | reject('in', kept) | list) -%}
    {{- return(sql if placed == wanted else 'select ' ~ placed | join(', ') ~ ' from (\n' ~ sql ~ '\n) as model') -}}
{% endmacro %}


{#- Statements that create or replace `target`. Only if its columns differ (42P16) it is dropped and created, with
    its grants; PostgreSQL refuses that while something depends on it (2BP01), and lists the dependents. -#}
{% macro replace_view(target, sql) %}
set local lock_timeout = '{{ var("view_lock_timeout_ms") }}ms';

do $dbt$
declare
    target constant text := '{{ target }}';
    replacement constant text := $view$create or replace view {{ target }} as (
{{ sql }}
)$view$;
    tries integer := 0;
    grants text;
    dependents text;
    holders text;
begin
    loop
        begin
            begin
                execute replacement;
            exception when invalid_table_definition then
                select string_agg(
                    format(
                        'grant %s on %s to %s%s', privilege_type, target,
                        case grantee when 0 then 'public' else grantee::regrole::text end,
                        case when is_grantable then ' with grant option' else '' end
                    ),
                    '; '
                )
                into grants from pg_class, aclexplode(relacl) where pg_class.oid = target::regclass;
                execute 'drop view ' || target;
                execute replacement;
                if grants is not null then
                    execute grants;
                end if;
            end;
            return;
        exception
            when dependent_objects_still_exist then
                get stacked diagnostics dependents = pg_exception_detail;
                raise exception using message = format(
                    'The columns of {{ target.identifier }} change, which PostgreSQL refuses while other objects depend on it: %s. '
                    'Nothing was changed. Agree with their owners to change or drop them, then launch dbt_build again.',
                    replace(dependents, E'\n', '; ')
                );
            when lock_not_available then
                tries := tries + 1;
                if tries >= {{ var("view_tries") }} then
                    select string_agg(distinct format('pid %s of %s', lock.pid, activity.usename), ', ')
                    into holders
                    from pg_locks as lock inner join pg_stat_activity as activity on lock.pid = activity.pid
                    where lock.relation = target::regclass and lock.granted;
                    raise exception using message = format(
                        '{{ target.identifier }} was held at each of %s tries (now by %s): a transaction that read it is '
                        'still open. The old view stays. End that transaction; dbt_build retries automatically.',
                        tries, coalesce(holders, 'nobody')
                    );
                end if;
                perform pg_sleep({{ var("view_pause_s") }});
        end;
    end loop;
end
$dbt$;
{% endmacro %}
