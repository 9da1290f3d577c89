-- Undoing a change set, backwards, a stretch at a time.

-- Later pairs win.
CREATE AGGREGATE leadline_merge (hstore) (SFUNC = hs_concat, STYPE = hstore, INITCOND = '');

-- Columns that are nobody's edit: they go back where nothing has moved them since, and are in nobody's way.
CREATE FUNCTION leadline_bookkeeping(name regclass) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY['version', 'updated_at', 'score', 'score_reasons', 'last_activity_at']
    || coalesce((SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = name AND attgenerated <> ''), '{}')
$$;

-- The columns that can be written, but for those that say which row it is.
CREATE FUNCTION leadline_columns(name regclass) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
  WHERE attrelid = name AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'org_id'
$$;

CREATE FUNCTION leadline_has_column(name regclass, col text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = name AND attname = col AND attnum > 0 AND NOT attisdropped)
$$;

-- The columns that a violated constraint or unique index is about.
CREATE FUNCTION leadline_columns_of(name regclass, violated text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT a.attname::text), '{}') FROM pg_attribute a
  WHERE a.attrelid = name AND a.attname NOT IN ('org_id', 'id') AND (
    EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = name AND c.conname = violated AND a.attnum = ANY (c.conkey))
    OR EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = name AND x.relname = violated AND a.attnum = ANY (i.indkey)))
$$;

-- Updates of a stretch, per row: what the set changed goes back if the row still is as the set left it in every column;
-- otherwise the row stays wholly as it is. The number of a version only ever grows.
CREATE FUNCTION leadline_undo_updates(
  change_set uuid, name text, lowest bigint, below bigint, one uuid, who text, at timestamptz, undoes timestamptz,
  OUT done bigint, OUT conflicts bigint) LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  bookkeeping text[] := leadline_bookkeeping(name::regclass);
  sets text;
  told text := '';
BEGIN
  SELECT string_agg(CASE c WHEN 'version' THEN 'version = t.version + b.steps' ELSE format('%1$I = (b.row_back).%1$I', c) END, ', ') INTO sets
  FROM unnest(leadline_columns(name::regclass)) c WHERE c <> 'id';
  IF name = 'leads' THEN
    told := $q$, told AS (
      INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
      SELECT $1, e.kind, 'lead', d.id, $7, $8, e.payload || jsonb_build_object('bulk', true, 'undoes', $9)
      FROM done d CROSS JOIN LATERAL (
        SELECT 'lead.status_changed' AS kind, jsonb_build_object('from', d.held -> 'status', 'to', d.back -> 'status') AS payload WHERE d.back ? 'status'
        UNION ALL
        SELECT 'lead.owner_changed', jsonb_build_object('from', d.held -> 'owner_id', 'to', d.back -> 'owner_id') WHERE d.back ? 'owner_id'
        UNION ALL
        SELECT 'lead.tagged', jsonb_build_object(
          'added', ARRAY(SELECT unnest((d.back -> 'tags')::text[]) EXCEPT SELECT unnest((d.held -> 'tags')::text[])),
          'removed', ARRAY(SELECT unnest((d.held -> 'tags')::text[]) EXCEPT SELECT unnest((d.back -> 'tags')::text[]))) WHERE d.back ? 'tags'
        UNION ALL
        SELECT 'lead.updated', jsonb_build_object('fields', f.fields)
        FROM (SELECT array_agg(k ORDER BY k) AS fields FROM skeys(d.back - $6::text[] - ARRAY['status', 'owner_id', 'tags']) k) f WHERE f.fields IS NOT NULL) e)$q$;
  ELSIF name = 'accounts' THEN
    told := $q$, told AS (
      INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
      SELECT $1, 'account.updated', 'acct', d.id, $7, $8, jsonb_build_object('fields', f.fields, 'bulk', true, 'undoes', $9)
      FROM done d CROSS JOIN LATERAL (SELECT array_agg(k ORDER BY k) AS fields FROM skeys(d.back - $6::text[]) k) f WHERE f.fields IS NOT NULL)$q$;
  END IF;
  EXECUTE format($q$
    WITH stretch AS MATERIALIZED (
      SELECT c.row_id AS id, leadline_merge(c.before ORDER BY c.n DESC) AS before, count(*)::int AS steps
      FROM changes c
      WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.n >= $3 AND c.n < $4 AND ($5::uuid IS NULL OR c.row_id = $5)
        AND NOT EXISTS (SELECT FROM change_conflicts k WHERE k.org_id = $1 AND k.change_set_id = $2 AND k.table_name = %2$L AND k.row_id = c.row_id)
      GROUP BY c.row_id),
    held AS MATERIALIZED (
      SELECT t.id, t AS whole, hstore(t) AS pairs FROM %1$I t
      WHERE t.org_id = $1 AND t.id IN (SELECT s.id FROM stretch s) ORDER BY t.id FOR NO KEY UPDATE OF t),
    judged AS MATERIALIZED (
      SELECT s.id, s.before, s.steps, h.id IS NULL AS gone, h.whole, h.pairs, akeys(a.after - h.pairs) AS moved
      FROM stretch s LEFT JOIN held h ON h.id = s.id
      -- All that the set did to the row and that is not undone yet, not this stretch alone.
      CROSS JOIN LATERAL (SELECT leadline_merge(c.after ORDER BY c.n) AS after FROM changes c
        WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.row_id = s.id AND c.n < $4 AND c.op = 'update') a),
    left_alone AS (
      INSERT INTO change_conflicts (org_id, change_set_id, table_name, row_id, reason, fields)
      SELECT $1, $2, %2$L, j.id, CASE WHEN j.gone THEN 'gone' ELSE 'changed' END,
        coalesce(ARRAY(SELECT m FROM unnest(j.moved) m WHERE m <> ALL ($6) ORDER BY m), '{}')
      FROM judged j WHERE j.gone OR NOT j.moved <@ $6 RETURNING 1),
    back AS MATERIALIZED (
      SELECT j.id, j.steps, j.pairs, r.pairs_back, populate_record(j.whole, r.pairs_back) AS row_back
      FROM judged j CROSS JOIN LATERAL (SELECT j.before - j.moved - 'version'::text AS pairs_back) r
      WHERE NOT j.gone AND j.moved <@ $6),
    done AS (
      UPDATE %1$I t SET %3$s FROM back b WHERE t.org_id = $1 AND t.id = b.id RETURNING t.id, b.pairs AS held, b.pairs_back AS back)%4$s
    SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM left_alone)$q$, name, name, sets, told)
  INTO done, conflicts USING leadline_org(), change_set, lowest, below, one, bookkeeping, who, at, undoes;
