-- What all processes together may still spend at a service, and who holds which part of it.
--
--     ops.share_budget(...)   what a process gives back, wants and gets, of all limits of a connection at once
--
-- Why     A limit belongs to the account at the service, not to a process. Think of a rolling limit of N calls in W
--         seconds as N slots, each of which is used and then rests for W: between two uses of one slot lie W seconds,
--         so that no span of W holds more than N uses, whoever has the slot. A process holds slots and uses them again
--         and again without asking; here is only decided who holds how many, some times a second. A slot is handed
--         on together with the rest that it still needs. One whose holder died rests from when the hold ended.
--         Of a day or month processes hold parts that they have not spent yet.
--         Nobody compares clocks: processes give and get spans of seconds, and all moments here are the server's.
-- Adds    tables ops.budgets, ops.budget_holders, ops.budget_periods, ops.budget_spending; functions
--         ops.share_budget, ops.share_budget_at, ops.share_slots, ops.budget_clock, ops.budget_levels,
--         ops.budget_shares, ops.budget_period
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.budgets, ops.budget_holders, ops.budget_periods, ops.budget_spending; DROP FUNCTION
--         ops.share_budget, ops.share_budget_at, ops.share_slots, ops.budget_clock, ops.budget_levels, ops.budget_shares,
--         ops.budget_period; DELETE FROM ops.relations WHERE name LIKE 'ops.budget%';
--         DELETE FROM ops.functions WHERE name ~ 'budget|^share_'

CREATE TABLE ops.budgets (
    connection    text             NOT NULL,
    limit_name    text             NOT NULL,
    declared      integer          NOT NULL CHECK (declared > 0),
    most          integer          NOT NULL CHECK (most > 0),
    seconds       double precision CHECK (seconds >= 0),
    period        text             CHECK (period IN ('day', 'month')),
    zone          text             NOT NULL DEFAULT 'UTC',
    latest        timestamptz      NOT NULL,
    rest_until    timestamptz[]    NOT NULL DEFAULT '{}',
    resting       integer[]        NOT NULL DEFAULT '{}',
    seen_at       timestamptz,
    seen          integer,
    PRIMARY KEY (connection, limit_name),
    CHECK ((seconds IS NULL) <> (period IS NULL))
)
-- Written some times a second: room for the next versions on the same page.
WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
SELECT ops.close_table('ops.budgets');
COMMENT ON TABLE ops.budgets IS 'One row for each limit of a connection. Locked by whoever gives or takes of it.';
COMMENT ON COLUMN ops.budgets.declared IS 'The permits that the configuration names; most is what the service says.';
COMMENT ON COLUMN ops.budgets.seconds IS 'Length of a rolling window; 0: so many at once. Null for days and months.';
COMMENT ON COLUMN ops.budgets.latest IS 'When it was last decided upon: the clock has jumped back if it is before.';
COMMENT ON COLUMN ops.budgets.rest_until IS 'Until when slots rest that nobody holds; resting says how many.';
COMMENT ON COLUMN ops.budgets.seen IS
    'How many the service had counted at seen_at. Compared with what is ours once all holders have been heard.';

CREATE TABLE ops.budget_holders (
    connection text        NOT NULL,
    limit_name text        NOT NULL,
    process    text        NOT NULL,
    held       integer     NOT NULL,
    used       integer     NOT NULL,
    peak       integer     NOT NULL,
    wanted     integer     NOT NULL,
    urgent     integer     NOT NULL,
    heaviest   integer     NOT NULL DEFAULT 1,
    waiting    integer     NOT NULL,
    seen_at    timestamptz NOT NULL,
    held_until timestamptz NOT NULL,
    PRIMARY KEY (connection, limit_name, process)
)
WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
SELECT ops.close_table('ops.budget_holders');
COMMENT ON TABLE ops.budget_holders IS 'What each process holds of a limit, and would like to hold.';
COMMENT ON COLUMN ops.budget_holders.held IS
    'Slots of a rolling limit; of a day or month what was handed out and is not spent yet.';
