-- What Supabase's services and n8n expect of the database beyond what the image makes. Run once, by the image,
-- as its superuser, when the data directory is new. Passwords come from the container's environment.
\set ON_ERROR_STOP on
\set password `echo "$POSTGRES_PASSWORD"`
\set n8n_password `echo "$N8N_DB_PASSWORD"`

-- The image makes these roles without a password that anybody knows.
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, :'password')
FROM pg_roles
WHERE rolname IN ('authenticator', 'pgbouncer', 'supabase_auth_admin', 'supabase_storage_admin', 'supabase_admin')
\gexec

-- Realtime keeps its own tables here and does not make the schema itself.
CREATE SCHEMA IF NOT EXISTS _realtime AUTHORIZATION supabase_admin;

-- n8n has a database of its own, in which nobody else has anything to look for.
CREATE ROLE n8n LOGIN PASSWORD :'n8n_password';
CREATE DATABASE n8n OWNER n8n;
REVOKE CONNECT ON DATABASE n8n FROM PUBLIC;

-- Logflare (the profile `analytics`) keeps its tables in a database of its own.
CREATE DATABASE _supabase OWNER supabase_admin;
\connect _supabase
CREATE SCHEMA IF NOT EXISTS _analytics AUTHORIZATION supabase_admin;
