-- The operator's task list.
--
-- Why     What a person or an agent has to do, what was tried, and what is to be tried again, in one place.
-- Adds    tables tasks, task_logs
-- Locks   none: new objects only
-- Undo    DROP TABLE public.task_logs, public.tasks;

CREATE TABLE public.tasks (
    id               uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    title            text        NOT NULL CHECK (btrim(title) <> ''),
    description      text,
    status           text        NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'needs_fix')),
    priority         smallint    NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 5),
    source           text        NOT NULL DEFAULT 'system',
    business_id      text,
    retry_count      integer     NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
    max_retries      integer     NOT NULL DEFAULT 3 CHECK (max_retries >= 0),
    next_retry_at    timestamptz,
    last_error       text,
    fix_instructions text,
    metadata         jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_by       text,
    started_at       timestamptz,
    completed_at     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER tasks_touch BEFORE UPDATE ON public.tasks
    FOR EACH ROW EXECUTE FUNCTION ops.touch_updated_at();
CREATE INDEX tasks_status ON public.tasks (status, priority DESC, created_at);
CREATE INDEX tasks_business ON public.tasks (business_id);
CREATE INDEX tasks_retry ON public.tasks (next_retry_at) WHERE status = 'failed';
SELECT ops.close_table('public.tasks');

COMMENT ON TABLE public.tasks IS
    'One row per thing to do. Change it by update_task_status and its sisters, so that task_logs tells the story.';
COMMENT ON COLUMN public.tasks.status IS 'pending, running, completed, failed (may be retried) or needs_fix.';
COMMENT ON COLUMN public.tasks.priority IS '1 (whenever) to 5 (at once).';
COMMENT ON COLUMN public.tasks.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN public.tasks.retry_count IS 'How often it failed so far.';
COMMENT ON COLUMN public.tasks.max_retries IS 'After so many failures it is not tried again by itself.';
COMMENT ON COLUMN public.tasks.next_retry_at IS 'Not before this moment; null once nothing is to be retried.';
COMMENT ON COLUMN public.tasks.fix_instructions IS 'What a person has to mend before it can go on.';

CREATE TABLE public.task_logs (
    id           uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    task_id      uuid        NOT NULL REFERENCES public.tasks (id) ON DELETE CASCADE,
    action       text        NOT NULL CHECK (btrim(action) <> ''),
    status       text,
    message      text,
    details_json jsonb       NOT NULL DEFAULT '{}',
    actor        text,
    -- The clock, not the transaction: several actions of one transaction keep their order.
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX task_logs_task ON public.task_logs (task_id, created_at DESC, id DESC);
SELECT ops.close_table('public.task_logs');

COMMENT ON TABLE public.task_logs IS 'One row per thing done to a task.';
COMMENT ON COLUMN public.task_logs.action IS 'created, status_changed, needs_fix, or whatever the doer calls it.';
COMMENT ON COLUMN public.task_logs.status IS 'The task''s status after it.';
COMMENT ON COLUMN public.task_logs.actor IS 'Who did it.';
