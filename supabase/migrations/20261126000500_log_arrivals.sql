-- Readers that follow the log see every record that arrives, also one that waited for days.
--
-- Why     A record's own moment says nothing about when it arrived, and an index on the arrival would cost every
--         row. One line for each batch is enough: all that a transaction wrote has the same xmin, so a reader finds
--         a batch's rows within its range of time. It is a table and not only a notification, so that who was cut
--         off, or cannot listen, catches up.
-- Adds    table ops.log_arrivals; replaces ops.our_tables
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.log_arrivals;  -- and run the statement of 20261125000500 that makes ops.our_tables

CREATE TABLE ops.log_arrivals (
    id         uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    records    integer     NOT NULL CHECK (records > 0),
    arrived_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_arrivals_time ON ops.log_arrivals (arrived_at);
SELECT ops.close_table('ops.log_arrivals');

COMMENT ON TABLE ops.log_arrivals IS
    'One row for each batch of log records that was stored in the last minutes; its xmin is that of their rows.';
COMMENT ON COLUMN ops.log_arrivals.first_at IS 'The oldest moment that one of the records bears.';
COMMENT ON COLUMN ops.log_arrivals.last_at IS 'The newest.';

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
        ('ops', 'log_arrivals', 'table', NULL),
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

SELECT ops.grant_access();
