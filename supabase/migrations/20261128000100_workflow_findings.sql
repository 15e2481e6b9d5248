-- What is wrong with a workflow that no execution of it says.
--
--     ops.record_workflow_findings(connection, kinds, findings)   one look: opens, keeps and closes
--
-- Why     A run that did not happen has no row among the executions, nor has a workflow that hangs, never ran or is
--         no longer what was deployed. Each look says all that it finds now; what it no longer finds is over. Health,
--         alerts and attention read the same rows, so that they cannot disagree.
-- Adds    table ops.workflow_findings, view public.workflow_problems, function ops.record_workflow_findings
-- Locks   none: new objects only
-- Undo    DROP FUNCTION ops.record_workflow_findings; DROP VIEW public.workflow_problems; DROP TABLE
--         ops.workflow_findings; DELETE FROM ops.relations WHERE name IN ('ops.workflow_findings',
--         'public.workflow_problems'); DELETE FROM ops.functions WHERE name = 'record_workflow_findings';

CREATE TABLE ops.workflow_findings (
    id             uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    integration_id text        NOT NULL CHECK (integration_id <> ''),
    business_id    text,
    workflow_id    text        NOT NULL CHECK (workflow_id <> ''),
    workflow_name  text,
    problem        text        NOT NULL CHECK (problem ~ '^[a-z][a-z0-9_]*$'),
    -- Tells apart several of one kind: the execution that hangs, the moment that was missed.
    subject        text        NOT NULL DEFAULT '',
    severity       text        NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
    reason         text        NOT NULL CHECK (reason <> ''),
    details_json   jsonb       NOT NULL DEFAULT '{}',
    -- When it went wrong, which may be before it was noticed.
    since          timestamptz NOT NULL DEFAULT now(),
    opened_at      timestamptz NOT NULL DEFAULT now(),
    seen_at        timestamptz NOT NULL DEFAULT now(),
    closed_at      timestamptz CHECK (closed_at >= opened_at)
);
SELECT ops.close_table('ops.workflow_findings');
CREATE UNIQUE INDEX workflow_findings_open ON ops.workflow_findings (integration_id, workflow_id, problem, subject)
    WHERE closed_at IS NULL;
CREATE INDEX workflow_findings_business ON ops.workflow_findings (business_id, opened_at DESC);
CREATE INDEX workflow_findings_time ON ops.workflow_findings (opened_at DESC);

COMMENT ON TABLE ops.workflow_findings IS
    'What is, or was, wrong with a workflow that no execution of it says. Written by ops.record_workflow_findings.';
COMMENT ON COLUMN ops.workflow_findings.problem IS
    'missed, stuck, slow, never_ran, empty, no_error_workflow, drift, ...';
COMMENT ON COLUMN ops.workflow_findings.subject IS
    'Tells apart several of one kind: the execution that hangs, the moment that was missed.';
COMMENT ON COLUMN ops.workflow_findings.since IS 'When it went wrong, which may be before it was noticed.';
COMMENT ON COLUMN ops.workflow_findings.closed_at IS 'When a look no longer found it; null while it stands.';

CREATE VIEW public.workflow_problems WITH (security_invoker = true) AS
SELECT id, integration_id, business_id, workflow_id, workflow_name, problem, subject, severity, reason, details_json,
    since, opened_at
FROM ops.workflow_findings
WHERE closed_at IS NULL
ORDER BY severity = 'critical' DESC, since, workflow_name, id;
COMMENT ON VIEW public.workflow_problems IS
    'What is wrong with workflows now: missed runs, runs that hang, workflows that never ran or have drifted.';

CREATE FUNCTION ops.record_workflow_findings(p_integration text, p_kinds text[], p_findings jsonb)
RETURNS TABLE (opened bigint, closed bigint, standing bigint)
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    -- Not now(): a transaction may have waited for the lock while another look was written.
    at CONSTANT timestamptz := clock_timestamp();
    wrong text;
BEGIN
    SELECT f.problem INTO wrong FROM jsonb_to_recordset(p_findings) AS f (problem text)
    WHERE f.problem IS NULL OR f.problem <> ALL (p_kinds) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A finding of the kind % is not among those that were looked for: %',
            coalesce(wrong, 'null'), array_to_string(p_kinds, ', ') USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two looks at one n8n, one after the other.
    PERFORM pg_advisory_xact_lock(hashtextextended('ops.workflow_findings ' || p_integration, 0));
    RETURN QUERY
    WITH found AS (
        SELECT DISTINCT ON (f.workflow_id, f.problem, coalesce(f.subject, ''))
            f.workflow_id, f.problem, coalesce(f.subject, '') AS subject, f.business_id, f.workflow_name,
            coalesce(f.severity, 'warning') AS severity, f.reason, coalesce(f.details_json, '{}') AS details_json,
            coalesce(f.since, at) AS since
        FROM jsonb_to_recordset(p_findings) AS f (workflow_id text, problem text, subject text, business_id text,
            workflow_name text, severity text, reason text, details_json jsonb, since timestamptz)
        ORDER BY 1, 2, 3
    ), kept AS (
        INSERT INTO ops.workflow_findings AS w (integration_id, business_id, workflow_id, workflow_name, problem, subject,
            severity, reason, details_json, since, opened_at, seen_at)
        SELECT p_integration, f.business_id, f.workflow_id, f.workflow_name, f.problem, f.subject, f.severity, f.reason,
            f.details_json, f.since, at, at
        FROM found AS f
        -- What it is about stays as it was first seen; how it stands is told anew.
        ON CONFLICT (integration_id, workflow_id, problem, subject) WHERE closed_at IS NULL DO UPDATE SET
            seen_at = EXCLUDED.seen_at, reason = EXCLUDED.reason, severity = EXCLUDED.severity,
            details_json = EXCLUDED.details_json, business_id = EXCLUDED.business_id,
            workflow_name = coalesce(EXCLUDED.workflow_name, w.workflow_name), since = least(w.since, EXCLUDED.since)
        RETURNING w.opened_at = at AS is_new
    ), over AS (
        UPDATE ops.workflow_findings AS w SET closed_at = greatest(at, w.opened_at)
        WHERE w.integration_id = p_integration AND w.closed_at IS NULL AND w.problem = ANY (p_kinds)
            AND NOT EXISTS (SELECT FROM found AS f
                WHERE f.workflow_id = w.workflow_id AND f.problem = w.problem AND f.subject = w.subject)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM kept WHERE is_new), (SELECT count(*) FROM over), (SELECT count(*) FROM kept);
END
$$;
COMMENT ON FUNCTION ops.record_workflow_findings(text, text[], jsonb) IS
    'One look at the workflows of an n8n: p_kinds are the problems that were looked for, p_findings an array with all of'
    ' them that stand now (workflow_id, problem, reason; subject, severity, since, business_id, workflow_name,'
    ' details_json). Those that stood before and are not among them are closed. Returns how many were opened, closed'
    ' and stand. Raises invalid_parameter_value for a finding of another kind.';

INSERT INTO ops.relations (name, kind, own_rows) VALUES
    ('ops.workflow_findings', 'table', 'business_id'), ('public.workflow_problems', 'view', 'view');
INSERT INTO ops.functions (name, access) VALUES ('record_workflow_findings', 'write');
SELECT ops.grant_access();
