-- What depends on something that is down is told with it; attention and alerts leave out what is in maintenance; a
-- heartbeat is as bad as it says; the steps of a month's calls.
--
-- Why     HubSpot down and a check that needs it were one incident and two notices. What maintenance had closed as an
--         incident stood on in attention and alerts. An alert was resolved when nobody could ask any more. A heartbeat
--         of severity warning woke people at night.
-- Adds    columns subject, part_of, told_with, maintenance of ops.alerts; severity of ops.standing_health; step of
--         ops.standing_budgets; maintenance, severity and last_checked_at of ops.checks_now; part_of of current_alerts
--         (attention and current_alerts leave out what is in a window of maintenance)
-- Locks   ACCESS EXCLUSIVE on ops.alerts and the views for a moment
-- Undo    run the CREATE VIEW of ops.checks_now (20261124001300), ops.attention_reasons (20261128000210),
--         public.current_alerts, ops.standing_budgets (20261128000600) and ops.standing_health (20261128000800) again
--         after DROP VIEW; ALTER TABLE ops.alerts DROP COLUMN subject, DROP COLUMN part_of,
--         DROP COLUMN told_with, DROP COLUMN maintenance;

ALTER TABLE ops.alerts
    ADD COLUMN subject text,
    ADD COLUMN part_of bigint,
    ADD COLUMN told_with bigint,
    ADD COLUMN maintenance boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ops.alerts.subject IS
    'The check it is about, as depends_on names it: hubspot/teelixir, hubspot/teelixir token, check/shop. Null for what'
    ' is no check.';
COMMENT ON COLUMN ops.alerts.part_of IS
    'The alert of what its subject depends on: it is told with that one, or not at all. Null for one that stands alone.';
COMMENT ON COLUMN ops.alerts.told_with IS
    'The alert in whose notice it was told; null for one that was told by itself, or not at all.';
COMMENT ON COLUMN ops.alerts.maintenance IS 'Its check is in a window of maintenance, and nobody is told of it.';

CREATE OR REPLACE VIEW ops.checks_now WITH (security_invoker = true) AS
SELECT
    s.integration_id,
    s.check_name,
    s.service,
    -- Null: shared by all. What is not configured may still be looked at, and then says itself whose it is.
    CASE WHEN c.id IS NULL THEN s.business_id ELSE c.business_slug END AS business_key,
    s.state,
    s.since,
    s.error_message,
    s.maintenance,
    h.severity,
    s.last_checked_at
FROM ops.health_state AS s
LEFT JOIN ops.connections AS c ON c.id = s.integration_id
LEFT JOIN ops.heartbeats AS h ON s.service = 'heartbeat' AND 'heartbeat/' || h.name = s.integration_id
WHERE c.id IS NULL OR (c.enabled AND c.removed_at IS NULL);
COMMENT ON VIEW ops.checks_now IS
    'How each check stands, without those of connections that are off or no longer configured. business_key is a slug'
    ' or an id, and null for what all businesses share; maintenance the window that its last look fell into; severity'
    ' how bad it is when a heartbeat goes missing, null for others.';

CREATE OR REPLACE VIEW ops.attention_reasons WITH (security_invoker = true) AS
-- A service shared by all is everybody's trouble.
SELECT
    b.id AS business_id,
    CASE c.state WHEN 'down' THEN 'check_down' ELSE 'check_degraded' END AS kind,
    CASE c.check_name WHEN 'connection' THEN c.integration_id
        ELSE format('%s: %s', c.integration_id, c.check_name) END AS what,
    c.error_message AS detail,
    c.since,
    c.state = 'down' AND c.severity IS DISTINCT FROM 'warning' AS critical
FROM public.businesses AS b
JOIN ops.checks_now AS c ON c.business_key IS NULL OR c.business_key IN (b.slug, b.id::text)
-- What is in a window of maintenance is no incident, and nothing to attend to.
WHERE c.state IN ('down', 'degraded') AND c.maintenance IS NULL

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
    'One row per business and thing that is wrong now: a check that is down or degraded and in no window of'
    ' maintenance, errors in the last hour, a silent connection, a workflow whose newest outcome of the last 7 days is a'
    ' failure, one that did not run when it should have, hangs or keeps failing (see public.workflow_problems).'
    ' critical: a check is down (a heartbeat: and its severity is that), there were 10 errors or more, or a finding says'
    ' so.';

