-- A deployment takes over what is in n8n already as its file says, and says so in its journal.
--
-- Why     Such a step was written as an update. Undoing the deployment refused, or put a workflow "back" that the
--         deployment had never touched.
-- Changes check deployment_steps_action_check of ops.deployment_steps: a third action, 'adopt'
-- Locks   ops.deployment_steps for a moment: the rows are checked anew, some hundreds
-- Undo    UPDATE ops.deployment_steps SET action = 'update' WHERE action = 'adopt', then the former check

ALTER TABLE ops.deployment_steps DROP CONSTRAINT deployment_steps_action_check;
ALTER TABLE ops.deployment_steps
    ADD CONSTRAINT deployment_steps_action_check CHECK (action IN ('create', 'update', 'adopt'));

COMMENT ON COLUMN ops.deployment_steps.action IS
    'create, update, or adopt: it was in n8n already as the file says, and nothing was done.';
SELECT ops.grant_access();