COMMENT ON COLUMN ops.budget_holders.used IS 'Slots that are in use or rest; peak is the most since seen_at of the limit.';
COMMENT ON COLUMN ops.budget_holders.wanted IS 'Slots it would like to hold; urgent of them for people who wait.';
COMMENT ON COLUMN ops.budget_holders.heaviest IS
    'What the heaviest of its calls weighs that could go next: with fewer slots than that it makes none of them.';
COMMENT ON COLUMN ops.budget_holders.held_until IS 'When it counts as dead unless it is heard of again.';

CREATE TABLE ops.budget_periods (
    connection   text        NOT NULL,
    limit_name   text        NOT NULL,
    starts       date        NOT NULL,
    spent        bigint      NOT NULL DEFAULT 0,
    mark_at      timestamptz NOT NULL,
    mark_spent   bigint      NOT NULL DEFAULT 0,
    before_at    timestamptz NOT NULL,
    before_spent bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, limit_name, starts)
)
WITH (fillfactor = 50);
SELECT ops.close_table('ops.budget_periods');
COMMENT ON TABLE ops.budget_periods IS
    'What was handed out of a limit in each day or month of its time zone. A clock that goes back finds what it spent.';
COMMENT ON COLUMN ops.budget_periods.before_at IS
    'Half an hour to an hour ago, when before_spent was spent: the pace from which it is said when it runs out.';

CREATE TABLE ops.budget_spending (
    connection     text             NOT NULL,
    process        text             NOT NULL,
    day            date             NOT NULL,
    calls          bigint           NOT NULL DEFAULT 0,
    waits          bigint           NOT NULL DEFAULT 0,
    waited_seconds double precision NOT NULL DEFAULT 0,
    seen_at        timestamptz      NOT NULL,
    PRIMARY KEY (connection, day, process)
);
SELECT ops.close_table('ops.budget_spending');
COMMENT ON TABLE ops.budget_spending IS
    'How much each process spent on each day (UTC), and how long its calls waited for that. By operation: api_metrics.';

CREATE FUNCTION ops.budget_period(p_now timestamptz, p_period text, p_zone text) RETURNS date
LANGUAGE sql STABLE SET search_path = ''
AS $$ SELECT date_trunc(p_period, p_now AT TIME ZONE p_zone)::date $$;
COMMENT ON FUNCTION ops.budget_period(timestamptz, text, text) IS
    'First day of the day or month in a time zone.';

CREATE FUNCTION ops.budget_levels(p_names text[], p_wants integer[], p_most integer, p_turn bigint)
RETURNS TABLE (name text, share integer)
LANGUAGE plpgsql IMMUTABLE SET search_path = ''
AS $$
DECLARE
    remaining integer := greatest(0, p_most);
    others    bigint := cardinality(p_names);
    level     integer;
    want      integer;
    place     bigint;
BEGIN
    -- The most modest first: what they leave is divided among the others.
    FOR want IN SELECT u.w FROM unnest(p_wants) AS u (w) ORDER BY u.w LOOP
        level := remaining / others;
        EXIT WHEN want > level;
        remaining := remaining - want;
        others := others - 1;
        level := NULL;
    END LOOP;
    -- One each of what no division leaves goes to those whose turn it is.
    remaining := remaining - level * others;
    FOR name, want, place IN
        SELECT u.n, u.w, row_number() OVER (PARTITION BY u.w > level ORDER BY u.n) - 1
        FROM unnest(p_names, p_wants) AS u (n, w)
    LOOP
        share := least(want, level);
        IF want > level AND (place + p_turn * remaining) % others < remaining THEN
            share := level + 1;
        END IF;
        share := coalesce(share, want);
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.budget_levels(text[], integer[], integer, bigint) IS
    'Divide most among those who want some of it: nobody gets more than he wants, nor less than another who wants as much'
    ' and gets more, but for one that no division leaves. Those go round, a turn each, so that the last permit of a limit'
    ' is not always with the same.';

