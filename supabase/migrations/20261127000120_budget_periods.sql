-- What is handed out of a limit of a day or month.
--
-- Why     Of these nothing comes back by resting: processes are handed parts, smaller ones towards the end, and give
--         back what they do not need. See 20261127000100_budgets.sql.
-- Adds    function ops.share_period
-- Locks   none: a new object only
-- Undo    DROP FUNCTION ops.share_period; DELETE FROM ops.functions WHERE name = 'share_period'

CREATE FUNCTION ops.share_period(
    p_now timestamptz, p_connection text, p_process text, p_hold double precision, p_limit jsonb,
    OUT granted integer[], OUT rests double precision[], OUT target integer, OUT most integer, OUT unheld bigint,
    OUT peers integer
)
LANGUAGE plpgsql SET search_path = ''
AS $$
-- `back` is what is not needed of what was handed out in the period `starts`; `wants` are [[how many, how
-- many of all may not be touched for it], ...], each granted by itself. The service's midnight may be `late`: a
-- little less than the processes believe, so that none of them asks for a day that has not begun here.
DECLARE
    name  text := p_limit->>'name';
    late  CONSTANT interval := '4 s';
    b     ops.budgets;
    p     ops.budget_periods;
    begun date;
    zone  text;
    want  jsonb;
    n     integer;
    total integer := 0;
    carried bigint;  -- what was spent of a day that is another one now
BEGIN
    SELECT * INTO STRICT b FROM ops.budgets AS o WHERE o.connection = p_connection AND o.limit_name = name;
    -- Who was never told where the account is goes by what another was told.
    zone := CASE WHEN (p_limit->>'zone_known')::boolean OR b.latest < '1971-01-01' THEN p_limit->>'zone' ELSE b.zone END;
    IF zone <> b.zone THEN
        carried := (SELECT o.spent FROM ops.budget_periods AS o WHERE o.connection = p_connection
            AND o.limit_name = name AND o.starts = ops.budget_period(p_now - late, b.period, b.zone));
    END IF;
    IF (b.declared, b.period, b.zone) <> ((p_limit->>'most')::integer, p_limit->>'period', zone) THEN
        b.most := CASE WHEN b.declared = (p_limit->>'most')::integer THEN b.most ELSE (p_limit->>'most')::integer END;
        b.declared := (p_limit->>'most')::integer;
        b.period := p_limit->>'period';
        b.zone := zone;
    END IF;
    IF (p_limit->>'said')::integer BETWEEN 1 AND 1000000000 THEN
        b.most := (p_limit->>'said')::integer;
    END IF;
    begun := ops.budget_period(p_now - late, b.period, b.zone);
    INSERT INTO ops.budget_periods AS o (connection, limit_name, starts, spent, mark_at, mark_spent, before_at, before_spent)
    VALUES (p_connection, name, begun, coalesce(carried, 0), p_now, coalesce(carried, 0), p_now, coalesce(carried, 0))
    ON CONFLICT ON CONSTRAINT budget_periods_pkey DO UPDATE SET
        mark_at = CASE WHEN o.mark_at < p_now - interval '30 min' THEN p_now ELSE o.mark_at END,
        mark_spent = CASE WHEN o.mark_at < p_now - interval '30 min' THEN o.spent ELSE o.mark_spent END,
        before_at = CASE WHEN o.mark_at < p_now - interval '30 min' THEN o.mark_at ELSE o.before_at END,
        before_spent = CASE WHEN o.mark_at < p_now - interval '30 min' THEN o.mark_spent ELSE o.before_spent END
    RETURNING * INTO p;
    IF p.before_at = p_now THEN
        DELETE FROM ops.budget_periods AS o
        WHERE o.connection = p_connection AND o.limit_name = name AND o.starts < begun - 400;
    END IF;
    -- Less than nothing was spent without leave while we were away, of whichever period.
    IF (p_limit->>'back')::integer < 0 OR (p_limit->>'starts')::integer = begun - date '2000-01-01' THEN
        p.spent := greatest(0, p.spent - (p_limit->>'back')::integer);
    END IF;
    IF (p_limit->>'remaining')::integer BETWEEN 0 AND b.most
        AND p_now - make_interval(secs => (p_limit->>'age')::double precision) >= (begun::timestamp AT TIME ZONE b.zone) + late
    THEN
        -- All that was handed out may have been spent: so what is missing beyond it was spent by others.
        p.spent := greatest(p.spent, b.most - (p_limit->>'remaining')::integer);
    END IF;
    IF (p_limit->>'refilled')::boolean THEN
        p.spent := 0;
    END IF;
    SELECT count(*) INTO peers FROM ops.budget_holders AS o
    WHERE o.connection = p_connection AND o.limit_name = name AND o.process <> p_process AND o.held_until > p_now;
    peers := peers + 1;
    granted := '{}';
    FOR want IN SELECT value FROM jsonb_array_elements(p_limit->'wants') LOOP
        n := greatest(0, b.most - p.spent - (want->>1)::integer);
        -- Towards the end in smaller parts, so that nobody sits on the last of it.
        n := least((want->>0)::integer, greatest(least(n, 1), n / (2 * peers)));
        granted := granted || n;
        p.spent := p.spent + n;
        total := total + n;
    END LOOP;
    IF total > 0 THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    UPDATE ops.budget_periods AS o SET spent = p.spent
    WHERE o.connection = p_connection AND o.limit_name = name AND o.starts = begun AND o.spent <> p.spent;
    UPDATE ops.budgets AS o SET latest = p_now, declared = b.declared, most = b.most, period = b.period,
        zone = b.zone
    WHERE o.connection = p_connection AND o.limit_name = name;
    INSERT INTO ops.budget_holders AS o (connection, limit_name, process, held, used, peak, wanted, urgent, waiting, seen_at,
        held_until)
    VALUES (p_connection, name, p_process, (p_limit->>'held')::integer + total, 0, 0, 0, 0,
        (p_limit->>'waiting')::integer, p_now, p_now + make_interval(secs => p_hold))
    ON CONFLICT ON CONSTRAINT budget_holders_pkey DO UPDATE SET held = EXCLUDED.held, waiting = EXCLUDED.waiting,
        seen_at = EXCLUDED.seen_at, held_until = EXCLUDED.held_until;
    DELETE FROM ops.budget_holders AS o
    WHERE o.connection = p_connection AND o.limit_name = name
        AND (o.held_until < p_now OR (o.process = p_process AND o.held = 0 AND o.waiting = 0));
    rests := ARRAY[extract(epoch FROM
        ((begun + ('1 ' || b.period)::interval) AT TIME ZONE b.zone) - p_now)::double precision];
    target := begun - date '2000-01-01';
    most := b.most;
    unheld := greatest(0, b.most - p.spent);
END
$$;
COMMENT ON FUNCTION ops.share_period(timestamptz, text, text, double precision, jsonb) IS
    'The same for one limit of a day or month. rests has one element, the seconds until it ends; target is the number of'
    ' its first day since 2000.';

INSERT INTO ops.functions (name, access) VALUES ('share_period', 'write');
SELECT ops.grant_access();
