-- How the integrations, the APIs and the workflows do.
--
-- Why     A person, the command line and an agent ask the same question and get the same answer.
-- Adds    views recent_errors, integration_health_summary, api_performance_summary,
--         workflow_performance_summary, recent_workflow_failures, tasks_with_latest_log, tasks_needing_attention;
--         functions ops.percentage, ops.milliseconds
-- Locks   none: new objects only
-- Undo    DROP VIEW public.recent_errors, public.integration_health_summary, public.api_performance_summary,
--         public.workflow_performance_summary, public.recent_workflow_failures, public.tasks_needing_attention,
--         public.tasks_with_latest_log; DROP FUNCTION ops.percentage, ops.milliseconds;

CREATE FUNCTION ops.percentage(p_part bigint, p_whole bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$ SELECT CASE WHEN p_whole > 0 THEN round(100.0 * p_part / p_whole, 2) ELSE 0 END $$;
COMMENT ON FUNCTION ops.percentage(bigint, bigint) IS
    'A part of a whole in percent with two decimals; 0 when there is nothing.';

CREATE FUNCTION ops.milliseconds(p_value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$ SELECT round(p_value::numeric, 2) $$;
COMMENT ON FUNCTION ops.milliseconds(double precision) IS 'A duration for people: two decimals.';

CREATE VIEW public.recent_errors WITH (security_invoker = true) AS
SELECT id, source, service, operation, message, details_json, duration_ms, workflow_id, business_id, created_at,
    integration_id, trace_id
FROM public.integration_logs
WHERE level = 'error'
ORDER BY created_at DESC, id DESC
LIMIT 100;
COMMENT ON VIEW public.recent_errors IS 'The newest 100 log records of level error, newest first.';

CREATE VIEW public.integration_health_summary WITH (security_invoker = true) AS
SELECT
    source,
    count(*) AS total_logs,
    count(*) FILTER (WHERE level = 'error') AS error_count,
    count(*) FILTER (WHERE level = 'warn') AS warning_count,
    count(*) FILTER (WHERE level = 'info') AS info_count,
    ops.percentage(count(*) FILTER (WHERE level = 'error'), count(*)) AS error_rate_pct,
    ops.milliseconds(avg(duration_ms)) AS avg_duration_ms,
    ops.milliseconds(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)) AS p95_duration_ms,
    max(created_at) AS last_activity
FROM public.integration_logs
WHERE created_at > now() - interval '24 hours'
GROUP BY source;
COMMENT ON VIEW public.integration_health_summary IS
    'Log records of the last 24 hours, one row per source; error_rate_pct is of all its records.';

CREATE VIEW public.api_performance_summary WITH (security_invoker = true) AS
SELECT
    service,
    endpoint,
    count(*) AS total_calls,
    count(*) FILTER (WHERE success) AS successful_calls,
    count(*) FILTER (WHERE NOT success) AS failed_calls,
    ops.percentage(count(*) FILTER (WHERE success), count(*)) AS success_rate_pct,
    ops.milliseconds(avg(duration_ms)) AS avg_duration_ms,
    ops.milliseconds(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)) AS p95_duration_ms,
    ops.milliseconds(min(duration_ms)) AS min_duration_ms,
    ops.milliseconds(max(duration_ms)) AS max_duration_ms,
    max(created_at) AS last_call
FROM public.api_metrics
WHERE created_at > now() - interval '24 hours'
GROUP BY service, endpoint;
COMMENT ON VIEW public.api_performance_summary IS
    'HTTP attempts of the last 24 hours, one row per service and endpoint.';

CREATE VIEW public.workflow_performance_summary WITH (security_invoker = true) AS
SELECT
    workflow_id,
    (array_agg(workflow_name ORDER BY started_at DESC) FILTER (WHERE workflow_name IS NOT NULL))[1] AS workflow_name,
    count(*) AS total_executions,
    count(*) FILTER (WHERE status = 'success') AS successful_executions,
    count(*) FILTER (WHERE failed) AS failed_executions,
    ops.percentage(
        count(*) FILTER (WHERE status = 'success'),
        count(*) FILTER (WHERE status = 'success' OR failed)
    ) AS success_rate_pct,
    ops.milliseconds(avg(duration_ms)) AS avg_duration_ms,
    ops.milliseconds(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)) AS p95_duration_ms,
    max(started_at) AS last_execution,
    integration_id
FROM public.workflow_execution_logs
WHERE started_at > now() - interval '7 days'
-- Two n8n servers may both have a workflow 1.
GROUP BY integration_id, workflow_id;
COMMENT ON VIEW public.workflow_performance_summary IS
    'Executions started in the last 7 days, one row per workflow, with its newest name. success_rate_pct is of those'
    ' that succeeded or failed: one that still runs or was cancelled is neither.';

CREATE VIEW public.recent_workflow_failures WITH (security_invoker = true) AS
SELECT id, workflow_id, workflow_name, execution_id, status, error_message, error_details_json, duration_ms,
    nodes_executed, nodes_failed, started_at, finished_at, business_id, integration_id
FROM public.workflow_execution_logs
WHERE failed
ORDER BY started_at DESC, id DESC
LIMIT 50;
COMMENT ON VIEW public.recent_workflow_failures IS 'The newest 50 executions that failed, newest first.';

CREATE VIEW public.tasks_with_latest_log WITH (security_invoker = true) AS
SELECT t.*, l.action AS last_action, l.message AS last_log_message, l.actor AS last_actor, l.created_at AS last_log_at
FROM public.tasks AS t
LEFT JOIN LATERAL (
    SELECT * FROM public.task_logs WHERE task_id = t.id ORDER BY created_at DESC, id DESC LIMIT 1
) AS l ON true;
COMMENT ON VIEW public.tasks_with_latest_log IS 'Every task with the newest entry of its log.';

CREATE VIEW public.tasks_needing_attention WITH (security_invoker = true) AS
SELECT
    t.*,
    CASE
        WHEN t.status = 'needs_fix' THEN 'a person has to mend it'
        WHEN t.status = 'running' THEN 'it has been running for more than an hour'
        WHEN t.next_retry_at IS NULL THEN 'it failed and is not tried again'
        ELSE 'it failed and waits for its next try'
    END AS attention_reason
FROM public.tasks_with_latest_log AS t
WHERE t.status IN ('needs_fix', 'failed') OR (t.status = 'running' AND t.started_at < now() - interval '1 hour');
COMMENT ON VIEW public.tasks_needing_attention IS
    'Tasks that failed, that a person has to mend, or that have been running for more than an hour; with the reason.';
