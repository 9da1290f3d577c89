-- Change sets: what an import, a merge, a bulk edit or a deletion has changed, so that it can be undone exactly.

-- Row to key => value and back in C, with differences between them: to_jsonb would cost several times as much.
CREATE EXTENSION IF NOT EXISTS hstore;

CREATE TABLE change_sets (
  org_id         uuid        NOT NULL,
  id             uuid        NOT NULL,
  kind           text        NOT NULL CHECK (kind IN ('import', 'bulk', 'delete', 'merge')),
  -- For people; names no person.
  title          text        NOT NULL,
  -- Whoever did it: NULL if the system did.
  made_by        uuid,
  made_at        timestamptz NOT NULL,
  -- Whose records whoever made it saw; NULL: everybody's.
  sight          uuid[]      DEFAULT CASE WHEN current_user = 'leadline_restricted' THEN leadline_owners() END,
  undoable_until timestamptz NOT NULL,
  -- open: still being written to. stopped: undoing was stopped in the middle, and can go on.
  -- partly_undone: rows that a later edit has changed were left as they are (change_conflicts).
  status         text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'undoing', 'stopped', 'undone', 'partly_undone')),
  -- The job that writes to it; from the undoing on, the job that undoes it.
  job_id         bigint,
  -- The last transaction that wrote to it, by the database's clock: an open one that nobody writes to any more was left behind.
  written_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  undone_by      uuid,
  undone_at      timestamptz,
  -- Undoing works backwards: changes from this one on have been dealt with.
  undo_place     bigint      NOT NULL DEFAULT 9223372036854775807,
  undo_seen      bigint      NOT NULL DEFAULT 0,
  undo_done      bigint      NOT NULL DEFAULT 0,
  undo_conflicts bigint      NOT NULL DEFAULT 0,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX change_sets_newest ON change_sets (org_id, made_at DESC, id DESC);
CREATE INDEX change_sets_expired ON change_sets (undoable_until);
SELECT leadline_tenant_table('change_sets');
-- The sweep of expired ones is nobody's in particular.
SELECT leadline_system_access('change_sets', 'select');

-- In the order in which it happened. New rows stand here by the hundred.
CREATE TABLE changes (
  org_id        uuid   NOT NULL,
  change_set_id uuid   NOT NULL,
  n             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  table_name    text   NOT NULL,
  op            text   NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  -- insert: the ids of new rows. Otherwise NULL.
  row_ids       uuid[],
  -- update and delete: the row, if its table has an id.
  row_id        uuid,
  -- update: the columns that differ, as they were and as they became. delete: the whole row.
  before        hstore,
  after         hstore,
  -- delete: the transaction. What goes with a row is written down after it, and can only come back after it.
  deleted_in    xid8,
  PRIMARY KEY (org_id, change_set_id, n),
  FOREIGN KEY (org_id, change_set_id) REFERENCES change_sets ON DELETE CASCADE
);
-- What else the set did to a row.
CREATE INDEX changes_row ON changes (org_id, change_set_id, row_id, n) WHERE row_id IS NOT NULL;
SELECT leadline_tenant_table('changes');

-- How many rows, so that no page counts a million changes.
CREATE TABLE change_counts (
  org_id        uuid   NOT NULL,
  change_set_id uuid   NOT NULL,
  table_name    text   NOT NULL,
  op            text   NOT NULL,
  -- Transactions that write to one change set side by side count apart, and so do not wait for each other.
  writer        smallint NOT NULL DEFAULT 0,
  rows          bigint NOT NULL,
  PRIMARY KEY (org_id, change_set_id, table_name, op, writer),
  FOREIGN KEY (org_id, change_set_id) REFERENCES change_sets ON DELETE CASCADE
);
SELECT leadline_tenant_table('change_counts');

-- Rows that undoing left as they are.
CREATE TABLE change_conflicts (
  org_id        uuid   NOT NULL,
  change_set_id uuid   NOT NULL,
  id            bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  table_name    text   NOT NULL,
  row_id        uuid,
  -- changed: columns of a changed row, or a new row, have been edited since. gone: the row is not there any more.
  -- in_use: others refer to a new row by now. taken: another row holds now what must be unique.
  -- missing: what the row refers to is not there any more. refused: the database says no for another reason.
  reason        text   NOT NULL CHECK (reason IN ('changed', 'gone', 'in_use', 'taken', 'missing', 'refused')),
  -- The columns it is about, if any.
  fields        text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (org_id, change_set_id, id),
  FOREIGN KEY (org_id, change_set_id) REFERENCES change_sets ON DELETE CASCADE
);
CREATE INDEX change_conflicts_row ON change_conflicts (org_id, change_set_id, table_name, row_id);
SELECT leadline_tenant_table('change_conflicts');

