-- Log records go by level and by business, and dropping a partition does not read it first.
--
-- Why     Debug records may go after days and a business's after months. Counting ten million rows in order to say how
--         many were dropped took two seconds in which nobody could write; the rollups know. And a month's files take a
--         second or two to delete: first the partitions are taken off their table, which is a matter of
--         milliseconds, then they are dropped one by one.
-- Adds    table ops.deletions; functions ops.delete_by_rule, ops.drop_detached; replaces
--         cleanup_old_logs, ops.clean_rollups, ops.delete_before and ops.drop_partitions_before
-- Locks   SHARE on the four partitioned tables while their rows are counted once, about 2 s for ten million
-- Undo    DROP FUNCTION ops.delete_by_rule, ops.drop_detached; DROP TABLE ops.deletions; run 20261124001500 and 20261125000500 again

CREATE TABLE ops.deletions (
    table_name text        NOT NULL,
    day        timestamptz NOT NULL,
    records    bigint      NOT NULL,
    PRIMARY KEY (table_name, day)
);
SELECT ops.close_table('ops.deletions');
COMMENT ON TABLE ops.deletions IS
    'How many rows of each day retention has deleted from partitions that are still there. The rollups of the day less'
    ' these are what dropping its partition drops.';

-- What was deleted before there was this table. Not while partitions are dropped.
SELECT pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
LOCK TABLE public.integration_logs, public.api_metrics, public.health_checks, public.workflow_execution_logs IN SHARE MODE;
INSERT INTO ops.deletions (table_name, day, records)
SELECT name, day, counted - coalesce(present, 0)
FROM (
    SELECT CASE subject WHEN 'log' THEN 'integration_logs' WHEN 'api' THEN 'api_metrics' WHEN 'look' THEN 'health_checks'
            ELSE 'workflow_execution_logs' END AS name,
        day, sum(records)::bigint AS counted
    FROM (
        SELECT subject, starts AS day, records FROM ops.rollups WHERE span = 'day'
        UNION ALL
        SELECT subject, date_bin('1 day', slot, '2000-01-01 00:00+00'), records FROM ops.deltas
    ) AS parts
    GROUP BY subject, day
) AS c
LEFT JOIN (
    SELECT 'integration_logs' AS name, date_bin('1 day', created_at, '2000-01-01 00:00+00') AS day, count(*) AS present
    FROM public.integration_logs GROUP BY day
    UNION ALL
    SELECT 'api_metrics', date_bin('1 day', created_at, '2000-01-01 00:00+00') AS day, count(*)
    FROM public.api_metrics GROUP BY day
    UNION ALL
    SELECT 'health_checks', date_bin('1 day', checked_at, '2000-01-01 00:00+00') AS day, count(*)
    FROM public.health_checks GROUP BY day
    UNION ALL
    SELECT 'workflow_execution_logs', date_bin('1 day', started_at, '2000-01-01 00:00+00') AS day, count(*)
    FROM public.workflow_execution_logs GROUP BY day
) AS p USING (name, day)
WHERE counted <> coalesce(present, 0);

-- p_older is a condition on the rows of the table.
CREATE FUNCTION ops.delete_by_rule(p_table text, p_partition text, p_older text) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    deleted bigint;
BEGIN
    EXECUTE format(
        'WITH gone AS (DELETE FROM ops.%I WHERE %s RETURNING %I AS at), noted AS ('
        'INSERT INTO ops.deletions AS d (table_name, day, records)'
        ' SELECT %L, date_bin(''1 day'', at, ''2000-01-01 00:00+00'') AS day, count(*) FROM gone GROUP BY day'
        ' ON CONFLICT (table_name, day) DO UPDATE SET records = d.records + EXCLUDED.records)'
        ' SELECT count(*) FROM gone',
        p_partition, p_older, (SELECT time_column FROM ops.partitioned_tables WHERE name = p_table), p_table)
        INTO deleted;
    RETURN deleted;
END
$$;
COMMENT ON FUNCTION ops.delete_by_rule(text, text, text) IS
    'Delete the rows of one partition that meet a condition, and note how many of each day; answers how many.';

