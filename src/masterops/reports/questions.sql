-- name: connections_now
-- Every configured connection with its present state, its last read and its errors of the last day.
SELECT
    c.id AS connection,
    c.service,
    c.business_slug AS business,
    b.name AS business_name,
    coalesce(s.state, 'unknown') AS state,
    s.since,
    s.last_checked_at,
    s.response_time_ms,
    s.error_message,
    r.changed,
    r.last_read_at,
    coalesce(e.errors, 0) AS errors_24h
FROM ops.connections AS c
LEFT JOIN public.businesses AS b ON b.slug = c.business_slug
LEFT JOIN ops.health_state AS s ON s.integration_id = c.id AND s.check_name = 'connection'
LEFT JOIN LATERAL (
    SELECT sum(last_changed_count)::bigint AS changed, max(last_read_at) AS last_read_at
    FROM ops.read_cursors
    WHERE integration_id = c.id
) AS r ON true
LEFT JOIN (
    SELECT integration_id, sum(errors)::bigint AS errors
    FROM ops.log_counts(now() - interval '24 hours')
    GROUP BY integration_id
) AS e ON e.integration_id = c.id
WHERE c.enabled AND c.removed_at IS NULL
ORDER BY b.name NULLS FIRST, c.service;

-- name: last_cycle
-- The newest cycle that has ended.
SELECT id, started_at, finished_at, outcome
FROM ops.cycles
WHERE finished_at IS NOT NULL
ORDER BY started_at DESC
LIMIT 1;

-- name: attention
-- Businesses with something wrong now, the worst first.
SELECT business_name, business_slug, severity, reasons, errors_last_hour, errors_last_24h, last_error_time
FROM public.businesses_needing_attention
WHERE %(business)s::text IS NULL OR business_slug = %(business)s
ORDER BY severity = 'critical' DESC, errors_last_hour DESC, business_name;

-- name: stats
-- What each source did in the last hours, over all businesses or one.
SELECT
    l.source,
    sum(l.records)::bigint AS total_logs,
    sum(l.errors)::bigint AS error_count,
    sum(l.warnings)::bigint AS warning_count,
    round(100.0 * sum(l.errors) / sum(l.records), 2) AS error_rate_pct,
    round((sum(l.total) / nullif(sum(l.timed), 0)::double precision)::numeric, 1) AS avg_duration_ms,
    round(min(p.p95), 1) AS p95_duration_ms,
    max(l.last_at) AS last_activity
FROM ops.log_counts(now() - make_interval(hours => %(hours)s)) AS l
LEFT JOIN ops.log_percentiles(now() - make_interval(hours => %(hours)s), %(business)s::text) AS p USING (source)
-- Also a name that is not registered.
WHERE %(business)s::text IS NULL OR l.business_id = %(business)s::text OR l.business_id IN (
    SELECT k.key FROM ops.business_keys AS k JOIN ops.business_keys AS given ON given.id = k.id
    WHERE given.key = %(business)s::text)
GROUP BY l.source
ORDER BY total_logs DESC, l.source;

-- name: records_by_hour
-- The log records of each source in each of the last hours, over all businesses or one.
SELECT
    l.source AS name,
    (extract(epoch FROM date_bin('1 hour', now(), '2000-01-01 00:00+00') - l.hour) / 3600)::integer AS hours_ago,
    sum(l.records)::bigint AS number
FROM (
    SELECT starts AS hour, business_id, source, records
    FROM ops.rollups
    WHERE subject = 'log' AND span = 'hour'
        AND starts > date_bin('1 hour', now(), '2000-01-01 00:00+00') - make_interval(hours => %(hours)s)
        AND starts <= now()
    UNION ALL
    SELECT date_bin('1 hour', slot, '2000-01-01 00:00+00'), business_id, source, records
    FROM ops.deltas
    WHERE subject = 'log'
        AND slot >= date_bin('1 hour', now(), '2000-01-01 00:00+00') - make_interval(hours => %(hours)s - 1)
        AND slot <= now()
) AS l
-- Also a name that is not registered.
WHERE %(business)s::text IS NULL OR l.business_id = %(business)s::text OR l.business_id IN (
    SELECT k.key FROM ops.business_keys AS k JOIN ops.business_keys AS given ON given.id = k.id
    WHERE given.key = %(business)s::text)
GROUP BY l.source, l.hour;

-- name: errors_by_hour
-- The log records of level error of each business, or of one, in each of the last hours.
SELECT
    k.slug AS name,
    (extract(epoch FROM date_bin('1 hour', now(), '2000-01-01 00:00+00') - l.hour) / 3600)::integer AS hours_ago,
    sum(l.errors)::bigint AS number
