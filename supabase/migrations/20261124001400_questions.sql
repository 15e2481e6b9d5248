-- Questions with an argument.
--
-- Why     A view cannot be asked for "the last N hours"; a wrong argument must be an error and not an empty answer.
-- Adds    functions get_error_rate, get_business_stats
-- Locks   none: new objects only
-- Undo    DROP FUNCTION public.get_error_rate, public.get_business_stats;

CREATE FUNCTION public.get_error_rate(p_source text, p_hours integer DEFAULT 24)
RETURNS TABLE (total_logs bigint, error_count bigint, error_rate numeric)
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
BEGIN
    IF p_source IS NULL THEN
        RAISE EXCEPTION 'get_error_rate: no source is given'
            USING ERRCODE = 'OP001', HINT = 'For all sources at once: SELECT * FROM integration_health_summary.';
    ELSIF p_hours IS NULL OR p_hours NOT BETWEEN 1 AND 87600 THEN
        RAISE EXCEPTION 'get_error_rate: % hours are not possible', coalesce(p_hours::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 1 to 87600 hours.';
    END IF;
    RETURN QUERY
        SELECT n.total, n.errors,
            CASE WHEN n.total > 0 THEN round(100.0 * n.errors / n.total, 2) ELSE 0 END
        FROM (
            SELECT count(*) AS total, count(*) FILTER (WHERE level = 'error') AS errors
            FROM public.integration_logs
            WHERE source = p_source AND created_at > now() - make_interval(hours => p_hours)
        ) AS n;
END
$$;
COMMENT ON FUNCTION public.get_error_rate(text, integer) IS
    'Log records of one source in the last hours, those of level error, and their share in percent.';

CREATE FUNCTION public.get_business_stats(p_business_slug text, p_hours integer DEFAULT 24)
RETURNS TABLE (
    total_operations bigint,
    successful_operations bigint,
    failed_operations bigint,
    success_rate numeric,
    avg_duration_ms numeric,
    active_integrations bigint,
    error_sources jsonb
)
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
DECLARE
    -- Its slug and its id: a log record holds either.
    keys text[] := (
        SELECT ARRAY[slug, id::text] FROM public.businesses WHERE p_business_slug IN (slug, id::text) LIMIT 1
    );
BEGIN
    IF p_hours IS NULL OR p_hours NOT BETWEEN 1 AND 87600 THEN
        RAISE EXCEPTION 'get_business_stats: % hours are not possible', coalesce(p_hours::text, 'null')
            USING ERRCODE = 'OP001', HINT = 'Give 1 to 87600 hours.';
    ELSIF keys IS NULL THEN
        RAISE EXCEPTION 'There is no business %', coalesce(quote_literal(p_business_slug), 'null')
            USING ERRCODE = 'OP002', HINT = 'SELECT slug FROM businesses lists them.';
    END IF;
    RETURN QUERY
        WITH logs AS MATERIALIZED (
            SELECT l.source, l.level, l.status, l.duration_ms, l.integration_id
            FROM public.integration_logs AS l
            WHERE l.business_id = ANY (keys) AND l.created_at > now() - make_interval(hours => p_hours)
        ), sources AS (
            SELECT l.source, count(*) AS errors FROM logs AS l WHERE l.level = 'error' GROUP BY l.source
        ), counts AS (
            SELECT count(*) AS total, count(*) FILTER (WHERE l.status = 'success') AS successful,
                count(*) FILTER (WHERE l.status = 'error') AS failed, avg(l.duration_ms) AS duration,
                count(DISTINCT coalesce(l.integration_id, l.source)) AS integrations
            FROM logs AS l
        )
        SELECT c.total, c.successful, c.failed,
            CASE WHEN c.successful + c.failed > 0
                THEN round(100.0 * c.successful / (c.successful + c.failed), 2) ELSE 0 END,
            coalesce(round(c.duration::numeric, 2), 0),
            c.integrations,
            coalesce((SELECT jsonb_object_agg(s.source, s.errors) FROM sources AS s), '{}')
        FROM counts AS c;
END
$$;
COMMENT ON FUNCTION public.get_business_stats(text, integer) IS
    'One business (its slug or id) over the last hours; zeros when nothing happened. success_rate is in percent of the'
    ' records that tell of a success or a failure; error_sources counts records of level error by source.';