END $$;

-- New rows of a stretch go, unless somebody has edited them since or refers to them. What the set itself did to them later
-- has been undone by then, each time with a new version.
CREATE FUNCTION leadline_undo_inserts(
  change_set uuid, name text, lowest bigint, below bigint, one uuid, who text, at timestamptz, undoes timestamptz,
  OUT done bigint, OUT conflicts bigint) LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  edited text := 'false';
  used text;
  status text := 'NULL::text';
  told text := '';
BEGIN
  IF leadline_has_column(name::regclass, 'version') THEN
    edited := $q$t.version <> (SELECT coalesce(max((c.after -> 'version')::int), 1) + count(*) FROM changes c
      WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.row_id = t.id AND c.op = 'update')$q$;
  ELSIF leadline_has_column(name::regclass, 'updated_at') THEN
    edited := 't.updated_at <> t.created_at';
  END IF;
  -- Rows of captured tables are somebody's work: a note, an enrollment, a lead of an account.
  SELECT string_agg(format('EXISTS (SELECT FROM %I u WHERE u.org_id = $1 AND u.%I = t.id)', r.relname, a.attname), ' OR ') INTO used
  FROM pg_constraint f JOIN pg_class r ON r.oid = f.conrelid JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY (f.conkey) AND a.attname <> 'org_id'
  WHERE f.contype = 'f' AND f.confrelid = name::regclass AND EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = r.oid AND g.tgname = 'capture_delete');
  IF name = 'leads' THEN
    status := 't.status';
    told := $q$, told AS (
      INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
      SELECT $1, 'lead.deleted', 'lead', d.id, $6, $7, jsonb_build_object('status', d.status, 'bulk', true, 'undoes', $8) FROM done d)$q$;
  END IF;
  EXECUTE format($q$
    WITH stretch AS MATERIALIZED (
      SELECT DISTINCT r.id FROM changes c CROSS JOIN LATERAL unnest(c.row_ids) AS r (id)
      WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.n >= $3 AND c.n < $4 AND ($5::uuid IS NULL OR r.id = $5)
        AND NOT EXISTS (SELECT FROM change_conflicts k WHERE k.org_id = $1 AND k.change_set_id = $2 AND k.table_name = %2$L AND k.row_id = r.id)),
    held AS MATERIALIZED (
      SELECT t.* FROM %1$I t WHERE t.org_id = $1 AND t.id IN (SELECT s.id FROM stretch s) ORDER BY t.id FOR UPDATE OF t),
    judged AS MATERIALIZED (
      SELECT t.id, CASE WHEN %3$s THEN 'changed' WHEN %4$s THEN 'in_use' END AS conflict FROM held t),
    done AS (
      DELETE FROM %1$I t USING judged j WHERE t.org_id = $1 AND t.id = j.id AND j.conflict IS NULL RETURNING t.id, %5$s AS status),
    left_alone AS (
      INSERT INTO change_conflicts (org_id, change_set_id, table_name, row_id, reason)
      -- What may not be deleted is shared with somebody.
      SELECT $1, $2, %2$L, j.id, coalesce(j.conflict, 'in_use') FROM judged j LEFT JOIN done d ON d.id = j.id WHERE d.id IS NULL RETURNING 1)%6$s
    SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM left_alone)$q$, name, name, edited, coalesce(used, 'false'), status, told)
  INTO done, conflicts USING leadline_org(), change_set, lowest, below, one, who, at, undoes;
