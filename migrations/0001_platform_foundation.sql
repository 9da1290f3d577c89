-- Roles, row-level security helpers, the event log, jobs, idempotency keys, projections' cursors.

-- Roles belong to the whole cluster, so another database of it may have made them already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadline_runtime') THEN
    CREATE ROLE leadline_runtime NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadline_system') THEN
    CREATE ROLE leadline_system NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases migrated at once
END $$;
GRANT leadline_runtime, leadline_system TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO leadline_runtime, leadline_system;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The organisation of this transaction; nothing when unset, so that policies fail closed.
CREATE FUNCTION leadline_org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.org_id', true), '')::uuid $$;

-- Puts a table with an org_id behind forced row-level security for the runtime role.
CREATE FUNCTION leadline_tenant_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY tenant ON %s TO leadline_runtime
    USING (org_id = (SELECT leadline_org())) WITH CHECK (org_id = (SELECT leadline_org()))', name);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO leadline_runtime', name);
END $$;

-- Opens a table to the cross-tenant plumbing, with the named privileges only.
CREATE FUNCTION leadline_system_access(name regclass, privileges text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF privileges !~* '^(select|insert|update|delete)(\s*,\s*(select|insert|update|delete))*$' THEN
    RAISE EXCEPTION 'privileges must be a list of select, insert, update, delete: %', privileges;
  END IF;
  EXECUTE format('GRANT %s ON %s TO leadline_system', privileges, name);
  IF (SELECT relrowsecurity FROM pg_class WHERE oid = name) THEN
    EXECUTE format('CREATE POLICY system ON %s TO leadline_system USING (true) WITH CHECK (true)', name);
  END IF;
END $$;

-- The one feed of timeline, realtime, insights and audit: append-only, in the transaction of the change.
-- Readers go by (xid, seq) below the snapshot's xmin, which is commit-safe: see the events crate.
CREATE TABLE events (
  org_id       uuid        NOT NULL,
  seq          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
  kind         text        NOT NULL,
  subject_type text        NOT NULL,
  subject_id   uuid        NOT NULL,
  actor        text        NOT NULL,
  at           timestamptz NOT NULL,
  payload      jsonb       NOT NULL DEFAULT '{}',
  PRIMARY KEY (org_id, seq)
) PARTITION BY HASH (org_id);
CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE events_3 PARTITION OF events FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE INDEX events_commit_order ON events (xid, seq);
CREATE INDEX events_subject ON events (org_id, subject_id, seq DESC);
SELECT leadline_tenant_table('events');
SELECT leadline_system_access('events', 'select,insert');
SELECT leadline_tenant_table(t::regclass) FROM unnest(ARRAY['events_0', 'events_1', 'events_2', 'events_3']) t;
-- Append-only: what has happened is not rewritten. Partitions are reached through the parent alone.
REVOKE UPDATE, DELETE ON events FROM leadline_runtime;
REVOKE ALL ON events_0, events_1, events_2, events_3 FROM leadline_runtime;

-- How far each projection has read.
CREATE TABLE event_cursors (
  consumer text PRIMARY KEY,
  xid      xid8   NOT NULL DEFAULT '0',
  seq      bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE ON event_cursors TO leadline_system;

-- Work to do, enqueued in the caller's transaction.
CREATE TABLE jobs (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  org_id         uuid,
  kind           text        NOT NULL,
  payload        jsonb       NOT NULL,
  priority       smallint    NOT NULL DEFAULT 0,
  run_at         timestamptz NOT NULL,
  state          text        NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'stopped', 'dead')),
  attempt        int         NOT NULL DEFAULT 0,
  max_attempts   int         NOT NULL DEFAULT 20,
  unique_key     text,
  lease_token    bigint      NOT NULL DEFAULT 0,
  leased_until   timestamptz,
  stop_requested boolean     NOT NULL DEFAULT false,
  progress       jsonb,
  last_error     text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  finished_at    timestamptz
) WITH (fillfactor = 80);
CREATE INDEX jobs_due ON jobs (priority DESC, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_leases ON jobs (leased_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique_key ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND state = 'ready';
CREATE INDEX jobs_running_key ON jobs (kind, unique_key) WHERE state = 'running';
SELECT leadline_tenant_table('jobs');
SELECT leadline_system_access('jobs', 'select,insert,update,delete');

-- When each scheduled job is next due.
CREATE TABLE job_schedules (
  kind    text PRIMARY KEY,
  next_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON job_schedules TO leadline_system;

-- Answers already given to POSTs, so that a repeated request is answered and not repeated.
CREATE TABLE idempotency_keys (
  org_id     uuid        NOT NULL,
  actor      text        NOT NULL,
  key        text        NOT NULL,
  request    bytea       NOT NULL,
  status     smallint,
  location   text,
  body       bytea,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
SELECT leadline_tenant_table('idempotency_keys');
SELECT leadline_system_access('idempotency_keys', 'select,delete');
