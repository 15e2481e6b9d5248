-- How far the platform has got: rounds, reading positions, shipped logs.
--
-- Why     A process that is killed goes on where it stopped, on this machine or another.
-- Adds    tables ops.cycles, ops.read_cursors, ops.spool_segments, ops.log_dead_letters
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.cycles, ops.read_cursors, ops.spool_segments, ops.log_dead_letters;

CREATE TABLE ops.cycles (
    id          uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    kind        text        NOT NULL CHECK (kind <> ''),
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    outcome     jsonb
);
CREATE INDEX cycles_started ON ops.cycles (started_at DESC);
SELECT ops.close_table('ops.cycles');

COMMENT ON TABLE ops.cycles IS 'One row per round of checks and reads over all connections.';
COMMENT ON COLUMN ops.cycles.kind IS 'What was done; full: every connection checked and read.';
COMMENT ON COLUMN ops.cycles.finished_at IS 'Null while it runs, and for ever if its process died and nobody took over.';
COMMENT ON COLUMN ops.cycles.outcome IS 'What was found, in numbers.';

CREATE TABLE ops.read_cursors (
    integration_id     text        NOT NULL,
    resource           text        NOT NULL,
    cursor_at          timestamptz,
    seen               jsonb       NOT NULL DEFAULT '[]',
    last_read_at       timestamptz,
    last_changed_count integer     NOT NULL DEFAULT 0,
    total_changed      bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (integration_id, resource)
);
SELECT ops.close_table('ops.read_cursors');

COMMENT ON TABLE ops.read_cursors IS 'How far each resource of each connection has been read.';
COMMENT ON COLUMN ops.read_cursors.cursor_at IS 'The newest moment of change that has been read.';
COMMENT ON COLUMN ops.read_cursors.seen IS
    'Records already read from the overlap before cursor_at, so that they are not counted twice.';
COMMENT ON COLUMN ops.read_cursors.last_changed_count IS 'What the last read found.';

CREATE TABLE ops.spool_segments (
    name          text        PRIMARY KEY,
    shipped_bytes bigint      NOT NULL CHECK (shipped_bytes >= 0),
    records       bigint      NOT NULL CHECK (records >= 0),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops.spool_segments');

COMMENT ON TABLE ops.spool_segments IS
    'How much of each log file is stored. Moved in the transaction that stores the rows: none is lost or doubled.';
COMMENT ON COLUMN ops.spool_segments.shipped_bytes IS 'Bytes from the start of the file that are in the database.';
COMMENT ON COLUMN ops.spool_segments.records IS 'Rows that they held.';

CREATE TABLE ops.log_dead_letters (
    id          uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    segment     text        NOT NULL,
    line_offset bigint      NOT NULL,
    line        text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_dead_letters_time ON ops.log_dead_letters (created_at DESC);
SELECT ops.close_table('ops.log_dead_letters');

COMMENT ON TABLE ops.log_dead_letters IS 'Lines of log files that the database refused, with the reason.';
COMMENT ON COLUMN ops.log_dead_letters.segment IS 'The log file.';
COMMENT ON COLUMN ops.log_dead_letters.line_offset IS 'Where in the file the line or its batch begins, in bytes.';
