-- Workflows that did not run, hang or keep failing are reasons for attention.
--
-- Why     A run that did not happen leaves no execution and no error: without a branch of its own nobody would be told.
-- Adds    nothing; one more branch of ops.attention_reasons
-- Locks   ACCESS EXCLUSIVE on the view for a moment
-- Undo    run the statement of 20261125000400 again

CREATE OR REPLACE VIEW ops.attention_reasons WITH (security_invoker = true) AS
-- A service shared by all is everybody's trouble.
SELECT
    b.id AS business_id,
    CASE c.state WHEN 'down' THEN 'check_down' ELSE 'check_degraded' END AS kind,
    CASE c.check_name WHEN 'connection' THEN c.integration_id
        ELSE format('%s: %s', c.integration_id, c.check_name) END AS what,
    c.error_message AS detail,
    c.since,
    c.state = 'down' AS critical
FROM public.businesses AS b
JOIN ops.checks_now AS c ON c.business_key IS NULL OR c.business_key IN (b.slug, b.id::text)
WHERE c.state IN ('down', 'degraded')

UNION ALL
-- The errors of one hour are few enough to be read.
SELECT
    k.id,
    'errors',
    string_agg(DISTINCT coalesce(l.integration_id, l.source), ', '),
    CASE count(*) WHEN 1 THEN '1 error' ELSE format('%s errors', count(*)) END || ' in the last hour, the newest: '
        || left((array_agg(l.message ORDER BY l.created_at DESC, l.id DESC))[1], 200),
    min(l.created_at),
    count(*) >= 10
FROM public.integration_logs AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE l.level = 'error' AND l.created_at > now() - interval '1 hour'
GROUP BY k.id

UNION ALL
SELECT
    b.id,
    'stale',
    s.integration,
    CASE WHEN s.last_activity IS NULL THEN 'it has never been heard of'
        ELSE format('silent for %s hours', trunc(s.hours_since_activity)) END,
    coalesce(s.last_activity, s.configured_at),
    false
FROM public.businesses AS b
JOIN public.stale_integrations AS s ON s.business_slug IS NULL OR s.business_slug = b.slug

UNION ALL
-- Only a workflow's newest outcome counts: one that has worked since is all right. Which workflows there are is known
-- from the rollups; of each that failed at all, one row is looked up.
SELECT business, 'workflow_failed', what, error_message, started_at, false
FROM (
    SELECT DISTINCT ON (w.business, w.integration_id, w.workflow_id)
        w.business,
        newest.what,
        newest.error_message,
        newest.started_at,
        newest.failed
    FROM (
        SELECT k.id AS business, r.business_id, r.integration_id, r.workflow_id,
            -- The same business may stand there by its slug and by its id.
            sum(sum(r.failures)) OVER (PARTITION BY k.id, r.integration_id, r.workflow_id) AS failures
        FROM ops.run_counts(now() - interval '7 days') AS r
        JOIN ops.business_keys AS k ON k.key = r.business_id
        GROUP BY k.id, r.business_id, r.integration_id, r.workflow_id
        HAVING sum(r.records) > 0
    ) AS w
    CROSS JOIN LATERAL (
        SELECT coalesce(e.workflow_name, e.workflow_id) AS what, e.error_message, e.started_at, e.failed, e.id
        FROM public.workflow_execution_logs AS e
        WHERE e.workflow_id = w.workflow_id AND e.integration_id = w.integration_id
            AND e.business_id = w.business_id
            AND e.started_at > now() - interval '7 days' AND (e.failed OR e.status = 'success')
        ORDER BY e.started_at DESC, e.id DESC
        LIMIT 1
    ) AS newest
    WHERE w.failures > 0
        -- One that keeps failing is told below, with how often.
        AND NOT EXISTS (SELECT FROM public.workflow_problems AS p WHERE p.problem = 'failing'
            AND p.integration_id = w.integration_id AND p.workflow_id = w.workflow_id)
    ORDER BY w.business, w.integration_id, w.workflow_id, newest.started_at DESC, newest.id DESC
) AS outcomes
WHERE failed

UNION ALL
-- What did not run, does not end or does not work; what is only worth knowing is not among it. A workflow of the group
-- is everybody's, as a service is.
SELECT b.id, 'workflow_' || p.problem, coalesce(p.workflow_name, p.workflow_id), p.reason, p.since,
    p.severity = 'critical'
FROM public.workflow_problems AS p
JOIN public.businesses AS b ON p.business_id IS NULL OR p.business_id IN (b.slug, b.id::text)
WHERE p.problem IN ('missed', 'stuck', 'failing', 'never_ran') AND p.severity <> 'info';

COMMENT ON VIEW ops.attention_reasons IS
    'One row per business and thing that is wrong now: a check that is down or degraded, errors in the last hour, a'
    ' silent connection, a workflow whose newest outcome of the last 7 days is a failure, one that did not run when it'
    ' should have, hangs or keeps failing (see public.workflow_problems). critical: a check is down, there were 10'
    ' errors or more, or a finding says so.';
