-- Files of leads: what each was, how its columns are read, how far it has got, what it refused.

CREATE TABLE imports (
  org_id      uuid        NOT NULL,
  id          uuid        NOT NULL,
  file_name   text        NOT NULL,
  file_bytes  bigint      NOT NULL,
  -- What reading the whole file once has told: encoding, delimiter, columns with samples.
  analysis    jsonb       NOT NULL,
  -- Which column becomes what, and what happens to leads that exist already.
  plan        jsonb       NOT NULL,
  status      text        NOT NULL CHECK (status IN ('mapping', 'running', 'finished', 'stopped', 'failed')),
  total_rows  bigint      NOT NULL,
  -- The place to go on from: moves in the transaction that stores the rows before it.
  next_offset bigint      NOT NULL DEFAULT 0,
  next_row    bigint      NOT NULL DEFAULT 0,
  rows_done   bigint      NOT NULL DEFAULT 0,
  created     bigint      NOT NULL DEFAULT 0,
  updated     bigint      NOT NULL DEFAULT 0,
  unchanged   bigint      NOT NULL DEFAULT 0,
  rejected    bigint      NOT NULL DEFAULT 0,
  -- Real time spent on the rows so far.
  worked_ms   bigint      NOT NULL DEFAULT 0,
  -- Why it failed, for people.
  failure     text        NOT NULL DEFAULT '',
  actor       text        NOT NULL,
  created_at  timestamptz NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX imports_newest ON imports (org_id, created_at DESC, id DESC);
SELECT leadline_tenant_table('imports');

CREATE TABLE import_rejections (
  org_id    uuid   NOT NULL,
  import_id uuid   NOT NULL,
  -- As a spreadsheet counts: the header is row 1.
  row_no    bigint NOT NULL,
  reason    text   NOT NULL,
  -- The row's cells as they were read.
  cells     text[] NOT NULL,
  PRIMARY KEY (org_id, import_id, row_no),
  CONSTRAINT import_rejections_import_fkey FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE
);
SELECT leadline_tenant_table('import_rejections');

-- A row without e-mail and external id is recognised by its profile.
CREATE INDEX leads_by_linkedin ON leads (org_id, linkedin_url) WHERE linkedin_url <> '';