CREATE OR REPLACE VIEW ops.standing_health WITH (security_invoker = true) AS
SELECT s.integration_id AS connection, s.check_name, coalesce(k.slug, s.business_id) AS business, s.service, s.state,
    s.error_category AS category, l.error_code AS code, s.error_message AS reason, s.since,
    CASE
        WHEN s.check_name = 'connection' THEN s.service
        WHEN s.service IN ('check', 'heartbeat') THEN format('%s %s', s.service, split_part(s.integration_id, '/', 2))
        ELSE format('%s %s', s.service, s.check_name)
    END AS what,
    s.maintenance,
    b.severity
FROM ops.health_state AS s
LEFT JOIN ops.connections AS c ON c.id = s.integration_id
LEFT JOIN ops.business_keys AS k ON k.key = s.business_id
LEFT JOIN ops.heartbeats AS b ON s.service = 'heartbeat' AND 'heartbeat/' || b.name = s.integration_id
LEFT JOIN LATERAL (
    SELECT h.error_code FROM public.health_checks AS h
    WHERE s.state <> 'up' AND h.integration_id = s.integration_id AND h.check_name = s.check_name
        AND h.checked_at >= s.since - interval '1 minute'
    ORDER BY h.checked_at DESC LIMIT 1
) AS l ON true
-- What is no longer looked at is no news.
WHERE (c.id IS NULL OR (c.enabled AND c.removed_at IS NULL)) AND b.paused_at IS NULL;

CREATE OR REPLACE VIEW public.current_alerts WITH (security_invoker = true) AS
SELECT a.id, a.rule,
    CASE
        WHEN EXISTS (SELECT FROM ops.alert_silences AS s
            WHERE s.starts_at <= now() AND s.ends_at > now() AND coalesce(s.rule, a.rule) = a.rule
                AND (s.business_id IS NULL OR s.business_id = a.business_id)
                AND (s.service IS NULL OR s.service = a.service)) THEN 'silenced'
        WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE a.state
    END AS status,
    a.severity, a.business_id, a.service, a.summary, a.reason, a.hint, a.since, a.flapping, a.fired_at, a.told_at,
    a.told_channels, a.acknowledged_at, a.acknowledged_by, a.note, a.part_of
FROM ops.alerts AS a
WHERE a.state IN ('pending', 'firing') AND NOT a.maintenance
ORDER BY a.severity = 'critical' DESC, a.severity = 'warning' DESC, a.since, a.id;
COMMENT ON VIEW public.current_alerts IS
    'What is wrong now by the rules of alerts: pending, firing, acknowledged or silenced, the worst first. What is in a'
    ' window of maintenance is not among it.';

CREATE OR REPLACE VIEW ops.standing_budgets WITH (security_invoker = true) AS
SELECT b.connection, b.business, split_part(b.connection, '/', 1) AS service, b.limit_name, b."window", o.outlook,
    b.permits, b.spent, b.remaining, round(b.spent::numeric / b.permits, 3) AS spent_share, b.runs_out_at, b.resets_at,
    format('%s of %s spent', b.spent, b.permits)
        || coalesce(format('; they run out at %s UTC', to_char(b.runs_out_at AT TIME ZONE 'UTC', 'HH24:MI')), '')
        || coalesce(format(', anew at %s UTC', to_char(b.resets_at AT TIME ZONE 'UTC', 'Dy HH24:MI')), '') AS reason,
    CASE WHEN 100 * b.spent >= 95 * b.permits THEN 95 WHEN 100 * b.spent >= 90 * b.permits THEN 90
        WHEN 100 * b.spent >= 80 * b.permits THEN 80 ELSE 0 END AS step
FROM public.budget_status AS b
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.remaining = 0 THEN 'are used up' WHEN b.runs_out_at IS NOT NULL THEN 'run out' ELSE 'last' END
) AS o (outlook)
-- A limit of seconds that is used up is a limit that is used well.
WHERE b.resets_at IS NOT NULL;
COMMENT ON VIEW ops.standing_budgets IS
    'The limits of a day or month: whether their calls last, run out or are used up; and step, the last of 80, 90 and'
    ' 95 per cent that was spent, else 0. For the source budgets.';

SELECT ops.grant_access();
