-- Who may do what.
--
--     anon           reads public_status
--     authenticated  reads the rows of the businesses that the token names in app_metadata.business_ids
--     ops_agent      reads everything
--     service_role   reads and writes everything
--     the owner      is the platform itself, and no policy holds for it
--
-- Why     A table of ours is open to nobody unless it says so here.
-- Adds    functions ops.claimed_business_keys, ops.allowed_business_keys, ops.set_policy, ops.grant_access,
--         ops.our_functions, ops.our_tables; policies and grants for those of the four roles that exist
-- Locks   short: policies and grants on our own tables
-- Undo    DROP FUNCTION ops.grant_access, ops.set_policy, ops.our_functions, ops.our_tables,
--         ops.allowed_business_keys, ops.claimed_business_keys CASCADE;  -- takes the policies with it

CREATE FUNCTION ops.claimed_business_keys() RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
DECLARE
    claimed jsonb;
BEGIN
    claimed := nullif(current_setting('request.jwt.claims', true), '')::jsonb #> '{app_metadata,business_ids}';
    IF jsonb_typeof(claimed) IS DISTINCT FROM 'array' THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(SELECT key FROM jsonb_array_elements_text(claimed) AS key WHERE key IS NOT NULL);
EXCEPTION
    WHEN data_exception THEN
        RETURN '{}';  -- what cannot be read gives no right
END
$$;
COMMENT ON FUNCTION ops.claimed_business_keys() IS
    'The businesses, by slug or id, that the caller''s token names in app_metadata.business_ids; none if in doubt.';

CREATE FUNCTION ops.allowed_business_keys() RETURNS text[]
LANGUAGE sql STABLE SET search_path = ''
-- Reads businesses with the caller's rights. Parsed now and not when it runs: authenticated may not look into ops.
RETURN (
    SELECT coalesce(array_agg(key), '{}')
    FROM public.businesses AS b CROSS JOIN LATERAL unnest(ARRAY[b.slug, b.id::text]) AS key
    WHERE ops.claimed_business_keys() && ARRAY[b.slug, b.id::text]
);
COMMENT ON FUNCTION ops.allowed_business_keys() IS
    'Slug and id of each business that the caller''s token names, so that rows of either spelling are found.';

CREATE FUNCTION ops.set_policy(p_table regclass, p_role text, p_command text, p_condition text) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    policy text := format('%s_%s', (SELECT relname FROM pg_catalog.pg_class WHERE oid = p_table), p_role);
BEGIN
    EXECUTE format('DROP POLICY IF EXISTS %I ON %s', policy, p_table);
    EXECUTE format('CREATE POLICY %I ON %s FOR %s TO %I USING (%s)', policy, p_table, p_command, p_role, p_condition);
    EXECUTE format('GRANT %s ON %s TO %I',
        CASE p_command WHEN 'ALL' THEN 'SELECT, INSERT, UPDATE, DELETE' ELSE p_command END, p_table, p_role);
END
$$;
COMMENT ON FUNCTION ops.set_policy(regclass, text, text, text) IS
    'Let a role read (SELECT) or do everything (ALL) with the rows of a table that meet a condition.';

CREATE FUNCTION ops.our_functions() RETURNS TABLE (function regprocedure, access text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT p.oid::regprocedure, CASE
        WHEN p.proname IN ('percentage', 'milliseconds', 'claimed_business_keys', 'allowed_business_keys',
            'get_error_rate', 'get_business_stats', 'get_tasks_for_retry') THEN 'read'
        WHEN p.proname IN ('upsert_business', 'set_connections', 'record_health', 'upsert_workflow_execution',
            'health_check_of', 'keep_health_state', 'workflow_execution_of', 'uuid7', 'ensure_partitions',
            'cleanup_old_logs', 'create_task_with_log', 'log_task_action', 'update_task_status',
            'mark_task_needs_fix') THEN 'write'
        ELSE 'owner' END
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ops' OR (n.nspname = 'public' AND p.proname IN (
        'get_error_rate', 'get_business_stats', 'get_tasks_for_retry', 'cleanup_old_logs', 'create_task_with_log',
        'log_task_action', 'update_task_status', 'mark_task_needs_fix'))
$$;
COMMENT ON FUNCTION ops.our_functions() IS
    'Every function of ours: read (whoever reads may call it), write (service_role may), or owner (nobody else).';

