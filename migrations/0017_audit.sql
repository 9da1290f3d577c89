-- The audit log, chained by hashes, and what in it looks like trouble. Both are made from the event log.

-- Rows that stay as they are: neither of our roles may change them, and for the owner of the database it
-- takes more than a statement that went astray.
CREATE FUNCTION leadline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- One entry for each act that is audited, numbered without gaps per organisation in commit order.
-- hash = SHA-256 of the entry's canonical form (RFC 8785), in which previous_hash stands: see the audit crate.
CREATE TABLE audit_entries (
  org_id        uuid        NOT NULL,
  no            bigint      NOT NULL CHECK (no > 0),
  at            timestamptz NOT NULL,
  -- 'user_<hex>', 'system' or 'provider'.
  actor         text        NOT NULL,
  -- A session or key, and an address; empty when Leadline acted by itself.
  origin        text        NOT NULL,
  kind          text        NOT NULL,
  subject_type  text        NOT NULL,
  subject_id    uuid        NOT NULL,
  details       jsonb       NOT NULL,
  previous_hash bytea       NOT NULL CHECK (octet_length(previous_hash) = 32),
  hash          bytea       NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (org_id, no)
);
CREATE INDEX audit_entries_actor ON audit_entries (org_id, actor, no);
CREATE INDEX audit_entries_subject ON audit_entries (org_id, subject_id, no);
CREATE INDEX audit_entries_family ON audit_entries (org_id, split_part(kind, '.', 1), no);
CREATE INDEX audit_entries_at ON audit_entries (org_id, at);
SELECT leadline_tenant_table('audit_entries');
REVOKE INSERT, UPDATE, DELETE ON audit_entries FROM leadline_runtime;
SELECT leadline_system_access('audit_entries', 'select,insert');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries EXECUTE FUNCTION leadline_append_only();

-- The last entry of each chain, so that entries missing at the end are missed.
CREATE TABLE audit_heads (
  org_id uuid   NOT NULL PRIMARY KEY,
  no     bigint NOT NULL,
  hash   bytea  NOT NULL CHECK (octet_length(hash) = 32)
);
SELECT leadline_tenant_table('audit_heads');
REVOKE INSERT, UPDATE, DELETE ON audit_heads FROM leadline_runtime;
SELECT leadline_system_access('audit_heads', 'select,insert,update');

-- What somebody should look at. org_id is the nil UUID for what concerns no organisation.
CREATE TABLE security_events (
  org_id   uuid        NOT NULL,
  id       uuid        NOT NULL,
  at       timestamptz NOT NULL,
  kind     text        NOT NULL,
  severity text        NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  user_id  uuid,
  address  text        NOT NULL DEFAULT '',
  details  jsonb       NOT NULL DEFAULT '{}',
  PRIMARY KEY (org_id, id)
);
CREATE INDEX security_events_newest ON security_events (org_id, at DESC, id DESC);
CREATE INDEX security_events_kind ON security_events (org_id, kind, at DESC);
SELECT leadline_tenant_table('security_events');
REVOKE INSERT, UPDATE, DELETE ON security_events FROM leadline_runtime;
SELECT leadline_system_access('security_events', 'select,insert');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events EXECUTE FUNCTION leadline_append_only();
