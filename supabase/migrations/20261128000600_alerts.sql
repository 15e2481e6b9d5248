-- Alerts: what is wrong now in one shape for every rule, what became of it, and what was told of it.
--
--     ops.alerts            one row per episode: from the first look that found it to its end
--     ops.alert_notices     the outbox: one row per message and channel
--     ops.alert_silences    what nobody wants to hear of until it ends
--     current_alerts        what fires now, for people and pages
--     ops.standing_*        what the rules look at
--
-- Why     An alert and the notices of it are written in one transaction, so that a crash tells nothing twice and
--         forgets nothing. A notice is sent under its row's lock, and its key allows it once.
-- Adds    tables ops.alerts, ops.alert_notices, ops.alert_silences; views public.current_alerts,
--         ops.standing_health, ops.standing_budgets, ops.standing_dead_letters, ops.standing_losses,
--         ops.standing_undelivered
-- Locks   none: new objects only
-- Undo    DROP VIEW public.current_alerts, ops.standing_health, ops.standing_budgets, ops.standing_dead_letters,
--         ops.standing_losses, ops.standing_undelivered; DROP TABLE ops.alerts, ops.alert_notices,
--         ops.alert_silences; DELETE FROM ops.relations WHERE name ~ '^ops.(alert|standing_)|current_alerts$';

CREATE TABLE ops.alerts (
    id              bigint        PRIMARY KEY,
    rule            text          NOT NULL CHECK (rule <> ''),
    key             text          NOT NULL CHECK (key <> ''),
    state           text          NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    severity        text          NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    summary         text          NOT NULL,
    business_id     text,
    service         text,
    category        text,
    reason          text,
    hint            text,
    group_key       text          NOT NULL DEFAULT '',
    since           timestamptz   NOT NULL,
    seen_at         timestamptz   NOT NULL,
    fired_at        timestamptz,
    fires           timestamptz[] NOT NULL DEFAULT '{}',
    flapping        boolean       NOT NULL DEFAULT false,
    absent_since    timestamptz,
    resolved_at     timestamptz,
    told_at         timestamptz,
    told_severity   text,
    told_channels   text[]        NOT NULL DEFAULT '{}',
    escalations     integer       NOT NULL DEFAULT 0,
    reminders       integer       NOT NULL DEFAULT 0,
    reminded_at     timestamptz,
    closed_at       timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    note            text,
    CHECK (state <> 'firing' OR fired_at IS NOT NULL),
    CHECK (state <> 'resolved' OR resolved_at IS NOT NULL)
);
SELECT ops.close_table('ops.alerts');
-- One open episode of a key, whoever evaluates.
CREATE UNIQUE INDEX alerts_open ON ops.alerts (key) WHERE closed_at IS NULL;
CREATE INDEX alerts_business ON ops.alerts (business_id, since DESC);
CREATE INDEX alerts_closed ON ops.alerts (closed_at);

COMMENT ON TABLE ops.alerts IS 'One row per episode of an alert. Written by the job alerts; acknowledged by people.';
COMMENT ON COLUMN ops.alerts.key IS 'The rule and the fields that tell its rows apart.';
COMMENT ON COLUMN ops.alerts.state IS 'pending: seen, and not yet for as long as the rule wants; firing; resolved.';
COMMENT ON COLUMN ops.alerts.group_key IS 'Alerts of a rule that are alike in this are told in one notice.';
COMMENT ON COLUMN ops.alerts.since IS 'When it went wrong, which may be before it was noticed.';
COMMENT ON COLUMN ops.alerts.fires IS 'The last moments at which this key fired, of the episodes before as well.';
COMMENT ON COLUMN ops.alerts.flapping IS 'It comes and goes; it ends when it has stayed away for ten minutes.';
COMMENT ON COLUMN ops.alerts.told_at IS 'When its firing was put into the outbox; null as long as nobody was told.';
COMMENT ON COLUMN ops.alerts.told_channels IS 'Who was told, and will be told of its end.';
COMMENT ON COLUMN ops.alerts.closed_at IS 'When there was nothing more to say of it.';

