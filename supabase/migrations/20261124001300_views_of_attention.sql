-- What needs a person now, and why.
--
-- Why     The question the platform exists for. Each kind of reason is one branch of ops.attention_reasons.
-- Adds    views stale_integrations, uptime_summary, businesses_needing_attention, public_status,
--         ops.connection_activity, ops.checks_now, ops.attention_reasons
-- Locks   none: new objects only
-- Undo    DROP VIEW public.public_status, public.businesses_needing_attention, public.uptime_summary,
--         ops.attention_reasons, ops.checks_now, public.stale_integrations, ops.connection_activity;

CREATE VIEW ops.connection_activity WITH (security_invoker = true) AS
SELECT c.id AS integration_id, c.service, c.business_slug, c.configured_at, seen.last_activity
FROM ops.connections AS c
-- One look at the end of an index per partition, however many rows there are.
CROSS JOIN LATERAL (
    SELECT max(last) AS last_activity
    FROM (
        SELECT max(created_at) AS last FROM public.integration_logs WHERE integration_id = c.id
        UNION ALL
        SELECT max(created_at) FROM public.api_metrics WHERE integration_id = c.id
        UNION ALL
        SELECT max(checked_at) FROM public.health_checks WHERE integration_id = c.id
    ) AS each_table
) AS seen
LEFT JOIN public.businesses AS b ON b.slug = c.business_slug
WHERE c.enabled AND c.removed_at IS NULL AND (c.business_slug IS NULL OR b.status = 'active');
COMMENT ON VIEW ops.connection_activity IS
    'The configured connections of the group and of active businesses, with the last log record, HTTP attempt or'
    ' health check of each.';

CREATE VIEW public.stale_integrations WITH (security_invoker = true) AS
SELECT
    b.name AS business_name,
    a.integration_id AS integration,
    a.last_activity,
    round(extract(epoch FROM now() - coalesce(a.last_activity, a.configured_at)) / 3600, 1) AS hours_since_activity,
    a.business_slug,
    a.configured_at
FROM ops.connection_activity AS a
LEFT JOIN public.businesses AS b ON b.slug = a.business_slug
WHERE a.configured_at < now() - interval '24 hours'
    AND (a.last_activity IS NULL OR a.last_activity < now() - interval '24 hours');
COMMENT ON VIEW public.stale_integrations IS
    'Connections configured for more than 24 hours and silent for as long. One that never spoke has no last_activity;'
    ' its hours count from when it was configured. One shared by all businesses has no business_name.';

CREATE VIEW ops.checks_now WITH (security_invoker = true) AS
SELECT
    s.integration_id,
    s.check_name,
    s.service,
    -- Null: shared by all. What is not configured may still be looked at, and then says itself whose it is.
    CASE WHEN c.id IS NULL THEN s.business_id ELSE c.business_slug END AS business_key,
    s.state,
    s.since,
    s.error_message
FROM ops.health_state AS s
LEFT JOIN ops.connections AS c ON c.id = s.integration_id
WHERE c.id IS NULL OR (c.enabled AND c.removed_at IS NULL);
COMMENT ON VIEW ops.checks_now IS
    'How each check stands, without those of connections that are off or no longer configured. business_key is a slug'
    ' or an id, and null for what all businesses share.';

CREATE VIEW ops.attention_reasons WITH (security_invoker = true) AS
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
-- Only a workflow's newest outcome counts: one that has worked since is all right.
SELECT business_id, 'workflow_failed', what, error_message, started_at, false
FROM (
    SELECT DISTINCT ON (k.id, w.integration_id, w.workflow_id)
        k.id AS business_id,
        coalesce(w.workflow_name, w.workflow_id) AS what,
        w.error_message,
        w.started_at,
        w.failed
    FROM public.workflow_execution_logs AS w
    JOIN ops.business_keys AS k ON k.key = w.business_id
    WHERE w.started_at > now() - interval '7 days' AND (w.failed OR w.status = 'success')
    ORDER BY k.id, w.integration_id, w.workflow_id, w.started_at DESC, w.id DESC
) AS newest
WHERE failed;
COMMENT ON VIEW ops.attention_reasons IS
    'One row per business and thing that is wrong now: a check that is down or degraded, errors in the last hour, a'
    ' silent connection, a workflow whose newest outcome of the last 7 days is a failure. critical: a check is down, or'
    ' there were 10 errors or more.';

CREATE VIEW public.businesses_needing_attention WITH (security_invoker = true) AS
WITH reasons AS (
    SELECT
        business_id,
        jsonb_agg(
            jsonb_build_object('kind', kind, 'what', what, 'detail', detail, 'since', since)
            ORDER BY critical DESC, kind, since, what
        ) AS reasons,
        bool_or(critical) AS critical
    FROM ops.attention_reasons
    GROUP BY business_id
), errors AS (
    SELECT
        k.id AS business_id,
        count(*) AS last_24h,
        count(*) FILTER (WHERE l.created_at > now() - interval '1 hour') AS last_hour,
        max(l.created_at) AS last_time
    FROM public.integration_logs AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.level = 'error' AND l.created_at > now() - interval '24 hours'
    GROUP BY k.id
)
SELECT
    b.name AS business_name,
    b.slug AS business_slug,
    coalesce(e.last_hour, 0) AS errors_last_hour,
    coalesce(e.last_24h, 0) AS errors_last_24h,
    e.last_time AS last_error_time,
    coalesce(newest.errors, '[]') AS recent_errors,
    r.reasons,
    CASE WHEN r.critical THEN 'critical' ELSE 'warning' END AS severity
