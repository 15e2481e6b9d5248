-- Where the views find their numbers: counts and histograms by hour, day and week, and what is not yet in them.
--
--     rows of a statement --trigger--> ops.deltas --ops.roll_up, each minute--> ops.rollups, ops.histograms,
--                                                                               ops.last_seen
--
-- Why     A view over ten million log records takes seconds, and longer every day. Rolled up, a month of them is
--         some thousand rows. What was just committed waits in ops.deltas, where the views add it, so that an
--         answer is right at every moment, and no writer waits for another one's counter.
-- Adds    tables ops.deltas, ops.rollups, ops.histograms, ops.last_seen, ops.horizons
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.deltas, ops.rollups, ops.histograms, ops.last_seen, ops.horizons;

CREATE TABLE ops.deltas (
    subject         text             NOT NULL,
    hour            timestamptz      NOT NULL,
    business_id     text,
    source          text,
    service         text,
    integration_id  text,
    operation       text,
    workflow_id     text,
    records         bigint           NOT NULL,
    infos           bigint           NOT NULL DEFAULT 0,
    warnings        bigint           NOT NULL DEFAULT 0,
    errors          bigint           NOT NULL DEFAULT 0,
    successes       bigint           NOT NULL,
    failures        bigint           NOT NULL,
    ended           bigint           NOT NULL DEFAULT 0,
    timed           bigint           NOT NULL,
    total           double precision NOT NULL,
    ended_timed     bigint           NOT NULL DEFAULT 0,
    ended_total     double precision NOT NULL DEFAULT 0,
    shortest        double precision,
    longest         double precision,
    last_at         timestamptz,
    last_error_at   timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    name            text,
    named_at        timestamptz,
    durations       double precision[],
    undone          double precision[]
)
-- Rows live for a minute: without this the table would be mostly what was there before.
WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
-- Durations do not compress, and trying costs more than the rest of an insert.
ALTER TABLE ops.deltas ALTER COLUMN durations SET STORAGE EXTERNAL;
ALTER TABLE ops.deltas ALTER COLUMN undone SET STORAGE EXTERNAL;
SELECT ops.close_table('ops.deltas');

COMMENT ON TABLE ops.deltas IS
    'What statements added to the numbers, not yet rolled up. Appended to by triggers, in the transaction of the rows'
    ' themselves; emptied by ops.roll_up. Has no index: it is always short, and a writer should not pay for one.';
COMMENT ON COLUMN ops.deltas.subject IS 'What is counted: log (records), api (attempts), run (executions), look (checks).';
COMMENT ON COLUMN ops.deltas.operation IS 'Of a log record its operation, of an HTTP attempt its endpoint.';
COMMENT ON COLUMN ops.deltas.errors IS 'Of level error; infos and warnings likewise.';
COMMENT ON COLUMN ops.deltas.successes IS 'Status success; an HTTP attempt that succeeded; a look that found it working.';
COMMENT ON COLUMN ops.deltas.failures IS 'Status error; an HTTP attempt or execution that failed; a look that found it down.';
COMMENT ON COLUMN ops.deltas.ended IS 'Log records that tell how something ended: status success, warning or error.';
COMMENT ON COLUMN ops.deltas.timed IS 'How many had a duration, which total adds up, in milliseconds.';
COMMENT ON COLUMN ops.deltas.durations IS 'The durations themselves, for the histograms.';
COMMENT ON COLUMN ops.deltas.undone IS 'Durations that were counted before and hold no longer: the row was changed.';