CREATE OR REPLACE FUNCTION ops.delete_before(p_table text, p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    part  record;
    total bigint := 0;
BEGIN
    FOR part IN
        SELECT p.partition_name, t.time_column
        FROM ops.partitions AS p JOIN ops.partitioned_tables AS t ON t.name = p.table_name
        WHERE p.table_name = p_table
            AND (p.upper_bound IS NULL OR (p.lower_bound < p_before AND p_before < p.upper_bound))
    LOOP
        total := total + ops.delete_by_rule(p_table, part.partition_name, format('%I < %L', part.time_column, p_before));
    END LOOP;
    RETURN total;
END
$$;

-- As many as are counted less those that went before. Where days are no longer rolled up, the rows are counted.
CREATE OR REPLACE FUNCTION ops.drop_partitions_before(p_table text, p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    counted  text := CASE p_table WHEN 'integration_logs' THEN 'log' WHEN 'api_metrics' THEN 'api'
        WHEN 'health_checks' THEN 'look' ELSE 'run' END;
    known    timestamptz := (SELECT since FROM ops.horizons WHERE name = 'rollups_by_day');
    gone     text[];
    lower_at timestamptz[];
    upper_at timestamptz[];
    held     bigint;
    total    bigint := 0;
BEGIN
    SELECT array_agg(partition_name), array_agg(lower_bound), array_agg(upper_bound) INTO gone, lower_at, upper_at
    FROM ops.partitions WHERE table_name = p_table AND upper_bound <= p_before;
    IF gone IS NULL THEN
        RETURN 0;
    END IF;
    -- Shut before counting, so that the count is what is dropped.
    EXECUTE format('LOCK TABLE ONLY public.%I IN ACCESS EXCLUSIVE MODE', p_table);
    FOR i IN 1 .. cardinality(gone) LOOP
        IF lower_at[i] < known THEN
            EXECUTE format('SELECT count(*) FROM ops.%I', gone[i]) INTO held;
            total := total + held;
        END IF;
        EXECUTE format('ALTER TABLE public.%I DETACH PARTITION ops.%I', p_table, gone[i]);
    END LOOP;
    INSERT INTO ops.detached_partitions (partition_name, table_name) SELECT name, p_table FROM unnest(gone) AS name;
    WITH days AS (
        SELECT each.day, each.records
        FROM (
            SELECT starts AS day, records FROM ops.rollups
            WHERE subject = counted AND span = 'day' AND starts < p_before
            UNION ALL
            SELECT date_bin('1 day', slot, '2000-01-01 00:00+00'), records FROM ops.deltas
            WHERE subject = counted AND slot < p_before
        ) AS each
        JOIN unnest(lower_at, upper_at) AS part (lower_bound, upper_bound)
            ON each.day >= part.lower_bound AND each.day < part.upper_bound
    ), now_gone AS (
        SELECT day, sum(records)::bigint AS records FROM days GROUP BY day
    ), before AS (
        SELECT d.day, d.records FROM ops.deletions AS d JOIN now_gone AS n ON n.day = d.day WHERE d.table_name = p_table
    ), noted AS (
        -- What comes late for such a day is in the default partition, and counted there.
        INSERT INTO ops.deletions AS d (table_name, day, records)
        SELECT p_table, day, records FROM now_gone
        ON CONFLICT (table_name, day) DO UPDATE SET records = EXCLUDED.records
    )
    SELECT total + greatest(coalesce(sum(n.records - coalesce(b.records, 0)), 0), 0) INTO total
    FROM now_gone AS n LEFT JOIN before AS b ON b.day = n.day
    WHERE n.day >= known;
    RETURN total;
END
$$;
COMMENT ON FUNCTION ops.drop_partitions_before(text, timestamptz) IS
    'Take the partitions that hold nothing newer than the bound off their table; answers how many rows they held. Their'
    ' disk is given back by ops.drop_detached.';

-- Runs as its owner: only the owner of a table may drop it, and service_role has to be able to.
CREATE FUNCTION ops.drop_detached(p_most integer DEFAULT 1) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '10s'
AS $$
DECLARE
    part    text;
    dropped integer := 0;
BEGIN
    -- Not while partitions are being made.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
    FOR part IN SELECT partition_name FROM ops.detached() LIMIT p_most LOOP
        EXECUTE format('DROP TABLE ops.%I', part);
        DELETE FROM ops.detached_partitions WHERE partition_name = part;
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION ops.drop_detached(integer) IS
    'Give the disk of at most so many detached partitions back; answers how many. Run it after cleanup_old_logs, until it'
    ' answers 0; each run is short.';

-- Ten minutes are read where a window of a day or a week begins, and by ops.roll_up a little later.
DROP FUNCTION ops.clean_rollups(integer, integer);
CREATE FUNCTION ops.clean_rollups(
    p_hours_days integer DEFAULT 90, p_days_days integer DEFAULT 730, p_10_minutes_days integer DEFAULT 8
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    days    integer[]     := ARRAY[p_10_minutes_days, p_hours_days, p_days_days];
    spans   text[]        := ARRAY['10_minutes', 'hour', 'day'];
    oldest  timestamptz[] := ARRAY[]::timestamptz[];
    deleted bigint;
    total   bigint;
BEGIN
    IF coalesce(p_10_minutes_days NOT BETWEEN 8 AND p_hours_days OR p_hours_days NOT BETWEEN 8 AND p_days_days
        OR p_days_days > 36500, true) THEN
        RAISE EXCEPTION 'clean_rollups: ten minutes for % days, hours for % and days for % are not possible',
            coalesce(p_10_minutes_days::text, 'null'), coalesce(p_hours_days::text, 'null'),
            coalesce(p_days_days::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 8 to 36500 days each, and keep what is coarser at least as long.';
    END IF;
    FOR i IN 1 .. 3 LOOP
        oldest[i] := date_bin('1 day', now() - make_interval(days => days[i]), '2000-01-01 00:00+00');
        UPDATE ops.horizons SET since = greatest(since, oldest[i])
        WHERE name = 'rollups_by_' || spans[i];
    END LOOP;
    -- The windows must have let go of the ten minutes before those are deleted.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.roll_up', 0));
    PERFORM ops.roll_up();
    DELETE FROM ops.rollups
    WHERE starts < oldest[CASE span WHEN '10 minutes' THEN 1 WHEN 'hour' THEN 2 ELSE 3 END];
    GET DIAGNOSTICS total = ROW_COUNT;
    DELETE FROM ops.histograms
    WHERE starts < oldest[CASE WHEN span IN ('hour', '6 hours') THEN 2 ELSE 3 END] AND span <> 'window';
    GET DIAGNOSTICS deleted = ROW_COUNT;
    DELETE FROM ops.histograms AS h WHERE h.span = 'window' AND h.counts = '{}';
    DELETE FROM ops.deletions WHERE day < oldest[3];
    RETURN total + deleted;
END
$$;
COMMENT ON FUNCTION ops.clean_rollups(integer, integer, integer) IS
    'Forget rollups by hour older than so many days, those by day and week, and those by ten minutes; answers how many'
    ' rows. Part of cleanup_old_logs.';

DROP FUNCTION public.cleanup_old_logs(integer, integer, integer, integer);
CREATE FUNCTION public.cleanup_old_logs(
    integration_logs_days integer DEFAULT 30,
    workflow_logs_days integer DEFAULT 90,
    api_metrics_days integer DEFAULT 30,
    health_checks_days integer DEFAULT 90,
    log_level_days jsonb DEFAULT '{}',
    log_business_days jsonb DEFAULT '{}'
) RETURNS TABLE (integration_logs_deleted bigint, workflow_logs_deleted bigint, api_metrics_deleted bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '10s'
AS $$
DECLARE
    -- In the order of ops.partitioned_tables.lock_order.
    tables  text[]    := ARRAY['integration_logs', 'api_metrics', 'health_checks', 'workflow_execution_logs'];
    days    integer[] := ARRAY[integration_logs_days, api_metrics_days, health_checks_days, workflow_logs_days];
    gone    bigint[]  := ARRAY[0, 0, 0, 0];
    -- A business under its slug and its id: a log record holds either.
    by_key  jsonb;
    rules   integer[];
    longest integer;
    bad     text;
    part    text;
BEGIN
    SELECT min(coalesce(d, 'null')) INTO bad FROM (
        SELECT d::text AS d FROM unnest(days) AS d WHERE d IS NULL OR d NOT BETWEEN 1 AND 36500
        UNION ALL
        SELECT key || ': ' || value FROM (
            SELECT * FROM jsonb_each_text(log_level_days) UNION ALL SELECT * FROM jsonb_each_text(log_business_days)
        ) AS given
        WHERE CASE WHEN value ~ '^[0-9]{1,5}$' THEN value::integer NOT BETWEEN 1 AND 36500 ELSE true END
        UNION ALL
        SELECT key || ' is no level' FROM jsonb_object_keys(log_level_days) AS key
        WHERE key NOT IN ('debug', 'info', 'warn', 'error')
    ) AS wrong;
    IF bad IS NOT NULL OR log_level_days IS NULL OR log_business_days IS NULL THEN
        RAISE EXCEPTION 'cleanup_old_logs: % days are not possible', coalesce(bad, 'null')
            USING ERRCODE = 'OP001', HINT = 'Keep rows for 1 to 36500 days. Nothing was deleted.';
    END IF;
    SELECT min(key) INTO bad FROM jsonb_object_keys(log_business_days) AS key
    WHERE key NOT IN (SELECT k.key FROM ops.business_keys AS k);
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'There is no business %', quote_literal(bad)
            USING ERRCODE = 'OP002', HINT = 'SELECT slug FROM businesses lists them. Nothing was deleted.';
    END IF;
    SELECT coalesce(jsonb_object_agg(key, days_of), '{}') INTO by_key
    FROM (
        SELECT k.key, min(given.value::integer) AS days_of
        FROM jsonb_each_text(log_business_days) AS given
        JOIN ops.business_keys AS named ON named.key = given.key
        JOIN ops.business_keys AS k ON k.id = named.id
        GROUP BY k.key
    ) AS each;
    SELECT array_agg(value::integer) INTO rules FROM (
        SELECT value FROM jsonb_each_text(log_level_days) UNION ALL SELECT value FROM jsonb_each_text(by_key)
    ) AS each;
    longest := greatest(integration_logs_days, (SELECT max(r) FROM unnest(rules) AS r));

    -- Not while partitions are being made, and not twice at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
    -- What an earlier run left, if nobody has done it since.
    PERFORM ops.drop_detached(1000);
    -- What takes long comes first, the short moments in which nobody can write last.
    FOR i IN 1 .. 4 LOOP
        IF i > 1 OR rules IS NULL THEN
            gone[i] := ops.delete_before(tables[i], now() - make_interval(days => days[i]));
        ELSE
            FOR part IN
                SELECT p.partition_name FROM ops.partitions AS p
                WHERE p.table_name = tables[i] AND (p.upper_bound IS NULL OR (
                    p.lower_bound < now() - make_interval(days => least(days[i], (SELECT min(r) FROM unnest(rules) AS r)))
                    AND p.upper_bound > now() - make_interval(days => longest)))
            LOOP
                gone[i] := gone[i] + ops.delete_by_rule(tables[i], part, format(
                    'created_at < %L::timestamptz - make_interval(days => coalesce('
                    'least((%L::jsonb ->> level)::integer, (%L::jsonb ->> business_id)::integer), %s))',
                    now(), log_level_days, by_key, days[i]));
            END LOOP;
        END IF;
        UPDATE ops.horizons SET since = greatest(since, now() - make_interval(days => CASE i
            WHEN 1 THEN least(days[i], (SELECT min(r) FROM unnest(rules) AS r)) ELSE days[i] END))
        WHERE name = tables[i];
    END LOOP;
    DELETE FROM ops.cycles WHERE started_at < now() - make_interval(days => health_checks_days);
    DELETE FROM ops.log_dead_letters WHERE created_at < now() - make_interval(days => integration_logs_days);
    -- Nothing is rolled up from here on: not for long.
    PERFORM ops.clean_rollups();
    FOR i IN 1 .. 4 LOOP
        gone[i] := gone[i] + ops.drop_partitions_before(tables[i],
            now() - make_interval(days => CASE i WHEN 1 THEN longest ELSE days[i] END));
    END LOOP;
    RETURN QUERY SELECT gone[1], gone[4], gone[2];
END
$$;
COMMENT ON FUNCTION public.cleanup_old_logs(integer, integer, integer, integer, jsonb, jsonb) IS
    'Forget rows older than so many days, by taking whole partitions off; answers how many log records, executions and'
    ' HTTP attempts. ops.drop_detached gives their disk back. log_level_days, as {"debug": 3}, and log_business_days, as {"teelixir": 90}, hold instead of'
    ' integration_logs_days for the log records they name, the shorter of both where both do. health_checks_days holds'
    ' for health checks and rounds; log lines that were refused go with the log records. Changes of state'
    ' (health_flips) stay, and so do rollups: ten minutes for 8 days, hours for 90, days for two years.';

-- The clean-up that was there until now knew nothing of windows.
SELECT ops.rebuild_windows();

INSERT INTO ops.relations (name, kind, by_owner) VALUES ('ops.deletions', 'table', true);
INSERT INTO ops.functions (name, access) VALUES ('drop_detached', 'write');
SELECT ops.grant_access();
