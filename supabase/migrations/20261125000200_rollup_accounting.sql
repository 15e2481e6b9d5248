-- Every row is counted in the transaction that writes it, and rolled up within the minute.
--
-- Why     A reader that follows a watermark misses what commits out of order. A trigger once per statement sees
--         every row exactly once, however late it is dated, and appends: writers share no row to queue for.
-- Adds    functions ops.count_integration_logs, ops.count_api_metrics, ops.count_health_checks,
--         ops.count_executions, ops.recount_executions, ops.roll_up; triggers that call them
-- Locks   SHARE ROW EXCLUSIVE on the four partitioned tables while the rows that are there are counted, about 10 s
--         for a million: writers wait, readers do not
-- Undo    DROP FUNCTION ops.count_integration_logs, ops.count_api_metrics, ops.count_health_checks,
--         ops.count_executions, ops.recount_executions CASCADE; DROP FUNCTION ops.roll_up;

-- The triggers run as the owner, so that whoever may write a row need not have a right to the numbers, and cannot
-- write them by hand. Nothing that a row may hold may fail in them: a row would be refused that was good before.
-- So a duration that is no number, or longer than 30,000 years, counts as none; it would spoil every sum anyway.
DO $make$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT * FROM (VALUES
        (1, 'integration_logs', 'count_integration_logs', 'INSERT', $sql$
    INSERT INTO ops.deltas (subject, hour, business_id, source, service, integration_id, operation,
        records, infos, warnings, errors, successes, failures, ended, timed, total, ended_timed, ended_total,
        last_at, last_error_at, last_success_at, last_failure_at, durations)
    SELECT 'log', date_bin('1 hour', created_at, '2000-01-01 00:00+00'),
        business_id, source, service, integration_id, operation,
        count(*),
        count(*) FILTER (WHERE level = 'info'),
        count(*) FILTER (WHERE level = 'warn'),
        count(*) FILTER (WHERE level = 'error'),
        count(*) FILTER (WHERE status = 'success'),
        count(*) FILTER (WHERE status = 'error'),
        count(*) FILTER (WHERE status <> 'info'),
        count(duration),
        coalesce(sum(duration), 0),
        count(duration) FILTER (WHERE status <> 'info'),
        coalesce(sum(duration) FILTER (WHERE status <> 'info'), 0),
        max(created_at),
        max(created_at) FILTER (WHERE level = 'error'),
        max(created_at) FILTER (WHERE status = 'success'),
        max(created_at) FILTER (WHERE status = 'error'),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL)
    FROM (
        SELECT *, CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END AS duration FROM new_rows
    ) AS r
    GROUP BY 1, 2, 3, 4, 5, 6, 7;$sql$,
         'What new log records add to the numbers.'),
        (2, 'api_metrics', 'count_api_metrics', 'INSERT', $sql$
    INSERT INTO ops.deltas (subject, hour, business_id, service, integration_id, operation,
        records, successes, failures, timed, total, shortest, longest, last_at, durations)
    SELECT 'api', date_bin('1 hour', created_at, '2000-01-01 00:00+00'),
        business_id, service, integration_id, endpoint,
        count(*),
        count(*) FILTER (WHERE success),
        count(*) FILTER (WHERE NOT success),
        count(duration),
        coalesce(sum(duration), 0),
        min(duration),
        max(duration),
        max(created_at),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL)
    FROM (
        SELECT *, CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END AS duration FROM new_rows
    ) AS r
    GROUP BY 1, 2, 3, 4, 5, 6;$sql$,
         'What new HTTP attempts add to the numbers.'),
        (3, 'health_checks', 'count_health_checks', 'INSERT', $sql$
    INSERT INTO ops.deltas (subject, hour, business_id, service, integration_id,
        records, successes, failures, timed, total, last_at, last_failure_at, durations)
    SELECT 'look', date_bin('1 hour', checked_at, '2000-01-01 00:00+00'),
        business_id, service, integration_id,
        count(*),
        count(*) FILTER (WHERE state NOT IN ('down', 'unknown')),
        count(*) FILTER (WHERE state = 'down'),
        count(duration),
        coalesce(sum(duration), 0),
        max(checked_at),
        max(checked_at) FILTER (WHERE state = 'down'),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL)
    FROM (
        SELECT *, CASE WHEN response_time_ms BETWEEN -1e15 AND 1e15 THEN response_time_ms END AS duration
        FROM new_rows
    ) AS r
    GROUP BY 1, 2, 3, 4, 5;$sql$,
         'What new looks at connections add to the numbers.'),
        (4, 'workflow_execution_logs', 'count_executions', 'INSERT', $sql$
    INSERT INTO ops.deltas (subject, hour, business_id, integration_id, workflow_id,
        records, successes, failures, timed, total, last_at, name, named_at, durations)
    SELECT 'run', date_bin('1 hour', started_at, '2000-01-01 00:00+00'),
        business_id, integration_id, workflow_id,
        count(*),
        count(*) FILTER (WHERE status = 'success'),
        count(*) FILTER (WHERE failed),
        count(duration),
        coalesce(sum(duration), 0),
        max(started_at),
        (array_agg(workflow_name ORDER BY started_at DESC) FILTER (WHERE workflow_name IS NOT NULL))[1],
        max(started_at) FILTER (WHERE workflow_name IS NOT NULL),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL)
    FROM (
        SELECT *, CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END AS duration FROM new_rows
    ) AS r
    GROUP BY 1, 2, 3, 4, 5;$sql$,
         'What new executions of workflows add to the numbers.'),
        (5, 'workflow_execution_logs', 'recount_executions', 'UPDATE', $sql$
    INSERT INTO ops.deltas (subject, hour, business_id, integration_id, workflow_id,
        records, successes, failures, timed, total, last_at, name, named_at, durations, undone)
    SELECT 'run', date_bin('1 hour', started_at, '2000-01-01 00:00+00'),
        business_id, integration_id, workflow_id,
        sum(sign),
        coalesce(sum(sign) FILTER (WHERE status = 'success'), 0),
        coalesce(sum(sign) FILTER (WHERE failed), 0),
        coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL), 0),
        coalesce(sum(sign * duration), 0),
        max(started_at) FILTER (WHERE sign > 0),
        (array_agg(workflow_name ORDER BY started_at DESC) FILTER (WHERE workflow_name IS NOT NULL AND sign > 0))[1],
        max(started_at) FILTER (WHERE workflow_name IS NOT NULL AND sign > 0),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL AND sign > 0),
        array_agg(duration) FILTER (WHERE duration IS NOT NULL AND sign < 0)
    FROM (
        SELECT *, CASE WHEN duration_ms BETWEEN -1e15 AND 1e15 THEN duration_ms END AS duration
        FROM (SELECT 1 AS sign, n.* FROM new_rows AS n UNION ALL SELECT -1, o.* FROM old_rows AS o) AS both_rows
    ) AS r
    GROUP BY 1, 2, 3, 4, 5;$sql$,
         'How changes of executions change the numbers: what was counted before is taken back.')
    ) AS w (number, relation, function, event, body, says) ORDER BY number
    LOOP
        EXECUTE format(
            'CREATE FUNCTION ops.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = %L AS %L',
            each.function, '', E'\nBEGIN' || each.body || E'\n    RETURN NULL;\nEND\n');
        EXECUTE format('COMMENT ON FUNCTION ops.%I() IS %L', each.function, 'Trigger: ' || each.says);
        -- Writers wait from here on, so that each row is counted either below or by the trigger.
        EXECUTE format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE', each.relation);
        EXECUTE format(
            'CREATE TRIGGER %I AFTER %s ON public.%I REFERENCING NEW TABLE AS new_rows%s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ops.%I()',
            each.function, each.event, each.relation,
            CASE each.event WHEN 'UPDATE' THEN ' OLD TABLE AS old_rows' ELSE '' END, each.function);
        IF each.event = 'INSERT' THEN
            EXECUTE replace(each.body, 'new_rows', format('public.%I', each.relation));
        END IF;
    END LOOP;
