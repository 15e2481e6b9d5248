-- Percentiles of the last day come from the windows, and rows that were deleted by hand are out of every count; what
-- was the newest, largest or smallest of them stays.
--
-- Why     See 20261126000100. A part of the numbers may now be negative: what counts is the sum.
-- Adds    nothing; replaces ten views
-- Locks   ACCESS EXCLUSIVE on each view for a moment
-- Undo    run the statements of 20261125000400 again

CREATE OR REPLACE VIEW public.integration_health_summary WITH (security_invoker = true) AS
WITH counts AS (
    SELECT source, sum(records)::bigint AS records, sum(errors)::bigint AS errors, sum(warnings)::bigint AS warnings,
        sum(infos)::bigint AS infos, sum(total) / nullif(sum(timed), 0)::double precision AS mean,
        max(last_at) AS last_at
    FROM ops.log_counts(now() - interval '24 hours')
    GROUP BY source
    HAVING sum(records) > 0
)
SELECT
    c.source,
    c.records AS total_logs,
    c.errors AS error_count,
    c.warnings AS warning_count,
    c.infos AS info_count,
    ops.percentage(c.errors, c.records) AS error_rate_pct,
    ops.milliseconds(c.mean) AS avg_duration_ms,
    ops.milliseconds(p.p95) AS p95_duration_ms,
    c.last_at AS last_activity
FROM counts AS c LEFT JOIN ops.log_p95() AS p ON p.source = c.source;

CREATE OR REPLACE VIEW public.api_performance_summary WITH (security_invoker = true) AS
WITH counts AS (
    SELECT service, endpoint, sum(records)::bigint AS records, sum(successes)::bigint AS successes,
        sum(failures)::bigint AS failures, sum(total) / nullif(sum(timed), 0)::double precision AS mean,
        min(shortest) AS shortest, max(longest) AS longest, max(last_at) AS last_at
    FROM ops.api_counts(now() - interval '24 hours')
    GROUP BY service, endpoint
    HAVING sum(records) > 0
)
SELECT
    c.service,
    c.endpoint,
    c.records AS total_calls,
    c.successes AS successful_calls,
    c.failures AS failed_calls,
    ops.percentage(c.successes, c.records) AS success_rate_pct,
    ops.milliseconds(c.mean) AS avg_duration_ms,
    ops.milliseconds(p.p95) AS p95_duration_ms,
    ops.milliseconds(c.shortest) AS min_duration_ms,
    ops.milliseconds(c.longest) AS max_duration_ms,
    c.last_at AS last_call
FROM counts AS c LEFT JOIN ops.api_p95() AS p ON p.service = c.service AND p.endpoint = c.endpoint;

CREATE OR REPLACE VIEW public.workflow_performance_summary WITH (security_invoker = true) AS
WITH counts AS (
    SELECT integration_id, workflow_id,
        (array_agg(name ORDER BY named_at DESC) FILTER (WHERE name IS NOT NULL))[1] AS name,
        sum(records)::bigint AS records, sum(successes)::bigint AS successes, sum(failures)::bigint AS failures,
        sum(total) AS total, sum(timed)::bigint AS timed, max(last_at) AS last_at
    FROM ops.run_counts(now() - interval '7 days')
    GROUP BY integration_id, workflow_id
    -- What was there and has been moved elsewhere.
    HAVING sum(records) > 0
)
SELECT
    c.workflow_id,
    c.name AS workflow_name,
    c.records AS total_executions,
    c.successes AS successful_executions,
    c.failures AS failed_executions,
    ops.percentage(c.successes, c.successes + c.failures) AS success_rate_pct,
    ops.milliseconds(c.total / nullif(c.timed, 0)) AS avg_duration_ms,
    ops.milliseconds(p.p95) AS p95_duration_ms,
    c.last_at AS last_execution,
    c.integration_id
FROM counts AS c
LEFT JOIN ops.run_p95() AS p ON p.integration_id = c.integration_id AND p.workflow_id = c.workflow_id;

