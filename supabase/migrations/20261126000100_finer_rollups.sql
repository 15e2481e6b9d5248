-- Numbers of ten minutes, histograms of the last day, and rows that change or go are counted anew.
--
-- Why     A window rarely begins at a full hour. Its broken first hour was read row by row, which took the longer the
--         more rows there were: now it is ten minutes of rows. Percentiles of the last 24 hours read up to 23
--         histograms by hour for each key: now one, from which what has grown too old is taken away each minute.
-- Adds    spans '10 minutes' (ops.rollups, with the durations themselves), '6 hours' and 'window' (ops.histograms);
--         functions ops.at_or_after, ops.bucket, ops.middle, ops.window_length, ops.window_start, ops.rebuild_windows, ops.log_numbers,
--         ops.api_numbers, ops.look_numbers, ops.run_numbers; triggers on UPDATE and DELETE; replaces ops.roll_up and the functions of
--         the triggers
-- Locks   SHARE ROW EXCLUSIVE on the four partitioned tables while eight days are counted, about 20 s for ten million
--         rows in a month: writers wait, readers do not
-- Undo    DROP FUNCTION ops.rebuild_windows, ops.window_start, ops.window_length, ops.log_numbers, ops.api_numbers, ops.look_numbers,
--         ops.run_numbers; DELETE the new spans; ALTER TABLE ops.deltas RENAME COLUMN slot TO hour;
--         run 20261125000200 again

-- Not while partitions are made or dropped; then in the order of ops.partitioned_tables.lock_order. What waits by the
-- hour is rolled up by the hour.
SELECT pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
LOCK TABLE public.integration_logs, public.api_metrics, public.health_checks, public.workflow_execution_logs
    IN SHARE ROW EXCLUSIVE MODE;
SELECT pg_advisory_xact_lock(hashtextextended('masterops.roll_up', 0));
-- In the order of the views.
LOCK TABLE ops.rollups, ops.histograms, ops.deltas IN ACCESS EXCLUSIVE MODE;
SELECT ops.roll_up(2147483647);

ALTER TABLE ops.deltas RENAME COLUMN hour TO slot;
COMMENT ON COLUMN ops.deltas.slot IS 'When its ten minutes begin.';

ALTER TABLE ops.rollups ADD COLUMN durations double precision[], ADD COLUMN undone double precision[];
ALTER TABLE ops.rollups ALTER COLUMN durations SET STORAGE EXTERNAL;
ALTER TABLE ops.rollups ALTER COLUMN undone SET STORAGE EXTERNAL;
ALTER TABLE ops.rollups DROP CONSTRAINT rollups_span_check;
ALTER TABLE ops.rollups ADD CONSTRAINT rollups_span_check CHECK (span IN ('10 minutes', 'hour', 'day'));
ALTER TABLE ops.histograms ADD COLUMN total bigint;
ALTER TABLE ops.histograms DROP CONSTRAINT histograms_span_check;
ALTER TABLE ops.histograms ADD CONSTRAINT histograms_span_check CHECK (span IN ('hour', '6 hours', 'day', 'week', 'window'));

COMMENT ON TABLE ops.rollups IS
    'The numbers of each hour and day (UTC), and of each ten minutes of the last eight days, for every combination that'
    ' a view asks for. Kept by ops.roll_up; outlives the rows that it counts. The columns are those of ops.deltas.';
COMMENT ON COLUMN ops.rollups.durations IS
    'Of ten minutes, the durations themselves: fewer than a histogram would have buckets. Null for longer spans.';
COMMENT ON COLUMN ops.rollups.undone IS 'Of ten minutes, durations to be taken away again.';
COMMENT ON COLUMN ops.histograms.total IS 'The sum of counts; null where the row has not changed since there is this column.';
COMMENT ON TABLE ops.histograms IS
    'How durations are spread, by hour, six hours and day (UTC), for whole businesses by week, and in the window of the'
    ' views (ops.window_length), which is the sum of the ten minutes since ops.window_start. Bucket b holds durations'
    ' from 2^(b/18) to 2^((b+1)/18) milliseconds, and stands for the geometric middle of both: no value is further than'
    ' 1.94 % from it, and so no percentile. Bucket -32768 holds what is not above a nanosecond, and stands for 0.';

