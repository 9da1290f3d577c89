-- People, organisations, memberships, sessions.

CREATE TABLE organisations (
  org_id         uuid        PRIMARY KEY,
  name           text        NOT NULL CHECK (name <> ''),
  postal_address text        NOT NULL DEFAULT '',
  created_at     timestamptz NOT NULL
);
SELECT leadline_tenant_table('organisations');
SELECT leadline_system_access('organisations', 'select,insert');

-- A person belongs to no tenant: the same person may work for several organisations.
CREATE TABLE users (
  id            uuid        PRIMARY KEY,
  email         text        NOT NULL CHECK (email = lower(email)),
  name          text        NOT NULL CHECK (name <> ''),
  password_hash text        NOT NULL,
  created_at    timestamptz NOT NULL,
  CONSTRAINT users_email_key UNIQUE (email)
);
GRANT SELECT, INSERT, UPDATE ON users TO leadline_system;

CREATE TABLE memberships (
  org_id     uuid        NOT NULL REFERENCES organisations,
  user_id    uuid        NOT NULL REFERENCES users,
  role       text        NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'rep', 'viewer')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
SELECT leadline_tenant_table('memberships');
SELECT leadline_system_access('memberships', 'select,insert');

-- A tenant may know its own people, and never their passwords.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON users TO leadline_system USING (true) WITH CHECK (true);
CREATE POLICY colleagues ON users FOR SELECT TO leadline_runtime
  USING (EXISTS (SELECT FROM memberships m WHERE m.org_id = (SELECT leadline_org()) AND m.user_id = users.id));
GRANT SELECT (id, email, name, created_at) ON users TO leadline_runtime;
CREATE VIEW members WITH (security_invoker = true) AS
  SELECT m.org_id, m.user_id, m.role, u.name, u.email, m.created_at
  FROM memberships m JOIN users u ON u.id = m.user_id;
GRANT SELECT ON members TO leadline_runtime;

CREATE TABLE sessions (
  org_id       uuid        NOT NULL REFERENCES organisations,
  id           uuid        NOT NULL,
  user_id      uuid        NOT NULL REFERENCES users,
  token_hash   bytea       NOT NULL UNIQUE,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  user_agent   text        NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, id)
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
SELECT leadline_tenant_table('sessions');
SELECT leadline_system_access('sessions', 'select,insert,update,delete');