END $$;

-- Deleted rows of a stretch come back as they were, with their ids.
CREATE FUNCTION leadline_undo_deletes(
  change_set uuid, name text, lowest bigint, below bigint, who text, at timestamptz, undoes timestamptz,
  OUT done bigint, OUT conflicts bigint) LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  columns text;
  selected text;
  told text := '';
BEGIN
  SELECT string_agg(format('%I', c), ', '), string_agg(format('(b.whole).%I', c), ', ') INTO columns, selected
  FROM unnest(leadline_columns(name::regclass)) c;
  IF name = 'leads' THEN
    told := $q$, told AS (
      INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
      SELECT $1, 'lead.restored', 'lead', (b.whole).id, $5, $6,
        jsonb_build_object('status', (b.whole).status, 'created_on', ((b.whole).created_at AT TIME ZONE 'UTC')::date, 'bulk', true, 'undoes', $7) FROM back b)$q$;
  END IF;
  EXECUTE format($q$
    WITH back AS MATERIALIZED (
      SELECT populate_record(NULL::%1$I, c.before) AS whole FROM changes c
      WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.n >= $3 AND c.n < $4 AND c.table_name = %5$L ORDER BY c.n DESC),
    done AS (
      INSERT INTO %1$I (org_id, %2$s) OVERRIDING SYSTEM VALUE SELECT $1, %3$s FROM back b RETURNING 1)%4$s
    SELECT (SELECT count(*) FROM done), 0$q$, name, columns, selected, told, name)
  INTO done, conflicts USING leadline_org(), change_set, lowest, below, who, at, undoes;
END $$;

-- One kind of change to one table, all at once.
CREATE FUNCTION leadline_undo_stretch(
  change_set uuid, name text, op text, lowest bigint, below bigint, one uuid, who text, at timestamptz, undoes timestamptz,
  OUT done bigint, OUT conflicts bigint) LANGUAGE plpgsql AS $$
BEGIN
  CASE op
    WHEN 'update' THEN SELECT * INTO done, conflicts FROM leadline_undo_updates(change_set, name, lowest, below, one, who, at, undoes);
    WHEN 'insert' THEN SELECT * INTO done, conflicts FROM leadline_undo_inserts(change_set, name, lowest, below, one, who, at, undoes);
    WHEN 'delete' THEN SELECT * INTO done, conflicts FROM leadline_undo_deletes(change_set, name, lowest, below, who, at, undoes);
  END CASE;
END $$;

