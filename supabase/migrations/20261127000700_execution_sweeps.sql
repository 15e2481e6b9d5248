-- How far the executions of each n8n have been read.
--
-- Why     n8n lists the newest first, so that a look that is cut off in the middle leaves a gap behind it. The place
--         is kept with each page, in the transaction that keeps its rows, and the next look goes on from there.
-- Adds    table ops.execution_sweeps, index workflow_execution_logs_unended
-- Locks   workflow_execution_logs against writing while the index is made
-- Undo    DROP TABLE ops.execution_sweeps; DROP INDEX public.workflow_execution_logs_unended;
--         DELETE FROM ops.relations WHERE name = 'ops.execution_sweeps';

CREATE TABLE ops.execution_sweeps (
    integration_id text        PRIMARY KEY CHECK (integration_id <> ''),
    read_to        timestamptz,
    floor_at       timestamptz,
    newest_at      timestamptz,
    place          text,
    executions     bigint      NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops.execution_sweeps');

COMMENT ON TABLE ops.execution_sweeps IS 'How far the executions of each n8n have been read. Kept by workflows.collect.';
COMMENT ON COLUMN ops.execution_sweeps.read_to IS 'Everything that began before this moment has been read.';
COMMENT ON COLUMN ops.execution_sweeps.floor_at IS 'Of a look that is under way: how far back it goes.';
COMMENT ON COLUMN ops.execution_sweeps.newest_at IS 'Of a look that is under way: where it began; what read_to will be.';
COMMENT ON COLUMN ops.execution_sweeps.place IS 'Of a look that is under way: the cursor of its next page.';
COMMENT ON COLUMN ops.execution_sweeps.executions IS 'How many were new or had changed, in all.';

-- What is still running is asked for in each cycle; there are few of them in any number of rows.
CREATE INDEX workflow_execution_logs_unended ON public.workflow_execution_logs (integration_id, started_at)
    WHERE finished_at IS NULL;

INSERT INTO ops.relations (name, kind) VALUES ('ops.execution_sweeps', 'table');
SELECT ops.grant_access();
