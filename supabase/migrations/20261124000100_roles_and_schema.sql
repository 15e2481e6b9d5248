-- The roles that the platform speaks of, and the schema of what only the platform reads.
--
-- Why     `anon`, `authenticated` and `service_role` exist on Supabase and nowhere else; one set of migrations
--         serves both. What people query by name stands in `public`, bookkeeping in `ops`.
-- Adds    roles anon, authenticated, service_role, ops_agent where missing; schema ops;
--         functions ops.api_roles, ops.close_table, ops.uuid7, ops.touch_updated_at
-- Locks   none: new objects only
-- Undo    DROP SCHEMA ops CASCADE;  -- the roles stay: other databases of the server may use them

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'ops_agent'] LOOP
        -- A role that is there is somebody's: it is never altered.
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'Role % is missing and may not be created by %; its grants are left out.',
                    wanted, current_user
                    USING HINT = 'Create it, then run: SELECT ops.grant_access();';
            WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this server is being migrated at the same moment
        END;
    END LOOP;
END
$$;

CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS
    'Bookkeeping of Master-Ops: what only the platform and its agents read. What people query is in public.';

CREATE FUNCTION ops.api_roles() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT rolname::text FROM pg_catalog.pg_roles
    WHERE rolname IN ('anon', 'authenticated', 'service_role', 'ops_agent')
$$;
COMMENT ON FUNCTION ops.api_roles() IS 'Those of our roles that exist on this server.';

CREATE FUNCTION ops.close_table(p_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    role text;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC', p_table);
    -- A Supabase project may hand every new table of public to all three of its roles.
    FOR role IN SELECT ops.api_roles() LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM %I', p_table, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.close_table(regclass) IS
    'Shut a new table to everybody but its owner. Every migration calls it for each table that it makes.';

-- PostgreSQL has uuidv7() since 18 and we run from 15 on.
CREATE FUNCTION ops.uuid7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT encode(
        -- 48 bits of milliseconds over a random UUID; its version nibble 0100 becomes 0111.
        set_bit(set_bit(overlay(
            uuid_send(gen_random_uuid())
            PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            FROM 1 FOR 6
        ), 52, 1), 53, 1),
        'hex'
    )::uuid
$$;
COMMENT ON FUNCTION ops.uuid7() IS
    'An id that sorts by the time it was made (UUID version 7), for rows that come without one.';

CREATE FUNCTION ops.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ops.touch_updated_at() IS 'Trigger: keeps updated_at.';
