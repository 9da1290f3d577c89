-- Leads (people) and their accounts (companies).

CREATE TABLE accounts (
  org_id         uuid        NOT NULL,
  id             uuid        NOT NULL,
  name           text        NOT NULL DEFAULT '',
  domain         text        NOT NULL DEFAULT '',
  industry       text        NOT NULL DEFAULT '',
  employee_count int         CHECK (employee_count >= 0),
  annual_revenue bigint      CHECK (annual_revenue >= 0),
  country        text        NOT NULL DEFAULT '',
  city           text        NOT NULL DEFAULT '',
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  PRIMARY KEY (org_id, id),
  CONSTRAINT accounts_named CHECK (name <> '' OR domain <> '')
);
-- One account per domain; without a domain, per name.
CREATE UNIQUE INDEX accounts_domain_key ON accounts (org_id, domain) WHERE domain <> '';
CREATE UNIQUE INDEX accounts_name_key ON accounts (org_id, lower(name)) WHERE domain = '';
CREATE INDEX accounts_by_name ON accounts (org_id, lower(name), id);
SELECT leadline_tenant_table('accounts');

CREATE TABLE leads (
  org_id           uuid        NOT NULL,
  id               uuid        NOT NULL,
  first_name       text        NOT NULL DEFAULT '',
  last_name        text        NOT NULL DEFAULT '',
  -- A lead may have no address: then it can be called, not mailed.
  email            text        CHECK (email = lower(email) AND email <> ''),
  phone            text        NOT NULL DEFAULT '',
  title            text        NOT NULL DEFAULT '',
  seniority        text        NOT NULL DEFAULT '',
  department       text        NOT NULL DEFAULT '',
  linkedin_url     text        NOT NULL DEFAULT '',
  account_id       uuid,
  -- The account's facts, copied so that a filter reads one table; the account's writer keeps them equal.
  company_name     text        NOT NULL DEFAULT '',
  company_domain   text        NOT NULL DEFAULT '',
  industry         text        NOT NULL DEFAULT '',
  employee_count   int         CHECK (employee_count >= 0),
  annual_revenue   bigint      CHECK (annual_revenue >= 0),
  country          text        NOT NULL DEFAULT '',
  city             text        NOT NULL DEFAULT '',
  status           text        NOT NULL DEFAULT 'new'
                   CHECK (status IN ('new', 'contacted', 'replied', 'qualified', 'converted', 'lost', 'unsubscribed')),
  owner_id         uuid,
  tags             text[]      NOT NULL DEFAULT '{}',
  source           text        NOT NULL DEFAULT 'manual',
  -- The id that another system knows this lead by.
  external_id      text        NOT NULL DEFAULT '',
  -- What an import recognises a lead by that has neither address nor external id.
  import_key       bytea,
  custom           jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom) = 'object'),
  score            int         NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 100),
  -- [{"reason": "…", "points": 12}, …], adding up to the score.
  score_reasons    jsonb       NOT NULL DEFAULT '[]',
  last_activity_at timestamptz,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  -- For If-Match: counts the changes.
  version          int         NOT NULL DEFAULT 1,
  search           text        NOT NULL GENERATED ALWAYS AS (lower(
    first_name || ' ' || last_name || ' ' || coalesce(email, '') || ' ' || company_name || ' ' || company_domain || ' ' || title)) STORED,
  PRIMARY KEY (org_id, id),
  CONSTRAINT leads_account_fkey FOREIGN KEY (org_id, account_id) REFERENCES accounts (org_id, id) ON DELETE SET NULL (account_id),
  CONSTRAINT leads_owner_fkey FOREIGN KEY (org_id, owner_id) REFERENCES memberships (org_id, user_id) ON DELETE SET NULL (owner_id)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX leads_email_key ON leads (org_id, email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX leads_external_id_key ON leads (org_id, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX leads_import_key ON leads (org_id, import_key) WHERE import_key IS NOT NULL;
CREATE INDEX leads_by_score ON leads (org_id, score DESC, id DESC);
CREATE INDEX leads_by_created ON leads (org_id, created_at DESC, id DESC);
CREATE INDEX leads_by_name ON leads (org_id, lower(last_name), lower(first_name), id);
CREATE INDEX leads_by_status ON leads (org_id, status, score DESC, id DESC);
CREATE INDEX leads_by_country ON leads (org_id, country, score DESC, id DESC);
CREATE INDEX leads_by_account ON leads (org_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX leads_by_tag ON leads USING gin (org_id, tags);
CREATE INDEX leads_search ON leads USING gin (org_id, search gin_trgm_ops);
SELECT leadline_tenant_table('leads');