CREATE FUNCTION ops.at_or_after(p_step interval, p_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_bin(p_step, p_at + p_step - interval '1 microsecond', '2000-01-01 00:00+00');
COMMENT ON FUNCTION ops.at_or_after(interval, timestamptz) IS
    'The first multiple of a step (in UTC) that is not before a moment.';

CREATE FUNCTION ops.bucket(p_milliseconds double precision) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (CASE WHEN p_milliseconds > 1e-6 THEN floor(18 * ln(p_milliseconds) / ln(2::double precision)) ELSE -32768 END)::smallint;
COMMENT ON FUNCTION ops.bucket(double precision) IS 'The bucket of ops.histograms that a duration belongs to.';

CREATE FUNCTION ops.middle(p_bucket smallint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_bucket WHEN -32768 THEN 0 ELSE power(2::double precision, (p_bucket + 0.5::double precision) / 18) END;
COMMENT ON FUNCTION ops.middle(smallint) IS 'The duration, in milliseconds, that a bucket of ops.histograms stands for.';

-- Of what is asked: integration_health_summary, api_performance_summary and uptime_summary look at a day,
-- workflow_performance_summary at a week.
CREATE FUNCTION ops.window_length(p_subject text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_subject WHEN 'run' THEN interval '7 days' ELSE interval '24 hours' END;
COMMENT ON FUNCTION ops.window_length(text) IS 'How far back the views with percentiles look.';

INSERT INTO ops.horizons (name, since)
SELECT 'rollups_by_10_minutes', date_bin('1 hour', now() - interval '8 days', '2000-01-01 00:00+00')
UNION ALL
SELECT 'rollups_by_day', '-infinity'
UNION ALL
SELECT 'window_' || subject, ops.at_or_after('10 minutes', now() - ops.window_length(subject))
FROM unnest(ARRAY['log', 'api', 'look', 'run']) AS subject;
COMMENT ON TABLE ops.horizons IS
    'Since when rows are complete: of each partitioned table, of the rollups by ten minutes, hour and day, and of the'
    ' windows. What lies before was forgotten, and the next coarser numbers answer for it.';

-- Runs as its owner: everybody who reads needs it, and it tells nothing about anybody.
CREATE FUNCTION ops.window_start(p_subject text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
RETURN (SELECT since FROM ops.horizons WHERE name = 'window_' || p_subject);
COMMENT ON FUNCTION ops.window_start(text) IS
    'From when on the ten minutes are in the histograms of span window; kept near the start of the window by'
    ' ops.roll_up.';

INSERT INTO ops.histograms (subject, span, starts, key, business_id, source, service, integration_id, operation,
    workflow_id, buckets, counts)
SELECT subject, '6 hours', six, key, business_id, source, service, integration_id, operation, workflow_id,
    array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket)
FROM (
    SELECT h.subject, date_bin('6 hours', h.starts, '2000-01-01 00:00+00') AS six, h.key, h.business_id, h.source,
        h.service, h.integration_id, h.operation, h.workflow_id, u.bucket, sum(u.n)::bigint AS n
    FROM ops.histograms AS h CROSS JOIN LATERAL unnest(h.buckets, h.counts) AS u (bucket, n)
    WHERE h.span = 'hour'
    GROUP BY h.subject, six, h.key, h.business_id, h.source, h.service, h.integration_id, h.operation, h.workflow_id,
        u.bucket
) AS merged
WHERE n <> 0
GROUP BY subject, six, key, business_id, source, service, integration_id, operation, workflow_id;

-- One text for each table says what its rows add to the numbers. It counts what a statement wrote, changed or deleted
-- (each row with its sign), and the rows of a broken ten minutes. {rows} stands for where they come from.
--
-- The triggers run as the owner, so that whoever may write a row need not have a right to the numbers, and cannot
-- write them by hand. Nothing that a row may hold may fail in them: a row would be refused that was good before.
-- So a duration that is no number, or longer than 30,000 years, counts as none; it would spoil every sum anyway.
DO $make$
DECLARE
    -- The columns of ops.deltas, in their order.
    columns CONSTANT text := 'subject, slot, business_id, source, service, integration_id, operation, workflow_id,'
        ' records, infos, warnings, errors, successes, failures, ended, timed, total, ended_timed, ended_total,'
        ' shortest, longest, last_at, last_error_at, last_success_at, last_failure_at, name, named_at, durations, undone';
    written CONSTANT text := '(SELECT 1 AS sign, * FROM new_rows)';
    deleted CONSTANT text := '(SELECT -1 AS sign, * FROM old_rows)';
    changed CONSTANT text := '(SELECT 1 AS sign, n.* FROM new_rows AS n UNION ALL SELECT -1, o.* FROM old_rows AS o)';
    each    record;
    event   record;
    numbers text;
BEGIN
    FOR each IN SELECT * FROM (VALUES
        ('integration_logs', 'log_numbers', 'integration_logs', 'created_at', 'log records', 'duration_ms', $sql$
        SELECT 'log'::text, {slot}, business_id, source, service, integration_id, operation, NULL::text,
            sum(sign),
            coalesce(sum(sign) FILTER (WHERE level = 'info'), 0),
            coalesce(sum(sign) FILTER (WHERE level = 'warn'), 0),
            coalesce(sum(sign) FILTER (WHERE level = 'error'), 0),
            coalesce(sum(sign) FILTER (WHERE status = 'success'), 0),
            coalesce(sum(sign) FILTER (WHERE status = 'error'), 0),
            coalesce(sum(sign) FILTER (WHERE status <> 'info'), 0),
            coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL), 0),
            coalesce(sum(sign * duration), 0),
            coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL AND status <> 'info'), 0),
            coalesce(sum(sign * duration) FILTER (WHERE status <> 'info'), 0),
            NULL::double precision, NULL::double precision,
            max(created_at) FILTER (WHERE sign > 0),
            max(created_at) FILTER (WHERE sign > 0 AND level = 'error'),
            max(created_at) FILTER (WHERE sign > 0 AND status = 'success'),
            max(created_at) FILTER (WHERE sign > 0 AND status = 'error'),
            NULL::text, NULL::timestamptz,
            {durations}
        FROM {rows}
        GROUP BY 1, 2, 3, 4, 5, 6, 7$sql$),
        ('api_metrics', 'api_numbers', 'api_metrics', 'created_at', 'HTTP attempts', 'duration_ms', $sql$
        SELECT 'api'::text, {slot}, business_id, NULL::text, service, integration_id, endpoint, NULL::text,
            sum(sign), 0::bigint, 0::bigint, 0::bigint,
            coalesce(sum(sign) FILTER (WHERE success), 0),
            coalesce(sum(sign) FILTER (WHERE NOT success), 0),
            0::bigint,
            coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL), 0),
            coalesce(sum(sign * duration), 0),
            0::bigint, 0::double precision,
            min(duration) FILTER (WHERE sign > 0),
            max(duration) FILTER (WHERE sign > 0),
            max(created_at) FILTER (WHERE sign > 0),
            NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::text, NULL::timestamptz,
            {durations}
        FROM {rows}
        GROUP BY 1, 2, 3, 5, 6, 7$sql$),
        ('health_checks', 'look_numbers', 'health_checks', 'checked_at', 'looks at connections', 'response_time_ms', $sql$
        SELECT 'look'::text, {slot}, business_id, NULL::text, service, integration_id, NULL::text, NULL::text,
            sum(sign), 0::bigint, 0::bigint, 0::bigint,
            coalesce(sum(sign) FILTER (WHERE state NOT IN ('down', 'unknown')), 0),
            coalesce(sum(sign) FILTER (WHERE state = 'down'), 0),
            0::bigint,
            coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL), 0),
            coalesce(sum(sign * duration), 0),
            0::bigint, 0::double precision, NULL::double precision, NULL::double precision,
            max(checked_at) FILTER (WHERE sign > 0),
            NULL::timestamptz, NULL::timestamptz,
            max(checked_at) FILTER (WHERE sign > 0 AND state = 'down'),
            NULL::text, NULL::timestamptz,
            {durations}
        FROM {rows}
        GROUP BY 1, 2, 3, 5, 6$sql$),
        ('workflow_execution_logs', 'run_numbers', 'executions', 'started_at', 'executions of workflows', 'duration_ms', $sql$
        SELECT 'run'::text, {slot}, business_id, NULL::text, NULL::text, integration_id, NULL::text, workflow_id,
            sum(sign), 0::bigint, 0::bigint, 0::bigint,
            coalesce(sum(sign) FILTER (WHERE status = 'success'), 0),
            coalesce(sum(sign) FILTER (WHERE failed), 0),
            0::bigint,
            coalesce(sum(sign) FILTER (WHERE duration IS NOT NULL), 0),
            coalesce(sum(sign * duration), 0),
            0::bigint, 0::double precision, NULL::double precision, NULL::double precision,
            max(started_at) FILTER (WHERE sign > 0),
            NULL::timestamptz, NULL::timestamptz, NULL::timestamptz,
            (array_agg(workflow_name ORDER BY started_at DESC)
                FILTER (WHERE sign > 0 AND workflow_name IS NOT NULL))[1],
            max(started_at) FILTER (WHERE sign > 0 AND workflow_name IS NOT NULL),
            {durations}
        FROM {rows}
        GROUP BY 1, 2, 3, 6, 8$sql$)
    ) AS w (relation, reader, counter, at, what, duration, body)
    LOOP
        numbers := replace(replace(each.body, '{slot}', format('date_bin(''10 minutes'', %I, ''2000-01-01 00:00+00'')', each.at)),
            '{durations}', 'array_agg(duration) FILTER (WHERE sign > 0 AND duration IS NOT NULL),'
                ' array_agg(duration) FILTER (WHERE sign < 0 AND duration IS NOT NULL)');
        numbers := replace(numbers, '{rows}', format(
            '(SELECT *, CASE WHEN %1$I BETWEEN -1e15 AND 1e15 THEN %1$I END::double precision AS duration FROM {rows} AS r) AS s',
            each.duration));

        FOR event IN SELECT * FROM (VALUES
            ('INSERT', 'count', 'NEW TABLE AS new_rows', written, 'What new %s add to the numbers.'),
            ('UPDATE', 'recount', 'NEW TABLE AS new_rows OLD TABLE AS old_rows', changed,
                'How changes of %s change the numbers: what was counted before is taken back.'),
            ('DELETE', 'uncount', 'OLD TABLE AS old_rows', deleted,
                'Takes deleted %s out of the numbers. Retention is none of it: it deletes from the partitions.')
        ) AS e (name, prefix, transition, rows, says)
        LOOP
            EXECUTE format(
                'CREATE OR REPLACE FUNCTION ops.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER'
                ' SET search_path = %L AS %L', event.prefix || '_' || each.counter, '',
                format(E'\nBEGIN\n    INSERT INTO ops.deltas (%s)%s;\n    RETURN NULL;\nEND\n',
                    columns, replace(numbers, '{rows}', event.rows)));
            EXECUTE format('COMMENT ON FUNCTION ops.%I() IS %L', event.prefix || '_' || each.counter,
                'Trigger: ' || format(event.says, each.what));
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER %1$I AFTER %2$s ON public.%3$I REFERENCING %4$s'
                ' FOR EACH STATEMENT EXECUTE FUNCTION ops.%1$I()',
                event.prefix || '_' || each.counter, event.name, each.relation, event.transition);
        END LOOP;

        -- Planned when the moments are known: the server then opens one partition, where a view that names the table
        -- has it plan for all of them, for 5 ms or more. Names nothing in ops, where authenticated may not look.
        -- Sorting a thousand rows by six texts takes longer than all the rest; the server does not know.
        EXECUTE format(
            'CREATE FUNCTION ops.%I(p_since timestamptz, p_until timestamptz) RETURNS SETOF ops.deltas LANGUAGE plpgsql'
            ' STABLE SET search_path = %L SET plan_cache_mode = ''force_custom_plan'' SET enable_sort = off AS %L', each.reader, '',
            format(E'\nBEGIN\n    IF p_since < p_until THEN\n        RETURN QUERY%s;\n    END IF;\nEND\n', replace(numbers, '{rows}', format(
                '(SELECT 1 AS sign, * FROM public.%I WHERE %I > p_since AND %I < p_until)',
                each.relation, each.at, each.at))));
        EXECUTE format('COMMENT ON FUNCTION ops.%I(timestamptz, timestamptz) IS %L', each.reader,
            format('The numbers of the %s between two moments, read from the rows.', each.what));
    END LOOP;
