-- Campaigns, their steps, who is in them, and the send ledger.

CREATE TABLE campaigns (
  org_id         uuid        NOT NULL,
  id             uuid        NOT NULL,
  name           text        NOT NULL CHECK (name <> ''),
  status         text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'paused', 'finished')),
  -- Why Leadline itself paused it, in words for people; '' when a person did.
  status_reason  text        NOT NULL DEFAULT '',
  -- A lead filter; null is every lead.
  audience       jsonb,
  sender_name    text        NOT NULL DEFAULT '',
  sender_address text        NOT NULL DEFAULT '' CHECK (sender_address = lower(sender_address)),
  reply_to       text        NOT NULL DEFAULT '' CHECK (reply_to = lower(reply_to)),
  max_per_minute int         CHECK (max_per_minute > 0),
  max_per_day    int         CHECK (max_per_day > 0),
  -- The provider asked for a pause, or is down: no claims before this (database clock).
  held_until     timestamptz,
  hold_reason    text        NOT NULL DEFAULT '',
  created_by     uuid,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  launched_at    timestamptz,
  finished_at    timestamptz,
  -- For If-Match: counts the changes.
  version        int         NOT NULL DEFAULT 1,
  PRIMARY KEY (org_id, id)
);
CREATE INDEX campaigns_newest ON campaigns (org_id, created_at DESC, id DESC);
CREATE INDEX campaigns_running ON campaigns (id) WHERE status = 'running';
SELECT leadline_tenant_table('campaigns');
-- The sweep looks for running campaigns of all tenants.
SELECT leadline_system_access('campaigns', 'select');

-- How much of its limits a campaign has used, in business time.
CREATE TABLE campaign_pace (
  org_id       uuid        NOT NULL,
  campaign_id  uuid        NOT NULL,
  minute       timestamptz NOT NULL,
  minute_count int         NOT NULL,
  day          timestamptz NOT NULL,
  day_count    int         NOT NULL,
  PRIMARY KEY (org_id, campaign_id),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns ON DELETE CASCADE
);
SELECT leadline_tenant_table('campaign_pace');

CREATE TABLE campaign_steps (
  org_id        uuid     NOT NULL,
  id            uuid     NOT NULL,
  campaign_id   uuid     NOT NULL,
  position      smallint NOT NULL CHECK (position BETWEEN 1 AND 20),
  -- After the previous step was sent; of the first step, after the launch.
  delay_minutes int      NOT NULL CHECK (delay_minutes BETWEEN 0 AND 525600),
  subject       text     NOT NULL,
  html          text     NOT NULL,
  -- '' means: made from the HTML.
  text          text     NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns ON DELETE CASCADE,
  CONSTRAINT campaign_steps_position_key UNIQUE (org_id, campaign_id, position) DEFERRABLE INITIALLY DEFERRED
);
SELECT leadline_tenant_table('campaign_steps');

-- A lead on its way through a campaign.
CREATE TABLE enrollments (
  org_id      uuid        NOT NULL,
  campaign_id uuid        NOT NULL,
  lead_id     uuid        NOT NULL,
  state       text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'finished', 'stopped')),
  reason      text        NOT NULL DEFAULT ''
              CHECK ((state = 'stopped') = (reason <> '') AND reason IN
                ('', 'replied', 'converted', 'lost', 'unsubscribed', 'bounced', 'complained', 'suppressed', 'no_address', 'failed')),
  -- The position of the step that comes next, and when; null while that step is in the ledger and undecided.
  step        smallint    NOT NULL DEFAULT 1,
  next_at     timestamptz,
  -- The lead's status on entering: only a change from it stops the sequence.
  entered_as  text        NOT NULL,
  enrolled_at timestamptz NOT NULL,
  ended_at    timestamptz,
  PRIMARY KEY (org_id, campaign_id, lead_id),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns ON DELETE CASCADE,
  FOREIGN KEY (org_id, lead_id) REFERENCES leads ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX enrollments_due ON enrollments (org_id, campaign_id, next_at, lead_id) WHERE state = 'active' AND next_at IS NOT NULL;
CREATE INDEX enrollments_lead ON enrollments (org_id, lead_id);
SELECT leadline_tenant_table('enrollments');

