-- Segments: groups of leads with a name, by a filter (dynamic) or by having been put in (fixed).

CREATE TABLE segments (
  org_id      uuid        NOT NULL,
  id          uuid        NOT NULL,
  name        text        NOT NULL CHECK (name <> '' AND length(name) <= 100),
  description text        NOT NULL DEFAULT '' CHECK (length(description) <= 1000),
  kind        text        NOT NULL CHECK (kind IN ('dynamic', 'fixed')),
  -- Whom a dynamic one means; a fixed one has members instead.
  filter      jsonb,
  -- Whose it is, for questions; everybody may use it.
  owner_id    uuid,
  archived_at timestamptz,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version     int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id),
  CONSTRAINT segments_filter_check CHECK ((kind = 'dynamic') = (filter IS NOT NULL)),
  CONSTRAINT segments_owner_fkey FOREIGN KEY (org_id, owner_id) REFERENCES memberships (org_id, user_id) ON DELETE SET NULL (owner_id)
);
CREATE UNIQUE INDEX segments_name_key ON segments (org_id, lower(name));
CREATE INDEX segments_newest ON segments (org_id, updated_at DESC, id DESC);
SELECT leadline_tenant_table('segments');
-- Once a day every segment of every organisation is measured.
SELECT leadline_system_access('segments', 'select');

-- Who is in a fixed segment.
CREATE TABLE segment_members (
  org_id     uuid        NOT NULL,
  segment_id uuid        NOT NULL,
  lead_id    uuid        NOT NULL,
  added_at   timestamptz NOT NULL,
  PRIMARY KEY (org_id, segment_id, lead_id),
  FOREIGN KEY (org_id, segment_id) REFERENCES segments ON DELETE CASCADE,
  FOREIGN KEY (org_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX segment_members_lead ON segment_members (org_id, lead_id);
SELECT leadline_tenant_table('segment_members');
SELECT leadline_shows_lead('segment_members', 'lead_id');
-- A deleted lead that comes back is again where it was.
SELECT leadline_captured('segment_members', false);

-- How many leads a segment had, a row a day (UTC): the last measurement of that day.
CREATE TABLE segment_sizes (
  org_id      uuid        NOT NULL,
  segment_id  uuid        NOT NULL,
  day         date        NOT NULL,
  size        bigint      NOT NULL,
  measured_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, segment_id, day),
  FOREIGN KEY (org_id, segment_id) REFERENCES segments ON DELETE CASCADE
);
SELECT leadline_tenant_table('segment_sizes');
-- Everybody's leads are counted in it, so whoever sees some of them only counts for themselves.
CREATE POLICY visible ON segment_sizes AS RESTRICTIVE TO leadline_restricted USING (false);

-- What is built on a segment, written by whoever builds on it in the transaction that does. It has no cascade:
-- a segment that is used cannot be deleted.
CREATE TABLE segment_uses (
  org_id       uuid NOT NULL,
  segment_id   uuid NOT NULL,
  -- The typed id's prefix and the id: 'camp' and a campaign's.
  used_by_type text NOT NULL,
  used_by_id   uuid NOT NULL,
  name         text NOT NULL,
  href         text NOT NULL CHECK (href LIKE '/%'),
  PRIMARY KEY (org_id, segment_id, used_by_type, used_by_id),
  CONSTRAINT segment_uses_segment_fkey FOREIGN KEY (org_id, segment_id) REFERENCES segments
);
CREATE INDEX segment_uses_user ON segment_uses (org_id, used_by_type, used_by_id);
SELECT leadline_tenant_table('segment_uses');

-- A campaign's audience is a filter of its own, or a segment, which is looked up again at launch.
ALTER TABLE campaigns ADD COLUMN segment_id uuid;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_one_audience CHECK (segment_id IS NULL OR audience IS NULL);
ALTER TABLE campaigns ADD CONSTRAINT campaigns_segment_fkey FOREIGN KEY (org_id, segment_id) REFERENCES segments;
CREATE INDEX campaigns_of_segment ON campaigns (org_id, segment_id) WHERE segment_id IS NOT NULL;