CREATE FUNCTION ops.budget_shares(
    p_names text[], p_wants integer[], p_urgent integer[], p_heaviest integer[], p_most integer, p_turn bigint
) RETURNS TABLE (name text, share integer)
LANGUAGE plpgsql IMMUTABLE SET search_path = ''
AS $$
DECLARE
    now    integer[];
    later  integer[];
    shares integer[];
    place  integer;
BEGIN
    IF cardinality(p_names) = 0 THEN
        RETURN;
    END IF;
    SELECT array_agg(least(u, w) ORDER BY n), array_agg(greatest(0, w - u) ORDER BY n) INTO now, later
    FROM unnest(p_wants, p_urgent) WITH ORDINALITY AS x (w, u, n);
    -- People first, but for a tenth of it, so that nothing else stands still.
    SELECT array_agg(f.share + s.share ORDER BY p.n) INTO shares
    FROM (
        SELECT array_agg(l.name) AS who, array_agg(l.share) AS shares, sum(l.share)::integer AS taken
        FROM ops.budget_levels(p_names, now, p_most - CASE WHEN p_most > 1 AND 0 < ANY (later)
            THEN greatest(1, p_most / 10) ELSE 0 END, p_turn) AS l
    ) AS first
    CROSS JOIN LATERAL unnest(first.who, first.shares) AS f (who, share)
    JOIN LATERAL ops.budget_levels(p_names, later, p_most - first.taken, p_turn) AS s ON s.name = f.who
    JOIN unnest(p_names) WITH ORDINALITY AS p (who, n) ON p.who = f.who;
    -- One whose next call weighs more than its share would never make it. Such go round: the slots come to it within a
    -- window and are used in the next.
    SELECT n INTO place FROM unnest(p_names, shares, p_heaviest) WITH ORDINALITY AS x (who, s, h, n)
    WHERE (s < h OR h > p_most / cardinality(p_names)) AND h <= p_most AND cardinality(p_names) > 1
        -- Where all can make their next call nobody needs more than his share.
        AND EXISTS (SELECT FROM unnest(shares, p_heaviest) AS o (s, h) WHERE o.s < o.h AND o.h <= p_most)
    ORDER BY ((SELECT count(*) FROM unnest(p_names) AS o WHERE o < who) + p_turn / 3) % cardinality(p_names)
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN QUERY SELECT x.who, x.s FROM unnest(p_names, shares) AS x (who, s);
        RETURN;
    END IF;
    RETURN QUERY SELECT p_names[place], p_heaviest[place];
    RETURN QUERY SELECT r.name, r.share FROM ops.budget_shares(
        p_names[:place - 1] || p_names[place + 1:], p_wants[:place - 1] || p_wants[place + 1:],
        p_urgent[:place - 1] || p_urgent[place + 1:], p_heaviest[:place - 1] || p_heaviest[place + 1:],
        p_most - p_heaviest[place], p_turn) AS r;
END
$$;
COMMENT ON FUNCTION ops.budget_shares(text[], integer[], integer[], integer[], integer, bigint) IS
    'Who gets how many of what is too few for all: even shares, people first; and one after the other, turn by turn, those'
    ' whose next call weighs more than that.';

CREATE FUNCTION ops.budget_clock(p_connection text, p_name text, p_by interval) RETURNS void
LANGUAGE sql SET search_path = ''
AS $$
    UPDATE ops.budgets AS o SET latest = o.latest + p_by, seen_at = o.seen_at + p_by,
        rest_until = ARRAY(SELECT t + p_by FROM unnest(o.rest_until) WITH ORDINALITY AS u (t, n) ORDER BY n)
    WHERE o.connection = p_connection AND o.limit_name = p_name;
    UPDATE ops.budget_holders AS h SET seen_at = h.seen_at + p_by, held_until = h.held_until + p_by
    WHERE h.connection = p_connection AND h.limit_name = p_name;
