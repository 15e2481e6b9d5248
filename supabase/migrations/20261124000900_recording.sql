-- Results that come in one at a time: a look at a connection, a run of a workflow.
--
-- Why     History, present state and change belong together: all three are written or none, whoever else writes.
-- Adds    functions ops.record_health, ops.health_check_of, ops.keep_health_state, ops.upsert_workflow_execution,
--         ops.workflow_execution_of
-- Locks   none: new objects only
-- Undo    DROP FUNCTION ops.record_health, ops.health_check_of, ops.keep_health_state,
--         ops.upsert_workflow_execution, ops.workflow_execution_of;

CREATE FUNCTION ops.record_health(p jsonb)
RETURNS TABLE (flipped boolean, previous_state text, since timestamptz)
LANGUAGE plpgsql SET search_path = ''
AS $$
-- `since` is a column as well as a result.
#variable_conflict use_column
DECLARE
    look public.health_checks;
    old  ops.health_state;
    seen timestamptz;
BEGIN
    look := ops.health_check_of(p);
    INSERT INTO public.health_checks VALUES (look.*) ON CONFLICT (checked_at, id) DO NOTHING;
    flipped := false;
    IF FOUND THEN
        -- A clock that ran ahead must not make every later look seem late.
        seen := least(look.checked_at, clock_timestamp());
        INSERT INTO ops.health_state AS s (integration_id, check_name, service, business_id, state, since,
            last_checked_at, response_time_ms, error_category, error_message)
        VALUES (look.integration_id, look.check_name, look.service, look.business_id, look.state, seen,
            seen, look.response_time_ms, look.error_category, look.error_message)
        ON CONFLICT (integration_id, check_name) DO NOTHING;
        flipped := FOUND;
    END IF;
    SELECT * INTO old FROM ops.health_state AS s
    WHERE s.integration_id = look.integration_id AND s.check_name = look.check_name
    FOR UPDATE;
    since := old.since;
    previous_state := CASE WHEN NOT flipped THEN old.state END;
    -- A look that arrives late is history; one that was recorded before (seen is null) is nothing new.
    IF NOT flipped AND seen >= old.last_checked_at THEN
        flipped := look.state <> old.state;
        since := CASE WHEN flipped THEN seen ELSE old.since END;
        PERFORM ops.keep_health_state(look, old, seen);
    END IF;
    IF flipped THEN
        INSERT INTO public.health_flips
            (integration_id, service, business_id, check_name, from_state, to_state, reason, flipped_at)
        VALUES (look.integration_id, look.service, look.business_id, look.check_name, previous_state, look.state,
            look.error_message, since);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION ops.record_health(jsonb) IS
    'Keep one look at a connection, given with the columns of health_checks; answers whether the state changed,'
    ' what it was before (null for the first look) and since when the present one holds. Safe to repeat by id.';

CREATE FUNCTION ops.health_check_of(p jsonb) RETURNS public.health_checks
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    look public.health_checks;
BEGIN
    look := jsonb_populate_record(NULL::public.health_checks, p);
    look.id := coalesce(look.id, ops.uuid7());
    look.check_name := coalesce(look.check_name, 'connection');
    look.checked_at := coalesce(look.checked_at, now());
    look.healthy := coalesce(look.healthy, look.state = 'up');
    IF coalesce(look.service, '') = '' OR coalesce(look.integration_id, '') = '' THEN
        RAISE EXCEPTION 'record_health: service and integration_id are missing or empty'
            USING ERRCODE = 'OP001', HINT = 'Give an object with at least service, integration_id and state.';
    ELSIF look.state IS NULL OR look.state NOT IN ('up', 'late', 'degraded', 'down', 'unknown') THEN
        RAISE EXCEPTION 'record_health: % is not a state', coalesce(quote_literal(look.state), 'null')
            USING ERRCODE = 'OP004', HINT = 'One of up, late, degraded, down, unknown.';
    END IF;
    RETURN look;
EXCEPTION
    WHEN data_exception THEN
        RAISE EXCEPTION 'record_health: %', SQLERRM
            USING ERRCODE = 'OP001', HINT = 'Give an object whose values fit the columns of health_checks.';
END
$$;
COMMENT ON FUNCTION ops.health_check_of(jsonb) IS 'The checked row that ops.record_health was given.';