-- The send ledger: one row per (campaign, step, lead), made before anything is sent.
-- planned -> claimed (part of a batch with a lease) -> sent | failed | suppressed | unknown (parked).
-- The key a provider knows a message by is 'send/' and the id.
CREATE TABLE sends (
  org_id         uuid        NOT NULL,
  id             uuid        NOT NULL,
  campaign_id    uuid        NOT NULL,
  step_id        uuid        NOT NULL,
  step_no        smallint    NOT NULL,
  lead_id        uuid        NOT NULL,
  state          text        NOT NULL DEFAULT 'planned'
                 CHECK (state IN ('planned', 'claimed', 'sent', 'failed', 'suppressed', 'unknown')),
  -- Why it was suppressed or failed, for programs; last_error says it in words.
  reason         text        NOT NULL DEFAULT '',
  last_error     text        NOT NULL DEFAULT '',
  -- Not claimed before this (business time): a refusal that may pass is tried again later.
  not_before     timestamptz NOT NULL,
  batch_id       uuid,
  attempts       smallint    NOT NULL DEFAULT 0,
  email          text        NOT NULL DEFAULT '',
  subject        text        NOT NULL DEFAULT '',
  message_id     text        NOT NULL DEFAULT '',
  provider_id    text        NOT NULL DEFAULT '',
  planned_at     timestamptz NOT NULL,
  claimed_at     timestamptz,
  sent_at        timestamptz,
  delivered_at   timestamptz,
  -- The first opening and click by a person; machines are counted apart.
  opened_at      timestamptz,
  clicked_at     timestamptz,
  bounced_at     timestamptz,
  complained_at  timestamptz,
  opens          int         NOT NULL DEFAULT 0,
  clicks         int         NOT NULL DEFAULT 0,
  machine_opens  int         NOT NULL DEFAULT 0,
  machine_clicks int         NOT NULL DEFAULT 0,
  PRIMARY KEY (org_id, id),
  CONSTRAINT sends_once UNIQUE (org_id, campaign_id, lead_id, step_id),
  FOREIGN KEY (org_id, step_id) REFERENCES campaign_steps,
  FOREIGN KEY (org_id, campaign_id, lead_id) REFERENCES enrollments ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX sends_planned ON sends (org_id, campaign_id, not_before, id) WHERE state = 'planned';
CREATE INDEX sends_batch ON sends (org_id, batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX sends_unknown ON sends (org_id, campaign_id, id) WHERE state = 'unknown';
CREATE INDEX sends_ledger ON sends (org_id, campaign_id, id DESC);
SELECT leadline_tenant_table('sends');

-- Messages handed over together. The row holds them as they were composed, so that after a crash the
-- identical batch goes out under the identical key; it is deleted when every outcome is known.
CREATE TABLE send_batches (
  org_id       uuid        NOT NULL,
  id           uuid        NOT NULL,
  campaign_id  uuid        NOT NULL,
  transport    text        NOT NULL,
  -- The idempotency key of the batch.
  key          text        NOT NULL,
  mails        json        NOT NULL,
  -- The fencing token: whoever records an outcome must still hold it.
  token        bigint      NOT NULL DEFAULT 1,
  leased_until timestamptz NOT NULL,
  -- Hand-overs begun. Above 0 the messages may have been sent; above 1 an earlier outcome is unknown.
  tries        int         NOT NULL DEFAULT 0,
  first_try_at timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns ON DELETE CASCADE
);
CREATE INDEX send_batches_leases ON send_batches (org_id, campaign_id, leased_until);
SELECT leadline_tenant_table('send_batches');

-- Addresses that are never written to.
CREATE TABLE suppressions (
  org_id      uuid        NOT NULL,
  email       text        NOT NULL CHECK (email = lower(email) AND email <> ''),
  reason      text        NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'manual')),
  -- Who told us: 'link', 'one_click', 'provider', 'transport', 'person'.
  source      text        NOT NULL,
  detail      text        NOT NULL DEFAULT '',
  -- The lead's status before, so that an unsubscription can be taken back.
  lead_status text        NOT NULL DEFAULT '',
  at          timestamptz NOT NULL,
  PRIMARY KEY (org_id, email)
);
CREATE INDEX suppressions_newest ON suppressions (org_id, at DESC, email);
SELECT leadline_tenant_table('suppressions');

-- Which organisation a provider's message id belongs to: a webhook names no tenant.
CREATE TABLE provider_messages (
  provider    text NOT NULL,
  provider_id text NOT NULL,
  org_id      uuid NOT NULL,
  send_id     uuid NOT NULL,
  PRIMARY KEY (org_id, provider, provider_id),
  FOREIGN KEY (org_id, send_id) REFERENCES sends ON DELETE CASCADE
);
CREATE INDEX provider_messages_id ON provider_messages (provider_id, provider);
CREATE INDEX provider_messages_send ON provider_messages (org_id, send_id);
SELECT leadline_tenant_table('provider_messages');
SELECT leadline_system_access('provider_messages', 'select');

-- Webhook deliveries that were taken in: providers deliver at least once.
CREATE TABLE webhook_deliveries (
  provider    text        NOT NULL,
  id          text        NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (provider, id)
);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (received_at);
GRANT SELECT, INSERT, DELETE ON webhook_deliveries TO leadline_system;
