-- Everything about signing in: confirmed addresses, several ways in, sessions that belong to a person,
-- second factors, roles of an organisation's own, invitations, keys.

-- A person may come without a password (social sign-in, passkey), and without an organisation.
ALTER TABLE users
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD COLUMN email_confirmed_at   timestamptz,
  -- The address that waits for its confirmation.
  ADD COLUMN new_email            text CHECK (new_email = lower(new_email)),
  ADD COLUMN invited_at           timestamptz,
  ADD COLUMN confirmation_sent_at timestamptz,
  ADD COLUMN recovery_sent_at     timestamptz,
  ADD COLUMN email_change_sent_at timestamptz,
  ADD COLUMN reauthentication_sent_at timestamptz,
  ADD COLUMN last_sign_in_at      timestamptz,
  ADD COLUMN banned_until         timestamptz,
  -- Written by administrators, read by everybody's token; and written by the person.
  ADD COLUMN app_metadata         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(app_metadata) = 'object'),
  ADD COLUMN user_metadata        jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(user_metadata) = 'object'),
  ADD COLUMN updated_at           timestamptz;
UPDATE users SET email_confirmed_at = created_at, updated_at = created_at;
ALTER TABLE users ALTER COLUMN updated_at SET NOT NULL;
CREATE INDEX users_newest ON users (created_at DESC, id DESC);
GRANT DELETE ON users TO leadline_system;

-- How a person is known elsewhere: 'email' for their own address, 'google', 'linkedin_oidc', 'oidc', 'sso:<connection>'.
CREATE TABLE identities (
  id              uuid        PRIMARY KEY,
  user_id         uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  provider        text        NOT NULL,
  provider_id     text        NOT NULL,
  identity_data   jsonb       NOT NULL DEFAULT '{}',
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  last_sign_in_at timestamptz,
  UNIQUE (provider, provider_id)
);
CREATE INDEX identities_user ON identities (user_id);
INSERT INTO identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at)
  SELECT gen_random_uuid(), id, 'email', id::text,
         jsonb_build_object('sub', id, 'email', email, 'email_verified', true, 'phone_verified', false), created_at, created_at
  FROM users;

-- A session belongs to a person, not to an organisation: they may switch between theirs. Browsers hold
-- a random token in a cookie (its hash is here); clients of the Auth API hold a refresh token whose
-- number and seal are computed, so that nothing here helps to forge one.
DROP TABLE sessions;
CREATE TABLE sessions (
  id              uuid        PRIMARY KEY,
  user_id         uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  -- Where they work now.
  active_org      uuid        REFERENCES organisations,
  -- Signed in through an organisation's own identity provider: opens that organisation and nothing else.
  only_org        uuid        REFERENCES organisations,
  token_hash      bytea       UNIQUE,
  -- The number of the refresh token that is valid now.
  refresh_counter bigint      NOT NULL DEFAULT 0,
  -- When the tokens before it were exchanged, the newest last, as far as that was a moment ago.
  refreshed_at    timestamptz[] NOT NULL DEFAULT '{}',
  aal             smallint    NOT NULL DEFAULT 1 CHECK (aal IN (1, 2)),
  amr             jsonb       NOT NULL DEFAULT '[]',
  -- When the person last proved to be themselves with the strongest means they have.
  fresh_at        timestamptz NOT NULL,
  created_at      timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  last_seen_at    timestamptz NOT NULL,
  user_agent      text        NOT NULL DEFAULT '',
  address         text        NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at DESC);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Codes and links that were mailed. One of a kind and person at a time: a new one ends the old one.
CREATE TABLE one_time_tokens (
  id             uuid        PRIMARY KEY,
  user_id        uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  kind           text        NOT NULL CHECK (kind IN ('signup', 'magiclink', 'recovery', 'invite', 'email_change', 'email_change_current', 'reauthentication')),
  -- The address it was sent to, which is the one that it proves.
  email          text        NOT NULL,
  code_hash      bytea       NOT NULL,
  token_hash     bytea       NOT NULL UNIQUE,
  -- Wrong codes so far: six digits bear few guesses.
  failures       int         NOT NULL DEFAULT 0,
  code_challenge text,
  challenge_method text,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  UNIQUE (user_id, kind)
);
CREATE INDEX one_time_tokens_email ON one_time_tokens (email, kind);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);

