-- Rollups outlive rows and are cleaned in their own time; who may read them.
--
-- Why     A weekly report stays right after its log records are gone: hours are kept for 90 days, days and weeks for
--         two years.
-- Adds    function ops.clean_rollups; replaces cleanup_old_logs, ops.our_functions, ops.our_tables, ops.schema_lint
-- Locks   short: policies and grants on our own tables
-- Undo    DROP FUNCTION ops.clean_rollups;  -- and run the statements of 20261124001500 to 1700 as CREATE OR REPLACE

CREATE FUNCTION ops.clean_rollups(p_hours_days integer DEFAULT 90, p_days_days integer DEFAULT 730) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    hours_from timestamptz := date_bin('1 day', now() - make_interval(days => p_hours_days), '2000-01-01 00:00+00');
    days_from  timestamptz := date_bin('1 day', now() - make_interval(days => p_days_days), '2000-01-01 00:00+00');
    gone       bigint;
    total      bigint;
BEGIN
    IF p_hours_days IS NULL OR p_days_days IS NULL
        OR p_hours_days NOT BETWEEN 1 AND 36500 OR p_days_days NOT BETWEEN p_hours_days AND 36500 THEN
        RAISE EXCEPTION 'clean_rollups: hours for % days and days for % are not possible',
            coalesce(p_hours_days::text, 'null'), coalesce(p_days_days::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 1 to 36500 days, and keep days at least as long as hours.';
    END IF;
    DELETE FROM ops.rollups WHERE starts < CASE span WHEN 'hour' THEN hours_from ELSE days_from END;
    GET DIAGNOSTICS total = ROW_COUNT;
    DELETE FROM ops.histograms WHERE starts < CASE span WHEN 'hour' THEN hours_from ELSE days_from END;
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE ops.horizons SET since = greatest(since, hours_from) WHERE name = 'rollups_by_hour';
    RETURN total + gone;
END
$$;
COMMENT ON FUNCTION ops.clean_rollups(integer, integer) IS
    'Forget rollups by hour older than so many days, and those by day and week; answers how many rows. Part of'
    ' cleanup_old_logs.';

CREATE OR REPLACE FUNCTION public.cleanup_old_logs(
    integration_logs_days integer DEFAULT 30,
    workflow_logs_days integer DEFAULT 90,
    api_metrics_days integer DEFAULT 30,
    health_checks_days integer DEFAULT 90
) RETURNS TABLE (integration_logs_deleted bigint, workflow_logs_deleted bigint, api_metrics_deleted bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '10s'
AS $$
DECLARE
    -- In the order of ops.partitioned_tables.lock_order.
    days   integer[] := ARRAY[integration_logs_days, api_metrics_days, health_checks_days, workflow_logs_days];
    tables text[]    := ARRAY['integration_logs', 'api_metrics', 'health_checks', 'workflow_execution_logs'];
    gone   bigint[]  := ARRAY[0, 0, 0, 0];
BEGIN
    IF EXISTS (SELECT FROM unnest(days) AS d WHERE d IS NULL OR d NOT BETWEEN 1 AND 36500) THEN
        RAISE EXCEPTION 'cleanup_old_logs: % days are not possible', (
            SELECT coalesce(d::text, 'null') FROM unnest(days) AS d WHERE d IS NULL OR d NOT BETWEEN 1 AND 36500 LIMIT 1)
            USING ERRCODE = 'OP001', HINT = 'Keep rows for 1 to 36500 days. Nothing was deleted.';
    END IF;
    -- Not while partitions are being made, and not twice at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
    PERFORM ops.clean_rollups();
    -- What takes long comes first, the short moments in which nobody can write last.
    FOR i IN 1 .. 4 LOOP
        gone[i] := ops.delete_before(tables[i], now() - make_interval(days => days[i]));
        UPDATE ops.horizons SET since = greatest(since, now() - make_interval(days => days[i])) WHERE name = tables[i];
    END LOOP;
    DELETE FROM ops.cycles WHERE started_at < now() - make_interval(days => health_checks_days);
    DELETE FROM ops.log_dead_letters WHERE created_at < now() - make_interval(days => integration_logs_days);
    FOR i IN 1 .. 4 LOOP
        gone[i] := gone[i] + ops.drop_partitions_before(tables[i], now() - make_interval(days => days[i]));
    END LOOP;
    RETURN QUERY SELECT gone[1], gone[4], gone[2];
END
$$;
COMMENT ON FUNCTION public.cleanup_old_logs(integer, integer, integer, integer) IS
    'Forget rows older than so many days, by dropping whole partitions; answers how many log records, executions and'
    ' HTTP attempts. health_checks_days holds for health checks and rounds; log lines that were refused go with the'
    ' log records. Changes of state (health_flips) stay, and so do rollups: hours for 90 days, days for two years.';

CREATE OR REPLACE FUNCTION ops.our_functions() RETURNS TABLE (function regprocedure, access text)
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT p.oid::regprocedure, CASE
        WHEN p.proname IN ('percentage', 'milliseconds', 'claimed_business_keys', 'allowed_business_keys',
            'first_hour', 'first_day', 'counted', 'spread', 'log_counts', 'api_counts', 'look_counts', 'run_counts',
            'log_durations', 'api_durations', 'look_durations', 'run_durations', 'log_percentiles', 'possible',
            'log_edge', 'api_edge', 'look_edge', 'run_edge',
            'log_edge_durations', 'api_edge_durations', 'look_edge_durations', 'run_edge_durations',
            'get_error_rate', 'get_business_stats', 'get_tasks_for_retry') THEN 'read'
        WHEN p.proname IN ('upsert_business', 'set_connections', 'record_health', 'upsert_workflow_execution',
            'health_check_of', 'keep_health_state', 'workflow_execution_of', 'uuid7', 'ensure_partitions',
            'roll_up', 'clean_rollups', 'cleanup_old_logs', 'create_task_with_log', 'log_task_action',
            'update_task_status', 'mark_task_needs_fix') THEN 'write'
        ELSE 'owner' END
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = 'ops' OR (n.nspname = 'public' AND p.proname IN (
        'get_error_rate', 'get_business_stats', 'get_tasks_for_retry', 'cleanup_old_logs', 'create_task_with_log',
        'log_task_action', 'update_task_status', 'mark_task_needs_fix'))
$$;
COMMENT ON FUNCTION ops.our_functions() IS
    'Every function of ours: read (whoever reads may call it), write (service_role may), or owner (nobody else).';

CREATE OR REPLACE FUNCTION ops.our_tables() RETURNS TABLE (relation regclass, kind text, own_rows text)
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
        ('ops', 'deltas', 'table', 'business_id'),
        ('ops', 'rollups', 'table', 'business_id'),
        ('ops', 'histograms', 'table', 'business_id'),
        ('ops', 'last_seen', 'table', 'business_id'),
        ('ops', 'horizons', 'table', NULL),
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

CREATE OR REPLACE FUNCTION ops.schema_lint() RETURNS TABLE (object text, problem text)
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
COMMENT ON FUNCTION ops.schema_lint() IS 'What is wrong with our tables, views and functions; no rows when all is well.';

SELECT ops.grant_access();
