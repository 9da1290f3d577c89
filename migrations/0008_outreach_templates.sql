-- E-mail templates. A campaign's step copies what it sends, so a template can change or go
-- without touching a campaign that runs.
CREATE TABLE templates (
  org_id     uuid        NOT NULL,
  id         uuid        NOT NULL,
  name       text        NOT NULL CHECK (name <> ''),
  subject    text        NOT NULL CHECK (subject <> ''),
  html       text        NOT NULL CHECK (html <> ''),
  -- The plain-text part as its author wrote it; empty: made from the HTML when rendered.
  text       text        NOT NULL DEFAULT '',
  created_by uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version    int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX templates_name_key ON templates (org_id, lower(name));
CREATE INDEX templates_newest ON templates (org_id, updated_at DESC, id DESC);
SELECT leadline_tenant_table('templates');
