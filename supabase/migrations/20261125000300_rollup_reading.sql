-- How a window of time is read: its first, broken hour row by row, the rest from the rollups.
--
--     since |-- rows --|-- rollups by hour --|-- rollups by day -- ... today -->    and what waits in ops.deltas
--                  first hour            first day
--
-- Why     One place knows how a window is put together, and every view asks it. The functions named *_counts and
--         *_durations are written so that the server plans them as part of the view that asks.
-- Adds    functions ops.first_hour, ops.first_day, ops.counted, ops.spread, ops.log_counts, ops.api_counts,
--         ops.look_counts, ops.run_counts, ops.log_durations, ops.api_durations, ops.look_durations,
--         ops.run_durations; index integration_logs_business_errors
-- Locks   SHARE on integration_logs while the index is made, about 2 s for ten million records
-- Undo    DROP FUNCTION ops.log_counts, ops.api_counts, ops.look_counts, ops.run_counts, ops.log_durations,
--         ops.api_durations, ops.look_durations, ops.run_durations, ops.counted, ops.spread, ops.first_day,
--         ops.first_hour; DROP INDEX public.integration_logs_business_errors;

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
    SELECT created_at, business_id, source, service, integration_id, operation, 1::bigint,
        CASE level WHEN 'info' THEN 1 ELSE 0 END::bigint,
        CASE level WHEN 'warn' THEN 1 ELSE 0 END::bigint,
        CASE level WHEN 'error' THEN 1 ELSE 0 END::bigint,
        CASE status WHEN 'success' THEN 1 ELSE 0 END::bigint,
        CASE status WHEN 'error' THEN 1 ELSE 0 END::bigint,
        CASE status WHEN 'info' THEN 0 ELSE 1 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN 1 ELSE 0 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        CASE WHEN status <> 'info' AND duration_ms BETWEEN -1e15 AND 1e15 THEN 1 ELSE 0 END::bigint,
        CASE WHEN status <> 'info' AND duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        created_at,
        CASE level WHEN 'error' THEN created_at END,
        CASE status WHEN 'success' THEN created_at END,
        CASE status WHEN 'error' THEN created_at END
    FROM public.integration_logs
    WHERE created_at > p_since AND created_at < (SELECT ops.first_hour('integration_logs', p_since));
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
    SELECT created_at, business_id, service, integration_id, endpoint, 1::bigint,
        CASE WHEN success THEN 1 ELSE 0 END::bigint,
        CASE WHEN success THEN 0 ELSE 1 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN 1 ELSE 0 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        created_at
    FROM public.api_metrics
    WHERE created_at > p_since AND created_at < (SELECT ops.first_hour('api_metrics', p_since));
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
    SELECT checked_at, business_id, service, integration_id, 1::bigint,
        CASE WHEN state IN ('down', 'unknown') THEN 0 ELSE 1 END::bigint,
        CASE state WHEN 'down' THEN 1 ELSE 0 END::bigint,
        CASE WHEN response_time_ms BETWEEN -1e15 AND 1e15 THEN 1 ELSE 0 END::bigint,
        CASE WHEN response_time_ms BETWEEN -1e15 AND 1e15 THEN response_time_ms END,
        checked_at,
        CASE state WHEN 'down' THEN checked_at END
    FROM public.health_checks
    WHERE checked_at > p_since AND checked_at < (SELECT ops.first_hour('health_checks', p_since));
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
    SELECT started_at, business_id, integration_id, workflow_id, 1::bigint,
        CASE status WHEN 'success' THEN 1 ELSE 0 END::bigint,
        CASE WHEN failed THEN 1 ELSE 0 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN 1 ELSE 0 END::bigint,
        CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END,
        started_at,
        workflow_name,
        CASE WHEN workflow_name IS NOT NULL THEN started_at END
    FROM public.workflow_execution_logs
    WHERE started_at > p_since AND started_at < (SELECT ops.first_hour('workflow_execution_logs', p_since));
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
    SELECT business_id, source, duration_ms, 1::bigint FROM public.integration_logs
    WHERE created_at > p_since AND created_at < (SELECT ops.first_hour('integration_logs', p_since))
        AND duration_ms BETWEEN -1e15 AND 1e15;
END;
COMMENT ON FUNCTION ops.log_durations(timestamptz) IS
    'The durations of the log records after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.api_durations(p_since timestamptz)
RETURNS TABLE (business_id text, service text, endpoint text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, service, operation, value, n FROM ops.spread('api', 'api_metrics', p_since)
    UNION ALL
    SELECT business_id, service, endpoint, duration_ms, 1::bigint FROM public.api_metrics
    WHERE created_at > p_since AND created_at < (SELECT ops.first_hour('api_metrics', p_since))
        AND duration_ms BETWEEN -1e15 AND 1e15;
END;
COMMENT ON FUNCTION ops.api_durations(timestamptz) IS
    'The durations of the HTTP attempts after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.look_durations(p_since timestamptz)
RETURNS TABLE (business_id text, integration_id text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, integration_id, value, n FROM ops.spread('look', 'health_checks', p_since)
    UNION ALL
    SELECT business_id, integration_id, response_time_ms, 1::bigint FROM public.health_checks
    WHERE checked_at > p_since AND checked_at < (SELECT ops.first_hour('health_checks', p_since))
        AND response_time_ms BETWEEN -1e15 AND 1e15;
END;
COMMENT ON FUNCTION ops.look_durations(timestamptz) IS
    'The response times of the looks at connections after p_since, each value with how often it occurred.';

CREATE FUNCTION ops.run_durations(p_since timestamptz)
RETURNS TABLE (business_id text, integration_id text, workflow_id text, value double precision, n bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT business_id, integration_id, workflow_id, value, n FROM ops.spread('run', 'workflow_execution_logs', p_since)
    UNION ALL
    SELECT business_id, integration_id, workflow_id, duration_ms, 1::bigint FROM public.workflow_execution_logs
    WHERE started_at > p_since AND started_at < (SELECT ops.first_hour('workflow_execution_logs', p_since))
        AND duration_ms BETWEEN -1e15 AND 1e15;
END;
COMMENT ON FUNCTION ops.run_durations(timestamptz) IS
    'The durations of the executions started after p_since, each value with how often it occurred.';
