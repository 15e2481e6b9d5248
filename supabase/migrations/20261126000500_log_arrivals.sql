-- Readers that follow the log see every record that arrives, also one that waited for days.
--
-- Why     A record's own moment says nothing about when it arrived, and an index on the arrival would cost every
--         row. One line for each batch is enough: all that a transaction wrote has the same xmin, so a reader finds
--         a batch's rows within its range of time. It is a table and not only a notification, so that who was cut
--         off, or cannot listen, catches up.
-- Adds    table ops.log_arrivals
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.log_arrivals; DELETE FROM ops.relations WHERE name = 'ops.log_arrivals';

CREATE TABLE ops.log_arrivals (
    id         uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    records    integer     NOT NULL CHECK (records > 0),
    arrived_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_arrivals_time ON ops.log_arrivals (arrived_at);
SELECT ops.close_table('ops.log_arrivals');

COMMENT ON TABLE ops.log_arrivals IS
    'One row for each batch of log records that was stored in the last minutes; its xmin is that of their rows.';
COMMENT ON COLUMN ops.log_arrivals.first_at IS 'The oldest moment that one of the records bears.';
COMMENT ON COLUMN ops.log_arrivals.last_at IS 'The newest.';

INSERT INTO ops.relations (name, kind) VALUES ('ops.log_arrivals', 'table');
SELECT ops.grant_access();
