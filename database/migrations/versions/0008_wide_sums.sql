-- Views on the sums keep PostgreSQL from widening them: they are taken away and put back as they were.

CREATE TEMP TABLE kept_view ON COMMIT DROP AS
WITH RECURSIVE dependent AS (
    SELECT
        rewrite.ev_class AS oid,
        1 AS depth
    FROM pg_depend AS dependency
    INNER JOIN pg_rewrite AS rewrite ON dependency.objid = rewrite.oid
    WHERE
        dependency.classid = 'pg_rewrite'::regclass
        AND dependency.refobjid IN ('kpi_1m'::regclass, 'kpi_1m_by_currency'::regclass)
    UNION
    SELECT
        rewrite.ev_class AS oid,
        dependent.depth + 1 AS depth
    FROM dependent
    INNER JOIN pg_depend AS dependency ON dependent.oid = dependency.refobjid
    INNER JOIN pg_rewrite AS rewrite ON dependency.objid = rewrite.oid
    WHERE dependency.classid = 'pg_rewrite'::regclass AND rewrite.ev_class <> dependent.oid
)

SELECT
    relation.oid,
    relation.relkind,
    relation.relacl,
    relation.relowner,
    relation.oid::regclass::text AS name,
    pg_get_viewdef(relation.oid) AS definition,
    pg_get_userbyid(relation.relowner) AS owner,
    obj_description(relation.oid, 'pg_class') AS comment,
    max(dependent.depth) AS depth
FROM dependent
INNER JOIN pg_class AS relation ON dependent.oid = relation.oid
GROUP BY relation.oid;

DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN SELECT * FROM kept_view ORDER BY depth DESC LOOP
        IF kept.relkind <> 'v' THEN
            RAISE EXCEPTION 'The materialized view % stands on the KPIs, whose columns must be widened. '
                'Drop it, migrate, and create it again.', kept.name;
        END IF;
        EXECUTE format('DROP VIEW %s', kept.name);
    END LOOP;
END
$$;

ALTER TABLE kpi_1m ALTER COLUMN revenue TYPE numeric(28, 2);
ALTER TABLE kpi_1m_by_currency
ALTER COLUMN revenue TYPE numeric(28, 2),
ALTER COLUMN order_value TYPE numeric(28, 2);

DO $$
DECLARE
    kept record;
    entry record;
BEGIN
    FOR kept IN SELECT * FROM kept_view ORDER BY depth LOOP
        EXECUTE format('CREATE VIEW %s AS %s', kept.name, kept.definition);
        IF kept.comment IS NOT NULL THEN
            EXECUTE format('COMMENT ON VIEW %s IS %L', kept.name, kept.comment);
        END IF;
        FOR entry IN SELECT * FROM aclexplode(coalesce(kept.relacl, acldefault('r', kept.relowner))) LOOP
            EXECUTE format('GRANT %s ON %s TO %s', entry.privilege_type, kept.name,
                CASE entry.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(entry.grantee)) END);
        END LOOP;
        BEGIN
            EXECUTE format('ALTER VIEW %s OWNER TO %I', kept.name, kept.owner);
        EXCEPTION
            WHEN insufficient_privilege THEN
                -- dbt builds its views again at the same start, but could not replace another user's.
                IF pg_has_role(kept.owner, 'dbt', 'MEMBER') THEN
                    EXECUTE format('DROP VIEW %s', kept.name);
                END IF;
        END;
    END LOOP;
EXCEPTION
    WHEN undefined_table THEN
        RAISE EXCEPTION 'The view % stands on a view of dbt''s user, which has to be built again first. '
            'Drop it, migrate, run dbt, and create it again.', kept.name;
END
$$;