FROM public.businesses AS b
JOIN reasons AS r ON r.business_id = b.id
LEFT JOIN errors AS e ON e.business_id = b.id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(x) ORDER BY x.created_at DESC, x.id DESC) AS errors
    FROM (
        SELECT l.id, l.source, l.operation, l.message, l.created_at
        FROM public.integration_logs AS l
        WHERE l.business_id IN (b.slug, b.id::text) AND l.level = 'error'
            AND l.created_at > now() - interval '24 hours'
        ORDER BY l.created_at DESC, l.id DESC
        LIMIT 5
    ) AS x
) AS newest
WHERE b.status = 'active';
COMMENT ON VIEW public.businesses_needing_attention IS
    'Active businesses with something wrong now. reasons: objects of kind, what, detail, since (see'
    ' ops.attention_reasons). severity is critical when a check is down or there were 10 errors or more in the last'
    ' hour, else warning. recent_errors: the newest 5 of the last 24 hours. Errors older than an hour count, but are no'
    ' reason by themselves.';

CREATE VIEW public.uptime_summary WITH (security_invoker = true) AS
SELECT
    c.business_slug AS business,
    c.service,
    c.id AS integration_id,
    looks.uptime_pct_24h,
    looks.uptime_pct_7d,
    looks.uptime_pct_30d,
    looks.avg_response_time_ms,
    looks.p95_response_time_ms,
    (
        SELECT count(*) FROM public.health_flips AS f
        WHERE f.integration_id = c.id AND f.to_state = 'down' AND f.flipped_at > now() - interval '30 days'
    ) AS incidents,
    looks.last_down
FROM ops.connections AS c
CROSS JOIN LATERAL (
    SELECT
        round(100 * avg(h.up) FILTER (WHERE h.checked_at > now() - interval '24 hours'), 2) AS uptime_pct_24h,
        round(100 * avg(h.up) FILTER (WHERE h.checked_at > now() - interval '7 days'), 2) AS uptime_pct_7d,
        round(100 * avg(h.up), 2) AS uptime_pct_30d,
        ops.milliseconds(avg(h.response_time_ms) FILTER (WHERE h.checked_at > now() - interval '24 hours'))
            AS avg_response_time_ms,
        ops.milliseconds(percentile_cont(0.95) WITHIN GROUP (ORDER BY h.response_time_ms)
            FILTER (WHERE h.checked_at > now() - interval '24 hours')) AS p95_response_time_ms,
        max(h.checked_at) FILTER (WHERE h.state = 'down') AS last_down
    FROM (
        SELECT checked_at, response_time_ms, state,
            CASE state WHEN 'unknown' THEN NULL WHEN 'down' THEN 0 ELSE 1 END AS up
        FROM public.health_checks
        WHERE integration_id = c.id AND checked_at > now() - interval '30 days'
    ) AS h
) AS looks
WHERE c.enabled AND c.removed_at IS NULL;
COMMENT ON VIEW public.uptime_summary IS
    'Every configured connection. Uptime is the share of looks that did not find it down; looks that could not ask'
    ' (unknown) do not count, and null means that there were none. Response times are of the last 24 hours, incidents'
    ' (times it went down) and last_down of the last 30 days.';

-- Reads with its owner's rights, which is the point: strangers may see these three columns and no table. So it
-- names tables only: a view among them that reads with the caller's rights would refuse.
CREATE VIEW public.public_status WITH (security_invoker = false, security_barrier = true) AS
WITH checks AS (
    SELECT
        CASE WHEN c.id IS NULL THEN s.business_id ELSE c.business_slug END AS business_key,
        s.state,
        s.since,
        array_position(ARRAY['unknown', 'up', 'late', 'degraded', 'down'], s.state) AS severity
    FROM ops.health_state AS s
    LEFT JOIN ops.connections AS c ON c.id = s.integration_id
    WHERE c.id IS NULL OR (c.enabled AND c.removed_at IS NULL)
), ranked AS (
    SELECT b.id, b.name, c.state, c.since, c.severity, max(c.severity) OVER (PARTITION BY b.id) AS worst
    FROM public.businesses AS b
    LEFT JOIN checks AS c ON c.business_key IS NULL OR c.business_key IN (b.slug, b.id::text)
    WHERE b.status = 'active'
)
SELECT
    name,
    coalesce(min(state), 'unknown') AS state,
    -- It is up since the last of its checks came up, and down since the first of those that are down went down.
    CASE min(state) WHEN 'up' THEN max(since) ELSE min(since) END AS since
FROM ranked
WHERE severity IS NOT DISTINCT FROM worst
GROUP BY id, name;
COMMENT ON VIEW public.public_status IS
    'For a public status page: every active business with the worst state of its checks, and since when. No more than'
    ' that: the only thing that anon may read.';
