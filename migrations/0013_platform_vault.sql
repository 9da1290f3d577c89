-- The keys under which secrets are stored, each wrapped (encrypted) under LEADLINE_SECRET_KEY.

CREATE TABLE vault_keys (
  id         int         PRIMARY KEY,
  purpose    text        NOT NULL CHECK (purpose IN ('root', 'secrets')),
  wrapped    bytea       NOT NULL,
  wrapped_by text        NOT NULL,  -- the fingerprint of the key it is wrapped under
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX vault_keys_one_root ON vault_keys (purpose) WHERE purpose = 'root';
SELECT leadline_system_access('vault_keys', 'select,insert,update');

-- An installation that is in use has sent links which LEADLINE_SECRET_KEY itself has signed. The empty
-- row tells its first start to keep that key as the root. Asked as the role that sees all organisations:
-- the schema's owner sees none through their row-level security.
SET LOCAL ROLE leadline_system;
INSERT INTO vault_keys (id, purpose, wrapped, wrapped_by) SELECT 1, 'root', '', '' WHERE EXISTS (SELECT FROM organisations);
RESET ROLE;
