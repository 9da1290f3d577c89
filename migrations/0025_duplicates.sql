-- Leads that may be one person, what was decided about them, and what a merge moves.

-- What an organisation wants and what its decisions have taught.
CREATE TABLE duplicate_settings (
  org_id         uuid             NOT NULL REFERENCES organisations,
  -- Clusters below this probability are not shown.
  show_from      double precision NOT NULL DEFAULT 0.8 CHECK (show_from BETWEEN 0.5 AND 0.999),
  -- Off until somebody switches it on: a merge deletes leads, so the first ones are looked at.
  automatic      boolean          NOT NULL DEFAULT false,
  automatic_from double precision NOT NULL DEFAULT 0.995 CHECK (automatic_from BETWEEN 0.9 AND 0.9999),
  -- The model's log-odds become slope * odds + intercept.
  slope          double precision NOT NULL DEFAULT 1 CHECK (slope > 0),
  intercept      double precision NOT NULL DEFAULT 0,
  updated_at     timestamptz      NOT NULL,
  PRIMARY KEY (org_id)
);
SELECT leadline_tenant_table('duplicate_settings');

-- Leads whose facts have changed since they were compared.
CREATE TABLE duplicate_pending (
  org_id  uuid NOT NULL,
  lead_id uuid NOT NULL,
  PRIMARY KEY (org_id, lead_id)
);
SELECT leadline_tenant_table('duplicate_pending');
SELECT leadline_system_access('duplicate_pending', 'select,insert,update');

-- Blocking keys: hashes of what two leads must share to be compared. No foreign key: what is gone is taken out
-- when the log tells of it, and nothing here shows anything.
CREATE TABLE duplicate_keys (
  org_id  uuid   NOT NULL,
  key     bigint NOT NULL,
  lead_id uuid   NOT NULL,
  PRIMARY KEY (org_id, key, lead_id)
);
SELECT leadline_tenant_table('duplicate_keys');
-- The keys that each lead has above, so that they are found again when it changes.
CREATE TABLE duplicate_prints (
  org_id  uuid     NOT NULL,
  lead_id uuid     NOT NULL,
  keys    bigint[] NOT NULL,
  PRIMARY KEY (org_id, lead_id)
);
SELECT leadline_tenant_table('duplicate_prints');

CREATE TABLE duplicate_pairs (
  org_id     uuid             NOT NULL,
  low        uuid             NOT NULL,
  high       uuid             NOT NULL,
  -- log2 of the odds that they are one person, before anything was learned.
  bits       double precision NOT NULL,
  -- [{"level": "name_same", "bits": 9.4}, …]
  evidence   jsonb            NOT NULL,
  decision   text             NOT NULL DEFAULT '' CHECK (decision IN ('', 'merged', 'rejected')),
  -- NULL: nobody, the pair was merged automatically.
  decided_by uuid,
  decided_at timestamptz,
  PRIMARY KEY (org_id, low, high),
  CHECK (low < high)
);
CREATE INDEX duplicate_pairs_high ON duplicate_pairs (org_id, high);
CREATE INDEX duplicate_pairs_decided ON duplicate_pairs (org_id, decided_at DESC) WHERE decision <> '';
SELECT leadline_tenant_table('duplicate_pairs');

