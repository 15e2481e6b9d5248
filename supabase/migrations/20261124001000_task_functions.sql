-- What is done to a task is done through these, so that its log tells the whole story.
--
-- Why     Status and log entry are one transaction; the retry rule stands in one place.
-- Adds    functions create_task_with_log, log_task_action, update_task_status, mark_task_needs_fix,
--         get_tasks_for_retry
-- Locks   none: new objects only
-- Undo    DROP FUNCTION public.create_task_with_log, public.log_task_action, public.update_task_status,
--         public.mark_task_needs_fix, public.get_tasks_for_retry;

CREATE FUNCTION public.log_task_action(
    p_task_id uuid,
    p_action text,
    p_message text DEFAULT NULL,
    p_details jsonb DEFAULT '{}',
    p_actor text DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    log_id uuid;
BEGIN
    IF coalesce(btrim(p_action), '') = '' THEN
        RAISE EXCEPTION 'log_task_action: the action has no name'
            USING ERRCODE = 'OP001', HINT = 'Give one or two words, for example retried.';
    END IF;
    INSERT INTO public.task_logs (task_id, action, status, message, details_json, actor)
    SELECT t.id, p_action, t.status, p_message, coalesce(p_details, '{}'), p_actor
    FROM public.tasks AS t WHERE t.id = p_task_id
    RETURNING id INTO log_id;
    IF log_id IS NULL THEN
        RAISE EXCEPTION 'There is no task %', coalesce(p_task_id::text, 'null')
            USING ERRCODE = 'OP003', HINT = 'SELECT id, title FROM tasks lists them.';
    END IF;
    RETURN log_id;
END
$$;
COMMENT ON FUNCTION public.log_task_action(uuid, text, text, jsonb, text) IS
    'Write down what was done to a task; answers the entry''s id.';

CREATE FUNCTION public.create_task_with_log(
    p_title text,
    p_description text DEFAULT NULL,
    p_priority integer DEFAULT 3,
    p_business_id text DEFAULT NULL,
    p_source text DEFAULT 'system',
    p_metadata jsonb DEFAULT '{}',
    p_max_retries integer DEFAULT 3,
    p_actor text DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    task_id uuid;
BEGIN
    IF p_business_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.businesses WHERE p_business_id IN (slug, id::text)
    ) THEN
        RAISE EXCEPTION 'There is no business %', quote_literal(p_business_id)
            USING ERRCODE = 'OP002', HINT = 'SELECT slug FROM businesses lists them; null means the group.';
    END IF;
    INSERT INTO public.tasks (title, description, priority, business_id, source, metadata, max_retries, created_by)
    VALUES (p_title, p_description, p_priority, p_business_id, coalesce(p_source, 'system'),
        coalesce(p_metadata, '{}'), p_max_retries, p_actor)
    RETURNING id INTO task_id;
    PERFORM public.log_task_action(task_id, 'created', p_title, '{}', p_actor);
    RETURN task_id;
EXCEPTION
    WHEN check_violation OR not_null_violation OR numeric_value_out_of_range THEN
        RAISE EXCEPTION 'create_task_with_log: %', SQLERRM
            USING ERRCODE = 'OP001',
            HINT = 'title: not empty; priority: 1 to 5; max_retries: 0 or more; metadata: an object.';
END
$$;
COMMENT ON FUNCTION public.create_task_with_log(text, text, integer, text, text, jsonb, integer, text) IS
    'Add a task and the first entry of its log; answers the task''s id.';

CREATE FUNCTION public.update_task_status(
    p_task_id uuid,
    p_status text,
    p_message text DEFAULT NULL,
    p_next_retry_at timestamptz DEFAULT NULL,
    p_actor text DEFAULT NULL
) RETURNS public.tasks
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    task public.tasks;
    was  text;
BEGIN
    IF p_status IS NULL OR p_status NOT IN ('pending', 'running', 'completed', 'failed', 'needs_fix') THEN
        RAISE EXCEPTION '% is not a status of a task', coalesce(quote_literal(p_status), 'null')
            USING ERRCODE = 'OP004', HINT = 'One of pending, running, completed, failed, needs_fix.';
    END IF;
    SELECT status INTO was FROM public.tasks WHERE id = p_task_id FOR UPDATE;
    UPDATE public.tasks AS t SET
        status = p_status,
        started_at = CASE WHEN p_status = 'running' THEN now() ELSE t.started_at END,
        completed_at = CASE WHEN p_status = 'completed' THEN now() END,
        retry_count = t.retry_count + (p_status = 'failed')::integer,
        last_error = CASE p_status WHEN 'failed' THEN coalesce(p_message, t.last_error)
            WHEN 'completed' THEN NULL ELSE t.last_error END,
        -- 1, 2, 4, ... minutes up to a day, until the retries are used up.
        next_retry_at = CASE WHEN p_status = 'failed' AND t.retry_count + 1 <= t.max_retries
            THEN coalesce(p_next_retry_at, now() + least(
                interval '1 minute' * 2 ^ least(t.retry_count, 20), interval '1 day')) END
    WHERE t.id = p_task_id
    RETURNING * INTO task;
    PERFORM public.log_task_action(
        p_task_id, 'status_changed', p_message, jsonb_build_object('from', was, 'to', p_status), p_actor);
    RETURN task;
END
$$;
COMMENT ON FUNCTION public.update_task_status(uuid, text, text, timestamptz, text) IS
    'Move a task to another status and log it; answers the task. A failure counts and plans the next try, later'
    ' each time, until max_retries failures have been retried.';

CREATE FUNCTION public.mark_task_needs_fix(
    p_task_id uuid,
    p_reason text,
    p_fix_instructions text DEFAULT NULL,
    p_actor text DEFAULT NULL
) RETURNS public.tasks
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    task public.tasks;
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'mark_task_needs_fix: no reason is given'
            USING ERRCODE = 'OP001', HINT = 'Say what is wrong, so that a person can mend it.';
    END IF;
    UPDATE public.tasks AS t SET
        status = 'needs_fix',
        last_error = p_reason,
        fix_instructions = coalesce(p_fix_instructions, t.fix_instructions),
        next_retry_at = NULL,
        completed_at = NULL
    WHERE t.id = p_task_id
    RETURNING * INTO task;
    PERFORM public.log_task_action(p_task_id, 'needs_fix', p_reason,
        jsonb_strip_nulls(jsonb_build_object('fix_instructions', p_fix_instructions)), p_actor);
    RETURN task;
END
$$;
COMMENT ON FUNCTION public.mark_task_needs_fix(uuid, text, text, text) IS
    'Take a task out of the retries until a person has mended what is wrong; answers the task.';

CREATE FUNCTION public.get_tasks_for_retry(p_limit integer DEFAULT 10) RETURNS SETOF public.tasks
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    IF p_limit IS NULL OR p_limit < 1 THEN
        RAISE EXCEPTION 'get_tasks_for_retry: a limit of % is not possible', coalesce(p_limit::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 1 or more.';
    END IF;
    RETURN QUERY
        SELECT * FROM public.tasks AS t
        WHERE t.status = 'failed' AND t.next_retry_at <= now()
        ORDER BY t.priority DESC, t.next_retry_at, t.id
        LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION public.get_tasks_for_retry(integer) IS
    'Failed tasks whose next try is due, the most urgent first.';
