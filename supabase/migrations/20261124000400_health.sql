-- Whether each connection works: every look, every change, and how it stands now.
--
-- Why     "Since when?" must not need a walk through a month of checks, so the present state has its own row.
-- Adds    tables health_checks (with a default partition in ops), health_flips, ops.health_state
-- Locks   none: new objects only
-- Undo    DROP TABLE public.health_checks, public.health_flips, ops.health_state;

CREATE TABLE public.health_checks (
    id               uuid             NOT NULL DEFAULT ops.uuid7(),
    service          text             NOT NULL CHECK (service <> ''),
    business_id      text,
    integration_id   text             NOT NULL CHECK (integration_id <> ''),
    check_name       text             NOT NULL DEFAULT 'connection' CHECK (check_name <> ''),
    healthy          boolean          NOT NULL,
    state            text             NOT NULL CHECK (state IN ('up', 'late', 'degraded', 'down', 'unknown')),
    response_time_ms double precision,
    error_category   text,
    error_message    text,
    error_code       text,
    details_json     jsonb            DEFAULT '{}',
    cycle_id         uuid,
    checked_at       timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (checked_at, id)
) PARTITION BY RANGE (checked_at);
CREATE TABLE ops.health_checks_default PARTITION OF public.health_checks DEFAULT;

CREATE INDEX health_checks_connection ON public.health_checks (integration_id, checked_at DESC);
CREATE INDEX health_checks_business ON public.health_checks (business_id, checked_at DESC);
SELECT ops.close_table('public.health_checks'), ops.close_table('ops.health_checks_default');

COMMENT ON TABLE public.health_checks IS
    'One row per look at a connection. Written by ops.record_health. Partitioned by day.';
COMMENT ON TABLE ops.health_checks_default IS 'Looks of days that have no partition.';
COMMENT ON COLUMN public.health_checks.integration_id IS 'The connection, for example hubspot/teelixir.';
COMMENT ON COLUMN public.health_checks.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN public.health_checks.state IS
    'up; late (a sign of life is overdue); degraded (answers slowly or refuses for now); down; unknown.';
COMMENT ON COLUMN public.health_checks.error_code IS 'Our code of the error, for example REM001.';
COMMENT ON COLUMN public.health_checks.cycle_id IS 'The round of checks that it belongs to, see ops.cycles.';

CREATE TABLE public.health_flips (
    id             uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    integration_id text        NOT NULL,
    service        text        NOT NULL,
    business_id    text,
    check_name     text        NOT NULL,
    from_state     text,
    to_state       text        NOT NULL,
    reason         text,
    flipped_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX health_flips_connection ON public.health_flips (integration_id, flipped_at DESC);
CREATE INDEX health_flips_business ON public.health_flips (business_id, flipped_at DESC);
CREATE INDEX health_flips_time ON public.health_flips (flipped_at DESC);
SELECT ops.close_table('public.health_flips');

COMMENT ON TABLE public.health_flips IS 'One row per change of a check''s state. Written by ops.record_health.';
COMMENT ON COLUMN public.health_flips.from_state IS 'Null for the first look ever.';
COMMENT ON COLUMN public.health_flips.reason IS 'What the look that found the change had to say.';
COMMENT ON COLUMN public.health_flips.business_id IS 'A business''s slug or id as text; null for the group.';

CREATE TABLE ops.health_state (
    integration_id   text             NOT NULL,
    check_name       text             NOT NULL,
    service          text             NOT NULL,
    business_id      text,
    state            text             NOT NULL CHECK (state IN ('up', 'late', 'degraded', 'down', 'unknown')),
    since            timestamptz      NOT NULL,
    last_checked_at  timestamptz      NOT NULL,
    response_time_ms double precision,
    error_category   text,
    error_message    text,
    consecutive      bigint           NOT NULL DEFAULT 1,
    PRIMARY KEY (integration_id, check_name)
);
SELECT ops.close_table('ops.health_state');

COMMENT ON TABLE ops.health_state IS 'How each check stands now. Written by ops.record_health.';
COMMENT ON COLUMN ops.health_state.since IS 'When the present state was first seen.';
COMMENT ON COLUMN ops.health_state.consecutive IS 'How many looks in a row found this state.';
COMMENT ON COLUMN ops.health_state.business_id IS 'A business''s slug or id as text; null for the group.';