-- An authorization code of the PKCE flow (RFC 7636), between the redirect and its exchange.
CREATE TABLE flow_states (
  code_hash        bytea       PRIMARY KEY,
  user_id          uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  -- How they proved who they are; becomes the session's amr.
  method           text        NOT NULL,
  code_challenge   text        NOT NULL,
  challenge_method text        NOT NULL CHECK (challenge_method IN ('s256', 'plain')),
  only_org         uuid        REFERENCES organisations,
  -- What the identity provider handed out, sealed; given to the client once.
  provider_tokens  bytea,
  created_at       timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL
);
CREATE INDEX flow_states_expiry ON flow_states (expires_at);
CREATE INDEX flow_states_user ON flow_states (user_id);

-- A visit to an identity provider that has not come back yet, found by the hash of its `state`.
CREATE TABLE provider_visits (
  state_hash       bytea       PRIMARY KEY,
  provider         text        NOT NULL,
  -- A browser of ours is recognised by a cookie; a client of the Auth API by its code challenge.
  browser_hash     bytea,
  nonce            text        NOT NULL,
  -- Sealed: the code verifier, and where to go afterwards, which may hold the token of an invitation.
  sealed           bytea       NOT NULL,
  code_challenge   text,
  challenge_method text,
  -- Somebody signed in who adds another way in.
  link_user        uuid        REFERENCES users ON DELETE CASCADE,
  created_at       timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL
);
CREATE INDEX provider_visits_expiry ON provider_visits (expires_at);

-- Second factors. A passkey can also be the only means of signing in.
CREATE TABLE mfa_factors (
  id                 uuid        PRIMARY KEY,
  user_id            uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
  kind               text        NOT NULL CHECK (kind IN ('totp', 'webauthn')),
  status             text        NOT NULL DEFAULT 'unverified' CHECK (status IN ('unverified', 'verified')),
  friendly_name      text        NOT NULL DEFAULT '',
  -- TOTP: the shared secret, sealed. WebAuthn: the credential, sealed.
  secret             bytea       NOT NULL,
  -- TOTP: the last time step that was used, so that a code works once.
  last_step          bigint      NOT NULL DEFAULT 0,
  credential_id      bytea       UNIQUE,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  last_challenged_at timestamptz,
  last_used_at       timestamptz
);
CREATE UNIQUE INDEX mfa_factors_name ON mfa_factors (user_id, friendly_name) WHERE friendly_name <> '';
CREATE INDEX mfa_factors_user ON mfa_factors (user_id);