CREATE OR REPLACE VIEW public.business_error_summary WITH (security_invoker = true) AS
WITH per_integration AS (
    SELECT k.id, k.name, k.slug, l.source, coalesce(l.integration_id, l.source) AS integration,
        sum(l.errors)::bigint AS errors, max(l.last_error_at) AS last_error
    FROM ops.log_counts(now() - interval '24 hours') AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.errors <> 0
    GROUP BY k.id, k.name, k.slug, l.source, integration
    HAVING sum(l.errors) > 0
), per_source AS (
    SELECT id, name, slug, source, sum(errors)::bigint AS errors, max(last_error) AS last_error,
        array_agg(integration) AS integrations
    FROM per_integration
    GROUP BY id, name, slug, source
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

CREATE OR REPLACE VIEW public.business_integration_health WITH (security_invoker = true) AS
SELECT
    k.name AS business_name,
    k.slug AS business_slug,
    l.source,
    sum(l.records)::bigint AS total_operations,
    sum(l.errors)::bigint AS errors,
    sum(l.warnings)::bigint AS warnings,
    ops.percentage(sum(l.errors)::bigint, sum(l.records)::bigint) AS error_rate_pct,
    ops.milliseconds(sum(l.total) / nullif(sum(l.timed), 0)::double precision) AS avg_duration_ms,
    max(l.last_at) AS last_activity
FROM ops.log_counts(now() - interval '24 hours') AS l
JOIN ops.business_keys AS k ON k.key = l.business_id
GROUP BY k.id, k.name, k.slug, l.source
HAVING sum(l.records) > 0;

CREATE OR REPLACE VIEW public.business_performance_comparison WITH (security_invoker = true) AS
WITH per_operation AS (
    SELECT
        k.id,
        l.source,
        l.operation,
        sum(l.records)::bigint AS total,
        sum(l.successes)::bigint AS successful,
        sum(l.failures)::bigint AS failed,
        sum(l.total) AS duration,
        sum(l.timed)::bigint AS timed
    FROM ops.log_counts(now() - interval '7 days') AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    GROUP BY k.id, l.source, l.operation
    HAVING sum(l.records) > 0
), per_source AS (
    SELECT id, source, sum(total)::bigint AS total, sum(successful)::bigint AS successful, sum(failed)::bigint AS failed,
        sum(duration) AS duration, sum(timed)::bigint AS timed,
        array_agg(operation) FILTER (WHERE operation IS NOT NULL) AS operations
    FROM per_operation
    GROUP BY id, source
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
    coalesce(ops.milliseconds(sum(s.duration) / nullif(sum(s.timed), 0)::double precision), 0) AS avg_duration_ms,
    coalesce(jsonb_object_agg(s.source, s.total) FILTER (WHERE s.source IS NOT NULL), '{}') AS operations_by_source
FROM public.businesses AS b
LEFT JOIN per_source AS s ON s.id = b.id
WHERE b.status = 'active'
GROUP BY b.id, b.name, b.slug;

-- Added up before businesses are looked up: under row level security the server thinks that there are few rows, and
-- would go through them once for each business.
CREATE OR REPLACE VIEW public.daily_operations_summary WITH (security_invoker = true) AS
WITH counted AS MATERIALIZED (
    SELECT
        business_id,
        (hour AT TIME ZONE 'UTC')::date AS day,
        source,
        sum(records)::bigint AS total,
        sum(successes)::bigint AS successful,
        sum(failures)::bigint AS failed,
        sum(total) AS duration,
        sum(timed)::bigint AS timed
    FROM ops.log_counts(now() - interval '30 days')
    GROUP BY business_id, day, source
), per_source AS (
    SELECT
        k.id,
        k.name,
        k.slug,
        c.day,
        c.source,
        sum(c.total)::bigint AS total,
        sum(c.successful)::bigint AS successful,
        sum(c.failed)::bigint AS failed,
        sum(c.duration) AS duration,
        sum(c.timed)::bigint AS timed
    FROM counted AS c
    JOIN ops.business_keys AS k ON k.key = c.business_id
    GROUP BY k.id, k.name, k.slug, c.day, c.source
    HAVING sum(c.total) > 0
)
SELECT
    name AS business_name,
    day AS operation_date,
    sum(total)::bigint AS total_operations,
    sum(successful)::bigint AS successful,
    sum(failed)::bigint AS failed,
    ops.milliseconds(sum(duration) / nullif(sum(timed), 0)::double precision) AS avg_duration_ms,
    jsonb_object_agg(source, total) AS operations_by_source,
    slug AS business_slug
FROM per_source
GROUP BY id, name, slug, day;

CREATE OR REPLACE VIEW public.businesses_needing_attention WITH (security_invoker = true) AS
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
), day_errors AS (
    SELECT k.id AS business_id, sum(l.errors)::bigint AS last_24h, max(l.last_error_at) AS last_time
    FROM ops.log_counts(now() - interval '24 hours') AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.errors <> 0
    GROUP BY k.id
    HAVING sum(l.errors) > 0
), hour_errors AS (
    SELECT k.id AS business_id, sum(l.errors)::bigint AS last_hour
    FROM ops.log_counts(now() - interval '1 hour') AS l
    JOIN ops.business_keys AS k ON k.key = l.business_id
    WHERE l.errors <> 0
    GROUP BY k.id
    HAVING sum(l.errors) > 0
)
SELECT
    b.name AS business_name,
    b.slug AS business_slug,
    coalesce(h.last_hour, 0) AS errors_last_hour,
    coalesce(e.last_24h, 0) AS errors_last_24h,
    e.last_time AS last_error_time,
    coalesce(newest.errors, '[]') AS recent_errors,
    r.reasons,
    CASE WHEN r.critical THEN 'critical' ELSE 'warning' END AS severity
FROM public.businesses AS b
JOIN reasons AS r ON r.business_id = b.id
LEFT JOIN day_errors AS e ON e.business_id = b.id
LEFT JOIN hour_errors AS h ON h.business_id = b.id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(x) ORDER BY x.created_at DESC, x.id DESC) AS errors
    FROM (
        SELECT l.id, l.source, l.operation, l.message, l.created_at
        -- One walk along the index for each spelling: an IN would have to sort the whole day.
        FROM unnest(ARRAY[b.slug, b.id::text]) AS spelling (key)
        CROSS JOIN LATERAL (
            SELECT i.id, i.source, i.operation, i.message, i.created_at
            FROM public.integration_logs AS i
            WHERE i.business_id = spelling.key AND i.level = 'error' AND i.created_at > now() - interval '24 hours'
            ORDER BY i.created_at DESC, i.id DESC
            LIMIT 5
        ) AS l
        ORDER BY l.created_at DESC, l.id DESC
        LIMIT 5
    ) AS x
) AS newest
WHERE b.status = 'active';