FROM (
    SELECT starts AS hour, business_id, errors
    FROM ops.rollups
    WHERE subject = 'log' AND span = 'hour' AND errors <> 0
        AND starts > date_bin('1 hour', now(), '2000-01-01 00:00+00') - make_interval(hours => %(hours)s)
        AND starts <= now()
    UNION ALL
    SELECT date_bin('1 hour', slot, '2000-01-01 00:00+00'), business_id, errors
    FROM ops.deltas
    WHERE subject = 'log' AND errors <> 0
        AND slot >= date_bin('1 hour', now(), '2000-01-01 00:00+00') - make_interval(hours => %(hours)s - 1)
        AND slot <= now()
) AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE %(business)s::text IS NULL OR k.slug = %(business)s::text
GROUP BY k.slug, l.hour;

-- name: budgets_now
-- What is left of every limit, the one that runs out first at the top of its connection.
SELECT * FROM budget_status
WHERE %(connection)s::text IS NULL OR connection = %(connection)s
ORDER BY connection, runs_out_at NULLS LAST, limit_name;

-- name: flips
-- The changes of state of all checks or of one, the newest first, each with how long it lasted.
SELECT integration_id, check_name, service, business_id AS business, from_state, to_state, reason, flipped_at, ended_at,
    extract(epoch FROM coalesce(ended_at, now()) - flipped_at)::double precision AS lasted_seconds
FROM (
    SELECT f.*, lead(f.flipped_at) OVER (
        PARTITION BY f.integration_id, f.check_name ORDER BY f.flipped_at, f.id) AS ended_at
    FROM public.health_flips AS f
    WHERE %(check)s::text IS NULL OR f.integration_id = %(check)s
) AS f
-- What began before and goes on into the window belongs to it.
WHERE coalesce(ended_at, now()) > %(since)s
ORDER BY flipped_at DESC, integration_id, check_name
LIMIT %(limit)s;

-- name: uptime
-- Looks that found it up, and looks that could say, of everything that is looked at, in three windows.
SELECT l.integration_id, min(l.service) AS service, max(l.business_id) AS business,
    sum(l.successes) FILTER (WHERE l.days = 1)::bigint AS up_24h,
    sum(l.successes + l.failures) FILTER (WHERE l.days = 1)::bigint AS looks_24h,
    sum(l.successes) FILTER (WHERE l.days = 7)::bigint AS up_7d,
    sum(l.successes + l.failures) FILTER (WHERE l.days = 7)::bigint AS looks_7d,
    sum(l.successes) FILTER (WHERE l.days = 30)::bigint AS up_30d,
    sum(l.successes + l.failures) FILTER (WHERE l.days = 30)::bigint AS looks_30d,
    (SELECT extract(epoch FROM now() - min(f.flipped_at)) / 60 FROM public.health_flips AS f
        WHERE f.integration_id = l.integration_id)::double precision AS known_minutes
FROM (
    SELECT integration_id, service, business_id, successes, failures, 1 AS days
    FROM ops.look_counts(now() - interval '24 hours')
    UNION ALL
    SELECT integration_id, service, business_id, successes, failures, 7 FROM ops.look_counts(now() - interval '7 days')
    UNION ALL
    SELECT integration_id, service, business_id, successes, failures, 30
    FROM ops.look_counts(now() - interval '30 days')
) AS l
GROUP BY l.integration_id
HAVING sum(l.successes + l.failures) > 0
ORDER BY l.integration_id;

-- name: recent_looks
-- The newest looks of each of some checks, the oldest of them first.
SELECT k.integration_id, k.check_name, h.state, h.response_time_ms
FROM unnest(%(integrations)s::text[], %(checks)s::text[]) AS k (integration_id, check_name)
CROSS JOIN LATERAL (
    SELECT state, response_time_ms, checked_at FROM public.health_checks AS h
    WHERE h.integration_id = k.integration_id AND h.check_name = k.check_name
        AND h.checked_at > now() - interval '2 days'
    ORDER BY h.checked_at DESC
    LIMIT %(limit)s
) AS h
ORDER BY k.integration_id, k.check_name, h.checked_at;

-- name: incidents
-- What is wrong together now, and what ended lately, the newest first.
SELECT id, title, state, service, business_id AS business, category, reason, since, closed_at,
    jsonb_array_length(checks) AS checks,
    extract(epoch FROM coalesce(closed_at, now()) - since)::double precision AS lasted_seconds
FROM public.incidents
WHERE closed_at IS NULL OR closed_at > %(since)s
ORDER BY closed_at IS NOT NULL, since DESC, title
LIMIT %(limit)s;
