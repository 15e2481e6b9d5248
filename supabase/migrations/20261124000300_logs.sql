-- What happened: log records, HTTP attempts, workflow executions.
--
-- Why     Partitioned by time: a question about today reads today, and retention drops whole files instead
--         of deleting row by row. The default partition takes what is dated far off, so that no row is refused.
-- Adds    tables integration_logs, api_metrics, workflow_execution_logs, each with a default partition in ops
-- Locks   none: new objects only
-- Undo    DROP TABLE public.integration_logs, public.api_metrics, public.workflow_execution_logs;

CREATE TABLE public.integration_logs (
    id             uuid             NOT NULL DEFAULT ops.uuid7(),
    source         text             NOT NULL CHECK (source <> ''),
    service        text,
    operation      text,
    level          text             NOT NULL DEFAULT 'info' CHECK (level IN ('debug', 'info', 'warn', 'error')),
    status         text             NOT NULL DEFAULT 'info'
        CHECK (status IN ('info', 'success', 'warning', 'error')),
    message        text             NOT NULL,
    details_json   jsonb            DEFAULT '{}',
    duration_ms    double precision,
    user_id        text,
    business_id    text,
    workflow_id    text,
    integration_id text,
    trace_id       text,
    created_at     timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
CREATE TABLE ops.integration_logs_default PARTITION OF public.integration_logs DEFAULT;

CREATE INDEX integration_logs_source ON public.integration_logs (source, created_at DESC);
CREATE INDEX integration_logs_business ON public.integration_logs (business_id, created_at DESC);
CREATE INDEX integration_logs_connection ON public.integration_logs (integration_id, created_at DESC);
CREATE INDEX integration_logs_errors ON public.integration_logs (created_at DESC, id DESC) WHERE level = 'error';
CREATE INDEX integration_logs_trace ON public.integration_logs (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX integration_logs_workflow ON public.integration_logs (workflow_id, created_at DESC)
    WHERE workflow_id IS NOT NULL;
SELECT ops.close_table('public.integration_logs'), ops.close_table('ops.integration_logs_default');

COMMENT ON TABLE public.integration_logs IS 'One row per log record, of every source. Partitioned by day.';
COMMENT ON TABLE ops.integration_logs_default IS 'Log records of days that have no partition.';
COMMENT ON COLUMN public.integration_logs.source IS 'Who wrote it: a service, system, cli, ...; see ops.sources.';
COMMENT ON COLUMN public.integration_logs.service IS 'The system that it is about, when it is about one.';
COMMENT ON COLUMN public.integration_logs.operation IS 'The logical call, for example contacts.get.';
COMMENT ON COLUMN public.integration_logs.status IS 'How the operation ended; info when nothing has ended.';
COMMENT ON COLUMN public.integration_logs.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN public.integration_logs.integration_id IS 'The connection, for example hubspot/teelixir.';
COMMENT ON COLUMN public.integration_logs.trace_id IS 'The same for all records of one piece of work.';

CREATE TABLE public.api_metrics (
    id                   uuid             NOT NULL DEFAULT ops.uuid7(),
    service              text             NOT NULL CHECK (service <> ''),
    endpoint             text             NOT NULL,
    method               text             NOT NULL,
    status_code          integer,
    success              boolean          NOT NULL,
    duration_ms          double precision,
    response_size_bytes  bigint,
    rate_limit_remaining bigint,
    rate_limit_reset_at  timestamptz,
    error_message        text,
    error_category       text,
    operation            text,
    attempt              integer          NOT NULL DEFAULT 1,
    business_id          text,
    integration_id       text,
    created_at           timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
CREATE TABLE ops.api_metrics_default PARTITION OF public.api_metrics DEFAULT;

CREATE INDEX api_metrics_endpoint ON public.api_metrics (service, endpoint, created_at DESC);
CREATE INDEX api_metrics_business ON public.api_metrics (business_id, created_at DESC);
CREATE INDEX api_metrics_connection ON public.api_metrics (integration_id, created_at DESC);
SELECT ops.close_table('public.api_metrics'), ops.close_table('ops.api_metrics_default');

COMMENT ON TABLE public.api_metrics IS
    'One row per HTTP attempt; an operation that was tried three times has three. Partitioned by day.';
COMMENT ON TABLE ops.api_metrics_default IS 'HTTP attempts of days that have no partition.';
COMMENT ON COLUMN public.api_metrics.endpoint IS 'The path''s template, /contacts/{id}, never the concrete id.';
COMMENT ON COLUMN public.api_metrics.status_code IS 'Null when no answer arrived.';
COMMENT ON COLUMN public.api_metrics.attempt IS '1 for the first try of an operation.';
COMMENT ON COLUMN public.api_metrics.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN public.api_metrics.integration_id IS 'The connection, for example hubspot/teelixir.';

CREATE TABLE public.workflow_execution_logs (
    id                 uuid             NOT NULL DEFAULT ops.uuid7(),
    workflow_id        text             NOT NULL CHECK (workflow_id <> ''),
    workflow_name      text,
    execution_id       text             NOT NULL CHECK (execution_id <> ''),
    -- No list of allowed words: a status that n8n invents tomorrow must not stop the reader.
    status             text             NOT NULL CHECK (status <> ''),
    failed             boolean          NOT NULL GENERATED ALWAYS AS (status IN ('error', 'crashed', 'failed')) STORED,
    mode               text,
    started_at         timestamptz      NOT NULL DEFAULT now(),
    finished_at        timestamptz,
    -- Null rather than negative when the service's clock ran backwards.
    duration_ms        double precision GENERATED ALWAYS AS (
        CASE WHEN finished_at >= started_at
            THEN (extract(epoch FROM finished_at - started_at) * 1000)::double precision END
    ) STORED,
    data_json          jsonb,
    error_message      text,
    error_details_json jsonb,
    nodes_executed     integer,
    nodes_failed       integer,
    business_id        text,
    integration_id     text             NOT NULL DEFAULT 'n8n/group' CHECK (integration_id <> ''),
    triggered_by       text,
    created_at         timestamptz      NOT NULL DEFAULT now(),
    updated_at         timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (started_at, id),
    UNIQUE (integration_id, execution_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE ops.workflow_execution_logs_default PARTITION OF public.workflow_execution_logs DEFAULT;

CREATE TRIGGER workflow_execution_logs_touch BEFORE UPDATE ON public.workflow_execution_logs
    FOR EACH ROW EXECUTE FUNCTION ops.touch_updated_at();
CREATE INDEX workflow_execution_logs_workflow ON public.workflow_execution_logs (workflow_id, started_at DESC);
CREATE INDEX workflow_execution_logs_business ON public.workflow_execution_logs (business_id, started_at DESC);
CREATE INDEX workflow_execution_logs_failed ON public.workflow_execution_logs (started_at DESC, id DESC) WHERE failed;
SELECT
    ops.close_table('public.workflow_execution_logs'),
    ops.close_table('ops.workflow_execution_logs_default');

COMMENT ON TABLE public.workflow_execution_logs IS
    'One row per run of a workflow, kept by ops.upsert_workflow_execution. Partitioned by week.';
COMMENT ON TABLE ops.workflow_execution_logs_default IS 'Workflow executions of weeks that have no partition.';
COMMENT ON COLUMN public.workflow_execution_logs.execution_id IS 'The service''s own id, unique per connection.';
COMMENT ON COLUMN public.workflow_execution_logs.status IS
    'As the service says it: running, waiting, success, error, crashed, canceled, ...';
COMMENT ON COLUMN public.workflow_execution_logs.failed IS
    'Whether that status means that it went wrong. The one place that knows which do.';
COMMENT ON COLUMN public.workflow_execution_logs.mode IS 'What set it off: manual, trigger, webhook, cli, retry, ...';
COMMENT ON COLUMN public.workflow_execution_logs.duration_ms IS 'From started_at to finished_at; null while it runs.';
COMMENT ON COLUMN public.workflow_execution_logs.business_id IS 'A business''s slug or id; null for the group.';
COMMENT ON COLUMN public.workflow_execution_logs.integration_id IS 'The connection whose workflow ran.';