$$;
COMMENT ON FUNCTION ops.budget_clock(text, text, interval) IS
    'The clock has jumped: move all moments of a limit with it, because no time has passed.';

CREATE FUNCTION ops.share_slots(
    p_now timestamptz, p_connection text, p_process text, p_elapsed double precision, p_hold double precision,
    p_limit jsonb,
    OUT granted integer[], OUT rests double precision[], OUT target integer, OUT most integer, OUT unheld bigint,
    OUT peers integer
)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    name    text := p_limit->>'name';
    turn    bigint;
    jump    CONSTANT interval := '3 s';  -- as long as an answer may take
    b       ops.budgets;
    h       ops.budget_holders;
    w       interval;
    claim   integer := (p_limit->>'held')::integer;
    want    integer := (p_limit->>'want')::integer;
    urgent  integer := (p_limit->>'urgent')::integer;
    used    integer := (p_limit->>'used')::integer;
    silent  boolean;
    lost    integer;
    all_held integer;
    at_rest integer;
    slots   integer;
    wanted  integer;
    needed  integer;
    due     integer;
    n       integer;
BEGIN
    SELECT * INTO STRICT b FROM ops.budgets AS o WHERE o.connection = p_connection AND o.limit_name = name;
    SELECT * INTO h FROM ops.budget_holders AS o
    WHERE o.connection = p_connection AND o.limit_name = name AND o.process = p_process;
    -- A clock that was set: back, or forth by more than can have passed since somebody was here who was here before.
    IF p_now < b.latest THEN
        PERFORM ops.budget_clock(p_connection, name, p_now - b.latest);
    ELSIF p_now - b.latest > make_interval(secs => p_elapsed) + jump THEN
        PERFORM ops.budget_clock(p_connection, name, p_now - b.latest);
    END IF;
    -- Somebody has changed the limit. What rests was used a window before it has rested, however long that is.
    UPDATE ops.budgets AS o SET declared = (p_limit->>'most')::integer, most = (p_limit->>'most')::integer
    WHERE o.connection = p_connection AND o.limit_name = name AND o.declared <> (p_limit->>'most')::integer;
    UPDATE ops.budgets AS o SET seconds = (p_limit->>'seconds')::double precision,
        rest_until = ARRAY(
            SELECT t + make_interval(secs => (p_limit->>'seconds')::double precision - o.seconds)
            FROM unnest(o.rest_until) WITH ORDINALITY AS u (t, i) ORDER BY i)
    WHERE o.connection = p_connection AND o.limit_name = name
        AND o.seconds <> (p_limit->>'seconds')::double precision;
    SELECT * INTO STRICT b FROM ops.budgets AS o WHERE o.connection = p_connection AND o.limit_name = name;
    IF (p_limit->>'said')::integer BETWEEN 1 AND 1000000 THEN
        b.most := (p_limit->>'said')::integer;
    END IF;
    w := make_interval(secs => b.seconds);
    turn := floor(extract(epoch FROM p_now) / greatest(1, b.seconds));
    -- Where nobody was heard of for so long, nobody could: the others may still use what they hold.
    silent := p_now - b.latest > make_interval(secs => p_hold);
    IF silent THEN
        UPDATE ops.budget_holders AS o SET held_until = greatest(o.held_until, p_now + make_interval(secs => p_hold))
        WHERE o.connection = p_connection AND o.limit_name = name;
    END IF;
    -- What comes to rest: slots of the dead since the end of their hold, those that were given back, and those that
    -- we granted to this process and that it never heard of.
    lost := greatest(0, coalesce(h.held, 0) - claim
        - coalesce((SELECT sum((e->>1)::integer) FROM jsonb_array_elements(p_limit->'back') AS e), 0));
    SELECT coalesce(array_agg(t ORDER BY t), '{}'), coalesce(array_agg(c ORDER BY t), '{}')
    INTO b.rest_until, b.resting
    FROM (
        SELECT t, c FROM unnest(b.rest_until, b.resting) AS u (t, c)
        UNION ALL
        SELECT o.held_until + w, o.held FROM ops.budget_holders AS o
        WHERE o.connection = p_connection AND o.limit_name = name AND o.held_until < p_now AND o.process <> p_process
        UNION ALL
        SELECT p_now + w - make_interval(secs => greatest(0, (e->>0)::double precision)), (e->>1)::integer
        FROM jsonb_array_elements(p_limit->'back') AS e
        UNION ALL
        SELECT p_now + w, lost
    ) AS each
    -- As long as what the service had counted is not judged, what it counted is kept.
    WHERE c > 0 AND t > least(p_now, coalesce(b.seen_at, p_now));
    DELETE FROM ops.budget_holders AS o
    WHERE o.connection = p_connection AND o.limit_name = name AND o.held_until < p_now AND o.process <> p_process;

    INSERT INTO ops.budget_holders AS o (connection, limit_name, process, held, used, peak, wanted, urgent, heaviest, waiting,
        seen_at, held_until)
    VALUES (p_connection, name, p_process, claim, used, greatest(used, (p_limit->>'peak')::integer), want, urgent,
        least(want, (p_limit->>'heaviest')::integer), (p_limit->>'waiting')::integer, p_now, p_now + make_interval(secs => p_hold))
    ON CONFLICT ON CONSTRAINT budget_holders_pkey DO UPDATE SET held = EXCLUDED.held, used = EXCLUDED.used,
        peak = CASE WHEN b.seen_at IS NULL THEN EXCLUDED.peak ELSE greatest(o.peak, EXCLUDED.peak) END,
        wanted = EXCLUDED.wanted, urgent = EXCLUDED.urgent, heaviest = EXCLUDED.heaviest, waiting = EXCLUDED.waiting,
        seen_at = EXCLUDED.seen_at,
        held_until = EXCLUDED.held_until;

    -- What others than us have spent: what the service had counted, less all that can have been ours.
    IF b.seen_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM ops.budget_holders AS o
            WHERE o.connection = p_connection AND o.limit_name = name AND o.seen_at <= b.seen_at) THEN
        n := b.seen - coalesce((SELECT sum(c) FROM unnest(b.resting) AS u (c)), 0)
            - (SELECT sum(o.peak) FROM ops.budget_holders AS o
                WHERE o.connection = p_connection AND o.limit_name = name);
        IF n > 0 THEN
            b.rest_until := b.rest_until || b.seen_at + w;
            b.resting := b.resting || n;
        END IF;
        b.seen_at := NULL;
    ELSIF b.seen_at IS NULL AND b.seconds > 0 AND (p_limit->>'remaining')::integer BETWEEN 0 AND b.most THEN
        b.seen := b.most - (p_limit->>'remaining')::integer;
        b.seen_at := p_now - make_interval(secs => least(1, greatest(0, (p_limit->>'age')::double precision)));
    END IF;

    SELECT sum(o.held), count(*), sum(o.wanted), sum(greatest(o.held, o.wanted)) INTO all_held, peers, wanted, needed
    FROM ops.budget_holders AS o WHERE o.connection = p_connection AND o.limit_name = name;
    SELECT coalesce(sum(c), 0) INTO at_rest FROM unnest(b.rest_until, b.resting) AS u (t, c) WHERE t > p_now;
    -- Slots that are taken twice (others spend from the same limit, or it has become smaller) are not to be had.
    slots := greatest(1, b.most - greatest(0, all_held + at_rest - b.most));
    IF wanted <= slots THEN
        target := want;
        -- All can have what they want; one who has more keeps it as long as it is not wanted.
        due := claim + least(0, slots - needed);
    ELSE
        SELECT shares.share INTO target FROM (
            SELECT array_agg(o.process) AS who, array_agg(o.wanted) AS wants, array_agg(o.urgent) AS urgent,
                array_agg(o.heaviest) AS heaviest
            FROM ops.budget_holders AS o WHERE o.connection = p_connection AND o.limit_name = name
        ) AS g
        CROSS JOIN LATERAL ops.budget_shares(g.who, g.wants, g.urgent, g.heaviest, slots, turn) AS shares
        WHERE shares.name = p_process;
        due := target;
    END IF;

    -- First those that have rested, then those that will soon.
    granted := '{}';
    rests := '{}';
    n := greatest(0, least(target - claim, b.most - all_held - at_rest));
    IF n > 0 THEN
        granted := granted || n;
        rests := rests || 0.0::double precision;
        claim := claim + n;
    END IF;
    at_rest := at_rest - greatest(0, all_held + at_rest - b.most);  -- the last of them are taken twice
    FOR i IN 1 .. cardinality(b.resting) LOOP
        EXIT WHEN claim >= target OR at_rest <= 0;
        CONTINUE WHEN b.rest_until[i] <= p_now;
        n := least(b.resting[i], target - claim, at_rest);
        granted := granted || n;
        rests := rests || extract(epoch FROM b.rest_until[i] - p_now)::double precision;
        b.resting[i] := b.resting[i] - n;
        claim := claim + n;
        at_rest := at_rest - n;
    END LOOP;
    IF cardinality(granted) > 0 THEN
        -- A crash must not let somebody else have them too.
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    target := greatest(target, due);
    UPDATE ops.budgets AS o SET latest = p_now, most = b.most, seen_at = b.seen_at, seen = b.seen,
        (rest_until, resting) = (
            SELECT coalesce(array_agg(t ORDER BY t), '{}'), coalesce(array_agg(c ORDER BY t), '{}')
            FROM unnest(b.rest_until, b.resting) AS u (t, c) WHERE c > 0)
    WHERE o.connection = p_connection AND o.limit_name = name;
    IF claim = 0 AND want = 0 AND b.seen_at IS NULL THEN
        DELETE FROM ops.budget_holders AS o
        WHERE o.connection = p_connection AND o.limit_name = name AND o.process = p_process;
    ELSE
        UPDATE ops.budget_holders AS o SET held = claim
        WHERE o.connection = p_connection AND o.limit_name = name AND o.process = p_process AND o.held <> claim;
    END IF;
    most := b.most;
    unheld := greatest(0, b.most - all_held);
