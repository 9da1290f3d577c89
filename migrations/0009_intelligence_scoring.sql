-- The scoring model of each organisation, what leads did with their mail, and who waits for a score.

-- Every model an organisation has had; the highest version is in force. None: the defaults.
CREATE TABLE scoring_models (
  org_id     uuid        NOT NULL REFERENCES organisations,
  version    int         NOT NULL CHECK (version > 0),
  -- How the score is made; a learned one will be another kind beside this.
  kind       text        NOT NULL DEFAULT 'points' CHECK (kind = 'points'),
  weights    jsonb       NOT NULL CHECK (jsonb_typeof(weights) = 'object'),
  updated_at timestamptz NOT NULL,
  updated_by uuid        NOT NULL,
  PRIMARY KEY (org_id, version)
);
SELECT leadline_tenant_table('scoring_models');

-- What people (not machines) did, summed up from the event log by the projection alone.
-- No foreign key: an event may be read after its lead is gone.
CREATE TABLE intelligence_engagement (
  org_id       uuid        NOT NULL,
  lead_id      uuid        NOT NULL,
  opens        int         NOT NULL DEFAULT 0,
  clicks       int         NOT NULL DEFAULT 0,
  replies      int         NOT NULL DEFAULT 0,
  bounces      int         NOT NULL DEFAULT 0,
  complaints   int         NOT NULL DEFAULT 0,
  unsubscribes int         NOT NULL DEFAULT 0,
  -- Of the newest open, click or reply.
  last_at      timestamptz,
  PRIMARY KEY (org_id, lead_id)
) WITH (fillfactor = 85);
CREATE INDEX intelligence_engagement_recent ON intelligence_engagement (org_id, last_at DESC, lead_id) WHERE last_at IS NOT NULL;
SELECT leadline_tenant_table('intelligence_engagement');
SELECT leadline_system_access('intelligence_engagement', 'select,insert,update,delete');
REVOKE INSERT, UPDATE, DELETE ON intelligence_engagement FROM leadline_runtime;

-- Leads whose facts have changed since they were scored.
CREATE TABLE intelligence_pending (
  org_id  uuid NOT NULL,
  lead_id uuid NOT NULL,
  PRIMARY KEY (org_id, lead_id)
);
SELECT leadline_tenant_table('intelligence_pending');
SELECT leadline_system_access('intelligence_pending', 'select,insert,update');
