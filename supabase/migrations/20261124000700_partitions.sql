-- Partitions are made ahead of time.
--
-- Why     A row finds its day's partition ready; what is dated far off lands in the default partition and is
--         moved when a partition for its time is made.
-- Adds    table ops.partitioned_tables; view ops.partitions; functions ops.make_partition, ops.ensure_partitions
-- Locks   none: new objects only. Making a partition later keeps writers waiting while rows are moved.
-- Undo    DROP FUNCTION ops.ensure_partitions, ops.make_partition; DROP VIEW ops.partitions;
--         DROP TABLE ops.partitioned_tables;

CREATE TABLE ops.partitioned_tables (
    name        text     PRIMARY KEY,
    time_column text     NOT NULL,
    step        text     NOT NULL CHECK (step IN ('day', 'week')),
    lock_order  smallint NOT NULL UNIQUE
);
SELECT ops.close_table('ops.partitioned_tables');

COMMENT ON TABLE ops.partitioned_tables IS 'The tables of public that are partitioned by time, and how.';
COMMENT ON COLUMN ops.partitioned_tables.step IS 'How much time one partition holds, in UTC; a week begins on Monday.';
COMMENT ON COLUMN ops.partitioned_tables.lock_order IS
    'Whoever locks several of them does it in this order, which is that of the log shipper and of the views:'
    ' otherwise two could wait for each other.';

INSERT INTO ops.partitioned_tables (name, time_column, step, lock_order) VALUES
    ('integration_logs', 'created_at', 'day', 1),
    ('api_metrics', 'created_at', 'day', 2),
    ('health_checks', 'checked_at', 'day', 3),
    -- Far fewer rows, and looked up by execution id through all partitions.
    ('workflow_execution_logs', 'started_at', 'week', 4);

CREATE VIEW ops.partitions WITH (security_invoker = true) AS
SELECT
    t.name AS table_name,
    c.relname::text AS partition_name,
    bound.parts[1]::timestamptz AS lower_bound,
    bound.parts[2]::timestamptz AS upper_bound,
    pg_total_relation_size(c.oid) AS size_bytes
FROM ops.partitioned_tables AS t
JOIN pg_class AS parent
    ON parent.relname = t.name AND parent.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')
JOIN pg_inherits AS i ON i.inhparent = parent.oid
JOIN pg_class AS c ON c.oid = i.inhrelid
LEFT JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \(''(.+)''\) TO \(''(.+)''\)$')
    AS bound (parts) ON true;
COMMENT ON VIEW ops.partitions IS
    'Every partition with the time that it holds and its size on disk; the default partition has no bounds.';

CREATE FUNCTION ops.make_partition(p_table text, p_from timestamptz, p_to timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' SET timezone = 'UTC' SET datestyle = 'ISO'
AS $$
DECLARE
    partition_name text := format('%s_%s', p_table, to_char(p_from, 'YYYYMMDD'));
    time_column    text := (SELECT t.time_column FROM ops.partitioned_tables AS t WHERE t.name = p_table);
    columns        text;
BEGIN
    IF to_regclass(format('ops.%I', partition_name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE ops.%I (LIKE public.%I INCLUDING ALL)', partition_name, p_table);
    EXECUTE format('COMMENT ON TABLE ops.%I IS %L', partition_name,
        format('Rows of %s from %s until %s.', p_table, p_from, p_to));
    PERFORM ops.close_table(format('ops.%I', partition_name)::regclass);

    -- Generated columns are made anew and may not be written.
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
    FROM pg_catalog.pg_attribute
    WHERE attrelid = format('public.%I', p_table)::regclass
        AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    -- Writers wait: a row on its way to the default partition would be refused there once this one is attached.
    EXECUTE format('LOCK TABLE ONLY public.%I IN SHARE ROW EXCLUSIVE MODE', p_table);
    EXECUTE format(
        'WITH moved AS (DELETE FROM ops.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING %5$s)'
        ' INSERT INTO ops.%6$I (%5$s) SELECT %5$s FROM moved',
        p_table || '_default', time_column, p_from, p_to, columns, partition_name);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION ops.%I FOR VALUES FROM (%L) TO (%L)',
        p_table, partition_name, p_from, p_to);
    RETURN true;
END
$$;
COMMENT ON FUNCTION ops.make_partition(text, timestamptz, timestamptz) IS
    'Make one partition if it is missing, and move the default partition''s rows of its time into it.';

-- Runs as its owner: only the owner of a table may give it partitions, and service_role has to be able to.
CREATE FUNCTION ops.ensure_partitions(p_days_ahead integer DEFAULT 3, p_days_back integer DEFAULT 1) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET timezone = 'UTC' SET lock_timeout = '10s'
AS $$
DECLARE
    part record;
    made integer := 0;
BEGIN
    IF p_days_ahead IS NULL OR p_days_back IS NULL
        OR p_days_ahead NOT BETWEEN 0 AND 366 OR p_days_back NOT BETWEEN 0 AND 3660 THEN
        RAISE EXCEPTION 'ensure_partitions: % days ahead and % days back are not possible',
            coalesce(p_days_ahead::text, 'null'), coalesce(p_days_back::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 0 to 366 days ahead and 0 to 3660 days back.';
    END IF;
    -- The second of two callers waits, then finds nothing to do.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
    FOR part IN
        SELECT t.name, day AT TIME ZONE 'UTC' AS lower_bound, (day + one.step) AT TIME ZONE 'UTC' AS upper_bound
        FROM ops.partitioned_tables AS t
        CROSS JOIN LATERAL (SELECT ('1 ' || t.step)::interval AS step) AS one
        CROSS JOIN LATERAL generate_series(
            date_trunc(t.step, (now() AT TIME ZONE 'UTC') - make_interval(days => p_days_back)),
            (now() AT TIME ZONE 'UTC') + make_interval(days => p_days_ahead),
            one.step
        ) AS day
        ORDER BY t.lock_order, day
    LOOP
        made := made + ops.make_partition(part.name, part.lower_bound, part.upper_bound)::integer;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ops.ensure_partitions(integer, integer) IS
    'Make the partitions of the days around today that are missing; answers how many it made. Run it every hour.';

SELECT ops.ensure_partitions();
