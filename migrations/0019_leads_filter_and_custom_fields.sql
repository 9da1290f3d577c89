-- Typed custom fields with their index, and what leads did with their mail as filters ask for it.

-- The registry. The values stand in leads.custom; key and kind of a field never change.
CREATE TABLE custom_fields (
  org_id      uuid        NOT NULL,
  key         text        NOT NULL CHECK (key ~ '^[a-z0-9_]{1,60}$'),
  label       text        NOT NULL CHECK (label <> ''),
  kind        text        NOT NULL CHECK (kind IN ('text', 'number', 'bool', 'date', 'choice', 'url')),
  options     text[]      NOT NULL DEFAULT '{}' CHECK ((kind = 'choice') = (cardinality(options) > 0)),
  position    int         NOT NULL,
  -- none -> building (new values are indexed, a job brings in the others) -> ready (filters ask the index).
  index_state text        NOT NULL DEFAULT 'none' CHECK (index_state IN ('none', 'building', 'ready')),
  -- The transaction that began the index.
  index_xid   xid8,
  archived_at timestamptz,
  created_by  text        NOT NULL,
  created_at  timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version     int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, key)
);
CREATE INDEX custom_fields_indexed ON custom_fields (org_id) WHERE index_state <> 'none';

-- What leads hold already becomes fields: numbers, yes or no, and texts, which also are what holds both.
-- For this migration alone the owner of the tables sees and writes every organisation's leads.
ALTER TABLE leads NO FORCE ROW LEVEL SECURITY;
INSERT INTO custom_fields (org_id, key, label, kind, position, created_by, created_at)
SELECT org_id, key, upper(left(words, 1)) || substr(words, 2), kind, row_number() OVER (PARTITION BY org_id ORDER BY key), 'system', at
FROM (
  SELECT l.org_id, e.key, coalesce(nullif(btrim(replace(e.key, '_', ' ')), ''), e.key) AS words, min(l.created_at) AS at,
    CASE WHEN bool_and(jsonb_typeof(e.value) = 'number') THEN 'number' WHEN bool_and(jsonb_typeof(e.value) = 'boolean') THEN 'bool' ELSE 'text' END AS kind
  FROM leads l, jsonb_each(l.custom) e WHERE l.custom <> '{}' AND e.key ~ '^[a-z0-9_]{1,60}$' GROUP BY 1, 2) found;
