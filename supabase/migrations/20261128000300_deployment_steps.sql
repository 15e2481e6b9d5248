-- What `ops workflows deploy` did to workflows, step by step.
--
-- Why     A deployment that is cut in the middle must be finished or undone, by whoever comes next; and what was there
--         before must come back. A step is written before it is begun, with the workflow as it was.
-- Adds    table ops.deployment_steps
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.deployment_steps; DELETE FROM ops.relations WHERE name = 'ops.deployment_steps';

CREATE TABLE ops.deployment_steps (
    deployment     uuid        NOT NULL,
    number         integer     NOT NULL CHECK (number > 0),
    integration_id text        NOT NULL CHECK (integration_id <> ''),
    business_id    text,
    file           text        NOT NULL,
    workflow_id    text,
    workflow_name  text        NOT NULL,
    action         text        NOT NULL CHECK (action IN ('create', 'update')),
    -- What n8n held, so that it can be put back; null for one that was not there.
    before_json    jsonb,
    -- A secret stood in it, which is not kept: such a step cannot be undone.
    before_secret  boolean     NOT NULL DEFAULT false,
    before_digest  text,
    -- The document of the file.
    after_json     jsonb       NOT NULL,
    after_digest   text        NOT NULL,
    state          text        NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'begun', 'done', 'undone', 'left')),
    who            text        NOT NULL,
    planned_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    begun_at       timestamptz,
    ended_at       timestamptz,
    PRIMARY KEY (deployment, number)
);
SELECT ops.close_table('ops.deployment_steps');
CREATE INDEX deployment_steps_workflow ON ops.deployment_steps (integration_id, workflow_id, ended_at DESC);
CREATE INDEX deployment_steps_open ON ops.deployment_steps (integration_id) WHERE state IN ('planned', 'begun');

COMMENT ON TABLE ops.deployment_steps IS
    'What was done to the workflows of an n8n, and what they were before. Written by `ops workflows deploy`.';
COMMENT ON COLUMN ops.deployment_steps.state IS
    'planned, begun, done, undone (by rollback), left (never begun, or another plan took its place).';
COMMENT ON COLUMN ops.deployment_steps.before_json IS
    'What n8n held, so that it can be put back; null for a workflow that was not there.';
COMMENT ON COLUMN ops.deployment_steps.before_secret IS
    'A secret stood in the former workflow, which is not kept: such a step cannot be undone.';
COMMENT ON COLUMN ops.deployment_steps.after_json IS 'The document of the file.';

INSERT INTO ops.relations (name, kind) VALUES ('ops.deployment_steps', 'table');
SELECT ops.grant_access();
