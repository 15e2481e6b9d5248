-- Operators act on the tasks of their businesses; what is ours is a list that each migration adds to; lint sees more.
--
--     authenticated  with app_metadata.role = "operator" in its token: adds and changes tasks of its businesses
--
-- Why     Somebody has to tick a task off. And a function of one long list had to be written anew for each new table.
-- Adds    tables ops.relations, ops.functions, ops.detached_partitions; index health_state_business; functions
--         ops.claimed_operator, ops.let_operators_act, ops.detached; replaces ops.our_tables, ops.our_functions,
--         ops.grant_access, ops.schema_lint
-- Locks   short: policies and grants on our own tables
-- Undo    DROP FUNCTION ops.let_operators_act, ops.claimed_operator, ops.detached CASCADE; run 20261125000500 again;
--         DROP TABLE ops.relations, ops.functions, ops.detached_partitions; DROP INDEX ops.health_state_business

-- Found by the lint below.
CREATE INDEX health_state_business ON ops.health_state (business_id);

CREATE TABLE ops.relations (
    name     text PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('table', 'view')),
    -- Which rows authenticated may read: those whose column of this name holds one of its businesses; 'claimed' and
    -- 'task' for the two tables that say it otherwise; 'view' for all that the tables below let through; null for none.
    own_rows text,
    -- What the owner itself acts upon: others may read it.
    by_owner boolean NOT NULL DEFAULT false
);
SELECT ops.close_table('ops.relations');
COMMENT ON TABLE ops.relations IS 'Every table and view of ours, and which of its rows authenticated may read.';
COMMENT ON COLUMN ops.relations.own_rows IS
    'The column that names the business of a row; claimed or task where it is said otherwise; view: all that the tables'
    ' below let through; null: none.';

COMMENT ON COLUMN ops.relations.by_owner IS 'Whether only the owner may write, because it acts upon what stands there.';

CREATE TABLE ops.functions (
    name   text PRIMARY KEY,
    access text NOT NULL CHECK (access IN ('read', 'act', 'write'))
);
SELECT ops.close_table('ops.functions');
COMMENT ON TABLE ops.functions IS
    'Functions of ours that others than the owner may call: read (whoever reads), act (service_role, and operators, whom'
    ' the policies hold to their businesses), write (service_role).';

CREATE TABLE ops.detached_partitions (
    partition_name text        PRIMARY KEY,
    table_name     text        NOT NULL,
    detached_at    timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops.detached_partitions');
COMMENT ON TABLE ops.detached_partitions IS
    'Partitions that retention has taken off their tables and whose disk is not yet given back.';

INSERT INTO ops.relations (name, kind, own_rows)
SELECT relation::text, kind, CASE relation::text WHEN 'businesses' THEN 'claimed' WHEN 'task_logs' THEN 'task' ELSE
    CASE WHEN kind = 'view' AND own_rows = '' THEN 'view' ELSE substring(own_rows FROM '^(\w+) = ANY') END END
FROM (SELECT relation, regexp_replace(kind, '^$', '') AS kind, own_rows FROM ops.our_tables()) AS t;
UPDATE ops.relations SET name = 'public.' || name WHERE name NOT LIKE '%.%';
UPDATE ops.relations SET by_owner = true WHERE name IN ('ops.partitioned_tables', 'ops.horizons');
INSERT INTO ops.relations (name, kind, by_owner) VALUES
    ('ops.relations', 'table', true),
    ('ops.functions', 'table', true),
    ('ops.detached_partitions', 'table', true);

INSERT INTO ops.functions (name, access)
SELECT DISTINCT substring(function::text FROM '^(?:\w+\.)?(\w+)\('), access FROM ops.our_functions() WHERE access <> 'owner'
ON CONFLICT DO NOTHING;
INSERT INTO ops.functions (name, access) VALUES
    ('claimed_operator', 'read'), ('uuid7', 'read'), ('create_task_with_log', 'act'), ('log_task_action', 'act'),
    ('update_task_status', 'act'), ('mark_task_needs_fix', 'act')
ON CONFLICT (name) DO UPDATE SET access = EXCLUDED.access;

CREATE OR REPLACE FUNCTION ops.our_tables() RETURNS TABLE (relation regclass, kind text, own_rows text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    -- own_rows: which rows authenticated may read; null where it has no business at all.
    SELECT c.oid::regclass, r.kind, CASE r.own_rows
        WHEN 'claimed' THEN '(SELECT ops.claimed_business_keys()) && ARRAY[slug, id::text]'
        WHEN 'task' THEN 'EXISTS (SELECT FROM public.tasks AS t WHERE t.id = task_id)'
        WHEN 'view' THEN ''
        ELSE format('%I = ANY ((SELECT ops.allowed_business_keys())::text[])', r.own_rows) END
    FROM ops.relations AS r
    -- Whatever stands there: of our two schemas, and of the kind that it says.
    JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(r.name) AND (c.relkind = 'v') = (r.kind = 'view')
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'ops')
    WHERE r.own_rows IS NOT NULL
    UNION ALL
    SELECT c.oid::regclass, r.kind, NULL
    FROM ops.relations AS r
    JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(r.name) AND (c.relkind = 'v') = (r.kind = 'view')
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'ops')
    WHERE r.own_rows IS NULL