-- People who see some records only see the changes of whoever's records they see, unless those saw more: a change holds
-- what stood in its rows.
CREATE POLICY visible ON change_sets AS RESTRICTIVE TO leadline_restricted
  USING (made_by = ANY (leadline_owners()) AND sight <@ leadline_owners())
  WITH CHECK (made_by = ANY (leadline_owners()) AND sight <@ leadline_owners());
CREATE POLICY visible ON changes AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM change_sets s WHERE s.org_id = changes.org_id AND s.id = changes.change_set_id));
CREATE POLICY visible ON change_counts AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM change_sets s WHERE s.org_id = change_counts.org_id AND s.id = change_counts.change_set_id));
CREATE POLICY visible ON change_conflicts AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM change_sets s WHERE s.org_id = change_conflicts.org_id AND s.id = change_conflicts.change_set_id));

-- Writes what the statement did to the change set that the transaction has named. Runs with the rights of
-- whoever changed the rows. One time zone, because times are compared as texts. A plan made for one row would compare
-- each of thousands with each.
CREATE FUNCTION leadline_capture() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' SET enable_nestloop = off AS $$
DECLARE
  change_set uuid := current_setting('leadline.change_set')::uuid;
  this_writer smallint := coalesce(nullif(current_setting('leadline.change_writer', true), ''), '0');
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN
      WITH piece AS (
        SELECT org_id, array_agg(id) AS ids
        FROM (SELECT org_id, id, (row_number() OVER (ORDER BY id) - 1) / 500 AS part FROM new_rows) numbered GROUP BY org_id, part),
      counted AS (
        INSERT INTO changes (org_id, change_set_id, table_name, op, row_ids)
        SELECT org_id, change_set, TG_TABLE_NAME, 'insert', ids FROM piece RETURNING org_id, cardinality(row_ids) AS size)
      INSERT INTO change_counts AS c (org_id, change_set_id, table_name, op, writer, rows)
      SELECT org_id, change_set, TG_TABLE_NAME, 'insert', this_writer, sum(size) FROM counted GROUP BY org_id
      ON CONFLICT (org_id, change_set_id, table_name, op, writer) DO UPDATE SET rows = c.rows + excluded.rows;
    WHEN 'UPDATE' THEN
      WITH counted AS (
        INSERT INTO changes (org_id, change_set_id, table_name, op, row_id, before, after)
        SELECT o.org_id, change_set, TG_TABLE_NAME, 'update', o.id, hstore(o) - hstore(n), hstore(n) - hstore(o)
        FROM old_rows o JOIN new_rows n ON n.org_id = o.org_id AND n.id = o.id
        WHERE hstore(o) <> hstore(n) RETURNING org_id)
      INSERT INTO change_counts AS c (org_id, change_set_id, table_name, op, writer, rows)
      SELECT org_id, change_set, TG_TABLE_NAME, 'update', this_writer, count(*) FROM counted GROUP BY org_id
      ON CONFLICT (org_id, change_set_id, table_name, op, writer) DO UPDATE SET rows = c.rows + excluded.rows;
    WHEN 'DELETE' THEN
      WITH counted AS (
        INSERT INTO changes (org_id, change_set_id, table_name, op, row_id, before, deleted_in)
        SELECT o.org_id, change_set, TG_TABLE_NAME, 'delete', (hstore(o) -> 'id')::uuid, hstore(o), pg_current_xact_id() FROM old_rows o RETURNING org_id)
      INSERT INTO change_counts AS c (org_id, change_set_id, table_name, op, writer, rows)
      SELECT org_id, change_set, TG_TABLE_NAME, 'delete', this_writer, count(*) FROM counted GROUP BY org_id
      ON CONFLICT (org_id, change_set_id, table_name, op, writer) DO UPDATE SET rows = c.rows + excluded.rows;
  END CASE;
  RETURN NULL;
END $$;

-- Captures what transactions with a change set do to the table: everything, or deletions alone (rows that go with a
-- lead). Its rows are known by (org_id, id), or have no id and are never updated in a change set.
CREATE FUNCTION leadline_captured(name regclass, all_changes boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  if_named text := $q$WHEN (coalesce(current_setting('leadline.change_set', true), '') <> '')$q$;
BEGIN
  IF all_changes THEN
    EXECUTE format('CREATE TRIGGER capture_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT %s EXECUTE FUNCTION leadline_capture()', name, if_named);
    EXECUTE format('CREATE TRIGGER capture_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT %s EXECUTE FUNCTION leadline_capture()', name, if_named);
  END IF;
  EXECUTE format('CREATE TRIGGER capture_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT %s EXECUTE FUNCTION leadline_capture()', name, if_named);
END $$;

SELECT leadline_captured('leads', true);
SELECT leadline_captured('accounts', true);
-- Gone with their lead.
SELECT leadline_captured('enrollments', false);
SELECT leadline_captured('sends', false);
