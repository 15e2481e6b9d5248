-- An alert of a check says which check it is, and nobody is told of one in a window of maintenance.
--
-- Why     "check is down" and "heartbeat is down" do not say which of them, and a phone shows nothing else. A check
--         that was wrong before its window went on to be told, escalated and repeated inside of it.
-- Adds    columns what and maintenance of ops.standing_health
-- Locks   ACCESS EXCLUSIVE on ops.standing_health for a moment
-- Undo    run the CREATE VIEW ops.standing_health of 20261128000600 again, after DROP VIEW ops.standing_health

CREATE OR REPLACE VIEW ops.standing_health WITH (security_invoker = true) AS
SELECT s.integration_id AS connection, s.check_name, coalesce(k.slug, s.business_id) AS business, s.service, s.state,
    s.error_category AS category, l.error_code AS code, s.error_message AS reason, s.since,
    CASE
        WHEN s.check_name = 'connection' THEN s.service
        WHEN s.service IN ('check', 'heartbeat') THEN format('%s %s', s.service, split_part(s.integration_id, '/', 2))
        ELSE format('%s %s', s.service, s.check_name)
    END AS what,
    s.maintenance
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

SELECT ops.grant_access();