CREATE OR REPLACE VIEW public.uptime_summary WITH (security_invoker = true) AS
WITH day AS (
    SELECT integration_id, sum(successes)::bigint AS up, sum(successes + failures)::bigint AS looks,
        sum(total) / nullif(sum(timed), 0)::double precision AS mean
    FROM ops.look_counts(now() - interval '24 hours')
    GROUP BY integration_id
), week AS (
    SELECT integration_id, sum(successes)::bigint AS up, sum(successes + failures)::bigint AS looks
    FROM ops.look_counts(now() - interval '7 days')
    GROUP BY integration_id
), month AS (
    SELECT integration_id, sum(successes)::bigint AS up, sum(successes + failures)::bigint AS looks,
        max(last_failure_at) AS last_down
    FROM ops.look_counts(now() - interval '30 days')
    GROUP BY integration_id
), incidents AS (
    SELECT integration_id, count(*) AS incidents FROM public.health_flips
    WHERE to_state = 'down' AND flipped_at > now() - interval '30 days'
    GROUP BY integration_id
)
SELECT
    c.business_slug AS business,
    c.service,
    c.id AS integration_id,
    round(100.0 * d.up / nullif(d.looks, 0), 2) AS uptime_pct_24h,
    round(100.0 * w.up / nullif(w.looks, 0), 2) AS uptime_pct_7d,
    round(100.0 * m.up / nullif(m.looks, 0), 2) AS uptime_pct_30d,
    ops.milliseconds(d.mean) AS avg_response_time_ms,
    ops.milliseconds(p.p95) AS p95_response_time_ms,
    coalesce(i.incidents, 0) AS incidents,
    m.last_down
FROM ops.connections AS c
LEFT JOIN day AS d ON d.integration_id = c.id
LEFT JOIN week AS w ON w.integration_id = c.id
LEFT JOIN month AS m ON m.integration_id = c.id
LEFT JOIN ops.look_p95() AS p ON p.integration_id = c.id
LEFT JOIN incidents AS i ON i.integration_id = c.id
WHERE c.enabled AND c.removed_at IS NULL;

