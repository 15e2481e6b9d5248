-- Many results in one statement, what a check remembers, windows of maintenance, and what is wrong together.
--
--     ops.record_health_many(looks)          results of many checks at once; ops.record_health is one of them
--     ops.record_incidents(incidents)        all that is wrong now, grouped: opens, keeps and closes
--     ops.take_lease(name, holder, seconds)  who does what only one process may do
--
-- Why     A thousand checks every ten seconds are a hundred results a second: one at a time, each is counted by a
--         statement of its own. Four businesses without HubSpot are one trouble and not four. A check that flaps or is
--         being worked on is known as such by every process, so it is remembered here.
-- Adds    tables public.incidents, ops.maintenance, ops.leases; columns memory and maintenance of ops.health_state;
--         functions ops.record_health_many, ops.move_health_state, ops.record_incidents, ops.take_lease; replaces
--         ops.record_health, which keeps its arguments, answers and errors
-- Locks   ACCESS EXCLUSIVE on ops.health_state for a moment
-- Undo    run the CREATE FUNCTION ops.record_health of 20261124000900 again with OR REPLACE; DROP FUNCTION
--         ops.record_health_many, ops.move_health_state, ops.record_incidents, ops.take_lease; DROP TABLE
--         public.incidents, ops.maintenance, ops.leases; ALTER TABLE ops.health_state DROP COLUMN memory, DROP COLUMN
--         maintenance; DELETE FROM ops.relations WHERE name IN ('public.incidents', 'ops.maintenance', 'ops.leases');
--         DELETE FROM ops.functions WHERE name IN ('record_health_many', 'move_health_state', 'record_incidents',
--         'take_lease');

ALTER TABLE ops.health_state
    ADD COLUMN memory jsonb,
    ADD COLUMN maintenance text;
COMMENT ON COLUMN ops.health_state.memory IS
    'What the next look has to know: {raw, changes: [moments], flapping}, see docs/health.md. Null where nothing is.';
COMMENT ON COLUMN ops.health_state.maintenance IS
    'The window of maintenance that the last look fell into; the state is the one from before. Null outside of one.';

CREATE FUNCTION ops.move_health_state(p_look public.health_checks, p jsonb, p_fresh boolean)
RETURNS TABLE (flipped boolean, previous_state text, since timestamptz)
LANGUAGE plpgsql SET search_path = ''
AS $$
-- `since` is a column as well as a result.
#variable_conflict use_column
DECLARE
    old   ops.health_state;
    seen  timestamptz;
    holds CONSTANT boolean := coalesce((p ->> 'holds')::boolean, false);
BEGIN
    flipped := false;
    IF p_fresh THEN
        -- A clock that ran ahead must not make every later look seem late.
        seen := least(p_look.checked_at, clock_timestamp());
        INSERT INTO ops.health_state AS s (integration_id, check_name, service, business_id, state, since,
            last_checked_at, response_time_ms, error_category, error_message, memory, maintenance)
        VALUES (p_look.integration_id, p_look.check_name, p_look.service, p_look.business_id, p_look.state, seen,
            seen, p_look.response_time_ms, p_look.error_category, p_look.error_message, p -> 'memory',
            p ->> 'maintenance')
        ON CONFLICT (integration_id, check_name) DO NOTHING;
        flipped := FOUND;
    END IF;
    SELECT * INTO old FROM ops.health_state AS s
    WHERE s.integration_id = p_look.integration_id AND s.check_name = p_look.check_name
    FOR UPDATE;
    since := old.since;
    previous_state := CASE WHEN NOT flipped THEN old.state END;
    -- A look that arrives late is history; one that was recorded before (seen is null) is nothing new.
    IF NOT flipped AND seen >= old.last_checked_at THEN
        IF holds THEN
            UPDATE ops.health_state AS s SET last_checked_at = seen
            WHERE s.integration_id = old.integration_id AND s.check_name = old.check_name;
        ELSE
            flipped := p_look.state <> old.state;
            since := CASE WHEN flipped THEN seen ELSE old.since END;
            PERFORM ops.keep_health_state(p_look, old, seen);
        END IF;
        IF p ? 'memory' OR p ? 'maintenance' OR old.maintenance IS NOT NULL THEN
            UPDATE ops.health_state AS s SET
                memory = CASE WHEN p ? 'memory' THEN nullif(p -> 'memory', 'null') ELSE s.memory END,
                maintenance = p ->> 'maintenance'
            WHERE s.integration_id = old.integration_id AND s.check_name = old.check_name;
        END IF;
    END IF;
    -- That something is well for the first time is no news, where only changes are.
    IF flipped AND previous_state IS NULL AND p_look.state = 'up' AND coalesce(p ->> 'keep', '') = 'changes' THEN
        flipped := false;
    END IF;
    IF flipped THEN
        INSERT INTO public.health_flips
            (integration_id, service, business_id, check_name, from_state, to_state, reason, flipped_at)
        VALUES (p_look.integration_id, p_look.service, p_look.business_id, p_look.check_name, previous_state,
            p_look.state, p_look.error_message, since);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION ops.move_health_state(public.health_checks, jsonb, boolean) IS
    'The present state after one more look, and its flip. p_fresh: whether the look is new. Part of'
    ' ops.record_health_many.';

