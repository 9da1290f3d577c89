-- Imports: what a trial of the whole file has told, which changes can be undone, and how far a second writer is.

ALTER TABLE imports
  -- The change sets that hold what it has changed: one per start, the newest last.
  ADD COLUMN change_sets uuid[] NOT NULL DEFAULT '{}',
  -- What importing the file would do, as far as it has been tried; NULL before that. Contains samples of rows.
  ADD COLUMN trial jsonb,
  -- Counts the plans: a trial of an earlier plan stops when it sees that it is out of date.
  ADD COLUMN trial_no int NOT NULL DEFAULT 0;

-- A stretch of a file is written by two transactions at once. This one is there while the second has committed and the
-- first, which moves the import on, has not: whoever goes on after a crash leaves out the rows named here.
CREATE TABLE import_lanes (
  org_id    uuid   NOT NULL,
  import_id uuid   NOT NULL,
  -- Where the stretch ends.
  to_offset bigint NOT NULL,
  -- Bit n is set if row n of the stretch (from 0) is done.
  rows      bytea  NOT NULL,
  created   bigint NOT NULL,
  updated   bigint NOT NULL,
  unchanged bigint NOT NULL,
  rejected  bigint NOT NULL,
  PRIMARY KEY (org_id, import_id),
  CONSTRAINT import_lanes_import_fkey FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE
);
SELECT leadline_tenant_table('import_lanes');

-- Like the files themselves: not for people who see some records only.
CREATE POLICY visible ON import_lanes AS RESTRICTIVE TO leadline_restricted USING (false);

-- Uploads that were never started, for the sweep, which looks at all organisations.
CREATE INDEX imports_waiting ON imports (created_at) WHERE status = 'mapping';
SELECT leadline_system_access('imports', 'select,delete');
