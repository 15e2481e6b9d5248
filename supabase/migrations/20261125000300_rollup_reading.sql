-- How a window of time is read: its first, broken hour row by row, the rest from the rollups.
--
--     since |-- rows --|-- rollups by hour --|-- rollups by day -- ... today -->    and what waits in ops.deltas
--                  first hour            first day
--
-- Why     One place knows how a window is put together, and every view asks it. The functions named *_counts and
--         *_durations are written so that the server plans them as part of the view that asks.
-- Adds    functions ops.first_hour, ops.first_day, ops.counted, ops.spread, eight ops.*_edge*, ops.log_counts, ops.api_counts,
--         ops.look_counts, ops.run_counts, ops.log_durations, ops.api_durations, ops.look_durations,
--         ops.run_durations, ops.log_percentiles; index integration_logs_business_errors
-- Locks   SHARE on integration_logs while the index is made, about 2 s for ten million records
-- Undo    DROP FUNCTION ops.log_percentiles, ops.log_counts, ops.api_counts, ops.look_counts, ops.run_counts,
--         ops.log_durations, ops.api_durations, ops.look_durations, ops.run_durations, ops.counted, ops.spread,
--         ops.first_day, ops.first_hour, and those named ops.*_edge and ops.*_edge_durations; DROP INDEX public.integration_logs_business_errors;

-- The newest errors of one business, also of one that has few.
CREATE INDEX integration_logs_business_errors ON public.integration_logs (business_id, created_at DESC, id DESC)
    WHERE level = 'error';

