-- The schema checks itself.
--
-- Why     A table without row level security, an index or a comment is found by a test and not by a stranger.
-- Adds    function ops.schema_lint
-- Locks   none: new objects only
-- Undo    DROP FUNCTION ops.schema_lint;

CREATE FUNCTION ops.schema_lint() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    WITH relations AS (
        SELECT c.* FROM pg_catalog.pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'v')
            AND (c.relnamespace = 'ops'::regnamespace OR c.oid IN (SELECT relation FROM ops.our_tables()))
    ), functions AS (
        SELECT p.*, o.access FROM pg_catalog.pg_proc AS p JOIN ops.our_functions() AS o ON o.function = p.oid
    )
    SELECT oid::regclass::text, 'row level security is off' FROM relations
    WHERE relkind <> 'v' AND NOT relrowsecurity
    UNION ALL
    SELECT oid::regclass::text, 'no comment' FROM relations
    WHERE coalesce(obj_description(oid, 'pg_class'), '') = ''
    UNION ALL
    SELECT oid::regclass::text, 'nobody has decided who may read it' FROM relations
    WHERE NOT relispartition AND oid NOT IN (SELECT relation FROM ops.our_tables())
    UNION ALL
    SELECT oid::regclass::text, 'reads with its owner''s rights' FROM relations
    WHERE relkind = 'v' AND relname <> 'public_status'
        AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)
    UNION ALL
    SELECT r.oid::regclass::text, format('%s has rights on a partition', a.grantee::regrole)
    FROM relations AS r CROSS JOIN LATERAL aclexplode(r.relacl) AS a
    WHERE r.relispartition AND a.grantee <> r.relowner
    UNION ALL
    SELECT oid::regprocedure::text, 'no comment' FROM functions
    WHERE coalesce(obj_description(oid, 'pg_proc'), '') = ''
    UNION ALL
    SELECT oid::regprocedure::text, 'its search_path is not fixed' FROM functions
    WHERE NOT coalesce(proconfig @> ARRAY['search_path=""'], false)
    UNION ALL
    SELECT f.oid::regprocedure::text, 'everybody may call it'
    FROM functions AS f CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
    WHERE a.grantee = 0
    UNION ALL
    SELECT k.conrelid::regclass::text, format('no index serves foreign key %s', k.conname)
    FROM pg_catalog.pg_constraint AS k JOIN relations AS r ON r.oid = k.conrelid
    WHERE k.contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION ops.schema_lint() IS 'What is wrong with our tables, views and functions; no rows when all is well.';

SELECT ops.grant_access();