CREATE FUNCTION ops.record_health_many(p jsonb)
RETURNS TABLE (n integer, flipped boolean, previous_state text, since timestamptz)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    looks public.health_checks[];
    fresh uuid[];
    look  public.health_checks;
    said  jsonb;
    brief boolean;
BEGIN
    IF p IS NULL OR jsonb_typeof(p) <> 'array' THEN
        RAISE EXCEPTION 'record_health_many: it is not an array'
            USING ERRCODE = 'OP001', HINT = 'Give an array of objects, each as ops.record_health takes it.';
    END IF;
    SELECT array_agg(ops.health_check_of(e.value) ORDER BY e.ordinality) INTO looks
    FROM jsonb_array_elements(p) WITH ORDINALITY AS e;
    -- One statement, so that the numbers are counted once.
    WITH kept AS (
        INSERT INTO public.health_checks
        SELECT (looks[i]).* FROM generate_subscripts(looks, 1) AS i
        WHERE (p -> (i - 1)) ->> 'keep' IS DISTINCT FROM 'changes'
        ON CONFLICT (checked_at, id) DO NOTHING
        RETURNING id
    )
    SELECT array_agg(k.id) INTO fresh FROM kept AS k;
    FOR n IN
        -- All take the rows of the present states in the same order, so that nobody waits in a circle.
        SELECT i FROM generate_subscripts(looks, 1) AS i
        ORDER BY (looks[i]).integration_id, (looks[i]).check_name, (looks[i]).checked_at
    LOOP
        look := looks[n];
        said := p -> (n - 1);
        brief := coalesce(said ->> 'keep', '') = 'changes';
        SELECT m.flipped, m.previous_state, m.since INTO flipped, previous_state, since
        FROM ops.move_health_state(look, said, brief OR look.id = ANY (fresh)) AS m;
        IF brief AND flipped THEN
            INSERT INTO public.health_checks VALUES (look.*) ON CONFLICT (checked_at, id) DO NOTHING;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.record_health_many(jsonb) IS
    'Keep many looks at once: an array of objects with the columns of health_checks, and what may stand beside them:'
    ' memory (kept for the next look), maintenance (the window that it fell into), holds (true: the state stays as it'
    ' is), keep (changes: a look that changes nothing is no row of its own). Answers a row for each: n is its place in'
    ' the array, the rest as ops.record_health. Safe to repeat by id.';

CREATE OR REPLACE FUNCTION ops.record_health(p jsonb)
RETURNS TABLE (flipped boolean, previous_state text, since timestamptz)
LANGUAGE sql SET search_path = ''
AS $$
    SELECT m.flipped, m.previous_state, m.since FROM ops.record_health_many(jsonb_build_array(p)) AS m
$$;

CREATE TABLE public.incidents (
    id          uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    cause       text        NOT NULL CHECK (cause <> ''),
    title       text        NOT NULL CHECK (title <> ''),
    state       text        NOT NULL CHECK (state IN ('late', 'degraded', 'down')),
    service     text        NOT NULL,
    business_id text,
    category    text,
    reason      text,
    checks      jsonb       NOT NULL CHECK (jsonb_typeof(checks) = 'array'),
    since       timestamptz NOT NULL DEFAULT now(),
    opened_at   timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz CHECK (closed_at >= opened_at)
);
SELECT ops.close_table('public.incidents');
CREATE UNIQUE INDEX incidents_open ON public.incidents (cause) WHERE closed_at IS NULL;
CREATE INDEX incidents_time ON public.incidents (opened_at DESC);
CREATE INDEX incidents_business ON public.incidents (business_id, opened_at DESC);
COMMENT ON TABLE public.incidents IS
    'What is, or was, wrong together: one row for checks that fail alike. Written by ops.record_incidents.';
