-- A window is read in finer steps: rows only for its broken first ten minutes.
--
--     since |- rows -|- ten minutes -|- hours ----------------|- days --- ... today -->    and ops.deltas
--                 first slot     first hour               first day
--     of durations:  |- ten minutes -|- hours -|- six hours --|- days --- ... today -->    and ops.deltas
--
-- Why     See 20261126000100. Names and columns of what the views call stay as they were.
-- Adds    functions ops.first_slot, ops.first_quarter, ops.beside_window, ops.tail, ops.log_p95, ops.api_p95,
--         ops.look_p95, ops.run_p95; replaces ops.counted, ops.spread, the functions named
--         ops.*_counts and ops.*_durations; drops those named ops.*_edge and ops.*_edge_durations
-- Locks   none that a reader would notice
-- Undo    DROP FUNCTION ops.log_p95, ops.api_p95, ops.look_p95, ops.run_p95, ops.beside_window, ops.tail,
--         ops.first_slot, ops.first_quarter; run the statements of 20261125000300 again

-- Runs as its owner: everybody who reads needs the horizons, and they tell nothing about anybody.
CREATE FUNCTION ops.first_slot(p_table text, p_since timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    SELECT CASE WHEN p_since >= max(since)
        THEN ops.at_or_after('10 minutes', p_since)
        ELSE ops.first_hour(p_table, p_since) END
    FROM ops.horizons WHERE name IN (p_table, 'rollups_by_hour', 'rollups_by_10_minutes');
END;
COMMENT ON FUNCTION ops.first_slot(text, timestamptz) IS
    'From when on a window that begins at p_since is read from rollups; rows of the table answer for what is before.';
COMMENT ON FUNCTION ops.first_hour(text, timestamptz) IS
    'From when on such a window is read from rollups by hour; those of ten minutes answer for what is before.';

CREATE FUNCTION ops.first_quarter(p_table text, p_since timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
    SELECT ops.at_or_after('6 hours', ops.first_hour(p_table, p_since));
END;
COMMENT ON FUNCTION ops.first_quarter(text, timestamptz) IS
    'From when on such a window is read from histograms of six hours.';

CREATE OR REPLACE FUNCTION ops.counted(p_subject text, p_table text, p_since timestamptz)
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
    WHERE subject = p_subject AND span = '10 minutes'
        AND starts >= (SELECT ops.first_slot(p_table, p_since)) AND starts < (SELECT ops.first_hour(p_table, p_since))
    UNION ALL
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
    SELECT slot, business_id, source, service, integration_id, operation, workflow_id, records, infos, warnings,
        errors, successes, failures, ended, timed, total, ended_timed, ended_total, shortest, longest, last_at,
        last_error_at, last_success_at, last_failure_at, name, named_at
    FROM ops.deltas
    WHERE subject = p_subject AND slot >= (SELECT ops.first_slot(p_table, p_since));
END;
COMMENT ON FUNCTION ops.counted(text, text, timestamptz) IS
    'The numbers of a window but for the rows of its broken first ten minutes: rollups, and what is not yet in them.';

CREATE OR REPLACE FUNCTION ops.log_counts(p_since timestamptz)
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
    SELECT slot, business_id, source, service, integration_id, operation, records, infos, warnings, errors, successes,
        failures, ended, timed, total, ended_timed, ended_total, last_at, last_error_at, last_success_at,
        last_failure_at
    FROM ops.log_numbers(p_since, (SELECT ops.first_slot('integration_logs', p_since)));
END;

CREATE OR REPLACE FUNCTION ops.api_counts(p_since timestamptz)
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
    SELECT slot, business_id, service, integration_id, operation, records, successes, failures, timed, total, shortest,
        longest, last_at
    FROM ops.api_numbers(p_since, (SELECT ops.first_slot('api_metrics', p_since)));
END;

CREATE OR REPLACE FUNCTION ops.look_counts(p_since timestamptz)
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
    SELECT slot, business_id, service, integration_id, records, successes, failures, timed, total, last_at,
        last_failure_at
    FROM ops.look_numbers(p_since, (SELECT ops.first_slot('health_checks', p_since)));
END;

CREATE OR REPLACE FUNCTION ops.run_counts(p_since timestamptz)
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
    SELECT slot, business_id, integration_id, workflow_id, records, successes, failures, timed, total, last_at, name,
        named_at
    FROM ops.run_numbers(p_since, (SELECT ops.first_slot('workflow_execution_logs', p_since)));
END;

-- A bucket is one value n times.
CREATE OR REPLACE FUNCTION ops.spread(p_subject text, p_table text, p_since timestamptz)
RETURNS TABLE (
    business_id text, source text, service text, integration_id text, operation text, workflow_id text,
    value double precision, n bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT h.business_id, h.source, h.service, h.integration_id, h.operation, h.workflow_id,
        ops.middle(u.bucket), u.n
    FROM (
        SELECT business_id, source, service, integration_id, operation, workflow_id, buckets, counts
        FROM ops.histograms
        WHERE subject = p_subject AND span = 'hour'
            AND starts >= (SELECT ops.first_hour(p_table, p_since))
            AND starts < (SELECT ops.first_quarter(p_table, p_since))
        UNION ALL
        SELECT business_id, source, service, integration_id, operation, workflow_id, buckets, counts
        FROM ops.histograms
        WHERE subject = p_subject AND span = '6 hours'
            AND starts >= (SELECT ops.first_quarter(p_table, p_since))
            AND starts < (SELECT ops.first_day(p_table, p_since))
        UNION ALL
        SELECT business_id, source, service, integration_id, operation, workflow_id, buckets, counts
        FROM ops.histograms
        WHERE subject = p_subject AND span = 'day' AND starts >= (SELECT ops.first_day(p_table, p_since))
    ) AS h CROSS JOIN LATERAL unnest(h.buckets, h.counts) AS u (bucket, n)
    UNION ALL
    SELECT d.business_id, d.source, d.service, d.integration_id, d.operation, d.workflow_id, u.value, u.n
    FROM (
        SELECT business_id, source, service, integration_id, operation, workflow_id, durations, undone
        FROM ops.rollups
        WHERE subject = p_subject AND span = '10 minutes'
            AND starts >= (SELECT ops.first_slot(p_table, p_since))
            AND starts < (SELECT ops.first_hour(p_table, p_since))
        UNION ALL
        SELECT business_id, source, service, integration_id, operation, workflow_id, durations, undone
        FROM ops.deltas
        WHERE subject = p_subject AND slot >= (SELECT ops.first_slot(p_table, p_since))
    ) AS d CROSS JOIN LATERAL (
        -- In buckets as well: what is undone must meet what was counted at the same value.
        SELECT ops.middle(ops.bucket(unnest(d.durations))) AS value, 1::bigint AS n
        UNION ALL
        SELECT ops.middle(ops.bucket(unnest(d.undone))), -1::bigint
    ) AS u;
END;
COMMENT ON FUNCTION ops.spread(text, text, timestamptz) IS
    'The durations of a window but for the rows of its broken first ten minutes, each value with how often it occurred;'
    ' off by at most 1.94 %.';

-- A window is its histogram and what this answers.
CREATE FUNCTION ops.beside_window(p_subject text, p_table text)
RETURNS TABLE (
    business_id text, source text, service text, integration_id text, operation text, workflow_id text,
    value double precision, n bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.business_id, d.source, d.service, d.integration_id, d.operation, d.workflow_id, u.value, u.n
    FROM ops.deltas AS d CROSS JOIN LATERAL (
        SELECT unnest(d.durations) AS value, 1::bigint AS n
        UNION ALL
        SELECT ops.middle(ops.bucket(unnest(d.undone))), -1::bigint
    ) AS u
    WHERE d.subject = p_subject
        AND d.slot >= (SELECT ops.first_slot(p_table, now() - ops.window_length(p_subject)))
    UNION ALL
    -- Mostly none at all: ten minutes that are in the histogram and not in the window, or, after a clock was put back,
    -- the other way round.
    SELECT r.business_id, r.source, r.service, r.integration_id, r.operation, r.workflow_id,
        ops.middle(ops.bucket(u.value)),
        CASE WHEN r.starts < (SELECT ops.first_slot(p_table, now() - ops.window_length(p_subject)))
            THEN -u.n ELSE u.n END
    FROM ops.rollups AS r CROSS JOIN LATERAL (
        SELECT unnest(r.durations) AS value, 1::bigint AS n UNION ALL SELECT unnest(r.undone), -1::bigint
    ) AS u
    WHERE r.subject = p_subject AND r.span = '10 minutes'
        AND r.starts >= (SELECT least(ops.window_start(p_subject),
            ops.first_slot(p_table, now() - ops.window_length(p_subject))))
        AND r.starts < (SELECT greatest(ops.window_start(p_subject),
            ops.first_slot(p_table, now() - ops.window_length(p_subject))));
END;
COMMENT ON FUNCTION ops.beside_window(text, text) IS
    'What the histograms of span window lack: the durations that have come since they were brought up to date, and with'
    ' negative n those that have grown too old; but for the rows of the window''s broken first ten minutes.';

-- Of the many buckets of a histogram a 95th percentile needs the upper few.
CREATE FUNCTION ops.tail(p_counts bigint[], p_least double precision) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    first integer := cardinality(p_counts);
    held  double precision := 0;
BEGIN
    WHILE first > 1 LOOP
        held := held + p_counts[first];
        EXIT WHEN held >= p_least;
        first := first - 1;
    END LOOP;
    RETURN first;
END
$$;
COMMENT ON FUNCTION ops.tail(bigint[], double precision) IS
    'The index from which on the counts add up to p_least or more; 1 if they never do.';

-- As percentile_cont has it, over values that stand for several records each: with `down_to` the number of records
-- down to and including a value, the record of rank k from above is the largest value with k < down_to. The keys have
-- places, because sorting by numbers is faster than by texts.
DO $make$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT * FROM (VALUES
        ('log', 'integration_logs', 'source', 'source text', 'log records of each source in the last 24 hours'),
        ('api', 'api_metrics', 'service, operation', 'service text, endpoint text',
            'HTTP attempts at each endpoint in the last 24 hours'),
        ('look', 'health_checks', 'integration_id', 'integration_id text',
            'looks at each connection in the last 24 hours'),
        ('run', 'workflow_execution_logs', 'integration_id, workflow_id', 'integration_id text, workflow_id text',
            'executions of each workflow in the last 7 days')
    ) AS w (subject, relation, keys, columns, what)
    LOOP
        -- The durations of any window.
        EXECUTE replace(replace(replace(replace($sql$
            CREATE OR REPLACE FUNCTION ops.{subject}_durations(p_since timestamptz)
            RETURNS TABLE (business_id text, {columns}, value double precision, n bigint)
            LANGUAGE sql STABLE
            BEGIN ATOMIC
                SELECT business_id, {keys}, value, n FROM ops.spread('{subject}', '{relation}', p_since)
                UNION ALL
                SELECT business_id, {keys}, ops.middle(ops.bucket(d)), 1::bigint
                FROM ops.{subject}_numbers(p_since, (SELECT ops.first_slot('{relation}', p_since)))
                CROSS JOIN LATERAL unnest(durations) AS d;
            END
            $sql$, '{subject}', each.subject), '{relation}', each.relation), '{keys}', each.keys),
            '{columns}', each.columns);
        -- The 95th percentile of the views' window.
        EXECUTE replace(replace(replace(replace($sql$
            CREATE FUNCTION ops.{subject}_p95() RETURNS TABLE ({columns}, p95 double precision)
            LANGUAGE sql STABLE
            BEGIN ATOMIC
                WITH hists AS (
                    SELECT {keys}, buckets, counts, total FROM ops.histograms
                    WHERE subject = '{subject}' AND span = 'window'
                ), others AS MATERIALIZED (
                    SELECT {keys}, value, n FROM ops.beside_window('{subject}', '{relation}')
                    UNION ALL
                    SELECT {keys}, unnest(durations), 1::bigint
                    FROM ops.{subject}_numbers(now() - ops.window_length('{subject}'),
                        (SELECT ops.first_slot('{relation}', now() - ops.window_length('{subject}'))))
                ), sizes AS MATERIALIZED (
                    SELECT {keys}, sum(total)::double precision AS total, sum(less)::double precision AS less,
                        row_number() OVER ()::integer AS place
                    FROM (
                        SELECT {keys}, total, 0 AS less FROM hists
                        UNION ALL
                        SELECT {keys}, n, least(n, 0) FROM others
                    ) AS parts
                    GROUP BY {keys}
                ), points AS (
                    SELECT place, value, sum(n) AS n, total
                    FROM (
                        SELECT s.place, ops.middle(u.bucket) AS value, u.n, s.total
                        FROM hists AS h JOIN sizes AS s USING ({keys})
                        CROSS JOIN LATERAL (SELECT ops.tail(h.counts, 0.05::double precision * s.total + 2 - s.less)) AS t (first)
                        CROSS JOIN LATERAL unnest(h.buckets[t.first:], h.counts[t.first:]) AS u (bucket, n)
                        UNION ALL
                        -- Values that were never in a bucket are exact, unless some are undone: those must meet what
                        -- was counted at the same value.
                        SELECT s.place, CASE WHEN s.less < 0 THEN ops.middle(ops.bucket(o.value)) ELSE o.value END, o.n, s.total
                        FROM others AS o JOIN sizes AS s USING ({keys})
                    ) AS parts
                    GROUP BY place, value, total
                ), ranked AS (
                    SELECT place, value, sum(n) OVER (PARTITION BY place ORDER BY value DESC)::double precision AS down_to,
                        0.05::double precision * (total - 1) AS rank
                    FROM points
                )
                SELECT {keys}, found.p95
                FROM (
                    SELECT place, max(value) FILTER (WHERE down_to > ceil(rank)) * (1 - max(ceil(rank) - rank))
                        + max(value) FILTER (WHERE down_to > floor(rank)) * max(ceil(rank) - rank) AS p95
                    FROM ranked
                    GROUP BY place
                ) AS found JOIN sizes USING (place);
            END
            $sql$, '{subject}', each.subject), '{relation}', each.relation), '{keys}', each.keys),
            '{columns}', each.columns);
        EXECUTE format('COMMENT ON FUNCTION ops.%I() IS %L', each.subject || '_p95',
            format('The 95th percentile of the durations of the %s, in milliseconds; off by at most 2 %%.', each.what));
    END LOOP;
END
$make$;

DROP FUNCTION ops.log_edge, ops.api_edge, ops.look_edge, ops.run_edge, ops.log_edge_durations, ops.api_edge_durations,
    ops.look_edge_durations, ops.run_edge_durations;

DELETE FROM ops.functions WHERE name LIKE '%\_edge' OR name LIKE '%\_edge\_durations';
INSERT INTO ops.functions (name, access)
SELECT name, 'read' FROM unnest(ARRAY['first_slot', 'first_quarter', 'beside_window', 'tail', 'log_p95', 'api_p95',
    'look_p95', 'run_p95']) AS name;
SELECT ops.grant_access();