END
$$;
COMMENT ON FUNCTION ops.share_slots(timestamptz, text, text, double precision, double precision, jsonb) IS
    'The same for one rolling limit, or one of so many at once, whose row is locked; see ops.share_budget.';

CREATE FUNCTION ops.share_budget_at(
    p_now timestamptz, p_connection text, p_process text, p_elapsed double precision, p_hold double precision,
    p_limits jsonb
) RETURNS TABLE (
    name text, granted integer[], rests double precision[], target integer, most integer, unheld bigint, peers integer)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    l jsonb;
BEGIN
    FOR l IN SELECT value FROM jsonb_array_elements(p_limits) LOOP
        name := l->>'name';
        -- A limit that is of another kind now begins anew: what was held of it is something else.
        UPDATE ops.budgets AS o SET seconds = (l->>'seconds')::double precision, period = l->>'period', rest_until = '{}',
            resting = '{}', seen_at = NULL
        WHERE o.connection = p_connection AND o.limit_name = l->>'name' AND (o.period IS NULL) = (l ? 'period');
        IF FOUND THEN
            DELETE FROM ops.budget_holders AS o WHERE o.connection = p_connection AND o.limit_name = l->>'name';
        END IF;
        IF l ? 'period' THEN
            SELECT * INTO granted, rests, target, most, unheld, peers
            FROM ops.share_period(p_now, p_connection, p_process, p_hold, l);
        ELSE
            SELECT * INTO granted, rests, target, most, unheld, peers
            FROM ops.share_slots(p_now, p_connection, p_process, p_elapsed, p_hold, l);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.share_budget_at(timestamptz, text, text, double precision, double precision, jsonb) IS
    'Give, want and get at a moment that is told; the rows are there. See ops.share_budget.';