CREATE FUNCTION ops.our_tables() RETURNS TABLE (relation regclass, kind text, own_rows text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    -- own_rows: which rows authenticated may read; null where it has no business at all.
    SELECT format('%I.%I', w.schema, w.name)::regclass, w.kind, CASE
        WHEN w.own = 'claimed' THEN '(SELECT ops.claimed_business_keys()) && ARRAY[slug, id::text]'
        WHEN w.own = 'task' THEN 'EXISTS (SELECT FROM public.tasks AS t WHERE t.id = task_id)'
        WHEN w.own = 'view' THEN ''
        WHEN w.own IS NOT NULL THEN format('%I = ANY ((SELECT ops.allowed_business_keys())::text[])', w.own) END
    FROM (VALUES
        ('public', 'businesses', 'table', 'claimed'),
        ('public', 'integration_logs', 'table', 'business_id'),
        ('public', 'api_metrics', 'table', 'business_id'),
        ('public', 'workflow_execution_logs', 'table', 'business_id'),
        ('public', 'health_checks', 'table', 'business_id'),
        ('public', 'health_flips', 'table', 'business_id'),
        ('public', 'tasks', 'table', 'business_id'),
        ('public', 'task_logs', 'table', 'task'),
        ('ops', 'connections', 'table', 'business_slug'),
        ('ops', 'health_state', 'table', 'business_id'),
        ('ops', 'sources', 'table', NULL),
        ('ops', 'cycles', 'table', NULL),
        ('ops', 'read_cursors', 'table', NULL),
        ('ops', 'spool_segments', 'table', NULL),
        ('ops', 'log_dead_letters', 'table', NULL),
        ('ops', 'partitioned_tables', 'table', NULL),
        ('public', 'recent_errors', 'view', 'view'),
        ('public', 'integration_health_summary', 'view', 'view'),
        ('public', 'api_performance_summary', 'view', 'view'),
        ('public', 'workflow_performance_summary', 'view', 'view'),
        ('public', 'recent_workflow_failures', 'view', 'view'),
        ('public', 'tasks_with_latest_log', 'view', 'view'),
        ('public', 'tasks_needing_attention', 'view', 'view'),
        ('public', 'business_activity', 'view', 'view'),
        ('public', 'business_error_summary', 'view', 'view'),
        ('public', 'business_integration_health', 'view', 'view'),
        ('public', 'business_performance_comparison', 'view', 'view'),
        ('public', 'daily_operations_summary', 'view', 'view'),
        ('public', 'hubspot_sync_status', 'view', 'view'),
        ('public', 'business_workflow_executions', 'view', 'view'),
        ('public', 'weekly_business_report', 'view', 'view'),
        ('public', 'stale_integrations', 'view', 'view'),
        ('public', 'uptime_summary', 'view', 'view'),
        ('public', 'businesses_needing_attention', 'view', 'view'),
        ('public', 'public_status', 'view', 'view'),
        -- Read through the views above, which need their callers to have the right.
        ('ops', 'business_keys', 'view', 'view'),
        ('ops', 'connection_activity', 'view', 'view'),
        ('ops', 'checks_now', 'view', 'view'),
        ('ops', 'attention_reasons', 'view', 'view'),
        ('ops', 'partitions', 'view', NULL)
    ) AS w (schema, name, kind, own)
$$;
COMMENT ON FUNCTION ops.our_tables() IS
    'Every table and view of ours, and which of its rows authenticated may read: a condition, all that the tables'
    ' below let through (empty, for views), or none (null).';

CREATE FUNCTION ops.grant_access() RETURNS void
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
            ELSIF role = 'service_role' THEN
                -- Not everywhere may it go round the policies, as it may on Supabase.
                PERFORM ops.set_policy(t.relation, role, 'ALL', 'true');
            ELSE
                PERFORM ops.set_policy(t.relation, role, 'SELECT',
                    CASE role WHEN 'authenticated' THEN t.own_rows ELSE 'true' END);
            END IF;
        END LOOP;
        FOR f IN SELECT * FROM ops.our_functions() LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', f.function, role);
            IF (f.access = 'read' AND role <> 'anon') OR (f.access = 'write' AND role = 'service_role') THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f.function, role);
            END IF;
        END LOOP;
        IF role IN ('service_role', 'ops_agent') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA ops TO %I', role);
        ELSIF role = 'anon' THEN
            GRANT SELECT ON public.public_status TO anon;
        END IF;
        IF NOT has_schema_privilege(role, 'public', 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.grant_access() IS
    'Give each of our roles that exists its rights, and take every other. Run it again after a role was created.';

SELECT ops.grant_access();
