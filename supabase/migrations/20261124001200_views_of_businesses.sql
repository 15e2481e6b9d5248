-- How each business does.
--
-- Why     A person, the command line and an agent ask the same question and get the same answer.
-- Adds    views business_activity, business_error_summary, business_integration_health,
--         business_performance_comparison, daily_operations_summary, hubspot_sync_status,
--         business_workflow_executions, weekly_business_report
-- Locks   none: new objects only
-- Undo    DROP VIEW public.business_activity, public.business_error_summary, public.business_integration_health,
--         public.business_performance_comparison, public.daily_operations_summary, public.hubspot_sync_status,
--         public.business_workflow_executions, public.weekly_business_report;

CREATE VIEW public.business_activity WITH (security_invoker = true) AS
SELECT k.name AS business_name, k.slug AS business_slug, l.source, l.operation, l.status, l.message, l.duration_ms,
    l.created_at, l.level, l.id
FROM public.integration_logs AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE l.created_at > now() - interval '7 days'
ORDER BY l.created_at DESC, l.id DESC;
COMMENT ON VIEW public.business_activity IS 'Log records of the last 7 days that belong to a business, newest first.';

CREATE VIEW public.business_error_summary WITH (security_invoker = true) AS
WITH per_source AS (
    SELECT k.id, k.name, k.slug, l.source, count(*) AS errors, max(l.created_at) AS last_error,
        array_agg(DISTINCT coalesce(l.integration_id, l.source)) AS integrations
    FROM public.integration_logs AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.level = 'error' AND l.created_at > now() - interval '24 hours'
    GROUP BY k.id, k.name, k.slug, l.source
)
SELECT
    name AS business_name,
    slug AS business_slug,
    sum(errors)::bigint AS error_count,
    (
        SELECT count(DISTINCT integration)
        FROM per_source AS s CROSS JOIN unnest(s.integrations) AS integration
        WHERE s.id = per_source.id
    ) AS affected_integrations,
    max(last_error) AS last_error,
    jsonb_object_agg(source, errors) AS error_sources
FROM per_source
GROUP BY id, name, slug;
COMMENT ON VIEW public.business_error_summary IS
    'Businesses with log records of level error in the last 24 hours. An integration is a connection, or the source'
    ' where a record names no connection; error_sources counts by source.';

CREATE VIEW public.business_integration_health WITH (security_invoker = true) AS
SELECT
    k.name AS business_name,
    k.slug AS business_slug,
    l.source,
    count(*) AS total_operations,
    count(*) FILTER (WHERE l.level = 'error') AS errors,
    count(*) FILTER (WHERE l.level = 'warn') AS warnings,
    ops.percentage(count(*) FILTER (WHERE l.level = 'error'), count(*)) AS error_rate_pct,
    ops.milliseconds(avg(l.duration_ms)) AS avg_duration_ms,
    max(l.created_at) AS last_activity
FROM public.integration_logs AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE l.created_at > now() - interval '24 hours'
GROUP BY k.id, k.name, k.slug, l.source;
COMMENT ON VIEW public.business_integration_health IS
    'Log records of the last 24 hours, one row per business and source.';

CREATE VIEW public.business_performance_comparison WITH (security_invoker = true) AS
WITH per_source AS (
    SELECT
        k.id,
        l.source,
        count(*) AS total,
        count(*) FILTER (WHERE l.status = 'success') AS successful,
        count(*) FILTER (WHERE l.status = 'error') AS failed,
        sum(l.duration_ms) AS duration,
        count(l.duration_ms) AS timed,
        array_agg(DISTINCT l.operation) FILTER (WHERE l.operation IS NOT NULL) AS operations
    FROM public.integration_logs AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.created_at > now() - interval '7 days'
    GROUP BY k.id, l.source
)
SELECT
    b.name AS business_name,
    b.slug AS business_slug,
    coalesce(sum(s.total), 0)::bigint AS total_operations,
    (
        SELECT count(DISTINCT operation)
        FROM per_source AS u CROSS JOIN unnest(u.operations) AS operation
        WHERE u.id = b.id
    ) AS unique_operations,
    coalesce(sum(s.successful), 0)::bigint AS successful_operations,
    coalesce(sum(s.failed), 0)::bigint AS failed_operations,
    ops.percentage(sum(s.successful)::bigint, sum(s.successful + s.failed)::bigint) AS success_rate_pct,
    coalesce(ops.milliseconds(sum(s.duration) / nullif(sum(s.timed), 0)), 0) AS avg_duration_ms,
    coalesce(jsonb_object_agg(s.source, s.total) FILTER (WHERE s.source IS NOT NULL), '{}') AS operations_by_source
FROM public.businesses AS b
LEFT JOIN per_source AS s ON s.id = b.id
WHERE b.status = 'active'
GROUP BY b.id, b.name, b.slug;
COMMENT ON VIEW public.business_performance_comparison IS
    'Every active business over the last 7 days; one without log records shows zeros. success_rate_pct is of the'
    ' records that tell of a success or a failure: a note is neither.';

