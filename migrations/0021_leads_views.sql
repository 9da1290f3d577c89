-- Saved views of the leads: a question under a name (filter, search, sort, columns), and what each person
-- likes to see. A view holds no lead: whoever opens it sees what they may see.

CREATE TABLE saved_views (
  org_id      uuid        NOT NULL,
  id          uuid        NOT NULL,
  name        text        NOT NULL CHECK (name <> '' AND length(name) <= 60),
  -- Whose it is alone, and with whom it goes; NULL: shared with everybody in the organisation.
  personal_to uuid,
  made_by     uuid,
  -- The filter language, as in a campaign's audience.
  filter      jsonb       NOT NULL,
  q           text        NOT NULL DEFAULT '',
  sort        text        NOT NULL DEFAULT '',
  -- Empty: the columns that the reader is used to.
  columns     text[]      NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version     int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id),
  CONSTRAINT saved_views_person_fkey FOREIGN KEY (org_id, personal_to) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE,
  CONSTRAINT saved_views_maker_fkey FOREIGN KEY (org_id, made_by) REFERENCES memberships (org_id, user_id) ON DELETE SET NULL (made_by)
);
-- A name stands for one view among those that are shared, and among those of one person.
CREATE UNIQUE INDEX saved_views_name_key ON saved_views (org_id, coalesce(personal_to, '00000000-0000-0000-0000-000000000000'), lower(name));
CREATE INDEX saved_views_of_person ON saved_views (org_id, personal_to) WHERE personal_to IS NOT NULL;
CREATE INDEX saved_views_of_maker ON saved_views (org_id, made_by) WHERE made_by IS NOT NULL;
SELECT leadline_tenant_table('saved_views');

-- What the grid shows somebody who asks for nothing in particular.
CREATE TABLE grid_choices (
  org_id       uuid   NOT NULL,
  user_id      uuid   NOT NULL,
  default_view uuid,
  -- Empty: the usual ones.
  columns      text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (org_id, user_id),
  CONSTRAINT grid_choices_person_fkey FOREIGN KEY (org_id, user_id) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE,
  CONSTRAINT grid_choices_view_fkey FOREIGN KEY (org_id, default_view) REFERENCES saved_views (org_id, id) ON DELETE SET NULL (default_view)
);
CREATE INDEX grid_choices_of_view ON grid_choices (org_id, default_view) WHERE default_view IS NOT NULL;
SELECT leadline_tenant_table('grid_choices');