CREATE TABLE ops.alert_notices (
    id          uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    dedupe_key  text        NOT NULL UNIQUE CHECK (dedupe_key <> ''),
    kind        text        NOT NULL CHECK (kind IN ('firing', 'raised', 'escalation', 'repeat', 'resolved', 'digest')),
    channel     text        NOT NULL CHECK (channel <> ''),
    thread      text        NOT NULL,
    severity    text        NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    alert_ids   bigint[]    NOT NULL,
    message     jsonb       NOT NULL,
    created_at  timestamptz NOT NULL,
    held_until  timestamptz,
    status      text        NOT NULL DEFAULT 'waiting' CHECK (status IN ('held', 'merged', 'waiting', 'sent', 'failed')),
    merged_into text,
    attempts    integer     NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    error       text
);
SELECT ops.close_table('ops.alert_notices');
CREATE INDEX alert_notices_unsent ON ops.alert_notices (channel, created_at, id) WHERE status IN ('held', 'waiting');
CREATE INDEX alert_notices_time ON ops.alert_notices (created_at DESC);

COMMENT ON TABLE ops.alert_notices IS
    'The outbox of alerts: one row per message and channel. Sent by the job notices under the row''s lock.';
COMMENT ON COLUMN ops.alert_notices.dedupe_key IS 'The change and the channel: the same is never told twice.';
COMMENT ON COLUMN ops.alert_notices.thread IS 'Notices of one thread and channel are sent in their order.';
COMMENT ON COLUMN ops.alert_notices.status IS
    'held: quiet hours; merged: told in the message that merged_into names; waiting; sent; failed: given up.';
COMMENT ON COLUMN ops.alert_notices.error IS 'What the last attempt met, without secrets.';

CREATE TABLE ops.alert_silences (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule        text,
    business_id text,
    service     text,
    reason      text,
    created_by  text,
    starts_at   timestamptz NOT NULL DEFAULT now(),
    ends_at     timestamptz NOT NULL CHECK (ends_at >= starts_at),
    CHECK (num_nonnulls(rule, business_id, service) > 0)
);
SELECT ops.close_table('ops.alert_silences');
CREATE INDEX alert_silences_business ON ops.alert_silences (business_id);
CREATE INDEX alert_silences_end ON ops.alert_silences (ends_at);

COMMENT ON TABLE ops.alert_silences IS
    'What nobody is told of until it ends. Looking goes on, and the end of what was told before is told.';
COMMENT ON COLUMN ops.alert_silences.business_id IS 'A slug; null for any, as with rule and service.';
COMMENT ON COLUMN ops.alert_silences.ends_at IS 'Moved to the present when somebody ends it early.';

CREATE VIEW public.current_alerts WITH (security_invoker = true) AS
SELECT a.id, a.rule,
    CASE
        WHEN EXISTS (SELECT FROM ops.alert_silences AS s
            WHERE s.starts_at <= now() AND s.ends_at > now() AND coalesce(s.rule, a.rule) = a.rule
                AND (s.business_id IS NULL OR s.business_id = a.business_id)
                AND (s.service IS NULL OR s.service = a.service)) THEN 'silenced'
        WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE a.state
    END AS status,
    a.severity, a.business_id, a.service, a.summary, a.reason, a.hint, a.since, a.flapping, a.fired_at, a.told_at,
    a.told_channels, a.acknowledged_at, a.acknowledged_by, a.note
FROM ops.alerts AS a
WHERE a.state IN ('pending', 'firing')
ORDER BY a.severity = 'critical' DESC, a.severity = 'warning' DESC, a.since, a.id;
COMMENT ON VIEW public.current_alerts IS
    'What is wrong now by the rules of alerts: pending, firing, acknowledged or silenced, the worst first.';

CREATE VIEW ops.standing_health WITH (security_invoker = true) AS
SELECT s.integration_id AS connection, s.check_name, coalesce(k.slug, s.business_id) AS business, s.service, s.state,
    s.error_category AS category, l.error_code AS code, s.error_message AS reason, s.since