COMMENT ON COLUMN public.incidents.cause IS 'What makes it the same incident from one look to the next.';
COMMENT ON COLUMN public.incidents.business_id IS 'Whose it is when it is about one business only.';
COMMENT ON COLUMN public.incidents.checks IS 'The checks: an array of {integration_id, check_name, business_id}.';
COMMENT ON COLUMN public.incidents.since IS 'When the first of its checks went wrong.';
COMMENT ON COLUMN public.incidents.closed_at IS 'When none of it was wrong any more; null while it stands.';

CREATE FUNCTION ops.record_incidents(p jsonb)
RETURNS TABLE (opened bigint, closed bigint, standing bigint)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    at timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.incidents', 0));
    at := clock_timestamp();
    RETURN QUERY
    WITH found AS (
        SELECT DISTINCT ON (f.cause) f.* FROM jsonb_to_recordset(p) AS f (cause text, title text, state text,
            service text, business_id text, category text, reason text, checks jsonb, since timestamptz)
        ORDER BY f.cause
    ), kept AS (
        INSERT INTO public.incidents AS i (cause, title, state, service, business_id, category, reason, checks, since,
            opened_at, seen_at)
        SELECT f.cause, f.title, f.state, f.service, f.business_id, f.category, f.reason, f.checks,
            coalesce(f.since, at), at, at
        FROM found AS f
        ON CONFLICT (cause) WHERE closed_at IS NULL DO UPDATE SET
            title = EXCLUDED.title, state = EXCLUDED.state, business_id = EXCLUDED.business_id,
            category = EXCLUDED.category, reason = EXCLUDED.reason, checks = EXCLUDED.checks,
            since = least(i.since, EXCLUDED.since), seen_at = EXCLUDED.seen_at
        RETURNING i.opened_at = at AS is_new
    ), over AS (
        UPDATE public.incidents AS i SET closed_at = greatest(at, i.opened_at)
        WHERE i.closed_at IS NULL AND NOT EXISTS (SELECT FROM found AS f WHERE f.cause = i.cause)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM kept WHERE is_new), (SELECT count(*) FROM over), (SELECT count(*) FROM kept);
END
$$;
COMMENT ON FUNCTION ops.record_incidents(jsonb) IS
    'All that is wrong now, an array of objects with the columns of incidents (cause, title, state, service, checks;'
    ' business_id, category, reason, since). Those that stood before and are not among them are closed. Returns how many'
    ' were opened, closed and stand.';

CREATE TABLE ops.maintenance (
    id        uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    name      text        NOT NULL CHECK (name <> ''),
    applies   text[]      NOT NULL CHECK (cardinality(applies) > 0),
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL CHECK (ends_at >= starts_at),
    made_at   timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops.maintenance');
CREATE INDEX maintenance_end ON ops.maintenance (ends_at);
COMMENT ON TABLE ops.maintenance IS
    'Windows of maintenance that were made by hand: `ops health maintenance add`. Others stand in the configuration.';
COMMENT ON COLUMN ops.maintenance.applies IS 'Connections, services, checks or businesses by name; * is everything.';

CREATE TABLE ops.leases (
    name       text        PRIMARY KEY,
    holder     text        NOT NULL,
    held_until timestamptz NOT NULL
);
SELECT ops.close_table('ops.leases');
COMMENT ON TABLE ops.leases IS
    'What only one process may do, and which one does it. Written by ops.take_lease; a lock of a session would not'
    ' outlive a pooler of transactions.';

CREATE FUNCTION ops.take_lease(p_name text, p_holder text, p_seconds double precision) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    INSERT INTO ops.leases AS l (name, holder, held_until)
    VALUES (p_name, p_holder, clock_timestamp() + make_interval(secs => p_seconds))
    ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, held_until = EXCLUDED.held_until
    WHERE l.holder = EXCLUDED.holder OR l.held_until <= clock_timestamp();
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION ops.take_lease(text, text, double precision) IS
    'Take a lease, or hold it longer, by the clock of the server; false while another has it. 0 seconds give it back.';

INSERT INTO ops.relations (name, kind, own_rows) VALUES
    ('public.incidents', 'table', 'business_id'), ('ops.maintenance', 'table', NULL), ('ops.leases', 'table', NULL);
INSERT INTO ops.functions (name, access) VALUES
    ('record_health_many', 'write'), ('move_health_state', 'write'), ('record_incidents', 'write'),
    ('take_lease', 'write');
SELECT ops.grant_access();
