-- Old rows go.
--
-- Why     Dropping a partition gives its disk back at once and costs the same for one row or ten million.
-- Adds    functions cleanup_old_logs, ops.delete_before, ops.drop_partitions_before
-- Locks   none: new objects only. A run shuts each table for the moment in which it drops partitions, and gives up
--         after 10 s of waiting for that: better tomorrow than a queue of writers behind one long report.
-- Undo    DROP FUNCTION public.cleanup_old_logs, ops.drop_partitions_before, ops.delete_before;

CREATE FUNCTION ops.delete_before(p_table text, p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    part    record;
    deleted bigint;
    total   bigint := 0;
BEGIN
    FOR part IN
        SELECT p.partition_name, t.time_column
        FROM ops.partitions AS p JOIN ops.partitioned_tables AS t ON t.name = p.table_name
        WHERE p.table_name = p_table
            AND (p.upper_bound IS NULL OR (p.lower_bound < p_before AND p_before < p.upper_bound))
    LOOP
        EXECUTE format('DELETE FROM ops.%I WHERE %I < %L', part.partition_name, part.time_column, p_before);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        total := total + deleted;
    END LOOP;
    RETURN total;
END
$$;
COMMENT ON FUNCTION ops.delete_before(text, timestamptz) IS
    'Delete what is older in the partition that holds the bound, and in the default partition; answers how many rows.';

CREATE FUNCTION ops.drop_partitions_before(p_table text, p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    part  text;
    held  bigint;
    total bigint := 0;
BEGIN
    FOR part IN
        SELECT partition_name FROM ops.partitions WHERE table_name = p_table AND upper_bound <= p_before
    LOOP
        -- Shut before counting, so that the count is what is dropped.
        EXECUTE format('LOCK TABLE ONLY public.%I IN ACCESS EXCLUSIVE MODE', p_table);
        EXECUTE format('SELECT count(*) FROM ops.%I', part) INTO held;
        EXECUTE format('DROP TABLE ops.%I', part);
        total := total + held;
    END LOOP;
    RETURN total;
END
$$;
COMMENT ON FUNCTION ops.drop_partitions_before(text, timestamptz) IS
    'Drop the partitions that hold nothing newer than the bound; answers how many rows they held.';

-- Runs as its owner: only the owner of a table may drop its partitions, and service_role has to be able to.
CREATE FUNCTION public.cleanup_old_logs(
    integration_logs_days integer DEFAULT 30,
    workflow_logs_days integer DEFAULT 90,
    api_metrics_days integer DEFAULT 30,
    health_checks_days integer DEFAULT 90
) RETURNS TABLE (integration_logs_deleted bigint, workflow_logs_deleted bigint, api_metrics_deleted bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '10s'
AS $$
DECLARE
    -- In the order of ops.partitioned_tables.lock_order.
    days   integer[] := ARRAY[integration_logs_days, api_metrics_days, health_checks_days, workflow_logs_days];
    tables text[]    := ARRAY['integration_logs', 'api_metrics', 'health_checks', 'workflow_execution_logs'];
    gone   bigint[]  := ARRAY[0, 0, 0, 0];
BEGIN
    IF EXISTS (SELECT FROM unnest(days) AS d WHERE d IS NULL OR d NOT BETWEEN 1 AND 36500) THEN
        RAISE EXCEPTION 'cleanup_old_logs: % days are not possible', (
            SELECT coalesce(d::text, 'null') FROM unnest(days) AS d WHERE d IS NULL OR d NOT BETWEEN 1 AND 36500 LIMIT 1)
            USING ERRCODE = 'OP001', HINT = 'Keep rows for 1 to 36500 days. Nothing was deleted.';
    END IF;
    -- Not while partitions are being made, and not twice at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.partitions', 0));
    -- What takes long comes first, the short moments in which nobody can write last.
    FOR i IN 1 .. 4 LOOP
        gone[i] := ops.delete_before(tables[i], now() - make_interval(days => days[i]));
    END LOOP;
    DELETE FROM ops.cycles WHERE started_at < now() - make_interval(days => health_checks_days);
    DELETE FROM ops.log_dead_letters WHERE created_at < now() - make_interval(days => integration_logs_days);
    FOR i IN 1 .. 4 LOOP
        gone[i] := gone[i] + ops.drop_partitions_before(tables[i], now() - make_interval(days => days[i]));
    END LOOP;
    RETURN QUERY SELECT gone[1], gone[4], gone[2];
END
$$;
COMMENT ON FUNCTION public.cleanup_old_logs(integer, integer, integer, integer) IS
    'Forget rows older than so many days, by dropping whole partitions; answers how many log records, executions and'
    ' HTTP attempts. health_checks_days holds for health checks and rounds; log lines that were refused go with the'
    ' log records. Changes of state (health_flips) stay.';