CREATE FUNCTION ops.keep_health_state(p_look public.health_checks, p_old ops.health_state, p_seen timestamptz)
RETURNS void
LANGUAGE sql SET search_path = ''
AS $$
    UPDATE ops.health_state SET
        service = p_look.service,
        business_id = p_look.business_id,
        state = p_look.state,
        since = CASE WHEN p_look.state = p_old.state THEN p_old.since ELSE p_seen END,
        consecutive = CASE WHEN p_look.state = p_old.state THEN p_old.consecutive + 1 ELSE 1 END,
        last_checked_at = p_seen,
        response_time_ms = p_look.response_time_ms,
        error_category = p_look.error_category,
        error_message = p_look.error_message
    WHERE integration_id = p_old.integration_id AND check_name = p_old.check_name
$$;
COMMENT ON FUNCTION ops.keep_health_state(public.health_checks, ops.health_state, timestamptz) IS
    'The present state after one more look. Part of ops.record_health, which holds the row''s lock.';

CREATE FUNCTION ops.upsert_workflow_execution(p jsonb) RETURNS uuid
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    new public.workflow_execution_logs;
    old public.workflow_execution_logs;
BEGIN
    new := ops.workflow_execution_of(p);
    -- The unique constraint cannot guard this alone: the same execution may come with two starting times.
    PERFORM pg_advisory_xact_lock(
        hashtextextended(format('masterops.execution %s %s', new.integration_id, new.execution_id), 0));
    SELECT * INTO old FROM public.workflow_execution_logs AS w
    WHERE w.integration_id = new.integration_id AND w.execution_id = new.execution_id
    ORDER BY w.started_at DESC LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO public.workflow_execution_logs (id, workflow_id, workflow_name, execution_id, status, mode,
            started_at, finished_at, data_json, error_message, error_details_json, nodes_executed, nodes_failed,
            business_id, integration_id, triggered_by)
        VALUES (coalesce(new.id, ops.uuid7()), new.workflow_id, new.workflow_name, new.execution_id, new.status,
            new.mode, coalesce(new.started_at, now()), new.finished_at, new.data_json, new.error_message,
            new.error_details_json, new.nodes_executed, new.nodes_failed, new.business_id, new.integration_id,
            new.triggered_by)
        RETURNING id INTO old.id;
    -- An execution that has ended does not run again: what says so was read before and comes late.
    ELSIF old.finished_at IS NULL OR new.finished_at IS NOT NULL THEN
        UPDATE public.workflow_execution_logs AS w SET
            workflow_id = new.workflow_id,
            workflow_name = coalesce(new.workflow_name, w.workflow_name),
            status = new.status,
            mode = coalesce(new.mode, w.mode),
            started_at = coalesce(new.started_at, w.started_at),
            finished_at = coalesce(new.finished_at, w.finished_at),
            data_json = coalesce(new.data_json, w.data_json),
            error_message = coalesce(new.error_message, w.error_message),
            error_details_json = coalesce(new.error_details_json, w.error_details_json),
            nodes_executed = coalesce(new.nodes_executed, w.nodes_executed),
            nodes_failed = coalesce(new.nodes_failed, w.nodes_failed),
            business_id = coalesce(new.business_id, w.business_id),
            triggered_by = coalesce(new.triggered_by, w.triggered_by)
        WHERE w.started_at = old.started_at AND w.id = old.id;
    END IF;
    RETURN old.id;
END
$$;
COMMENT ON FUNCTION ops.upsert_workflow_execution(jsonb) IS
    'Keep one execution, given with the columns of workflow_execution_logs, found again by integration_id and'
    ' execution_id; answers its id. What is not given stays as it is.';

CREATE FUNCTION ops.workflow_execution_of(p jsonb) RETURNS public.workflow_execution_logs
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    run public.workflow_execution_logs;
BEGIN
    -- Generated columns are computed, not taken.
    run := jsonb_populate_record(NULL::public.workflow_execution_logs, p - 'failed' - 'duration_ms');
    run.integration_id := coalesce(run.integration_id, 'n8n/group');
    IF '' IN (coalesce(run.workflow_id, ''), coalesce(run.execution_id, ''), coalesce(run.status, '')) THEN
        RAISE EXCEPTION 'upsert_workflow_execution: workflow_id, execution_id or status is missing or empty'
            USING ERRCODE = 'OP001', HINT = 'Give an object with at least workflow_id, execution_id and status.';
    END IF;
    RETURN run;
EXCEPTION
    WHEN data_exception THEN
        RAISE EXCEPTION 'upsert_workflow_execution: %', SQLERRM
            USING ERRCODE = 'OP001', HINT = 'Give an object whose values fit workflow_execution_logs.';
END
$$;
COMMENT ON FUNCTION ops.workflow_execution_of(jsonb) IS 'The checked row that ops.upsert_workflow_execution was given.';
