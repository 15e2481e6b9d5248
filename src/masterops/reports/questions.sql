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