-- Weeks begin at a midnight: days are enough, and for percentiles there are weeks.
CREATE OR REPLACE VIEW public.weekly_business_report WITH (security_invoker = true) AS
WITH points AS (
    SELECT k.id, h.week, h.value, sum(h.n::double precision) AS n
    FROM (
        SELECT w.business_id, w.starts AS week, u.n, ops.middle(u.bucket) AS value
        FROM ops.histograms AS w CROSS JOIN LATERAL unnest(w.buckets, w.counts) AS u (bucket, n)
        WHERE w.subject = 'log' AND w.span = 'week'
            AND w.starts >= date_bin('7 days', now(), '2000-01-03 00:00+00') - interval '1848 hours'
        UNION ALL
        SELECT d.business_id, date_bin('7 days', d.slot, '2000-01-03 00:00+00'), u.n, u.value
        FROM ops.deltas AS d CROSS JOIN LATERAL (
            -- Exact, unless some are undone: those must meet what was counted at the same value.
            SELECT CASE WHEN (SELECT bool_or(o.undone IS NOT NULL) FROM ops.deltas AS o WHERE o.subject = 'log')
                THEN ops.middle(ops.bucket(each)) ELSE each END AS value, 1::bigint AS n
            FROM unnest(d.durations) AS each
            UNION ALL
            SELECT ops.middle(ops.bucket(unnest(d.undone))), -1::bigint
        ) AS u
        WHERE d.subject = 'log'
            AND d.slot >= date_bin('7 days', now(), '2000-01-03 00:00+00') - interval '1848 hours'
    ) AS h
    JOIN ops.business_keys AS k ON k.key = h.business_id
    GROUP BY k.id, h.week, h.value
), ranked AS (
    SELECT id, week, value, sum(n) OVER (PARTITION BY id, week ORDER BY value) AS upto,
        0.95 * (sum(n) OVER (PARTITION BY id, week) - 1) AS rank
    FROM points
), percentiles AS MATERIALIZED (
    SELECT id, week,
        min(value) FILTER (WHERE upto > floor(rank)) * (1 - max(rank - floor(rank)))
            + min(value) FILTER (WHERE upto > ceil(rank)) * max(rank - floor(rank)) AS p95
    FROM ranked
    GROUP BY id, week
), counted AS MATERIALIZED (
    SELECT
        business_id,
        date_bin('7 days', hour, '2000-01-03 00:00+00') AS week,
        coalesce(integration_id, source) AS integration,
        sum(records)::bigint AS records,
        sum(successes)::bigint AS successes,
        sum(failures)::bigint AS failures,
        sum(total) AS total,
        sum(timed)::bigint AS timed
    FROM ops.counted('log', 'integration_logs',
        date_bin('7 days', now(), '2000-01-03 00:00+00') - interval '1848 hours')
    GROUP BY business_id, week, integration
), parts AS (
    SELECT k.id, c.week, c.integration, sum(c.records)::bigint AS records, sum(c.successes)::bigint AS successes,
        sum(c.failures)::bigint AS failures, sum(c.total) AS total, sum(c.timed)::bigint AS timed
    FROM counted AS c
    JOIN ops.business_keys AS k ON k.key = c.business_id
    GROUP BY k.id, c.week, c.integration
    HAVING sum(c.records) > 0
), counts AS (
    SELECT b.id, b.name, b.slug, p.week, sum(p.records)::bigint AS records, count(*) AS integrations,
        sum(p.successes)::bigint AS successes, sum(p.failures)::bigint AS failures,
        sum(p.total) / nullif(sum(p.timed), 0)::double precision AS mean
    FROM parts AS p JOIN public.businesses AS b ON b.id = p.id
    GROUP BY b.id, b.name, b.slug, p.week
)
SELECT
    c.name AS business_name,
    (c.week AT TIME ZONE 'UTC')::date AS week_start,
    c.records AS total_operations,
    c.integrations AS active_integrations,
    c.successes AS successful_operations,
    c.failures AS failed_operations,
    ops.percentage(c.successes, c.successes + c.failures) AS success_rate_pct,
    ops.milliseconds(c.mean) AS avg_duration_ms,
    ops.milliseconds(p.p95) AS p95_duration_ms,
    c.slug AS business_slug
FROM counts AS c LEFT JOIN percentiles AS p ON p.id = c.id AND p.week = c.week;