END
$make$;

-- Runs as its owner, so that service_role can have it done. Whoever kills it undoes it: all of it is one transaction.
CREATE OR REPLACE FUNCTION ops.roll_up(p_most integer DEFAULT 20000) RETURNS integer
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
    ), keyed AS MATERIALIZED (
        SELECT *, substring(sha256(convert_to(
            ROW(business_id, source, service, integration_id, operation, workflow_id)::text, 'UTF8')) FOR 16) AS key,
            -- Older ones are not kept: see ops.clean_rollups.
            slot >= (SELECT since FROM ops.horizons WHERE name = 'rollups_by_10_minutes') AS fine
        FROM gone
    ), one_by_one AS (
        SELECT subject, slot, key, array_agg(d) FILTER (WHERE sign > 0) AS durations,
            array_agg(d) FILTER (WHERE sign < 0) AS undone
        FROM keyed CROSS JOIN LATERAL (
            SELECT unnest(durations) AS d, 1 AS sign UNION ALL SELECT unnest(undone), -1
        ) AS each
        WHERE fine
        GROUP BY subject, slot, key
    ), summed AS (
        SELECT subject, span, starts, key,
            business_id, source, service, integration_id, operation, workflow_id,
            sum(records) AS records, sum(infos) AS infos, sum(warnings) AS warnings, sum(errors) AS errors,
            sum(successes) AS successes, sum(failures) AS failures, sum(ended) AS ended, sum(timed) AS timed,
            sum(total) AS total, sum(ended_timed) AS ended_timed, sum(ended_total) AS ended_total,
            min(shortest) AS shortest, max(longest) AS longest, max(last_at) AS last_at,
            max(last_error_at) AS last_error_at, max(last_success_at) AS last_success_at,
            max(last_failure_at) AS last_failure_at,
            (array_agg(name ORDER BY named_at DESC) FILTER (WHERE name IS NOT NULL))[1] AS name,
            max(named_at) AS named_at
        FROM keyed CROSS JOIN LATERAL (VALUES
            ('10 minutes', CASE WHEN fine THEN slot END),
            ('hour', date_bin('1 hour', slot, '2000-01-01 00:00+00')),
            ('day', date_bin('1 day', slot, '2000-01-01 00:00+00'))
        ) AS s (span, starts)
        WHERE starts IS NOT NULL
        GROUP BY subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id
    ), counts AS (
        INSERT INTO ops.rollups AS r
        SELECT s.*, o.durations, o.undone
        FROM summed AS s
        LEFT JOIN one_by_one AS o
            ON s.span = '10 minutes' AND o.subject = s.subject AND o.slot = s.starts AND o.key = s.key
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
            named_at = greatest(r.named_at, EXCLUDED.named_at),
            durations = r.durations || EXCLUDED.durations,
            undone = r.undone || EXCLUDED.undone
    ), windows AS MATERIALIZED (
        SELECT subject, ops.window_start(subject) AS was, greatest(ops.window_start(subject),
            ops.at_or_after('10 minutes', now() - ops.window_length(subject))) AS will_be
        FROM unnest(ARRAY['log', 'api', 'look', 'run']) AS subject
    ), slid AS (
        UPDATE ops.horizons AS h SET since = w.will_be
        FROM windows AS w WHERE h.name = 'window_' || w.subject AND w.was < w.will_be
    ), by_slot AS (
        SELECT false AS leaves, subject, slot, business_id, source, service, integration_id, operation, workflow_id,
            ops.bucket(d) AS bucket, sum(sign) AS n
        FROM gone CROSS JOIN LATERAL (
            SELECT unnest(durations) AS d, 1 AS sign UNION ALL SELECT unnest(undone), -1
        ) AS each
        GROUP BY subject, slot, business_id, source, service, integration_id, operation, workflow_id, bucket
        UNION ALL
        -- Too old for the window since the last time.
        SELECT true, r.subject, r.starts, r.business_id, r.source, r.service, r.integration_id, r.operation,
            r.workflow_id, ops.bucket(d), sum(-sign)
        FROM windows AS w
        CROSS JOIN LATERAL (
            SELECT * FROM ops.rollups AS t
            WHERE t.subject = w.subject AND t.span = '10 minutes' AND t.starts >= w.was AND t.starts < w.will_be
            -- Look them up one window after the other: the server would rather read the whole table.
            OFFSET 0
        ) AS r
        CROSS JOIN LATERAL (
            SELECT unnest(r.durations) AS d, 1 AS sign UNION ALL SELECT unnest(r.undone), -1
        ) AS each
        WHERE w.was < w.will_be
        GROUP BY r.subject, r.starts, r.business_id, r.source, r.service, r.integration_id, r.operation,
            r.workflow_id, ops.bucket(d)
    ), spread AS (
        SELECT subject, span, starts, business_id, keys.source, keys.service, keys.integration_id, keys.operation,
            keys.workflow_id, bucket, sum(n) AS n
        FROM by_slot JOIN windows AS w USING (subject)
        CROSS JOIN LATERAL (VALUES
            ('hour', CASE WHEN NOT leaves THEN date_bin('1 hour', slot, '2000-01-01 00:00+00') END),
            ('6 hours', CASE WHEN NOT leaves THEN date_bin('6 hours', slot, '2000-01-01 00:00+00') END),
            ('day', CASE WHEN NOT leaves THEN date_bin('1 day', slot, '2000-01-01 00:00+00') END),
            -- Nobody asks for the weeks of the Middle Ages, and the oldest hour has no Monday.
            ('week', CASE WHEN NOT leaves AND subject = 'log' AND slot >= '2000-01-03 00:00+00'
                THEN date_bin('7 days', slot, '2000-01-03 00:00+00') END),
            ('window', CASE WHEN leaves OR slot >= w.will_be THEN '-infinity'::timestamptz END)
        ) AS s (span, starts)
        CROSS JOIN LATERAL (SELECT
            CASE WHEN subject = 'log' AND span <> 'week' THEN by_slot.source END AS source,
            CASE WHEN subject = 'api' THEN by_slot.service END AS service,
            CASE WHEN subject IN ('run', 'look') THEN by_slot.integration_id END AS integration_id,
            CASE WHEN subject = 'api' THEN by_slot.operation END AS operation,
            CASE WHEN subject = 'run' THEN by_slot.workflow_id END AS workflow_id
        ) AS keys
        WHERE starts IS NOT NULL
        GROUP BY subject, span, starts, business_id, keys.source, keys.service, keys.integration_id, keys.operation,
            keys.workflow_id, bucket
    ), fresh AS (
        SELECT *, substring(sha256(convert_to(
            ROW(business_id, source, service, integration_id, operation, workflow_id)::text, 'UTF8')) FOR 16) AS key
        FROM spread
    ), histograms AS (
        INSERT INTO ops.histograms AS h (subject, span, starts, key, business_id, source, service, integration_id,
            operation, workflow_id, buckets, counts, total)
        SELECT subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id,
            coalesce(array_agg(bucket ORDER BY bucket) FILTER (WHERE n <> 0), '{}'),
            coalesce(array_agg(n ORDER BY bucket) FILTER (WHERE n <> 0), '{}'),
            sum(n)
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
        ON CONFLICT (subject, span, starts, key) DO UPDATE
            SET buckets = EXCLUDED.buckets, counts = EXCLUDED.counts, total = EXCLUDED.total
    ), seen AS (
        INSERT INTO ops.last_seen AS l (key, integration_id, business_id, source, last_activity, last_error)
        SELECT substring(sha256(convert_to(ROW(integration_id, business_id, source)::text, 'UTF8')) FOR 16),
            integration_id, business_id, source, max(last_at), max(last_error_at)
        FROM gone
        WHERE subject IN ('log', 'api', 'look') AND integration_id IS NOT NULL AND last_at IS NOT NULL
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

-- Eight days of rows that are there, as if they had been rolled up by ten minutes, and the windows out of them.
INSERT INTO ops.rollups
SELECT n.subject, '10 minutes', n.slot, substring(sha256(convert_to(
        ROW(n.business_id, n.source, n.service, n.integration_id, n.operation, n.workflow_id)::text, 'UTF8')) FOR 16),
    n.business_id, n.source, n.service, n.integration_id, n.operation, n.workflow_id, n.records, n.infos, n.warnings,
    n.errors, n.successes, n.failures, n.ended, n.timed, n.total, n.ended_timed, n.ended_total, n.shortest, n.longest,
    n.last_at, n.last_error_at, n.last_success_at, n.last_failure_at, n.name, n.named_at, n.durations, n.undone
FROM ops.horizons AS h
CROSS JOIN LATERAL (
    SELECT * FROM ops.log_numbers(h.since - interval '1 microsecond', 'infinity')
    UNION ALL
    SELECT * FROM ops.api_numbers(h.since - interval '1 microsecond', 'infinity')
    UNION ALL
    SELECT * FROM ops.look_numbers(h.since - interval '1 microsecond', 'infinity')
    UNION ALL
    SELECT * FROM ops.run_numbers(h.since - interval '1 microsecond', 'infinity')
) AS n
WHERE h.name = 'rollups_by_10_minutes';
-- Where the rows of a window are gone, the durations of its hours: counted they are by the hour.
INSERT INTO ops.rollups (subject, span, starts, key, business_id, source, service, integration_id, operation, workflow_id,
    records, infos, warnings, errors, successes, failures, ended, timed, total, ended_timed, ended_total, durations)
SELECT h.subject, '10 minutes', h.starts, h.key, h.business_id, h.source, h.service, h.integration_id, h.operation,
    h.workflow_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, array_agg(ops.middle(u.bucket))
FROM (VALUES ('log', 'integration_logs'), ('api', 'api_metrics'), ('look', 'health_checks'),
    ('run', 'workflow_execution_logs')) AS t (subject, name)
JOIN ops.horizons AS rows ON rows.name = t.name
JOIN ops.histograms AS h ON h.subject = t.subject AND h.span = 'hour'
    AND h.starts >= ops.window_start(t.subject) AND h.starts + interval '1 hour' <= rows.since
CROSS JOIN LATERAL unnest(h.buckets, h.counts) AS u (bucket, n)
CROSS JOIN LATERAL generate_series(1, u.n)
GROUP BY h.subject, h.starts, h.key, h.business_id, h.source, h.service, h.integration_id, h.operation, h.workflow_id
ON CONFLICT (subject, span, starts, key) DO UPDATE SET durations = EXCLUDED.durations;

CREATE FUNCTION ops.rebuild_windows() RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.roll_up', 0));
    DELETE FROM ops.histograms WHERE span = 'window';
    INSERT INTO ops.histograms (subject, span, starts, key, business_id, source, service, integration_id, operation,
        workflow_id, buckets, counts, total)
    SELECT subject, 'window', '-infinity', substring(sha256(convert_to(
            ROW(business_id, source, service, integration_id, operation, workflow_id)::text, 'UTF8')) FOR 16),
        business_id, source, service, integration_id, operation, workflow_id,
        array_agg(bucket ORDER BY bucket), array_agg(n ORDER BY bucket), sum(n)
    FROM (
        SELECT r.subject, r.business_id, k.source, k.service, k.integration_id, k.operation, k.workflow_id,
            ops.bucket(d) AS bucket, sum(sign) AS n
        FROM ops.rollups AS r
        CROSS JOIN LATERAL (SELECT
            CASE WHEN r.subject = 'log' THEN r.source END AS source,
            CASE WHEN r.subject = 'api' THEN r.service END AS service,
            CASE WHEN r.subject IN ('run', 'look') THEN r.integration_id END AS integration_id,
            CASE WHEN r.subject = 'api' THEN r.operation END AS operation,
            CASE WHEN r.subject = 'run' THEN r.workflow_id END AS workflow_id
        ) AS k
        CROSS JOIN LATERAL (
            SELECT unnest(r.durations) AS d, 1 AS sign UNION ALL SELECT unnest(r.undone), -1
        ) AS each
        WHERE r.span = '10 minutes' AND r.starts >= ops.window_start(r.subject)
        GROUP BY r.subject, r.business_id, k.source, k.service, k.integration_id, k.operation, k.workflow_id, bucket
    ) AS counted
    WHERE n <> 0
    GROUP BY subject, business_id, source, service, integration_id, operation, workflow_id;
END
$$;
COMMENT ON FUNCTION ops.rebuild_windows() IS
    'Make the histograms of span window anew out of the rollups by ten minutes. They never need it, unless somebody has'
    ' written into them by hand.';
SELECT ops.rebuild_windows();

ANALYZE ops.rollups, ops.histograms;

INSERT INTO ops.functions (name, access)
SELECT name, 'read' FROM unnest(ARRAY['at_or_after', 'bucket', 'middle', 'window_length', 'window_start', 'log_numbers',
    'api_numbers', 'look_numbers', 'run_numbers']) AS name;
SELECT ops.grant_access();