-- The same. Where the database refuses a row (its address is another's now), the rows are taken one by one, and that one
-- stays as it is.
CREATE FUNCTION leadline_undo_stretch_row_by_row(
  change_set uuid, name text, op text, lowest bigint, below bigint, who text, at timestamptz, undoes timestamptz,
  OUT done bigint, OUT conflicts bigint) LANGUAGE plpgsql AS $$
DECLARE
  org uuid := leadline_org();
  each record;
  one record;
  violated text;
  state text;
BEGIN
  BEGIN
    SELECT r.done, r.conflicts INTO done, conflicts FROM leadline_undo_stretch(change_set, name, op, lowest, below, NULL, who, at, undoes) r;
    RETURN;
  EXCEPTION WHEN integrity_constraint_violation OR unique_violation OR foreign_key_violation OR restrict_violation OR check_violation
    OR not_null_violation OR insufficient_privilege THEN
    done := 0;
    conflicts := 0;
  END;
  FOR each IN
    SELECT c.n, c.row_id AS id, coalesce(c.row_id, (c.before -> 'lead_id')::uuid) AS shown FROM changes c
    WHERE c.org_id = org AND c.change_set_id = change_set AND c.n >= lowest AND c.n < below AND c.table_name = name AND c.op <> 'insert'
      AND (c.op = 'delete' OR NOT EXISTS (SELECT FROM changes d WHERE d.org_id = org AND d.change_set_id = change_set AND d.row_id = c.row_id
        AND d.n > c.n AND d.n < below))
    UNION ALL
    SELECT c.n, r.id, r.id FROM changes c CROSS JOIN LATERAL unnest(c.row_ids) AS r (id)
    WHERE c.org_id = org AND c.change_set_id = change_set AND c.n >= lowest AND c.n < below AND c.table_name = name AND c.op = 'insert'
    ORDER BY n DESC
  LOOP
    BEGIN
      SELECT r.done, r.conflicts INTO one
      FROM leadline_undo_stretch(change_set, name, op, CASE op WHEN 'update' THEN lowest ELSE each.n END,
        CASE op WHEN 'update' THEN below ELSE each.n + 1 END, each.id, who, at, undoes) r;
      done := done + one.done;
      conflicts := conflicts + one.conflicts;
    EXCEPTION WHEN integrity_constraint_violation OR unique_violation OR foreign_key_violation OR restrict_violation OR check_violation
      OR not_null_violation OR insufficient_privilege THEN
      GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME, state = RETURNED_SQLSTATE;
      INSERT INTO change_conflicts (org_id, change_set_id, table_name, row_id, reason, fields)
      VALUES (org, change_set, name, each.shown,
        CASE WHEN state = '23505' THEN 'taken' WHEN state IN ('23503', '23001') AND op = 'insert' THEN 'in_use'
             WHEN state = '23503' THEN 'missing' ELSE 'refused' END,
        leadline_columns_of(name::regclass, violated));
      conflicts := conflicts + 1;
    END;
  END LOOP;
END $$;

-- Undoes the last changes that are not undone yet, about `most` rows; returns how many it looked at, 0 at the end.
CREATE FUNCTION leadline_undo_step(change_set uuid, who text, at timestamptz, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  org uuid := leadline_org();
  s change_sets;
  last_one changes;
  lowest bigint;
  size bigint;
  each record;
  one record;
  all_done bigint := 0;
  all_conflicts bigint := 0;
BEGIN
  SELECT * INTO STRICT s FROM change_sets c WHERE c.org_id = org AND c.id = change_set FOR UPDATE;
  SELECT * INTO last_one FROM changes c WHERE c.org_id = org AND c.change_set_id = change_set AND c.n < s.undo_place ORDER BY c.n DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  IF last_one.op = 'delete' THEN
    -- As far back as the same transaction deleted: rows that went with others stand after those.
    SELECT c.n INTO lowest FROM changes c
    WHERE c.org_id = org AND c.change_set_id = change_set AND c.n < s.undo_place AND (c.op <> 'delete' OR c.deleted_in <> last_one.deleted_in)
    ORDER BY c.n DESC LIMIT 1;
    lowest := coalesce(lowest, 0) + 1;
    SELECT count(*) INTO size FROM changes c WHERE c.org_id = org AND c.change_set_id = change_set AND c.n >= lowest AND c.n < s.undo_place;
  ELSE
    -- As far back as the same was done to the same table.
    SELECT min(t.n), sum(t.size) INTO lowest, size FROM (
      SELECT c.n, c.size, sum(c.size) OVER w - c.size AS before_it, bool_and(c.table_name = last_one.table_name AND c.op = last_one.op) OVER w AS same
      FROM (SELECT c.n, c.table_name, c.op, coalesce(cardinality(c.row_ids), 1) AS size
        FROM changes c WHERE c.org_id = org AND c.change_set_id = change_set AND c.n < s.undo_place ORDER BY c.n DESC LIMIT most) c
      WINDOW w AS (ORDER BY c.n DESC)) t
    WHERE t.same AND t.before_it < most;
  END IF;
  FOR each IN
    SELECT c.table_name FROM changes c WHERE c.org_id = org AND c.change_set_id = change_set AND c.n >= lowest AND c.n < s.undo_place
    GROUP BY c.table_name ORDER BY min(c.n)
  LOOP
    SELECT r.done, r.conflicts INTO one
    FROM leadline_undo_stretch_row_by_row(change_set, each.table_name, last_one.op, lowest, s.undo_place, who, at, s.made_at) r;
    all_done := all_done + one.done;
    all_conflicts := all_conflicts + one.conflicts;
  END LOOP;
  UPDATE change_sets c SET undo_place = lowest, undo_seen = c.undo_seen + size, undo_done = c.undo_done + all_done,
    undo_conflicts = c.undo_conflicts + all_conflicts
  WHERE c.org_id = org AND c.id = change_set;
  RETURN size;
END $$;

-- Files that a job writes for whoever asked for them; they lie below the data directory until they expire.
CREATE TABLE lead_exports (
  org_id      uuid        NOT NULL,
  id          uuid        NOT NULL,
  made_by     uuid        NOT NULL,
  -- Whose records whoever asked saw; NULL: everybody's.
  sight       uuid[]      DEFAULT CASE WHEN current_user = 'leadline_restricted' THEN leadline_owners() END,
  -- Business time.
  made_at     timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  job_id      bigint      NOT NULL,
  -- NULL until the file is whole.
  rows        bigint,
  bytes       bigint,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX lead_exports_expired ON lead_exports (expires_at);
SELECT leadline_tenant_table('lead_exports');
SELECT leadline_system_access('lead_exports', 'select,delete');
-- A file is not for somebody any more who sees less by now than it holds.
CREATE POLICY visible ON lead_exports AS RESTRICTIVE TO leadline_restricted
  USING (made_by = ANY (leadline_owners()) AND sight <@ leadline_owners())
  WITH CHECK (made_by = ANY (leadline_owners()) AND sight <@ leadline_owners());

-- How insights count what was undone. None of these ever fails: one odd payload must not stop the counting of what comes after it.

-- The day on which an event counts: of one that takes something back, the day of that.
CREATE FUNCTION insights_day(at timestamptz, payload jsonb) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT (CASE WHEN payload ->> 'undoes' ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?[+]00:00$'
    THEN (payload ->> 'undoes')::timestamptz ELSE at END AT TIME ZONE 'UTC')::date
$$;

-- The day on which a lead that is back was created.
CREATE FUNCTION insights_created_on(payload jsonb, at timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN payload ->> 'created_on' ~ '^[0-9]{4}-[01][0-9]-[0-2][0-9]$|^[0-9]{4}-(0[13-9]|1[0-2])-30$|^[0-9]{4}-(0[13578]|1[02])-31$'
    THEN (payload ->> 'created_on')::date ELSE (at AT TIME ZONE 'UTC')::date END
$$;

-- The furthest stage that a lead has reached by its events (migration 10 names the stages), but for what was undone.
CREATE FUNCTION insights_stage(org uuid, lead uuid) RETURNS smallint LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(CASE
    WHEN e.kind = 'mail.sent' THEN 1
    WHEN e.kind IN ('mail.opened', 'mail.clicked') AND e.payload -> 'machine' IS DISTINCT FROM 'true' THEN 2
    WHEN e.kind = 'mail.replied' THEN 3
    WHEN e.kind IN ('lead.created', 'lead.status_changed') THEN
      CASE coalesce(e.payload ->> 'to', e.payload ->> 'status') WHEN 'contacted' THEN 1 WHEN 'replied' THEN 3 WHEN 'qualified' THEN 3 WHEN 'converted' THEN 4 ELSE 0 END
    ELSE 0 END), 0)::smallint
  FROM events e
  WHERE e.org_id = org AND e.subject_id = lead AND e.subject_type = 'lead' AND NOT e.payload ? 'undoes'
    AND NOT (e.kind = 'lead.status_changed' AND EXISTS (
      SELECT FROM events u WHERE u.org_id = org AND u.subject_id = lead AND u.kind = 'lead.status_changed' AND u.seq > e.seq
        AND u.payload ? 'undoes' AND u.payload ->> 'from' = e.payload ->> 'to' AND u.payload ->> 'to' = e.payload ->> 'from'))
$$;