CREATE TABLE duplicate_clusters (
  org_id   uuid             NOT NULL,
  id       uuid             NOT NULL,
  -- Sorted.
  lead_ids uuid[]           NOT NULL,
  -- Of the weakest pair that holds it together.
  bits     double precision NOT NULL,
  -- A merge of some of them was taken back: only a person merges them again.
  by_hand  boolean          NOT NULL DEFAULT false,
  found_at timestamptz      NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX duplicate_clusters_surest ON duplicate_clusters (org_id, bits DESC, id DESC);
SELECT leadline_tenant_table('duplicate_clusters');
CREATE TABLE duplicate_members (
  org_id     uuid NOT NULL,
  lead_id    uuid NOT NULL,
  cluster_id uuid NOT NULL,
  PRIMARY KEY (org_id, lead_id),
  FOREIGN KEY (org_id, cluster_id) REFERENCES duplicate_clusters ON DELETE CASCADE
);
CREATE INDEX duplicate_members_cluster ON duplicate_members (org_id, cluster_id);
SELECT leadline_tenant_table('duplicate_members');

-- A cluster of which somebody sees only some leads is not theirs to judge.
CREATE POLICY visible ON duplicate_clusters AS RESTRICTIVE TO leadline_restricted
  USING (NOT EXISTS (SELECT FROM unnest(lead_ids) m
                     WHERE NOT EXISTS (SELECT FROM leads l WHERE l.org_id = duplicate_clusters.org_id AND l.id = m)));
SELECT leadline_shows_lead('duplicate_members', 'lead_id');
CREATE POLICY visible ON duplicate_pairs AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM leads l WHERE l.org_id = duplicate_pairs.org_id AND l.id = low)
      AND EXISTS (SELECT FROM leads l WHERE l.org_id = duplicate_pairs.org_id AND l.id = high));

-- Where the leads are that were merged: the timeline of the one that stays tells of them, too.
CREATE TABLE lead_merges (
  org_id  uuid        NOT NULL,
  -- The lead that is gone.
  id      uuid        NOT NULL,
  into_id uuid        NOT NULL,
  at      timestamptz NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX lead_merges_into ON lead_merges (org_id, into_id);
SELECT leadline_tenant_table('lead_merges');
SELECT leadline_shows_lead('lead_merges', 'into_id');
SELECT leadline_captured('lead_merges', true);

-- What leadline_move_lead gave to the lead that stays. Removing a row of lead_merges takes it back; a change set that
-- is undone removes that row last, because it was written first.
CREATE TABLE lead_merge_moves (
  org_id      uuid   NOT NULL,
  id          uuid   NOT NULL,
  into_id     uuid   NOT NULL,
  sends       uuid[] NOT NULL,
  segments    uuid[] NOT NULL,
  -- [{"before": enrollment or null, "after": enrollment}, …]
  enrollments jsonb  NOT NULL,
  PRIMARY KEY (org_id, id)
);
SELECT leadline_tenant_table('lead_merge_moves');
SELECT leadline_shows_lead('lead_merge_moves', 'into_id');
-- Double sends go with the lead that is gone.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['sends', 'provider_messages'] LOOP
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass AND tgname = 'capture_delete') THEN
      PERFORM leadline_captured(name::regclass, false);
    END IF;
  END LOOP;
END $$;

-- What happened to a lead before it was merged is visible with the lead that it became.
DROP POLICY visible ON events;
CREATE POLICY visible ON events AS RESTRICTIVE FOR SELECT TO leadline_restricted
  USING (subject_type <> 'lead'
      OR EXISTS (SELECT FROM leads l WHERE l.org_id = events.org_id AND l.id = events.subject_id)
      OR EXISTS (SELECT FROM lead_merges m WHERE m.org_id = events.org_id AND m.id = events.subject_id));

