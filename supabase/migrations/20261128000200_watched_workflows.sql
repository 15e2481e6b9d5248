-- Which workflows each n8n has, and since when its executions are known without a gap.
--
-- Why     A run that did not happen can be told only by somebody who knows when it should have been, since when the
--         workflow is active as it is, and that the executions of that time have all been read.
-- Adds    table ops.workflows, function ops.record_workflows; columns of ops.execution_sweeps
-- Locks   ops.execution_sweeps for a moment
-- Undo    DROP FUNCTION ops.record_workflows; DROP TABLE ops.workflows; ALTER TABLE ops.execution_sweeps DROP COLUMN
--         began_at, DROP COLUMN oldest_at, DROP COLUMN known_from, DROP COLUMN caught_up_to;
--         DELETE FROM ops.relations WHERE name = 'ops.workflows';
--         DELETE FROM ops.functions WHERE name = 'record_workflows';

ALTER TABLE ops.execution_sweeps
    ADD COLUMN began_at timestamptz,
    ADD COLUMN oldest_at timestamptz,
    ADD COLUMN known_from timestamptz,
    ADD COLUMN caught_up_to timestamptz;
COMMENT ON COLUMN ops.execution_sweeps.began_at IS 'Of a look that is under way: when it began, by our clock.';
COMMENT ON COLUMN ops.execution_sweeps.oldest_at IS 'Of a look that is under way: when the oldest that it has seen began.';
COMMENT ON COLUMN ops.execution_sweeps.known_from IS
    'From this moment to caught_up_to every execution that n8n has kept is known, without a gap that its pruning left.';
COMMENT ON COLUMN ops.execution_sweeps.caught_up_to IS
    'When the last look began that came to its end: what began before it has been read.';

CREATE TABLE ops.workflows (
    integration_id text        NOT NULL CHECK (integration_id <> ''),
    workflow_id    text        NOT NULL CHECK (workflow_id <> ''),
    business_id    text,
    name           text        NOT NULL,
    active         boolean     NOT NULL,
    -- Since when it is active with these nodes.
    active_since   timestamptz,
    version_id     text,
    runs_when      text,
    next_at        timestamptz,
    unjudged       text,
    seen_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (integration_id, workflow_id)
);
SELECT ops.close_table('ops.workflows');
CREATE INDEX workflows_business ON ops.workflows (business_id);

COMMENT ON TABLE ops.workflows IS
    'The workflows of each n8n as they were when it was last looked at. Written by ops.record_workflows.';
COMMENT ON COLUMN ops.workflows.active_since IS 'Since when it is active with these nodes, as far as that was seen.';
COMMENT ON COLUMN ops.workflows.runs_when IS 'What sets it off, in words.';
COMMENT ON COLUMN ops.workflows.next_at IS 'When its schedule has it run next; null where that cannot be predicted.';
COMMENT ON COLUMN ops.workflows.unjudged IS 'Why nobody can say whether it missed a run; null where that is said.';
COMMENT ON COLUMN ops.workflows.seen_at IS 'When it was last written: a row that would stay the same is left alone.';

CREATE FUNCTION ops.record_workflows(p_integration text, p_workflows jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ops.workflows ' || p_integration, 0));
    DELETE FROM ops.workflows AS w WHERE w.integration_id = p_integration
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_workflows) AS r WHERE r->>'workflow_id' = w.workflow_id);
    INSERT INTO ops.workflows AS w (integration_id, workflow_id, business_id, name, active, active_since, version_id,
        runs_when, next_at, unjudged)
    SELECT p_integration, r.workflow_id, r.business_id, r.name, r.active, r.active_since, r.version_id, r.runs_when,
        r.next_at, r.unjudged
    FROM jsonb_to_recordset(p_workflows) AS r (workflow_id text, business_id text, name text, active boolean,
        active_since timestamptz, version_id text, runs_when text, next_at timestamptz, unjudged text)
    ORDER BY r.workflow_id
    ON CONFLICT (integration_id, workflow_id) DO UPDATE SET
        business_id = EXCLUDED.business_id, name = EXCLUDED.name, active = EXCLUDED.active,
        active_since = EXCLUDED.active_since, version_id = EXCLUDED.version_id, runs_when = EXCLUDED.runs_when,
        next_at = EXCLUDED.next_at, unjudged = EXCLUDED.unjudged, seen_at = now()
    WHERE (w.business_id, w.name, w.active, w.active_since, w.version_id, w.runs_when, w.next_at, w.unjudged)
        IS DISTINCT FROM (EXCLUDED.business_id, EXCLUDED.name, EXCLUDED.active, EXCLUDED.active_since,
            EXCLUDED.version_id, EXCLUDED.runs_when, EXCLUDED.next_at, EXCLUDED.unjudged);
END
$$;
COMMENT ON FUNCTION ops.record_workflows(text, jsonb) IS
    'Makes ops.workflows say what an n8n has: p_workflows is an array with all of its workflows (workflow_id, name,'
    ' active; business_id, active_since, version_id, runs_when, next_at, unjudged). Those that are not among them are'
    ' dropped, and those that are as they were are left alone.';

INSERT INTO ops.relations (name, kind, own_rows) VALUES ('ops.workflows', 'table', 'business_id');
INSERT INTO ops.functions (name, access) VALUES ('record_workflows', 'write');
SELECT ops.grant_access();