CREATE TABLE ops.rollups (
    subject         text             NOT NULL CHECK (subject IN ('log', 'api', 'run', 'look')),
    span            text             NOT NULL CHECK (span IN ('hour', 'day')),
    starts          timestamptz      NOT NULL,
    key             bytea            NOT NULL,
    business_id     text,
    source          text,
    service         text,
    integration_id  text,
    operation       text,
    workflow_id     text,
    records         bigint           NOT NULL,
    infos           bigint           NOT NULL,
    warnings        bigint           NOT NULL,
    errors          bigint           NOT NULL,
    successes       bigint           NOT NULL,
    failures        bigint           NOT NULL,
    ended           bigint           NOT NULL,
    timed           bigint           NOT NULL,
    total           double precision NOT NULL,
    ended_timed     bigint           NOT NULL,
    ended_total     double precision NOT NULL,
    shortest        double precision,
    longest         double precision,
    last_at         timestamptz,
    last_error_at   timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    name            text,
    named_at        timestamptz,
    PRIMARY KEY (subject, span, starts, key)
)
-- A row of the present hour changes every minute: room for its next version on the same page.
WITH (fillfactor = 70);
CREATE INDEX rollups_business ON ops.rollups (business_id, subject, span, starts);
SELECT ops.close_table('ops.rollups');

COMMENT ON TABLE ops.rollups IS
    'The numbers of each hour and day (UTC), for every combination that a view asks for. Kept by ops.roll_up; outlives'
    ' the rows that it counts. The columns are those of ops.deltas.';
COMMENT ON COLUMN ops.rollups.key IS
    'Stands for business_id to workflow_id in the primary key: their texts could be too long for an index.';
COMMENT ON COLUMN ops.rollups.business_id IS 'A business''s slug or id as text; null for the group.';

CREATE TABLE ops.histograms (
    subject        text        NOT NULL CHECK (subject IN ('log', 'api', 'run', 'look')),
    span           text        NOT NULL CHECK (span IN ('hour', 'day', 'week')),
    starts         timestamptz NOT NULL,
    key            bytea       NOT NULL,
    business_id    text,
    source         text,
    service        text,
    integration_id text,
    operation      text,
    workflow_id    text,
    buckets        smallint[]  NOT NULL,
    counts         bigint[]    NOT NULL,
    PRIMARY KEY (subject, span, starts, key)
)
WITH (fillfactor = 70);
CREATE INDEX histograms_business ON ops.histograms (business_id, subject, span, starts);
SELECT ops.close_table('ops.histograms');

COMMENT ON TABLE ops.histograms IS
    'How durations are spread, by hour and day (UTC), and for whole businesses by week. Bucket b holds durations from'
    ' 2^(b/18) to 2^((b+1)/18) milliseconds, and stands for the geometric middle of both: no value is further than 1.94 %'
    ' from it, and so no percentile. Bucket -32768 holds what is not above a nanosecond, and stands for 0.';
COMMENT ON COLUMN ops.histograms.counts IS 'How many durations each of the buckets holds; empty ones are left out.';
COMMENT ON COLUMN ops.histograms.business_id IS 'A business''s slug or id as text; null for the group.';

CREATE TABLE ops.last_seen (
    key            bytea       PRIMARY KEY,
    integration_id text        NOT NULL,
    business_id    text,
    source         text,
    last_activity  timestamptz NOT NULL,
    last_error     timestamptz
);
CREATE INDEX last_seen_connection ON ops.last_seen (integration_id);
CREATE INDEX last_seen_business ON ops.last_seen (business_id);
SELECT ops.close_table('ops.last_seen');

COMMENT ON TABLE ops.last_seen IS
    'When each connection was last heard of, by business and source (null: HTTP attempts and health checks). It is never'
    ' cleaned, so that a connection that fell silent does not vanish together with its last rows.';
COMMENT ON COLUMN ops.last_seen.key IS 'Stands for the three texts that follow.';
COMMENT ON COLUMN ops.last_seen.last_error IS 'The last log record of level error.';

CREATE TABLE ops.horizons (
    name  text        PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT '-infinity'
);
SELECT ops.close_table('ops.horizons');

COMMENT ON TABLE ops.horizons IS
    'Since when rows are complete: of each partitioned table, and of the rollups by hour (rollups_by_hour). What lies'
    ' before was forgotten by cleanup_old_logs, and the next coarser numbers answer for it.';

INSERT INTO ops.horizons (name) SELECT name FROM ops.partitioned_tables UNION ALL SELECT 'rollups_by_hour';
