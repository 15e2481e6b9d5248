-- How many items the runs of some workflows ended with.
--
-- Why     A workflow that runs well and produces nothing, day after day, is in no list of failures. Of the workflows that
--         a connection names in `expects_output` each run is asked for once and the items that its last nodes gave are
--         counted; nothing of what they were is kept.
-- Adds    table ops.workflow_outputs
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.workflow_outputs; DELETE FROM ops.relations WHERE name = 'ops.workflow_outputs';

CREATE TABLE ops.workflow_outputs (
    integration_id text        NOT NULL CHECK (integration_id <> ''),
    workflow_id    text        NOT NULL CHECK (workflow_id <> ''),
    execution_id   text        NOT NULL CHECK (execution_id <> ''),
    started_at     timestamptz NOT NULL,
    -- Null where n8n does not say: it has purged the run, or keeps no data of it.
    items          integer     CHECK (items >= 0),
    PRIMARY KEY (integration_id, execution_id)
);
SELECT ops.close_table('ops.workflow_outputs');
CREATE INDEX workflow_outputs_workflow ON ops.workflow_outputs (integration_id, workflow_id, started_at DESC);
CREATE INDEX workflow_outputs_time ON ops.workflow_outputs (started_at);

COMMENT ON TABLE ops.workflow_outputs IS
    'How many items the runs of workflows ended with of which output is expected; of the last 30 days.';
COMMENT ON COLUMN ops.workflow_outputs.items IS 'Null where n8n does not say.';

INSERT INTO ops.relations (name, kind) VALUES ('ops.workflow_outputs', 'table');
SELECT ops.grant_access();