CREATE FUNCTION ops.share_budget(
    p_connection text, p_process text, p_elapsed double precision, p_hold double precision,
    p_calls bigint, p_waits bigint, p_waited double precision, p_limits jsonb
) RETURNS TABLE (
    name text, granted integer[], rests double precision[], target integer, most integer, unheld bigint, peers integer)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    found_rows integer;
BEGIN
    -- The locks are held until the commit, which therefore waits for no disk unless something is handed out (see
    -- below). What a crash of the server loses of the rest the processes say again: each tells what it holds.
    PERFORM set_config('synchronous_commit', 'off', true);
    -- Nobody waits for an answer after three seconds.
    PERFORM set_config('lock_timeout', '2500', true);
    LOOP
        PERFORM FROM ops.budgets AS o
        WHERE o.connection = p_connection AND o.limit_name IN (SELECT l->>'name' FROM jsonb_array_elements(p_limits) AS l)
        ORDER BY o.limit_name FOR UPDATE;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        EXIT WHEN found_rows >= jsonb_array_length(p_limits);
        INSERT INTO ops.budgets (connection, limit_name, declared, most, seconds, period, zone, latest)
        SELECT p_connection, l->>'name', (l->>'most')::integer, (l->>'most')::integer,
            (l->>'seconds')::double precision, l->>'period', coalesce(l->>'zone', 'UTC'), '1970-01-01'
        FROM jsonb_array_elements(p_limits) AS l
        ON CONFLICT DO NOTHING;
    END LOOP;
    -- Who spent, for `ops budget`.
    IF p_calls > 0 OR p_waits > 0 THEN
        INSERT INTO ops.budget_spending AS s (connection, process, day, calls, waits, waited_seconds, seen_at)
        VALUES (p_connection, p_process, (clock_timestamp() AT TIME ZONE 'UTC')::date, p_calls, p_waits, p_waited,
            clock_timestamp())
        ON CONFLICT ON CONSTRAINT budget_spending_pkey DO UPDATE SET calls = s.calls + EXCLUDED.calls,
            waits = s.waits + EXCLUDED.waits, waited_seconds = s.waited_seconds + EXCLUDED.waited_seconds,
            seen_at = EXCLUDED.seen_at;
        DELETE FROM ops.budget_spending AS s
        WHERE s.connection = p_connection AND s.day < (clock_timestamp() AT TIME ZONE 'UTC')::date - 31;
    END IF;
    -- The clock is read once the locks are there.
    RETURN QUERY SELECT * FROM ops.share_budget_at(clock_timestamp(), p_connection, p_process, p_elapsed, p_hold, p_limits);
END
$$;
COMMENT ON FUNCTION ops.share_budget(
    text, text, double precision, double precision, bigint, bigint, double precision, jsonb) IS
    'What a process gives back, wants and gets of the limits of a connection. elapsed: seconds since it was last here, hold:'
    ' seconds after which it counts as dead. limits: an array, ordered by name, of {name, most, seconds, held, used, peak,'
    ' want, urgent, waiting, back: [[seconds since the last use, how many], ...], said, remaining, age}; of days and'
    ' months see ops.share_period. Answers a row each: granted slots and in how many seconds they have rested, target (how'
    ' many to hold: the rest is to be given back as it comes to rest), most, and how many processes there are.';

INSERT INTO ops.relations (name, kind) VALUES
    ('ops.budgets', 'table'), ('ops.budget_holders', 'table'), ('ops.budget_periods', 'table'),
    ('ops.budget_spending', 'table');
INSERT INTO ops.functions (name, access) VALUES
    ('share_budget', 'write'), ('share_budget_at', 'write'), ('share_slots', 'write'),
    ('budget_clock', 'write'), ('budget_levels', 'read'), ('budget_shares', 'read'), ('budget_period', 'read');
SELECT ops.grant_access();