FROM ops.health_state AS s
LEFT JOIN ops.connections AS c ON c.id = s.integration_id
LEFT JOIN ops.business_keys AS k ON k.key = s.business_id
LEFT JOIN LATERAL (
    SELECT h.error_code FROM public.health_checks AS h
    WHERE s.state <> 'up' AND h.integration_id = s.integration_id AND h.check_name = s.check_name
        AND h.checked_at >= s.since - interval '1 minute'
    ORDER BY h.checked_at DESC LIMIT 1
) AS l ON true
-- What is no longer looked at is no news.
WHERE c.id IS NULL OR (c.enabled AND c.removed_at IS NULL);
COMMENT ON VIEW ops.standing_health IS 'How each check stands now, for the alert rules of the source flips.';

CREATE VIEW ops.standing_budgets WITH (security_invoker = true) AS
SELECT b.connection, b.business, split_part(b.connection, '/', 1) AS service, b.limit_name, b."window", o.outlook,
    b.permits, b.spent, b.remaining, round(b.spent::numeric / b.permits, 3) AS spent_share, b.runs_out_at, b.resets_at,
    format('%s of %s spent', b.spent, b.permits)
        || coalesce(format('; they run out at %s UTC', to_char(b.runs_out_at AT TIME ZONE 'UTC', 'HH24:MI')), '')
        || coalesce(format(', anew at %s UTC', to_char(b.resets_at AT TIME ZONE 'UTC', 'Dy HH24:MI')), '') AS reason
FROM public.budget_status AS b
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.remaining = 0 THEN 'are used up' WHEN b.runs_out_at IS NOT NULL THEN 'run out' ELSE 'last' END
) AS o (outlook)
-- A limit of seconds that is used up is a limit that is used well.
WHERE b.resets_at IS NOT NULL;
COMMENT ON VIEW ops.standing_budgets IS
    'The limits of a day or month: whether their calls last, run out or are used up. For the source budgets.';

CREATE VIEW ops.standing_dead_letters WITH (security_invoker = true) AS
SELECT count(*) AS letters, min(d.created_at) AS since, max(d.created_at) AS newest_at,
    format('%s refused, the newest because: %s', count(*),
        (SELECT left(n.reason, 200) FROM ops.log_dead_letters AS n ORDER BY n.created_at DESC LIMIT 1)) AS reason
FROM ops.log_dead_letters AS d
HAVING count(*) > 0;
COMMENT ON VIEW ops.standing_dead_letters IS 'One row while there are dead letters. For the source dead_letters.';

CREATE VIEW ops.standing_losses WITH (security_invoker = true) AS
SELECT sum(l.lost)::bigint AS records, min(l.created_at) AS since,
    format('%s lost in the last hour; ops doctor says why', sum(l.lost)) AS reason
FROM (
    SELECT created_at,
        CASE WHEN details_json ->> 'lost' ~ '^[0-9]{1,15}$' THEN (details_json ->> 'lost')::bigint ELSE 0 END AS lost
    FROM public.integration_logs
    WHERE level = 'error' AND message = 'logs.lost' AND created_at > now() - interval '1 hour'
) AS l
HAVING sum(l.lost) > 0;
COMMENT ON VIEW ops.standing_losses IS 'One row for an hour after log records were lost. For the source losses.';

CREATE VIEW ops.standing_undelivered WITH (security_invoker = true) AS
SELECT n.channel, count(*) AS notices, min(n.created_at) AS since,
    (array_agg(n.error ORDER BY n.created_at DESC) FILTER (WHERE n.error IS NOT NULL))[1] AS reason
FROM ops.alert_notices AS n
WHERE (n.status = 'failed' AND n.created_at > now() - interval '1 hour')
    OR (n.status = 'waiting' AND n.attempts > 1 AND n.created_at < now() - interval '5 minutes')
GROUP BY n.channel;
COMMENT ON VIEW ops.standing_undelivered IS
    'The channels whose notices fail, or have been tried in vain for five minutes. For the source notices.';

INSERT INTO ops.relations (name, kind, own_rows) VALUES
    ('ops.alerts', 'table', 'business_id'), ('public.current_alerts', 'view', 'view'),
    ('ops.alert_notices', 'table', NULL), ('ops.alert_silences', 'table', 'business_id'),
    ('ops.standing_health', 'view', NULL), ('ops.standing_budgets', 'view', NULL),
    ('ops.standing_dead_letters', 'view', NULL), ('ops.standing_losses', 'view', NULL),
    ('ops.standing_undelivered', 'view', NULL);
SELECT ops.grant_access();
