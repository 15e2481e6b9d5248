-- What is configured: businesses and connections, written by the platform when it starts.
--
-- Why     The configuration is the truth, and the database follows it without losing what it knows besides.
-- Adds    functions ops.upsert_business, ops.set_connections
-- Locks   none: new objects only
-- Undo    DROP FUNCTION ops.upsert_business, ops.set_connections;

CREATE FUNCTION ops.upsert_business(
    p_slug text,
    p_name text,
    p_type text,
    p_status text DEFAULT 'active',
    p_hubspot_company_id text DEFAULT NULL,
    p_unleashed_customer_code text DEFAULT NULL,
    p_metadata jsonb DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    found_id uuid;
BEGIN
    -- Two processes that start together write the same businesses: one after the other, or the second would
    -- meet the first one's name before it meets its slug.
    PERFORM pg_advisory_xact_lock(hashtextextended('masterops.businesses', 0));
    INSERT INTO public.businesses AS b
        (slug, name, type, status, hubspot_company_id, unleashed_customer_code, metadata)
    VALUES (p_slug, p_name, p_type, coalesce(p_status, 'active'), p_hubspot_company_id,
        p_unleashed_customer_code, coalesce(p_metadata, '{}'))
    ON CONFLICT (slug) DO UPDATE SET
        name = EXCLUDED.name,
        type = EXCLUDED.type,
        status = EXCLUDED.status,
        -- What is not said stays as it is.
        hubspot_company_id = coalesce(EXCLUDED.hubspot_company_id, b.hubspot_company_id),
        unleashed_customer_code = coalesce(EXCLUDED.unleashed_customer_code, b.unleashed_customer_code),
        metadata = coalesce(p_metadata, b.metadata)
    -- A start that changes nothing leaves updated_at alone.
    WHERE (b.name, b.type, b.status) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.type, EXCLUDED.status)
        OR b.hubspot_company_id IS DISTINCT FROM coalesce(EXCLUDED.hubspot_company_id, b.hubspot_company_id)
        OR b.unleashed_customer_code
            IS DISTINCT FROM coalesce(EXCLUDED.unleashed_customer_code, b.unleashed_customer_code)
        OR b.metadata IS DISTINCT FROM coalesce(p_metadata, b.metadata);
    SELECT id INTO STRICT found_id FROM public.businesses WHERE slug = p_slug;
    RETURN found_id;
EXCEPTION
    WHEN unique_violation THEN
        RAISE EXCEPTION 'Another business is already named %', quote_literal(p_name)
            USING ERRCODE = 'OP001', HINT = 'Give each business a name of its own.';
    WHEN check_violation OR not_null_violation THEN
        RAISE EXCEPTION 'Business % cannot be kept: %', coalesce(quote_literal(p_slug), 'without a slug'), SQLERRM
            USING ERRCODE = 'OP001',
            HINT = 'slug: small letters, digits and hyphens; name and type: not empty;'
                ' status: active, inactive or archived; metadata: an object.';
END
$$;
COMMENT ON FUNCTION ops.upsert_business(text, text, text, text, text, text, jsonb) IS
    'Add a business or bring it up to date; answers its id. What is null stays as it is.';

CREATE FUNCTION ops.set_connections(p jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    problem text;
    active  integer;
BEGIN
    IF p IS NULL OR jsonb_typeof(p) <> 'array' THEN
        problem := 'it is not an array';
    ELSE
        SELECT CASE
            WHEN jsonb_typeof(c) <> 'object' THEN 'an element is not an object'
            WHEN coalesce(c ->> 'id', '') = '' OR coalesce(c ->> 'service', '') = ''
                THEN format('%s has no id or no service', c)
            ELSE format('%s stands there twice', c ->> 'id')
        END INTO problem
        FROM jsonb_array_elements(p) AS c
        WHERE jsonb_typeof(c) <> 'object' OR coalesce(c ->> 'id', '') = '' OR coalesce(c ->> 'service', '') = ''
            OR 1 < (SELECT count(*) FROM jsonb_array_elements(p) AS d
                WHERE jsonb_typeof(d) = 'object' AND d ->> 'id' = c ->> 'id')
        LIMIT 1;
    END IF;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'set_connections: %', problem
            USING ERRCODE = 'OP001', HINT = 'Give an array of {"id", "service", "business"}, each id once.';
    END IF;
    -- Two processes may start at once; the last one to come is right.
    LOCK TABLE ops.connections IN SHARE ROW EXCLUSIVE MODE;
    SELECT c ->> 'business' INTO problem FROM jsonb_array_elements(p) AS c
    WHERE NOT EXISTS (SELECT FROM public.businesses AS b WHERE b.slug = c ->> 'business')
        AND c ->> 'business' IS NOT NULL
    LIMIT 1;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'There is no business %', quote_literal(problem)
            USING ERRCODE = 'OP002', HINT = 'Add it with ops.upsert_business first. Nothing was changed.';
    END IF;

    UPDATE ops.connections AS c SET removed_at = now()
    WHERE c.removed_at IS NULL
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(p) AS e WHERE e ->> 'id' = c.id);
    INSERT INTO ops.connections AS c (id, service, business_slug, enabled)
    SELECT e ->> 'id', e ->> 'service', e ->> 'business', coalesce((e ->> 'enabled')::boolean, true)
    FROM jsonb_array_elements(p) AS e
    ON CONFLICT (id) DO UPDATE SET
        service = EXCLUDED.service,
        business_slug = EXCLUDED.business_slug,
        enabled = EXCLUDED.enabled,
        -- One that comes back begins anew: nobody could have heard from it meanwhile.
        configured_at = CASE WHEN c.removed_at IS NULL AND c.enabled THEN c.configured_at ELSE now() END,
        removed_at = NULL;
    -- How a connection stands that is not looked at any more is not known.
    DELETE FROM ops.health_state AS s USING ops.connections AS c
    WHERE c.id = s.integration_id AND (c.removed_at IS NOT NULL OR NOT c.enabled);
    SELECT count(*) INTO active FROM ops.connections WHERE removed_at IS NULL AND enabled;
    RETURN active;
END
$$;
COMMENT ON FUNCTION ops.set_connections(jsonb) IS
    'Replace the set of configured connections, an array of {id, service, business, enabled}; answers how many are on.';