-- Fields of texts hold texts.
UPDATE leads l SET custom = (
  SELECT jsonb_object_agg(e.key, CASE WHEN f.kind = 'text' AND jsonb_typeof(e.value) <> 'string' THEN to_jsonb(e.value #>> '{}') ELSE e.value END)
  FROM jsonb_each(l.custom) e LEFT JOIN custom_fields f ON f.org_id = l.org_id AND f.key = e.key)
WHERE l.custom <> '{}' AND EXISTS (
  SELECT FROM jsonb_each(l.custom) e JOIN custom_fields f ON f.org_id = l.org_id AND f.key = e.key
  WHERE f.kind = 'text' AND jsonb_typeof(e.value) <> 'string');
ALTER TABLE leads FORCE ROW LEVEL SECURITY;
SELECT leadline_tenant_table('custom_fields');
-- Who leaves an organisation in a system transaction takes the owner off their leads, and the trigger below looks here then.
SELECT leadline_system_access('custom_fields', 'select');

-- The values of indexed fields, one row per lead and field, kept by the trigger below. Texts as filters compare them, cut where no
-- filter asks further; days as they are written; true is 1. "C": days are in order, and a comparison is leakproof.
CREATE TABLE lead_custom_values (
  org_id  uuid   NOT NULL,
  lead_id uuid   NOT NULL,
  key     text   NOT NULL,
  text    text   COLLATE "C",
  number  float8,
  PRIMARY KEY (org_id, lead_id, key),
  FOREIGN KEY (org_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX lead_custom_values_text ON lead_custom_values (org_id, key, text, lead_id) WHERE text IS NOT NULL;
CREATE INDEX lead_custom_values_number ON lead_custom_values (org_id, key, number, lead_id) WHERE number IS NOT NULL;
-- How frequent a value is depends on the field.
CREATE STATISTICS lead_custom_values_by_key (dependencies, mcv) ON org_id, key, text, number FROM lead_custom_values;
SELECT leadline_tenant_table('lead_custom_values');
SELECT leadline_shows_lead('lead_custom_values', 'lead_id');

-- Writes the values of these leads anew: of one field, as its job does, so that the jobs of two are not in each other's way, or of
-- all that are indexed.
CREATE FUNCTION leadline_index_custom(of_org uuid, ids uuid[], one text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM lead_custom_values WHERE org_id = of_org AND lead_id = ANY (ids) AND (one IS NULL OR key = one);
  INSERT INTO lead_custom_values (org_id, lead_id, key, text, number)
  SELECT l.org_id, l.id, f.key,
    CASE WHEN jsonb_typeof(l.custom -> f.key) = 'string' AND f.kind NOT IN ('number', 'bool') THEN
      CASE WHEN f.kind <> 'date' THEN left(leadline_fold(l.custom ->> f.key), 251)
        WHEN l.custom ->> f.key ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN l.custom ->> f.key END END,
    -- A value of another kind is known, and nothing else can be asked of it.
    CASE WHEN f.kind = 'number' AND jsonb_typeof(l.custom -> f.key) = 'number' THEN (l.custom ->> f.key)::numeric::float8
      WHEN f.kind = 'bool' AND jsonb_typeof(l.custom -> f.key) = 'boolean' THEN (l.custom ->> f.key)::boolean::int END
  FROM leads l JOIN custom_fields f ON f.org_id = l.org_id AND f.index_state <> 'none' AND l.custom ->> f.key <> ''
  WHERE l.org_id = of_org AND l.id = ANY (ids) AND (one IS NULL OR f.key = one);
END $$;

-- Hardly any organisation indexes a field, and those that do index few: everybody else pays one look at the registry per statement.
CREATE FUNCTION leadline_keep_custom_values() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM custom_fields WHERE index_state <> 'none') THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM leadline_index_custom(org_id, array_agg(id)) FROM new_rows WHERE custom <> '{}' GROUP BY org_id;
  ELSE
    PERFORM leadline_index_custom(n.org_id, array_agg(n.id)) FROM new_rows n JOIN old_rows o ON o.org_id = n.org_id AND o.id = n.id
    WHERE o.custom <> n.custom GROUP BY n.org_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER custom_values_insert AFTER INSERT ON leads REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION leadline_keep_custom_values();
CREATE TRIGGER custom_values_update AFTER UPDATE ON leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION leadline_keep_custom_values();

-- How many leads have each tag, for the page of tags: counted by a job where there are too many leads to count while somebody waits.
CREATE TABLE lead_tags (
  org_id     uuid        NOT NULL,
  tag        text        NOT NULL,
  leads      bigint      NOT NULL,
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, tag)
);
SELECT leadline_tenant_table('lead_tags');

-- What leads did with their mail, and when last: the lead filter asks these columns (its engagement.* fields), so they stay as they
-- are named. The projection that fills the table reads the log from the beginning.
TRUNCATE intelligence_engagement;
DELETE FROM event_cursors WHERE consumer = 'intelligence.engagement';
ALTER TABLE intelligence_engagement
  ADD COLUMN sends           int NOT NULL DEFAULT 0,
  ADD COLUMN last_sent_at    timestamptz,
  ADD COLUMN last_opened_at  timestamptz,
  ADD COLUMN last_clicked_at timestamptz,
  ADD COLUMN last_replied_at timestamptz,
  ADD COLUMN last_bounced_at timestamptz;