CREATE VIEW public.daily_operations_summary WITH (security_invoker = true) AS
WITH per_source AS (
    SELECT
        k.id,
        k.name,
        k.slug,
        (l.created_at AT TIME ZONE 'UTC')::date AS day,
        l.source,
        count(*) AS total,
        count(*) FILTER (WHERE l.status = 'success') AS successful,
        count(*) FILTER (WHERE l.status = 'error') AS failed,
        sum(l.duration_ms) AS duration,
        count(l.duration_ms) AS timed
    FROM public.integration_logs AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.created_at > now() - interval '30 days'
    GROUP BY k.id, k.name, k.slug, day, l.source
)
SELECT
    name AS business_name,
    day AS operation_date,
    sum(total)::bigint AS total_operations,
    sum(successful)::bigint AS successful,
    sum(failed)::bigint AS failed,
    ops.milliseconds(sum(duration) / nullif(sum(timed), 0)) AS avg_duration_ms,
    jsonb_object_agg(source, total) AS operations_by_source,
    slug AS business_slug
FROM per_source
GROUP BY id, name, slug, day;
COMMENT ON VIEW public.daily_operations_summary IS
    'Log records of the last 30 days, one row per business and day (UTC) that has any.';

CREATE VIEW public.hubspot_sync_status WITH (security_invoker = true) AS
SELECT
    b.name AS business_name,
    b.hubspot_company_id,
    count(l.id) AS total_syncs,
    count(l.id) FILTER (WHERE l.status = 'success') AS successful_syncs,
    count(l.id) FILTER (WHERE l.status = 'error') AS failed_syncs,
    max(l.created_at) FILTER (WHERE l.status = 'success') AS last_successful_sync,
    max(l.created_at) FILTER (WHERE l.status = 'error') AS last_failed_sync,
    ops.milliseconds(avg(l.duration_ms)) AS avg_sync_duration_ms,
    b.slug AS business_slug
FROM public.businesses AS b
JOIN ops.business_keys AS k ON k.id = b.id
LEFT JOIN public.integration_logs AS l
    ON l.business_id = k.key
    AND l.created_at > now() - interval '7 days'
    AND 'hubspot' IN (l.source, l.service)
    AND (l.operation ILIKE '%sync%' OR l.operation LIKE '%.changes')
    AND l.status IN ('success', 'warning', 'error')
WHERE b.status = 'active'
GROUP BY b.id, b.name, b.hubspot_company_id, b.slug;
COMMENT ON VIEW public.hubspot_sync_status IS
    'Every active business over the last 7 days. A sync is a log record of HubSpot (its source or service) that tells'
    ' how an operation ended whose name contains sync, or ends in .changes: an incremental read.';

CREATE VIEW public.business_workflow_executions WITH (security_invoker = true) AS
SELECT
    k.name AS business_name,
    w.workflow_id,
    (array_agg(w.workflow_name ORDER BY w.started_at DESC) FILTER (WHERE w.workflow_name IS NOT NULL))[1]
        AS workflow_name,
    count(*) AS total_executions,
    count(*) FILTER (WHERE w.status = 'success') AS successful,
    count(*) FILTER (WHERE w.failed) AS failed,
    ops.milliseconds(avg(w.duration_ms)) AS avg_duration_ms,
    max(w.started_at) AS last_execution,
    k.slug AS business_slug,
    w.integration_id
FROM public.workflow_execution_logs AS w
JOIN ops.business_keys AS k ON k.key = w.business_id
WHERE w.started_at > now() - interval '7 days'
GROUP BY k.id, k.name, k.slug, w.integration_id, w.workflow_id;
COMMENT ON VIEW public.business_workflow_executions IS
    'Executions started in the last 7 days, one row per business and workflow.';

CREATE VIEW public.weekly_business_report WITH (security_invoker = true) AS
SELECT
    k.name AS business_name,
    date_trunc('week', l.created_at AT TIME ZONE 'UTC')::date AS week_start,
    count(*) AS total_operations,
    count(DISTINCT coalesce(l.integration_id, l.source)) AS active_integrations,
    count(*) FILTER (WHERE l.status = 'success') AS successful_operations,
    count(*) FILTER (WHERE l.status = 'error') AS failed_operations,
    ops.percentage(
        count(*) FILTER (WHERE l.status = 'success'),
        count(*) FILTER (WHERE l.status IN ('success', 'error'))
    ) AS success_rate_pct,
    ops.milliseconds(avg(l.duration_ms)) AS avg_duration_ms,
    ops.milliseconds(percentile_cont(0.95) WITHIN GROUP (ORDER BY l.duration_ms)) AS p95_duration_ms,
    k.slug AS business_slug
FROM public.integration_logs AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE l.created_at >= (date_trunc('week', now() AT TIME ZONE 'UTC') - interval '11 weeks') AT TIME ZONE 'UTC'
GROUP BY k.id, k.name, k.slug, week_start;
COMMENT ON VIEW public.weekly_business_report IS
    'Log records of this week and the 11 before it, one row per business and week that has any. A week begins on'
    ' Monday, 00:00 UTC. An integration is a connection, or the source where a record names no connection.';