-- Gives sends and enrollments of lead `loser` to `survivor`, and writes down what it did. Returns false, having
-- done nothing, while a mail to one of them is on its way. In a campaign that both are in, the survivor goes on where
-- the further of them was, and nothing is sent twice; if either had stopped, it has stopped.
CREATE FUNCTION leadline_move_lead(loser uuid, survivor uuid, at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  org uuid := leadline_org();
  theirs enrollments;
  before enrollments;
  after enrollments;
  told jsonb := '[]';
  moved uuid[];
  all_moved uuid[] := '{}';
  joined uuid[];
BEGIN
  PERFORM FROM enrollments e JOIN sends s ON s.org_id = e.org_id AND s.campaign_id = e.campaign_id AND s.lead_id = e.lead_id
    WHERE e.org_id = org AND e.lead_id IN (loser, survivor) ORDER BY s.id FOR UPDATE OF s;
  IF EXISTS (SELECT FROM enrollments e JOIN sends s ON s.org_id = e.org_id AND s.campaign_id = e.campaign_id AND s.lead_id = e.lead_id
             WHERE e.org_id = org AND e.lead_id IN (loser, survivor) AND s.state = 'claimed') THEN
    RETURN false;
  END IF;

  INSERT INTO lead_merges (org_id, id, into_id, at) VALUES (org, loser, survivor, leadline_move_lead.at);
  UPDATE lead_merges SET into_id = survivor WHERE org_id = org AND into_id = loser;
  SELECT coalesce(array_agg(m.segment_id), '{}') INTO joined FROM segment_members m
  WHERE m.org_id = org AND m.lead_id = loser
    AND NOT EXISTS (SELECT FROM segment_members o WHERE o.org_id = org AND o.segment_id = m.segment_id AND o.lead_id = survivor);

  FOR theirs IN SELECT * FROM enrollments WHERE org_id = org AND lead_id = loser ORDER BY campaign_id FOR UPDATE LOOP
    SELECT * INTO before FROM enrollments WHERE org_id = org AND campaign_id = theirs.campaign_id AND lead_id = survivor FOR UPDATE;
    IF NOT FOUND THEN
      after := theirs;
      after.lead_id := survivor;
      INSERT INTO enrollments SELECT after.*;
      before := NULL;
    ELSE
      UPDATE enrollments e SET
        state = CASE WHEN 'stopped' IN (e.state, theirs.state) THEN 'stopped' WHEN 'finished' IN (e.state, theirs.state) THEN 'finished' ELSE 'active' END,
        reason = coalesce(nullif(e.reason, ''), theirs.reason),
        step = greatest(e.step, theirs.step),
        next_at = CASE WHEN theirs.step > e.step THEN theirs.next_at ELSE e.next_at END,
        enrolled_at = least(e.enrolled_at, theirs.enrolled_at),
        ended_at = CASE WHEN e.state = 'active' THEN theirs.ended_at ELSE e.ended_at END
      WHERE e.org_id = org AND e.campaign_id = theirs.campaign_id AND e.lead_id = survivor
      RETURNING * INTO after;
    END IF;
    told := told || jsonb_build_array(jsonb_build_object('before', to_jsonb(before), 'after', to_jsonb(after)));

    -- Of two mails of one step the one that has gone out counts.
    DELETE FROM sends s USING sends o
    WHERE s.org_id = org AND s.campaign_id = theirs.campaign_id AND s.lead_id = survivor AND s.state = 'planned'
      AND o.org_id = org AND o.campaign_id = s.campaign_id AND o.lead_id = loser AND o.step_id = s.step_id AND o.state <> 'planned';
    WITH given AS (
      UPDATE sends s SET lead_id = survivor
      WHERE s.org_id = org AND s.campaign_id = theirs.campaign_id AND s.lead_id = loser
        AND NOT EXISTS (SELECT FROM sends o WHERE o.org_id = org AND o.campaign_id = s.campaign_id AND o.lead_id = survivor AND o.step_id = s.step_id)
      RETURNING s.id)
    SELECT coalesce(array_agg(id), '{}') INTO moved FROM given;
    all_moved := all_moved || moved;
    -- What is planned for a sequence that has ended would only be closed later.
    IF after.state <> 'active' THEN
      DELETE FROM sends s WHERE s.org_id = org AND s.campaign_id = theirs.campaign_id AND s.lead_id = survivor AND s.state = 'planned'
        AND NOT s.id = ANY (moved);
    END IF;
  END LOOP;

  INSERT INTO lead_merge_moves (org_id, id, into_id, sends, segments, enrollments) VALUES (org, loser, survivor, all_moved, joined, told);
  UPDATE leads l SET last_activity_at = greatest(l.last_activity_at, o.last_activity_at) FROM leads o
  WHERE l.org_id = org AND l.id = survivor AND o.org_id = org AND o.id = loser AND o.last_activity_at > coalesce(l.last_activity_at, '-infinity');
  RETURN true;
END $$;

-- The merge is taken back: the lead is there again, with its enrollments. What has gone on since stays where it is.
CREATE FUNCTION leadline_unmove_lead() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moves lead_merge_moves;
  entry jsonb;
  was enrollments;
  became enrollments;
BEGIN
  DELETE FROM lead_merge_moves m WHERE m.org_id = OLD.org_id AND m.id = OLD.id RETURNING * INTO moves;
  IF NOT FOUND OR NOT EXISTS (SELECT FROM leads l WHERE l.org_id = OLD.org_id AND l.id = OLD.id) THEN
    RETURN NULL;
  END IF;
  UPDATE sends s SET lead_id = OLD.id WHERE s.org_id = OLD.org_id AND s.id = ANY (moves.sends)
    AND EXISTS (SELECT FROM enrollments e WHERE e.org_id = s.org_id AND e.campaign_id = s.campaign_id AND e.lead_id = OLD.id);
  FOR entry IN SELECT * FROM jsonb_array_elements(moves.enrollments) LOOP
    became := jsonb_populate_record(NULL::enrollments, entry -> 'after');
    IF jsonb_typeof(entry -> 'before') = 'object' AND entry -> 'before' ->> 'lead_id' IS NOT NULL THEN
      was := jsonb_populate_record(NULL::enrollments, entry -> 'before');
      UPDATE enrollments e SET state = was.state, reason = was.reason, step = was.step, next_at = was.next_at, enrolled_at = was.enrolled_at,
        ended_at = was.ended_at
      WHERE e = became;
    ELSE
      DELETE FROM enrollments e WHERE e = became;
    END IF;
  END LOOP;
  DELETE FROM segment_members m WHERE m.org_id = OLD.org_id AND m.lead_id = moves.into_id AND m.segment_id = ANY (moves.segments);
  RETURN NULL;
END $$;
CREATE TRIGGER unmove AFTER DELETE ON lead_merges FOR EACH ROW EXECUTE FUNCTION leadline_unmove_lead();

-- Whether somebody has asked not to be written to at one of these addresses. A mailbox that does not exist is no such wish.
CREATE FUNCTION leadline_asked_for_silence(addresses text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM suppressions x WHERE x.org_id = leadline_org() AND x.email = ANY (addresses) AND x.reason <> 'bounced')
$$;

-- Accounts that may be one company. Names without legal forms and signs; of domains what was registered: under a
-- country's two letters the usual second levels count as part of the suffix.
CREATE FUNCTION leadline_company_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT regexp_replace(regexp_replace(lower(replace(name, '.', '')),
    '\m(ab|ag|aps|as|bv|co|company|corp|corporation|gmbh|group|holding|holdings|inc|incorporated|kg|limited|llc|llp|ltd|nv|oy|plc|pty|sa|sarl|sas|se|sl|spa|srl|the)\M', '', 'g'),
    '[^[:alnum:]]+', '', 'g')
$$;
CREATE FUNCTION leadline_registrable(domain text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(substring(domain from '[^.]+\.(?:ac|co|com|edu|gob|gov|ltd|me|ne|net|or|org|plc)\.[a-z][a-z]$'), substring(domain from '[^.]+\.[^.]+$'), domain)
$$;
CREATE INDEX accounts_by_company_key ON accounts (org_id, leadline_company_key(name), id);
CREATE INDEX accounts_by_registrable ON accounts (org_id, leadline_registrable(domain)) WHERE domain <> '';
-- The sorts of the list of accounts.
CREATE INDEX accounts_by_created ON accounts (org_id, created_at, id);
CREATE INDEX accounts_by_employees ON accounts (org_id, coalesce(employee_count, -1), id);
CREATE INDEX accounts_by_revenue ON accounts (org_id, coalesce(annual_revenue, -1::bigint), id);
