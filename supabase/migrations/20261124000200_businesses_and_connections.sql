-- The businesses of the group, and which services each of them is connected to.
--
-- Why     A view can only say that something is missing when it knows what should be there.
-- Adds    tables businesses, ops.connections, ops.sources; view ops.business_keys
-- Locks   none: new objects only
-- Undo    DROP TABLE ops.sources, ops.connections, public.businesses CASCADE;

CREATE TABLE public.businesses (
    id                      uuid        PRIMARY KEY DEFAULT ops.uuid7(),
    name                    text        NOT NULL UNIQUE CHECK (name <> ''),
    -- `group` stands for all businesses together. A slug that looked like an id could be mistaken for one.
    slug                    text        NOT NULL UNIQUE
        CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND slug <> 'group')
        CHECK (slug !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    type                    text        NOT NULL CHECK (type <> ''),
    status                  text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'archived')),
    hubspot_company_id      text,
    unleashed_customer_code text,
    metadata                jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER businesses_touch BEFORE UPDATE ON public.businesses
    FOR EACH ROW EXECUTE FUNCTION ops.touch_updated_at();
SELECT ops.close_table('public.businesses');

COMMENT ON TABLE public.businesses IS
    'One row per brand or company of the group. Written from the configuration by ops.upsert_business.';
COMMENT ON COLUMN public.businesses.slug IS 'Its name in commands and logs, for example red-hill-fresh.';
COMMENT ON COLUMN public.businesses.type IS 'What it does: ecommerce, wholesale, ...';
COMMENT ON COLUMN public.businesses.status IS 'active, inactive (kept out of the watch) or archived.';
COMMENT ON COLUMN public.businesses.hubspot_company_id IS 'The company in HubSpot that stands for this business.';
COMMENT ON COLUMN public.businesses.unleashed_customer_code IS 'The customer in Unleashed that stands for it.';

-- A log's business_id holds the slug or the id. One equality on `key` can be hashed; an OR of two cannot.
CREATE VIEW ops.business_keys WITH (security_invoker = true) AS
SELECT slug AS key, id, slug, name, status FROM public.businesses
UNION ALL
SELECT id::text, id, slug, name, status FROM public.businesses;
COMMENT ON VIEW ops.business_keys IS
    'Every text under which a business is known (its slug, its id) with the business; join business_id to key.';

CREATE TABLE ops.connections (
    id            text        PRIMARY KEY CHECK (id <> ''),
    service       text        NOT NULL CHECK (service <> ''),
    business_slug text        REFERENCES public.businesses (slug) ON UPDATE CASCADE ON DELETE CASCADE,
    enabled       boolean     NOT NULL DEFAULT true,
    configured_at timestamptz NOT NULL DEFAULT now(),
    removed_at    timestamptz
);
CREATE INDEX connections_business ON ops.connections (business_slug);
SELECT ops.close_table('ops.connections');

COMMENT ON TABLE ops.connections IS
    'The configured connections, one business''s account at one service each. Written by ops.set_connections.';
COMMENT ON COLUMN ops.connections.id IS 'As in the configuration, hubspot/teelixir; integration_id elsewhere.';
COMMENT ON COLUMN ops.connections.business_slug IS 'Null: shared by all businesses of the group.';
COMMENT ON COLUMN ops.connections.configured_at IS
    'Since when it is in the configuration without a break. Silence is counted from here at the earliest.';
COMMENT ON COLUMN ops.connections.removed_at IS 'When it left the configuration. Views leave it out from then on.';

CREATE TABLE ops.sources (
    name        text PRIMARY KEY CHECK (name <> ''),
    description text NOT NULL
);
SELECT ops.close_table('ops.sources');

COMMENT ON TABLE ops.sources IS
    'The known sources of log records. No constraint hangs on it: a record of a new source is stored all the same.';

INSERT INTO ops.sources (name, description) VALUES
    ('hubspot', 'HubSpot, the CRM'),
    ('unleashed', 'Unleashed, stock and orders'),
    ('n8n', 'n8n, workflows'),
    ('supabase', 'Supabase, the hosted database'),
    ('shopify', 'Shopify, shops'),
    ('xero', 'Xero, accounts'),
    ('bigcommerce', 'BigCommerce, shops'),
    ('system', 'The platform itself'),
    ('workflow', 'A workflow that logs by itself'),
    ('integration', 'A script or program of ours'),
    ('cli', 'A person at the command line');
