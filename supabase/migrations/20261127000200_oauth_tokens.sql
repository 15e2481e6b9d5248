-- The tokens of OAuth apps are kept for all processes, and opened by none but those that have the client secret.
--
-- Why     A service may give a new refresh token with every refresh, and then one process must ask and all must know
--         what it got. What is stored is encrypted with a key that is not here. It stands in a schema of its own,
--         because roles that read everything of ours have no business even with what they could not open.
-- Adds    schema ops_secrets, table ops_secrets.oauth_tokens
-- Locks   none: new objects only
-- Undo    DROP SCHEMA ops_secrets CASCADE;  -- apps whose refresh token was rotated must be authorized again

CREATE SCHEMA ops_secrets;
COMMENT ON SCHEMA ops_secrets IS 'What only the owner may touch: no role of the API has a right in here.';
REVOKE ALL ON SCHEMA ops_secrets FROM PUBLIC;

CREATE TABLE ops_secrets.oauth_tokens (
    connection   text        PRIMARY KEY,
    generation   bigint      NOT NULL CHECK (generation > 0),
    sealed       bytea       NOT NULL,
    expires_at   timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL DEFAULT now()
);
SELECT ops.close_table('ops_secrets.oauth_tokens');
COMMENT ON TABLE ops_secrets.oauth_tokens IS
    'The present tokens of each connection that is an OAuth app, encrypted; written before they are used.';
COMMENT ON COLUMN ops_secrets.oauth_tokens.generation IS
    'Goes up with each refresh. One that is written must follow the one that was read.';
COMMENT ON COLUMN ops_secrets.oauth_tokens.sealed IS
    'Access token, refresh token and their times: Fernet, its key derived from the client secret.';
COMMENT ON COLUMN ops_secrets.oauth_tokens.expires_at IS 'When the access token ends; for a person to look at.';