$$;

CREATE OR REPLACE FUNCTION ops.our_functions() RETURNS TABLE (function regprocedure, access text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT p.oid::regprocedure, coalesce(f.access, 'owner')
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    LEFT JOIN ops.functions AS f ON f.name = p.proname
    WHERE n.nspname = 'ops' OR (n.nspname = 'public' AND p.proname IN (
        'get_error_rate', 'get_business_stats', 'get_tasks_for_retry', 'cleanup_old_logs', 'create_task_with_log',
        'log_task_action', 'update_task_status', 'mark_task_needs_fix'))
$$;
COMMENT ON FUNCTION ops.our_functions() IS
    'Every function of ours: read (whoever reads may call it), act (service_role, and operators), write (service_role),'
    ' or owner (nobody else). See ops.functions.';

CREATE FUNCTION ops.claimed_operator() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    RETURN coalesce(
        nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,role}' = 'operator', false);
EXCEPTION
    WHEN data_exception THEN
        RETURN false;  -- what cannot be read gives no right
END
$$;
COMMENT ON FUNCTION ops.claimed_operator() IS
    'Whether the caller''s token says operator in app_metadata.role, which users cannot write themselves.';

CREATE FUNCTION ops.let_operators_act(p_role text) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    own CONSTANT text := '(SELECT ops.claimed_operator())'
        ' AND business_id = ANY ((SELECT ops.allowed_business_keys())::text[])';
BEGIN
    DROP POLICY IF EXISTS tasks_operator_adds ON public.tasks;
    DROP POLICY IF EXISTS tasks_operator_changes ON public.tasks;
    DROP POLICY IF EXISTS task_logs_operator_adds ON public.task_logs;
    EXECUTE format('CREATE POLICY tasks_operator_adds ON public.tasks FOR INSERT TO %I WITH CHECK (%s)', p_role, own);
    EXECUTE format('CREATE POLICY tasks_operator_changes ON public.tasks FOR UPDATE TO %I USING (%s)', p_role, own);
    -- The task's own policies say whose it is.
    EXECUTE format('CREATE POLICY task_logs_operator_adds ON public.task_logs FOR INSERT TO %I WITH CHECK ('
        '(SELECT ops.claimed_operator()) AND EXISTS (SELECT FROM public.tasks AS t WHERE t.id = task_id))', p_role);
    EXECUTE format('GRANT INSERT, UPDATE ON public.tasks TO %I', p_role);
    EXECUTE format('GRANT INSERT ON public.task_logs TO %I', p_role);
END
$$;
COMMENT ON FUNCTION ops.let_operators_act(text) IS
    'Let a role add and change the tasks of the businesses in its token, if the token says operator.';

CREATE OR REPLACE FUNCTION ops.grant_access() RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    role text;
    t    record;
    f    record;
BEGIN
    FOR f IN SELECT * FROM ops.our_functions() LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.function);
    END LOOP;
    FOR role IN SELECT ops.api_roles() LOOP
        FOR t IN SELECT * FROM ops.our_tables() LOOP
            EXECUTE format('REVOKE ALL ON TABLE %s FROM %I', t.relation, role);
            CONTINUE WHEN role = 'anon' OR (role = 'authenticated' AND t.own_rows IS NULL);
            IF t.kind = 'view' THEN
                EXECUTE format('GRANT SELECT ON %s TO %I', t.relation, role);
            ELSIF role = 'service_role'
                AND NOT EXISTS (SELECT FROM ops.relations AS r WHERE to_regclass(r.name) = t.relation AND r.by_owner) THEN
                -- Not everywhere may it go round the policies, as it may on Supabase.
                PERFORM ops.set_policy(t.relation, role, 'ALL', 'true');
            ELSE
                PERFORM ops.set_policy(t.relation, role, 'SELECT',
                    CASE role WHEN 'authenticated' THEN t.own_rows ELSE 'true' END);
            END IF;
        END LOOP;
        FOR f IN SELECT * FROM ops.our_functions() LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', f.function, role);
            IF (f.access = 'read' AND role <> 'anon')
                OR (f.access = 'act' AND role IN ('service_role', 'authenticated'))
                OR (f.access = 'write' AND role = 'service_role') THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f.function, role);
            END IF;
        END LOOP;
        IF role IN ('service_role', 'ops_agent') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA ops TO %I', role);
        ELSIF role = 'anon' THEN
            GRANT SELECT ON public.public_status TO anon;
        ELSE
            PERFORM ops.let_operators_act(role);
        END IF;
        IF NOT has_schema_privilege(role, 'public', 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION ops.detached() RETURNS TABLE (partition_name text, size_bytes bigint)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT d.partition_name, pg_total_relation_size(c.oid)
    FROM ops.detached_partitions AS d
    JOIN pg_catalog.pg_class AS c
        ON c.relname = d.partition_name AND c.relnamespace = 'ops'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
    ORDER BY d.partition_name
$$;
COMMENT ON FUNCTION ops.detached() IS
    'Partitions that retention has taken off their tables and whose disk is not yet given back, with their size.';

CREATE OR REPLACE FUNCTION ops.schema_lint() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    WITH relations AS (
        SELECT c.* FROM pg_catalog.pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'v')
            AND (c.relnamespace = 'ops'::regnamespace OR c.oid IN (SELECT relation FROM ops.our_tables()))
    ), functions AS (
        SELECT p.*, o.access FROM pg_catalog.pg_proc AS p JOIN ops.our_functions() AS o ON o.function = p.oid
    ), readers AS (
        -- Who is to read which of our tables and views.
        SELECT t.relation, t.kind, role
        FROM ops.our_tables() AS t CROSS JOIN ops.api_roles() AS role
        WHERE role IN ('service_role', 'ops_agent') OR (role = 'authenticated' AND t.own_rows IS NOT NULL)
    )
    SELECT oid::regclass::text, 'row level security is off' FROM relations
    WHERE relkind <> 'v' AND NOT relrowsecurity
    UNION ALL
    SELECT relation::text, format('%s may not read it', role) FROM readers
    WHERE NOT has_table_privilege(role, relation, 'SELECT')
    UNION ALL
    SELECT relation::text, format('no policy lets %s read rows', role) FROM readers
    WHERE kind = 'table' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid = relation AND p.polcmd IN ('r', '*') AND role::regrole::oid = ANY (p.polroles))
    UNION ALL
    SELECT r.name, format('no index serves its policy, which asks for %s', r.own_rows)
    FROM ops.relations AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = to_regclass(r.name) AND a.attname = r.own_rows
    -- ops.deltas lives for a minute, and a writer should not pay for an index on it.
    WHERE r.kind = 'table' AND r.name <> 'ops.deltas' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum)
    UNION ALL
    SELECT oid::regclass::text, 'no comment' FROM relations
    WHERE coalesce(obj_description(oid, 'pg_class'), '') = ''
    UNION ALL
    SELECT oid::regclass::text, 'nobody has decided who may read it' FROM relations
    WHERE NOT relispartition AND oid NOT IN (SELECT relation FROM ops.our_tables())
        AND NOT (relnamespace = 'ops'::regnamespace AND relname IN (SELECT partition_name FROM ops.detached()))
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
    -- A body that was parsed when it was made looks nothing up by name.
    WHERE NOT coalesce(proconfig @> ARRAY['search_path=""'], false) AND prosqlbody IS NULL
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

SELECT ops.grant_access();
