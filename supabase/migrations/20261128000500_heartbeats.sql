-- What is expected to say regularly that it still runs, and every ping that it sent.
--
--     ops.set_heartbeats(declared)    the configuration's; adds, changes and removes
--     heartbeat_status                how each stands, for people and pages
--
-- Why     A backup that no longer starts makes no error anywhere. It is missed here, by what it does not say. Pings come
--         from files that outlive the process and the database, in batches; so when they stopped coming must not be
--         taken for when they stopped being sent: ops.heartbeat_ingests says up to when all is known.
-- Adds    tables ops.heartbeats, ops.heartbeat_pings, ops.heartbeat_ingests, ops_secrets.heartbeat_tokens; view
--         heartbeat_status; functions ops.set_heartbeats, ops.clean_heartbeat_pings
-- Locks   none: new objects only
-- Undo    DROP FUNCTION ops.set_heartbeats, ops.clean_heartbeat_pings; DROP VIEW public.heartbeat_status; DROP TABLE
--         ops_secrets.heartbeat_tokens, ops.heartbeat_ingests, ops.heartbeat_pings, ops.heartbeats; DELETE FROM
--         ops.relations WHERE name LIKE '%.heartbeat%'; DELETE FROM ops.functions WHERE name LIKE '%heartbeat%';

CREATE TABLE ops.heartbeats (
    id               uuid             PRIMARY KEY DEFAULT ops.uuid7(),
    name             text             NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(name) <= 100),
    business_id      text,
    every_seconds    integer          CHECK (every_seconds > 0),
    cron             text,
    zone             text             NOT NULL DEFAULT 'UTC',
    grace_seconds    integer          NOT NULL DEFAULT 300 CHECK (grace_seconds > 0),
    longest_seconds  integer          CHECK (longest_seconds > 0),
    severity         text             NOT NULL DEFAULT 'critical' CHECK (severity IN ('warning', 'critical')),
    declared_by      text             NOT NULL DEFAULT 'command' CHECK (declared_by IN ('configuration', 'command')),
    -- A new one, or one that is watched again after a pause, owes nothing for the time before.
    watched_since    timestamptz      NOT NULL DEFAULT now(),
    paused_at        timestamptz,
    -- What its pings came to: written with each batch of them.
    last_ping_at     timestamptz,
    last_success_at  timestamptz,
    last_failure_at  timestamptz,
    last_exit_code   integer,
    last_duration_ms double precision,
    running_since    timestamptz,
    run_id           text,
    extended_until   timestamptz,
    -- What the last look at it found.
    due_at           timestamptz,
    missing_at       timestamptz,
    created_at       timestamptz      NOT NULL DEFAULT now(),
    CHECK ((every_seconds IS NULL) <> (cron IS NULL))
);
SELECT ops.close_table('ops.heartbeats');
CREATE INDEX heartbeats_business ON ops.heartbeats (business_id);

COMMENT ON TABLE ops.heartbeats IS
    'What is expected to send a ping regularly: from the configuration, or made by ops heartbeat add.';
COMMENT ON COLUMN ops.heartbeats.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN ops.heartbeats.longest_seconds IS
    'How long a run may take from its start to its end; null: as long as the grace.';
COMMENT ON COLUMN ops.heartbeats.watched_since IS 'It owes nothing for the time before: made, or taken up again.';
COMMENT ON COLUMN ops.heartbeats.running_since IS 'The start of a run that has not ended.';
COMMENT ON COLUMN ops.heartbeats.extended_until IS 'Until then it asked to be waited for.';
COMMENT ON COLUMN ops.heartbeats.due_at IS 'When the next ping is due, as the last look found.';
COMMENT ON COLUMN ops.heartbeats.missing_at IS 'When it counts as missing, as the last look found.';