-- Runs as its owner: everybody who reads needs the horizons, and they tell nothing about anybody.
CREATE FUNCTION ops.first_hour(p_table text, p_since timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    SELECT CASE
        -- Only days are left of that time.
        WHEN p_since < hours.since THEN date_bin('1 day', p_since, '2000-01-01 00:00+00')
        -- Its rows are gone: the hour counts as a whole.
        WHEN p_since < rows.since THEN date_bin('1 hour', p_since, '2000-01-01 00:00+00')
        ELSE date_bin('1 hour', p_since + interval '1 hour' - interval '1 microsecond', '2000-01-01 00:00+00')
    END
    FROM ops.horizons AS rows CROSS JOIN ops.horizons AS hours
    WHERE rows.name = p_table AND hours.name = 'rollups_by_hour';
END;
COMMENT ON FUNCTION ops.first_hour(text, timestamptz) IS
    'From when on a window that begins at p_since is read from rollups; rows of the table answer for what is before.';

CREATE FUNCTION ops.first_day(p_table text, p_since timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT date_bin('1 day', ops.first_hour(p_table, p_since) + interval '1 day' - interval '1 microsecond',
        '2000-01-01 00:00+00');
END;
COMMENT ON FUNCTION ops.first_day(text, timestamptz) IS
    'From when on such a window is read from rollups by day.';

CREATE FUNCTION ops.counted(p_subject text, p_table text, p_since timestamptz)
RETURNS TABLE (
    hour timestamptz, business_id text, source text, service text, integration_id text, operation text,
    workflow_id text, records bigint, infos bigint, warnings bigint, errors bigint, successes bigint,
    failures bigint, ended bigint, timed bigint, total double precision, ended_timed bigint,
    ended_total double precision, shortest double precision, longest double precision, last_at timestamptz,
    last_error_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz, name text,
    named_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT starts, business_id, source, service, integration_id, operation, workflow_id, records, infos, warnings,
        errors, successes, failures, ended, timed, total, ended_timed, ended_total, shortest, longest, last_at,
        last_error_at, last_success_at, last_failure_at, name, named_at
    FROM ops.rollups
    WHERE subject = p_subject AND span = 'hour'
        AND starts >= (SELECT ops.first_hour(p_table, p_since)) AND starts < (SELECT ops.first_day(p_table, p_since))
    UNION ALL
    SELECT starts, business_id, source, service, integration_id, operation, workflow_id, records, infos, warnings,
        errors, successes, failures, ended, timed, total, ended_timed, ended_total, shortest, longest, last_at,
        last_error_at, last_success_at, last_failure_at, name, named_at
    FROM ops.rollups
    WHERE subject = p_subject AND span = 'day' AND starts >= (SELECT ops.first_day(p_table, p_since))
    UNION ALL
    SELECT hour, business_id, source, service, integration_id, operation, workflow_id, records, infos, warnings,
        errors, successes, failures, ended, timed, total, ended_timed, ended_total, shortest, longest, last_at,
        last_error_at, last_success_at, last_failure_at, name, named_at
    FROM ops.deltas
    WHERE subject = p_subject AND hour >= (SELECT ops.first_hour(p_table, p_since));
END;
COMMENT ON FUNCTION ops.counted(text, text, timestamptz) IS
    'The numbers of a window but for the rows of its broken first hour: rollups, and what is not yet in them.';

-- The rows of a broken hour. Functions of their own, planned when the hour is known: the server then opens one
-- partition, where a view that names the table has it plan for all of them, for 5 ms or more. They name nothing in
-- ops, where authenticated may not look.
CREATE FUNCTION ops.log_edge(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (hour timestamptz, business_id text, source text, service text, integration_id text, operation text,
    records bigint, infos bigint, warnings bigint, errors bigint, successes bigint, failures bigint, ended bigint,
    timed bigint, total double precision, ended_timed bigint, ended_total double precision, last_at timestamptz,
    last_error_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT date_bin('1 hour', created_at, '2000-01-01 00:00+00'), business_id, source, service, integration_id,
            operation, count(*),
            count(*) FILTER (WHERE level = 'info'),
            count(*) FILTER (WHERE level = 'warn'),
            count(*) FILTER (WHERE level = 'error'),
            count(*) FILTER (WHERE status = 'success'),
            count(*) FILTER (WHERE status = 'error'),
            count(*) FILTER (WHERE status <> 'info'),
            count(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            sum(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            count(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15 AND status <> 'info'),
            sum(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15 AND status <> 'info'),
            max(created_at),
            max(created_at) FILTER (WHERE level = 'error'),
            max(created_at) FILTER (WHERE status = 'success'),
            max(created_at) FILTER (WHERE status = 'error')
        FROM public.integration_logs
        WHERE created_at > p_since AND created_at < p_until
        GROUP BY 1, 2, 3, 4, 5, 6;
END
$$;
COMMENT ON FUNCTION ops.log_edge(timestamptz, timestamptz) IS
    'The numbers of the log records between two moments, read from the rows.';

CREATE FUNCTION ops.api_edge(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (hour timestamptz, business_id text, service text, integration_id text, endpoint text, records bigint,
    successes bigint, failures bigint, timed bigint, total double precision, shortest double precision,
    longest double precision, last_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT date_bin('1 hour', created_at, '2000-01-01 00:00+00'), business_id, service, integration_id, endpoint,
            count(*),
            count(*) FILTER (WHERE success),
            count(*) FILTER (WHERE NOT success),
            count(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            sum(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            min(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            max(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            max(created_at)
        FROM public.api_metrics
        WHERE created_at > p_since AND created_at < p_until
        GROUP BY 1, 2, 3, 4, 5;
END
$$;
COMMENT ON FUNCTION ops.api_edge(timestamptz, timestamptz) IS
    'The numbers of the HTTP attempts between two moments, read from the rows.';

CREATE FUNCTION ops.look_edge(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (hour timestamptz, business_id text, service text, integration_id text, records bigint, successes bigint,
    failures bigint, timed bigint, total double precision, last_at timestamptz, last_failure_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT date_bin('1 hour', checked_at, '2000-01-01 00:00+00'), business_id, service, integration_id, count(*),
            count(*) FILTER (WHERE state NOT IN ('down', 'unknown')),
            count(*) FILTER (WHERE state = 'down'),
            count(response_time_ms) FILTER (WHERE response_time_ms BETWEEN -1e15 AND 1e15),
            sum(response_time_ms) FILTER (WHERE response_time_ms BETWEEN -1e15 AND 1e15),
            max(checked_at),
            max(checked_at) FILTER (WHERE state = 'down')
        FROM public.health_checks
        WHERE checked_at > p_since AND checked_at < p_until
        GROUP BY 1, 2, 3, 4;
END
$$;
COMMENT ON FUNCTION ops.look_edge(timestamptz, timestamptz) IS
    'The numbers of the looks at connections between two moments, read from the rows.';

CREATE FUNCTION ops.run_edge(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (hour timestamptz, business_id text, integration_id text, workflow_id text, records bigint, successes bigint,
    failures bigint, timed bigint, total double precision, last_at timestamptz, name text, named_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT date_bin('1 hour', started_at, '2000-01-01 00:00+00'), business_id, integration_id, workflow_id, count(*),
            count(*) FILTER (WHERE status = 'success'),
            count(*) FILTER (WHERE failed),
            count(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            sum(duration_ms) FILTER (WHERE duration_ms BETWEEN -1e15 AND 1e15),
            max(started_at),
            (array_agg(workflow_name ORDER BY started_at DESC) FILTER (WHERE workflow_name IS NOT NULL))[1],
            max(started_at) FILTER (WHERE workflow_name IS NOT NULL)
        FROM public.workflow_execution_logs
        WHERE started_at > p_since AND started_at < p_until
        GROUP BY 1, 2, 3, 4;
END
$$;
COMMENT ON FUNCTION ops.run_edge(timestamptz, timestamptz) IS
    'The numbers of the executions started between two moments, read from the rows.';

CREATE FUNCTION ops.log_edge_durations(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (business_id text, source text, value double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT business_id, source, duration_ms
        FROM public.integration_logs
        WHERE created_at > p_since AND created_at < p_until
            AND duration_ms BETWEEN -1e15 AND 1e15;
END
$$;
COMMENT ON FUNCTION ops.log_edge_durations(timestamptz, timestamptz) IS
    'The durations of the log records between two moments.';

CREATE FUNCTION ops.api_edge_durations(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (business_id text, service text, endpoint text, value double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT business_id, service, endpoint, duration_ms
        FROM public.api_metrics
        WHERE created_at > p_since AND created_at < p_until
            AND duration_ms BETWEEN -1e15 AND 1e15;
END
$$;
COMMENT ON FUNCTION ops.api_edge_durations(timestamptz, timestamptz) IS
    'The durations of the HTTP attempts between two moments.';

CREATE FUNCTION ops.look_edge_durations(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (business_id text, integration_id text, value double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT business_id, integration_id, response_time_ms
        FROM public.health_checks
        WHERE checked_at > p_since AND checked_at < p_until
            AND response_time_ms BETWEEN -1e15 AND 1e15;
END
$$;
COMMENT ON FUNCTION ops.look_edge_durations(timestamptz, timestamptz) IS
    'The response times of the looks at connections between two moments.';

CREATE FUNCTION ops.run_edge_durations(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (business_id text, integration_id text, workflow_id text, value double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT business_id, integration_id, workflow_id, duration_ms
        FROM public.workflow_execution_logs
        WHERE started_at > p_since AND started_at < p_until
            AND duration_ms BETWEEN -1e15 AND 1e15;
END
$$;
COMMENT ON FUNCTION ops.run_edge_durations(timestamptz, timestamptz) IS
    'The durations of the executions started between two moments.';

CREATE FUNCTION ops.log_counts(p_since timestamptz)
RETURNS TABLE (
    hour timestamptz, business_id text, source text, service text, integration_id text, operation text,
    records bigint, infos bigint, warnings bigint, errors bigint, successes bigint, failures bigint, ended bigint,
    timed bigint, total double precision, ended_timed bigint, ended_total double precision, last_at timestamptz,
    last_error_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hour, business_id, source, service, integration_id, operation, records, infos, warnings, errors, successes,
        failures, ended, timed, total, ended_timed, ended_total, last_at, last_error_at, last_success_at,
        last_failure_at
    FROM ops.counted('log', 'integration_logs', p_since)
    UNION ALL
    SELECT hour, business_id, source, service, integration_id, operation, records, infos, warnings, errors, successes,
        failures, ended, timed, total, ended_timed, ended_total, last_at, last_error_at, last_success_at,
        last_failure_at
    FROM ops.log_edge(p_since, (SELECT ops.first_hour('integration_logs', p_since)));
END;
COMMENT ON FUNCTION ops.log_counts(timestamptz) IS
    'The numbers of the log records after p_since, in parts to be added up. The columns are those of ops.deltas.';

CREATE FUNCTION ops.api_counts(p_since timestamptz)
RETURNS TABLE (
    hour timestamptz, business_id text, service text, integration_id text, endpoint text, records bigint,
    successes bigint, failures bigint, timed bigint, total double precision, shortest double precision,
    longest double precision, last_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hour, business_id, service, integration_id, operation, records, successes, failures, timed, total, shortest,
        longest, last_at
    FROM ops.counted('api', 'api_metrics', p_since)
    UNION ALL
    SELECT hour, business_id, service, integration_id, endpoint, records, successes, failures, timed, total, shortest,
        longest, last_at
    FROM ops.api_edge(p_since, (SELECT ops.first_hour('api_metrics', p_since)));
END;
COMMENT ON FUNCTION ops.api_counts(timestamptz) IS
    'The numbers of the HTTP attempts after p_since, in parts to be added up. The columns are those of ops.deltas.';

CREATE FUNCTION ops.look_counts(p_since timestamptz)
RETURNS TABLE (
    hour timestamptz, business_id text, service text, integration_id text, records bigint, successes bigint,
    failures bigint, timed bigint, total double precision, last_at timestamptz, last_failure_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hour, business_id, service, integration_id, records, successes, failures, timed, total, last_at,
        last_failure_at
    FROM ops.counted('look', 'health_checks', p_since)
    UNION ALL
    SELECT hour, business_id, service, integration_id, records, successes, failures, timed, total, last_at,
        last_failure_at
    FROM ops.look_edge(p_since, (SELECT ops.first_hour('health_checks', p_since)));
END;
COMMENT ON FUNCTION ops.look_counts(timestamptz) IS
    'The numbers of the looks at connections after p_since, in parts to be added up. The columns are those of ops.deltas.';

CREATE FUNCTION ops.run_counts(p_since timestamptz)
RETURNS TABLE (
    hour timestamptz, business_id text, integration_id text, workflow_id text, records bigint, successes bigint,
    failures bigint, timed bigint, total double precision, last_at timestamptz, name text, named_at timestamptz
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT hour, business_id, integration_id, workflow_id, records, successes, failures, timed, total, last_at, name,
        named_at
    FROM ops.counted('run', 'workflow_execution_logs', p_since)
    UNION ALL
    SELECT hour, business_id, integration_id, workflow_id, records, successes, failures, timed, total, last_at, name,
        named_at
    FROM ops.run_edge(p_since, (SELECT ops.first_hour('workflow_execution_logs', p_since)));
END;
COMMENT ON FUNCTION ops.run_counts(timestamptz) IS
    'The numbers of the executions started after p_since, in parts to be added up. The columns are those of ops.deltas.';

-- A histogram's bucket is one value n times. What has not been rolled up is there as it was.
CREATE FUNCTION ops.spread(p_subject text, p_table text, p_since timestamptz)
RETURNS TABLE (
    business_id text, source text, service text, integration_id text, operation text, workflow_id text,
    value double precision, n bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.business_id, h.source, h.service, h.integration_id, h.operation, h.workflow_id,
        CASE u.bucket WHEN -32768 THEN 0 ELSE power(2::double precision, (u.bucket + 0.5::double precision) / 18) END,
        u.n
    FROM ops.histograms AS h CROSS JOIN LATERAL unnest(h.buckets, h.counts) AS u (bucket, n)
    WHERE h.subject = p_subject AND h.span = 'hour'
        AND h.starts >= (SELECT ops.first_hour(p_table, p_since))
        AND h.starts < (SELECT ops.first_day(p_table, p_since))
    UNION ALL
    SELECT h.business_id, h.source, h.service, h.integration_id, h.operation, h.workflow_id,
        CASE u.bucket WHEN -32768 THEN 0 ELSE power(2::double precision, (u.bucket + 0.5::double precision) / 18) END,
        u.n
    FROM ops.histograms AS h CROSS JOIN LATERAL unnest(h.buckets, h.counts) AS u (bucket, n)
    WHERE h.subject = p_subject AND h.span = 'day' AND h.starts >= (SELECT ops.first_day(p_table, p_since))
    UNION ALL
    SELECT d.business_id, d.source, d.service, d.integration_id, d.operation, d.workflow_id, u.value, 1::bigint
    FROM ops.deltas AS d CROSS JOIN LATERAL unnest(d.durations) AS u (value)
    WHERE d.subject = p_subject AND d.hour >= (SELECT ops.first_hour(p_table, p_since))
    UNION ALL
    SELECT d.business_id, d.source, d.service, d.integration_id, d.operation, d.workflow_id, u.value, -1::bigint
    FROM ops.deltas AS d CROSS JOIN LATERAL unnest(d.undone) AS u (value)
    WHERE d.subject = p_subject AND d.hour >= (SELECT ops.first_hour(p_table, p_since));
END;
COMMENT ON FUNCTION ops.spread(text, text, timestamptz) IS
    'The durations of a window but for the rows of its broken first hour, each value with how often it occurred; a value'
    ' from a histogram is off by at most 1.94 %.';

CREATE FUNCTION ops.log_durations(p_since timestamptz)
RETURNS TABLE (business_id text, source text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, source, value, n FROM ops.spread('log', 'integration_logs', p_since)
    UNION ALL
    SELECT business_id, source, value, 1::bigint
    FROM ops.log_edge_durations(p_since, (SELECT ops.first_hour('integration_logs', p_since)));
END;
COMMENT ON FUNCTION ops.log_durations(timestamptz) IS
    'The durations of the log records after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.api_durations(p_since timestamptz)
RETURNS TABLE (business_id text, service text, endpoint text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, service, operation, value, n FROM ops.spread('api', 'api_metrics', p_since)
    UNION ALL
    SELECT business_id, service, endpoint, value, 1::bigint
    FROM ops.api_edge_durations(p_since, (SELECT ops.first_hour('api_metrics', p_since)));
END;
COMMENT ON FUNCTION ops.api_durations(timestamptz) IS
    'The durations of the HTTP attempts after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.look_durations(p_since timestamptz)
RETURNS TABLE (business_id text, integration_id text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, integration_id, value, n FROM ops.spread('look', 'health_checks', p_since)
    UNION ALL
    SELECT business_id, integration_id, value, 1::bigint
    FROM ops.look_edge_durations(p_since, (SELECT ops.first_hour('health_checks', p_since)));
END;
COMMENT ON FUNCTION ops.look_durations(timestamptz) IS
    'The response times of the looks at connections after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.run_durations(p_since timestamptz)
RETURNS TABLE (business_id text, integration_id text, workflow_id text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, integration_id, workflow_id, value, n FROM ops.spread('run', 'workflow_execution_logs', p_since)
    UNION ALL
    SELECT business_id, integration_id, workflow_id, value, 1::bigint
    FROM ops.run_edge_durations(p_since, (SELECT ops.first_hour('workflow_execution_logs', p_since)));
END;
COMMENT ON FUNCTION ops.run_durations(timestamptz) IS
    'The durations of the executions started after p_since, each value with how often it occurred.';

-- As percentile_cont has it, over values that stand for several records each: with `upto` the number of records up
-- to and including a value, the record of rank k is the smallest value with k < upto.
CREATE FUNCTION ops.log_percentiles(p_since timestamptz, p_business text DEFAULT NULL)
RETURNS TABLE (source text, p50 numeric, p95 numeric, p99 numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH points AS (
        SELECT d.source, d.value, sum(d.n::double precision) AS n
        FROM ops.log_durations(p_since) AS d
        WHERE p_business IS NULL OR d.business_id = p_business OR d.business_id IN (
            SELECT k.key FROM ops.business_keys AS k JOIN ops.business_keys AS given ON given.id = k.id
            WHERE given.key = p_business)
        GROUP BY d.source, d.value
    ), whole AS (
        SELECT source, value, sum(n) OVER (PARTITION BY source ORDER BY value) AS upto,
            sum(n) OVER (PARTITION BY source) - 1 AS last_rank
        FROM points
    ), found AS (
        SELECT w.source, f.fraction,
            min(w.value) FILTER (WHERE w.upto > floor(f.fraction * w.last_rank)) AS lower_value,
            min(w.value) FILTER (WHERE w.upto > ceil(f.fraction * w.last_rank)) AS upper_value,
            max(f.fraction * w.last_rank - floor(f.fraction * w.last_rank)) AS between_them
        FROM whole AS w CROSS JOIN (VALUES (0.5::double precision), (0.95), (0.99)) AS f (fraction)
        GROUP BY w.source, f.fraction
    )
    SELECT source,
        ops.milliseconds(max(lower_value * (1 - between_them) + upper_value * between_them) FILTER (WHERE fraction = 0.5)),
        ops.milliseconds(max(lower_value * (1 - between_them) + upper_value * between_them) FILTER (WHERE fraction = 0.95)),
        ops.milliseconds(max(lower_value * (1 - between_them) + upper_value * between_them) FILTER (WHERE fraction = 0.99))
    FROM found
    GROUP BY source;
END;
COMMENT ON FUNCTION ops.log_percentiles(timestamptz, text) IS
    'Of each source the median, 95th and 99th percentile of the durations of its log records after p_since, of all'
    ' businesses or one (its slug or id); off by at most 2 %.';
