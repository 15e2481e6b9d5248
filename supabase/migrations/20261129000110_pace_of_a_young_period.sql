-- The calls of the first minutes of a day or month are no pace yet.
--
-- Why     A process that starts reads everything once: five calls in a second were taken for five a minute, and everybody
--         with a monthly limit was told in the first minute that it runs out.
-- Adds    nothing; public.budget_status takes a pace over half an hour at least
-- Locks   ACCESS EXCLUSIVE on the view for a moment
-- Undo    run the CREATE VIEW of 20261127000150 again with OR REPLACE

CREATE OR REPLACE VIEW public.budget_status WITH (security_invoker = true) AS
WITH moment AS (
    SELECT clock_timestamp() AS now
), now_spent AS (
    SELECT b.*, m.now, p.before_at, p.before_spent,
        (date_trunc(b.period, m.now AT TIME ZONE b.zone) + ('1 ' || b.period)::interval) AT TIME ZONE b.zone AS ends,
        CASE WHEN b.period IS NULL THEN
            (SELECT coalesce(sum(c), 0) FROM unnest(b.rest_until, b.resting) AS u (t, c) WHERE t > m.now)
            + coalesce(h.used, 0)
        ELSE greatest(0, coalesce(p.spent, 0) - coalesce(h.held, 0)) END AS spent,
        coalesce(h.waiting, 0) AS waiting
    FROM ops.budgets AS b
    CROSS JOIN moment AS m
    LEFT JOIN ops.budget_periods AS p ON p.connection = b.connection AND p.limit_name = b.limit_name
        AND p.starts = ops.budget_period(m.now, b.period, b.zone)
    -- What a process used was used at most a window ago, if it was heard of no longer ago than that.
    CROSS JOIN LATERAL (
        SELECT sum(o.used) FILTER (WHERE o.seen_at > m.now - make_interval(secs => b.seconds + 1)) AS used,
            sum(o.held) AS held, sum(o.waiting) FILTER (WHERE o.held_until > m.now) AS waiting
        FROM ops.budget_holders AS o
        WHERE o.connection = b.connection AND o.limit_name = b.limit_name
    ) AS h
), paced AS (
    -- The pace of the last half hour to hour; what a younger period has spent is taken as spent in half an hour.
    SELECT s.*, (s.spent - s.before_spent) / greatest(extract(epoch FROM s.now - s.before_at), 1800) AS pace
    FROM now_spent AS s
)
SELECT
    s.connection,
    c.business_slug AS business,
    s.limit_name,
    coalesce(s.period, s.seconds || ' s') AS window,
    s.most AS permits,
    s.spent::bigint AS spent,
    greatest(0, s.most - s.spent)::bigint AS remaining,
    s.ends AS resets_at,
    CASE
        WHEN s.period IS NULL OR s.spent >= s.most THEN NULL
        WHEN s.pace > 0 AND s.now + make_interval(secs => ((s.most - s.spent) / s.pace)::double precision) < s.ends
            THEN s.now + make_interval(secs => ((s.most - s.spent) / s.pace)::double precision)
    END AS runs_out_at,
    s.waiting::bigint AS waiting,
    (
        SELECT jsonb_agg(jsonb_build_object('process', p.process, 'calls', p.calls, 'waits', p.waits,
            'waited_seconds', round(p.waited_seconds::numeric, 1), 'seen_at', p.seen_at) ORDER BY p.calls DESC, p.process)
        FROM ops.budget_spending AS p
        WHERE p.connection = s.connection AND p.day = (s.now AT TIME ZONE 'UTC')::date
    ) AS by_process,
    (
        SELECT jsonb_agg(jsonb_build_object('operation', o.operation, 'calls', o.calls) ORDER BY o.calls DESC, o.operation)
        FROM (
            SELECT a.endpoint AS operation, sum(a.records)::bigint AS calls
            FROM ops.api_counts(now() - interval '24 hours') AS a
            WHERE a.integration_id = s.connection
            GROUP BY a.endpoint
            HAVING sum(a.records) > 0
        ) AS o
    ) AS by_operation
FROM paced AS s
LEFT JOIN ops.connections AS c ON c.id = s.connection;
COMMENT ON VIEW public.budget_status IS
    'One row for each limit of each connection: what is spent and left of it now, when it runs out at the pace of the last'
    ' hour (null: not before it begins anew), which processes spent today (UTC) and waited how long, and which operations'
    ' were called in the last 24 hours.';