END
$make$;

-- Runs as its owner, so that service_role can have it done. Whoever kills it undoes it: all of it is one transaction.
CREATE FUNCTION ops.roll_up(p_most integer DEFAULT 20000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    rolled integer;
BEGIN
    IF p_most IS NULL OR p_most < 1 THEN
        RAISE EXCEPTION 'roll_up: at most % is not possible', coalesce(p_most::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 1 or more.';
    END IF;
    -- Two would read the same histogram and write it twice. The second has nothing to do anyway.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('masterops.roll_up', 0)) THEN
        RETURN 0;
    END IF;
    WITH gone AS MATERIALIZED (
        DELETE FROM ops.deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM ops.deltas LIMIT p_most)) RETURNING *
    ), counts AS (
        INSERT INTO ops.rollups AS r
        SELECT subject, span, starts,
            substring(sha256(convert_to(
                ROW(business_id, source, service, integration_id, operation, workflow_id)::text, 'UTF8')) FOR 16),
            business_id, source, service, integration_id, operation, workflow_id,
            sum(records), sum(infos), sum(warnings), sum(errors), sum(successes), sum(failures), sum(ended),
            sum(timed), sum(total), sum(ended_timed), sum(ended_total), min(shortest), max(longest),
            max(last_at), max(last_error_at), max(last_success_at), max(last_failure_at),
            (array_agg(name ORDER BY named_at DESC) FILTER (WHERE name IS NOT NULL))[1], max(named_at)
        FROM gone CROSS JOIN LATERAL (VALUES
            ('hour', hour), ('day', date_bin('1 day', hour, '2000-01-01 00:00+00'))
        ) AS s (span, starts)
        GROUP BY subject, span, starts, business_id, source, service, integration_id, operation, workflow_id
        ON CONFLICT (subject, span, starts, key) DO UPDATE SET
            records = r.records + EXCLUDED.records,
            infos = r.infos + EXCLUDED.infos,
            warnings = r.warnings + EXCLUDED.warnings,
            errors = r.errors + EXCLUDED.errors,
            successes = r.successes + EXCLUDED.successes,
            failures = r.failures + EXCLUDED.failures,
            ended = r.ended + EXCLUDED.ended,
            timed = r.timed + EXCLUDED.timed,
            total = r.total + EXCLUDED.total,
            ended_timed = r.ended_timed + EXCLUDED.ended_timed,
            ended_total = r.ended_total + EXCLUDED.ended_total,
            shortest = least(r.shortest, EXCLUDED.shortest),
            longest = greatest(r.longest, EXCLUDED.longest),
            last_at = greatest(r.last_at, EXCLUDED.last_at),
            last_error_at = greatest(r.last_error_at, EXCLUDED.last_error_at),
            last_success_at = greatest(r.last_success_at, EXCLUDED.last_success_at),
            last_failure_at = greatest(r.last_failure_at, EXCLUDED.last_failure_at),
            name = CASE WHEN r.named_at > EXCLUDED.named_at THEN r.name ELSE coalesce(EXCLUDED.name, r.name) END,
            named_at = greatest(r.named_at, EXCLUDED.named_at)
    ), spread AS (
        SELECT subject, span, starts, business_id, keys.source, keys.service, keys.integration_id, keys.operation,
            keys.workflow_id, bucket, sum(n) AS n
        FROM gone
        CROSS JOIN LATERAL (VALUES
            ('hour', hour), ('day', date_bin('1 day', hour, '2000-01-01 00:00+00')),
            -- Nobody asks for the weeks of the Middle Ages, and the oldest hour has no Monday.
            ('week', CASE WHEN subject = 'log' AND hour >= '2000-01-03 00:00+00'
                THEN date_bin('7 days', hour, '2000-01-03 00:00+00') END)
        ) AS s (span, starts)
        CROSS JOIN LATERAL (SELECT
            CASE WHEN subject = 'log' AND span <> 'week' THEN gone.source END AS source,
            CASE WHEN subject = 'api' THEN gone.service END AS service,
            CASE WHEN subject IN ('run', 'look') THEN gone.integration_id END AS integration_id,
            CASE WHEN subject = 'api' THEN gone.operation END AS operation,
            CASE WHEN subject = 'run' THEN gone.workflow_id END AS workflow_id
        ) AS keys
        CROSS JOIN LATERAL (
            SELECT (CASE WHEN d > 1e-6 THEN floor(18 * ln(d) / ln(2::double precision)) ELSE -32768 END)::smallint
                AS bucket, n
            FROM (SELECT unnest(durations) AS d, 1 AS n UNION ALL SELECT unnest(undone), -1) AS one
        ) AS b
        WHERE starts IS NOT NULL
        GROUP BY subject, span, starts, business_id, keys.source, keys.service, keys.integration_id, keys.operation,
            keys.workflow_id, bucket
    ), fresh AS (
        SELECT *, substring(sha256(convert_to(
            ROW(business_id, source, service, integration_id, operation, workflow_id)::text, 'UTF8')) FOR 16) AS key
        FROM spread
    ), histograms AS (
        INSERT INTO ops.histograms AS h (subject, span, starts, key, business_id, source, service, integration_id,
            operation, workflow_id, buckets, counts)
        SELECT subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id,
            coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE n <> 0), '{}'),
            coalesce(array_agg(n ORDER BY bucket) FILTER (WHERE n <> 0), '{}')
        FROM (
            SELECT subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id,
                bucket, sum(n)::bigint AS n
            FROM (
                SELECT subject, span, starts, key, business_id, source, service, integration_id, operation,
                    workflow_id, bucket, n
                FROM fresh
                UNION ALL
                SELECT o.subject, o.span, o.starts, o.key, o.business_id, o.source, o.service, o.integration_id,
                    o.operation, o.workflow_id, u.bucket, u.n
                FROM (SELECT DISTINCT subject, span, starts, key FROM fresh) AS f
                JOIN ops.histograms AS o USING (subject, span, starts, key)
                CROSS JOIN LATERAL unnest(o.buckets, o.counts) AS u (bucket, n)
            ) AS old_and_new
            GROUP BY subject, span, starts, key, business_id, source, service, integration_id, operation,
                workflow_id, bucket
        ) AS merged
        GROUP BY subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id
        ON CONFLICT (subject, span, starts, key) DO UPDATE SET buckets = EXCLUDED.buckets, counts = EXCLUDED.counts
    ), seen AS (
        INSERT INTO ops.last_seen AS l (key, integration_id, business_id, source, last_activity, last_error)
        SELECT substring(sha256(convert_to(ROW(integration_id, business_id, source)::text, 'UTF8')) FOR 16),
            integration_id, business_id, source, max(last_at), max(last_error_at)
        FROM gone
        WHERE subject IN ('log', 'api', 'look') AND integration_id IS NOT NULL
        GROUP BY integration_id, business_id, source
        ON CONFLICT (key) DO UPDATE SET
            last_activity = greatest(l.last_activity, EXCLUDED.last_activity),
            last_error = greatest(l.last_error, EXCLUDED.last_error)
        WHERE l.last_activity < EXCLUDED.last_activity
            OR EXCLUDED.last_error > coalesce(l.last_error, '-infinity')
    )
    SELECT count(*) INTO rolled FROM gone;
    RETURN rolled;
END
$$;
COMMENT ON FUNCTION ops.roll_up(integer) IS
    'Move at most so many rows of ops.deltas into rollups, histograms and last_seen; answers how many it moved, 0 when'
    ' there are none or another session is at it. Run it every minute, until it answers 0.';

SELECT ops.roll_up(2147483647);
ANALYZE ops.deltas, ops.rollups, ops.histograms, ops.last_seen;