CREATE TABLE ops.heartbeat_pings (
    id           uuid             PRIMARY KEY,
    heartbeat_id uuid             NOT NULL,
    business_id  text,
    kind         text             NOT NULL CHECK (kind IN ('success', 'start', 'fail', 'log', 'extend')),
    exit_code    integer,
    run_id       text,
    method       text             NOT NULL,
    remote       text,
    agent        text,
    body         text,
    body_bytes   integer          NOT NULL DEFAULT 0,
    duration_ms  double precision,
    accepted_at  timestamptz      NOT NULL,
    stored_at    timestamptz      NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops.heartbeat_pings');
CREATE INDEX heartbeat_pings_heartbeat ON ops.heartbeat_pings (heartbeat_id, accepted_at DESC);
CREATE INDEX heartbeat_pings_business ON ops.heartbeat_pings (business_id, accepted_at DESC);
CREATE INDEX heartbeat_pings_time ON ops.heartbeat_pings (accepted_at);

COMMENT ON TABLE ops.heartbeat_pings IS 'Every ping that was taken, once. Kept as long as health checks are.';
COMMENT ON COLUMN ops.heartbeat_pings.business_id IS 'A business''s slug or id as text; null for the group.';
COMMENT ON COLUMN ops.heartbeat_pings.run_id IS 'Tells runs apart that overlap, where the sender gave one.';
COMMENT ON COLUMN ops.heartbeat_pings.body IS 'At most 10,000 bytes of what was sent along, secrets hidden.';
COMMENT ON COLUMN ops.heartbeat_pings.body_bytes IS 'How many bytes were sent along.';
COMMENT ON COLUMN ops.heartbeat_pings.duration_ms IS 'From the start of the run that it ends.';

CREATE TABLE ops.heartbeat_ingests (
    name            text        PRIMARY KEY,
    listening_since timestamptz NOT NULL,
    -- Null: nobody listened before.
    silent_since    timestamptz,
    complete_until  timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL DEFAULT now(),
    left_at         timestamptz
);
SELECT ops.close_table('ops.heartbeat_ingests');
COMMENT ON TABLE ops.heartbeat_ingests IS 'Who takes pings, since when, and up to when all that were taken are stored.';
COMMENT ON COLUMN ops.heartbeat_ingests.silent_since IS
    'Until when pings were taken before listening_since, by whomever; what was due in between could not be heard.';
COMMENT ON COLUMN ops.heartbeat_ingests.complete_until IS 'All pings that it took before are stored.';
COMMENT ON COLUMN ops.heartbeat_ingests.left_at IS 'When it stopped in order.';

CREATE TABLE ops_secrets.heartbeat_tokens (
    heartbeat_id uuid        PRIMARY KEY REFERENCES ops.heartbeats ON DELETE CASCADE,
    token_sha256 bytea       NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    made_at      timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops_secrets.heartbeat_tokens');
COMMENT ON TABLE ops_secrets.heartbeat_tokens IS
    'The secret part of each heartbeat''s address, hashed: the address itself is nowhere in the database.';

CREATE VIEW public.heartbeat_status WITH (security_invoker = true) AS
SELECT
    h.name,
    h.business_id,
    coalesce(s.state, 'unknown') AS state,
    s.since,
    s.error_message AS reason,
    h.severity,
    h.every_seconds,
    h.cron,
    h.zone,
    h.grace_seconds,
    h.last_ping_at,
    h.last_success_at,
    h.last_failure_at,
    h.last_duration_ms,
    h.running_since,
    h.due_at,
    h.missing_at,
    h.paused_at,
    h.declared_by,
    h.id
FROM ops.heartbeats AS h
LEFT JOIN ops.health_state AS s ON s.integration_id = 'heartbeat/' || h.name AND s.check_name = 'heartbeat';
COMMENT ON VIEW public.heartbeat_status IS 'Every heartbeat with how it stands, since when and why.';

CREATE FUNCTION ops.set_heartbeats(p jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    declared integer;
BEGIN
    -- Two processes may start at once; the last one to come is right.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.heartbeats', 0));
    DELETE FROM ops.health_state AS s USING ops.heartbeats AS h
    WHERE s.integration_id = 'heartbeat/' || h.name AND s.check_name = 'heartbeat'
        AND h.declared_by = 'configuration'
        AND h.name NOT IN (SELECT e ->> 'name' FROM jsonb_array_elements(p) AS e);
    DELETE FROM ops.heartbeats AS h
    WHERE h.declared_by = 'configuration'
        AND h.name NOT IN (SELECT e ->> 'name' FROM jsonb_array_elements(p) AS e);
    INSERT INTO ops.heartbeats AS h (name, business_id, every_seconds, cron, zone, grace_seconds, longest_seconds,
        severity, declared_by)
    SELECT e.name, e.business_id, e.every_seconds, e.cron, e.zone, e.grace_seconds, e.longest_seconds, e.severity,
        'configuration'
    FROM jsonb_to_recordset(p) AS e (name text, business_id text, every_seconds integer, cron text, zone text,
        grace_seconds integer, longest_seconds integer, severity text)
    ON CONFLICT (name) DO UPDATE SET
        business_id = EXCLUDED.business_id,
        -- Another rhythm begins now: by it, the old pings would be late at once.
        watched_since = CASE WHEN (h.every_seconds, h.cron, h.zone)
            IS DISTINCT FROM (EXCLUDED.every_seconds, EXCLUDED.cron, EXCLUDED.zone) THEN now() ELSE h.watched_since END,
        every_seconds = EXCLUDED.every_seconds,
        cron = EXCLUDED.cron,
        zone = EXCLUDED.zone,
        grace_seconds = EXCLUDED.grace_seconds,
        longest_seconds = EXCLUDED.longest_seconds,
        severity = EXCLUDED.severity,
        declared_by = 'configuration';
    GET DIAGNOSTICS declared = ROW_COUNT;
    -- Before the new ones: two heartbeats may have changed tokens with each other.
    DELETE FROM ops_secrets.heartbeat_tokens AS t USING ops.heartbeats AS h, jsonb_array_elements(p) AS e
    WHERE h.id = t.heartbeat_id AND h.name = e ->> 'name' AND e ->> 'token' IS NOT NULL
        AND t.token_sha256 <> decode(e ->> 'token', 'hex');
    INSERT INTO ops_secrets.heartbeat_tokens (heartbeat_id, token_sha256)
    SELECT h.id, decode(e ->> 'token', 'hex')
    FROM jsonb_array_elements(p) AS e JOIN ops.heartbeats AS h ON h.name = e ->> 'name'
    WHERE e ->> 'token' IS NOT NULL
    ON CONFLICT (heartbeat_id) DO NOTHING;
    RETURN declared;
END
$$;
COMMENT ON FUNCTION ops.set_heartbeats(jsonb) IS
    'Make the heartbeats of the configuration these (name, business_id, every_seconds, cron, zone, grace_seconds,'
    ' longest_seconds, severity, token: its SHA-256 in hex, or null for the one that is there); answers how many.';

CREATE FUNCTION ops.clean_heartbeat_pings(p_days integer, p_most integer DEFAULT 50000) RETURNS bigint
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    removed bigint;
BEGIN
    IF p_days IS NULL OR p_days < 0 THEN
        RAISE EXCEPTION 'clean_heartbeat_pings: % is not a number of days', coalesce(p_days::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 0 or more. Nothing was deleted.';
    END IF;
    DELETE FROM ops.heartbeat_pings AS d WHERE d.id IN (
        SELECT o.id FROM ops.heartbeat_pings AS o WHERE o.accepted_at < now() - make_interval(days => p_days)
        ORDER BY o.accepted_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
COMMENT ON FUNCTION ops.clean_heartbeat_pings(integer, integer) IS
    'Delete pings that are older than so many days, at most so many at once; answers how many. 0 when none is left.';

INSERT INTO ops.relations (name, kind, own_rows) VALUES
    ('ops.heartbeats', 'table', 'business_id'), ('ops.heartbeat_pings', 'table', 'business_id'),
    ('ops.heartbeat_ingests', 'table', NULL), ('public.heartbeat_status', 'view', 'view');
INSERT INTO ops.functions (name, access) VALUES ('clean_heartbeat_pings', 'write');
SELECT ops.grant_access();