-- A question that waits for its answer: a TOTP challenge, or the state of a WebAuthn ceremony.
CREATE TABLE mfa_challenges (
  id         uuid        PRIMARY KEY,
  factor_id  uuid        REFERENCES mfa_factors ON DELETE CASCADE,
  user_id    uuid        REFERENCES users ON DELETE CASCADE,
  purpose    text        NOT NULL DEFAULT 'verify',
  state      bytea,
  failures   int         NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX mfa_challenges_expiry ON mfa_challenges (expires_at);
CREATE INDEX mfa_challenges_factor ON mfa_challenges (factor_id);
CREATE INDEX mfa_challenges_user ON mfa_challenges (user_id);

CREATE TABLE recovery_codes (
  user_id   uuid  NOT NULL REFERENCES users ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  used_at   timestamptz,
  PRIMARY KEY (user_id, code_hash)
);

-- The keys that sign access tokens (ES256, RFC 7518). One is current; those before it verify on for a day.
CREATE TABLE signing_keys (
  kid         uuid        PRIMARY KEY,
  private_key bytea       NOT NULL,
  public_jwk  jsonb       NOT NULL,
  created_at  timestamptz NOT NULL,
  retired_at  timestamptz
);
CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((true)) WHERE retired_at IS NULL;

-- None of these belongs to an organisation; only the system role sees them.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['identities', 'sessions', 'one_time_tokens', 'flow_states', 'provider_visits', 'mfa_factors', 'mfa_challenges', 'recovery_codes', 'signing_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    PERFORM leadline_system_access(name::regclass, 'select,insert,update,delete');
  END LOOP;
END $$;

-- Teams: what 'team' visibility goes by.
CREATE TABLE teams (
  org_id     uuid        NOT NULL REFERENCES organisations,
  id         uuid        NOT NULL,
  name       text        NOT NULL CHECK (name <> ''),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX teams_name ON teams (org_id, lower(name));
SELECT leadline_tenant_table('teams');

-- Roles of an organisation's own making; the five of ours are in the code.
CREATE TABLE roles (
  org_id      uuid        NOT NULL REFERENCES organisations,
  id          uuid        NOT NULL,
  name        text        NOT NULL CHECK (name <> ''),
  permissions text[]      NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX roles_name ON roles (org_id, lower(name));
SELECT leadline_tenant_table('roles');
SELECT leadline_system_access('roles', 'select');

-- What an organisation decides about a role, ours or its own ('owner' … 'viewer', or 'role_<hex>').
CREATE TABLE role_settings (
  org_id       uuid    NOT NULL REFERENCES organisations,
  role         text    NOT NULL,
  visibility   text    NOT NULL DEFAULT 'all' CHECK (visibility IN ('all', 'team', 'own')),
  mfa_required boolean NOT NULL DEFAULT false,
  PRIMARY KEY (org_id, role)
);
SELECT leadline_tenant_table('role_settings');
SELECT leadline_system_access('role_settings', 'select');

ALTER TABLE memberships
  DROP CONSTRAINT memberships_role_check,
  ADD CONSTRAINT memberships_role_check CHECK (role IN ('owner', 'admin', 'manager', 'rep', 'viewer') OR role ~ '^role_[0-9a-f]{32}$'),
  ADD COLUMN team_id uuid,
  ADD CONSTRAINT memberships_team_fkey FOREIGN KEY (org_id, team_id) REFERENCES teams (org_id, id) ON DELETE SET NULL (team_id);
CREATE INDEX memberships_team ON memberships (org_id, team_id) WHERE team_id IS NOT NULL;
GRANT UPDATE, DELETE ON memberships TO leadline_system;
CREATE OR REPLACE VIEW members WITH (security_invoker = true) AS
  SELECT m.org_id, m.user_id, m.role, u.name, u.email, m.created_at, m.team_id
  FROM memberships m JOIN users u ON u.id = m.user_id;

-- What colleagues may know of each other beyond that: whether they have a second factor, and when they last
-- worked here (and not elsewhere). Owned by a role that may read these columns and no more.
GRANT SELECT ON memberships TO leadline_reader;
GRANT SELECT (id, name, email) ON users TO leadline_reader;
GRANT SELECT (user_id, status) ON mfa_factors TO leadline_reader;
GRANT SELECT (user_id, active_org, last_seen_at) ON sessions TO leadline_reader;
CREATE POLICY reader ON memberships FOR SELECT TO leadline_reader USING (true);
CREATE POLICY reader ON users FOR SELECT TO leadline_reader USING (true);
CREATE POLICY reader ON mfa_factors FOR SELECT TO leadline_reader USING (true);
CREATE POLICY reader ON sessions FOR SELECT TO leadline_reader USING (true);
CREATE VIEW member_rows AS
  SELECT m.org_id, m.user_id, u.name, u.email, m.role, m.team_id, m.created_at,
         EXISTS (SELECT FROM mfa_factors f WHERE f.user_id = m.user_id AND f.status = 'verified') AS has_mfa,
         (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = m.user_id AND s.active_org = m.org_id) AS last_seen_at
  FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = (SELECT leadline_org());
GRANT CREATE ON SCHEMA public TO leadline_reader;
ALTER VIEW member_rows OWNER TO leadline_reader;
REVOKE CREATE ON SCHEMA public FROM leadline_reader;
GRANT SELECT ON member_rows TO leadline_runtime;

-- A place in an organisation that waits for somebody with this address.
CREATE TABLE invitations (
  org_id      uuid        NOT NULL REFERENCES organisations,
  id          uuid        NOT NULL,
  email       text        NOT NULL CHECK (email = lower(email)),
  role        text        NOT NULL,
  team_id     uuid,
  token_hash  bytea       NOT NULL UNIQUE,
  -- Whoever leaves takes their invitations along: nobody comes back by one they have sent to themselves.
  invited_by  uuid        NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, team_id) REFERENCES teams (org_id, id) ON DELETE SET NULL (team_id),
  FOREIGN KEY (org_id, invited_by) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX invitations_email ON invitations (org_id, email);
CREATE INDEX invitations_by_email ON invitations (email);
SELECT leadline_tenant_table('invitations');
SELECT leadline_system_access('invitations', 'select,delete');

-- Who signs in with a confirmed address of this domain joins by themselves.
CREATE TABLE organisation_domains (
  org_id     uuid        NOT NULL REFERENCES organisations,
  domain     text        NOT NULL CHECK (domain = lower(domain)),
  role       text        NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (org_id, domain),
  UNIQUE (domain)
);
SELECT leadline_tenant_table('organisation_domains');
SELECT leadline_system_access('organisation_domains', 'select');

-- An organisation's own identity provider.
CREATE TABLE sso_connections (
  org_id        uuid        NOT NULL REFERENCES organisations,
  id            uuid        NOT NULL,
  label         text        NOT NULL,
  issuer        text        NOT NULL,
  client_id     text        NOT NULL,
  client_secret bytea       NOT NULL,
  -- Addresses of these domains are sent here by the sign-in page.
  domains       text[]      NOT NULL DEFAULT '{}',
  default_role  text        NOT NULL,
  -- Members must come this way; owners keep their password, so that a broken provider locks nobody out.
  enforced      boolean     NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  PRIMARY KEY (org_id, id)
);
SELECT leadline_tenant_table('sso_connections');
SELECT leadline_system_access('sso_connections', 'select');

-- Keys of programs. The hash of the whole key finds its row; the key itself is shown once.
CREATE TABLE api_keys (
  org_id       uuid        NOT NULL REFERENCES organisations,
  id           uuid        NOT NULL,
  name         text        NOT NULL CHECK (name <> ''),
  -- The first characters, to recognise a key by.
  prefix       text        NOT NULL,
  key_hash     bytea       NOT NULL UNIQUE,
  scopes       text[]      NOT NULL,
  -- CIDR blocks; none: from everywhere.
  addresses    text[]      NOT NULL DEFAULT '{}',
  -- A key acts for this person and dies with their membership.
  created_by   uuid        NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  last_used_at timestamptz,
  last_used_from text      NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, created_by) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE
);
SELECT leadline_tenant_table('api_keys');
SELECT leadline_system_access('api_keys', 'select,update');

-- Nodes remember who is signed in. Whatever changes that tells them all, in the transaction of the
-- change: no code path can forget to.
CREATE FUNCTION leadline_auth_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('leadline_auth', TG_ARGV[0] || ':' || (to_jsonb(CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END) ->> TG_ARGV[1]));
  RETURN NULL;
END $$;
CREATE TRIGGER auth_changed AFTER UPDATE OF active_org, only_org, token_hash, aal, fresh_at, expires_at OR DELETE ON sessions
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('session', 'id');
CREATE TRIGGER auth_changed AFTER UPDATE OF email, name, password_hash, email_confirmed_at, banned_until, app_metadata OR DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('user', 'id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OF status OR DELETE ON mfa_factors
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('user', 'user_id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('org', 'org_id');
CREATE TRIGGER auth_changed AFTER UPDATE OR DELETE ON organisations
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('org', 'org_id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OR DELETE ON roles
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('org', 'org_id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OR DELETE ON role_settings
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('org', 'org_id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OR DELETE ON sso_connections
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('org', 'org_id');
CREATE TRIGGER auth_changed AFTER UPDATE OF scopes, addresses, expires_at, key_hash OR DELETE ON api_keys
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('key', 'id');
CREATE TRIGGER auth_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys
  FOR EACH ROW EXECUTE FUNCTION leadline_auth_changed('signing', 'kid');

-- Letters about somebody's own account lie in the development mailbox like any other mail, but their links
-- open the account: they are shown to this address, and to owners.
ALTER TABLE caught_mail ADD COLUMN private_to text;
