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
  undoable_until timestamptz NOT NULL,
  -- open: still being written to. partly_undone: rows that a later edit has changed were left as they are.
  status         text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'undoing', 'undone', 'partly_undone')),
  undone_by      uuid,
  undone_at      timestamptz,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX change_sets_newest ON change_sets (org_id, made_at DESC, id DESC);
SELECT leadline_tenant_table('change_sets');

-- In the order in which it happened. Rows that one statement made stand in one row here.
CREATE TABLE changes (
  org_id        uuid   NOT NULL,
  change_set_id uuid   NOT NULL,
  n             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  table_name    text   NOT NULL,
  op            text   NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  -- insert: the ids of the new rows. Otherwise NULL.
  row_ids       uuid[],
  -- update and delete: the row, if its table has an id.
  row_id        uuid,
  -- update: the columns that differ, as they were and as they became. delete: the whole row.
  before        hstore,
  after         hstore,
  -- Why undoing left this row as it is; empty: it did not.
  conflict      text   NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, change_set_id, n),
  FOREIGN KEY (org_id, change_set_id) REFERENCES change_sets ON DELETE CASCADE
);
SELECT leadline_tenant_table('changes');

-- People who see some records only see the changes of whoever's records they see.
CREATE POLICY visible ON change_sets AS RESTRICTIVE TO leadline_restricted
  USING (made_by = ANY (leadline_owners())) WITH CHECK (made_by = ANY (leadline_owners()));
CREATE POLICY visible ON changes AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM change_sets s WHERE s.org_id = changes.org_id AND s.id = changes.change_set_id));

-- Writes what the statement did to the change set that the transaction has named. Runs with the rights of
-- whoever changed the rows.
CREATE FUNCTION leadline_capture() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change_set uuid := current_setting('leadline.change_set')::uuid;
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN
      INSERT INTO changes (org_id, change_set_id, table_name, op, row_ids)
      SELECT org_id, change_set, TG_TABLE_NAME, 'insert', array_agg(id ORDER BY id) FROM new_rows GROUP BY org_id;
    WHEN 'UPDATE' THEN
      INSERT INTO changes (org_id, change_set_id, table_name, op, row_id, before, after)
      SELECT o.org_id, change_set, TG_TABLE_NAME, 'update', o.id, hstore(o) - hstore(n), hstore(n) - hstore(o)
      FROM old_rows o JOIN new_rows n ON n.org_id = o.org_id AND n.id = o.id
      WHERE hstore(o) <> hstore(n);
    WHEN 'DELETE' THEN
      INSERT INTO changes (org_id, change_set_id, table_name, op, row_id, before)
      SELECT o.org_id, change_set, TG_TABLE_NAME, 'delete', (hstore(o) -> 'id')::uuid, hstore(o) FROM old_rows o;
  END CASE;
  RETURN NULL;
END $$;

-- Captures what transactions with a change set do to the table. Without 'insert,update' deletions alone: those of rows
-- that go with a lead. The table's rows are known by (org_id, id), or have no id and are never updated in a change set.
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
