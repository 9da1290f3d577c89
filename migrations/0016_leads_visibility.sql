-- Leads, accounts and whatever shows a lead, for people who see some records only (role leadline_restricted).

-- RESTRICTIVE policies for that role alone: nothing changes for whoever sees everything, plans included.
-- leadline_owners() stands bare and not in a sub-select, so that the planner knows the actual people: the
-- index on the owner is right for a few leads, the walk along a sort for many.

-- WITH CHECK: nobody takes a record from, or hands one to, a person whose records they do not see.
CREATE POLICY visible ON leads AS RESTRICTIVE TO leadline_restricted
  USING (owner_id = ANY (leadline_owners())) WITH CHECK (owner_id = ANY (leadline_owners()));

-- Whether leads that this transaction does not see belong to the account. Runs as leadline_runtime, which sees
-- the whole organisation and no other.
CREATE FUNCTION leadline_restricted.account_is_shared(account uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM leads l WHERE l.org_id = leadline_org() AND l.account_id = account AND (l.owner_id = ANY (leadline_owners())) IS NOT true)
$$;

-- The account of a new lead's company, which may exist unseen: its name or domain is taken then. It is linked as
-- it is, because it is others', too; and made if there is none.
CREATE FUNCTION leadline_restricted.account_for(
  new_id uuid, new_name text, new_domain text, new_industry text, new_employee_count int, new_annual_revenue bigint,
  new_country text, new_city text, at timestamptz) RETURNS SETOF accounts
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)
  VALUES (leadline_org(), new_id, new_name, new_domain, new_industry, new_employee_count, new_annual_revenue, new_country, new_city, at, at)
  ON CONFLICT DO NOTHING;
  SELECT * FROM accounts a WHERE a.org_id = leadline_org()
    AND CASE WHEN new_domain <> '' THEN a.domain = new_domain ELSE a.domain = '' AND lower(a.name) = lower(new_name) END;
$$;

GRANT CREATE, USAGE ON SCHEMA leadline_restricted TO leadline_runtime;
ALTER FUNCTION leadline_restricted.account_is_shared OWNER TO leadline_runtime;
ALTER FUNCTION leadline_restricted.account_for OWNER TO leadline_runtime;
REVOKE CREATE, USAGE ON SCHEMA leadline_restricted FROM leadline_runtime;
REVOKE EXECUTE ON FUNCTION leadline_restricted.account_is_shared, leadline_restricted.account_for FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leadline_restricted.account_is_shared, leadline_restricted.account_for TO leadline_restricted;

-- An account has no owner: it is visible with any of its leads. Its facts are copied onto all of them, so
-- only somebody who sees them all may change it.
CREATE POLICY visible ON accounts AS RESTRICTIVE FOR SELECT TO leadline_restricted
  USING (EXISTS (SELECT FROM leads l WHERE l.org_id = accounts.org_id AND l.account_id = accounts.id));
CREATE POLICY unshared ON accounts AS RESTRICTIVE FOR UPDATE TO leadline_restricted USING (NOT leadline_restricted.account_is_shared(id));
CREATE POLICY unshared_deletion ON accounts AS RESTRICTIVE FOR DELETE TO leadline_restricted USING (NOT leadline_restricted.account_is_shared(id));

-- Shows a row of `name` to the restricted exactly if they see the lead in its column `lead`.
CREATE FUNCTION leadline_shows_lead(name regclass, lead text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY visible ON %s AS RESTRICTIVE TO leadline_restricted
    USING (EXISTS (SELECT FROM leads l WHERE l.org_id = %1$s.org_id AND l.id = %1$s.%I))', name, lead);
END $$;

SELECT leadline_shows_lead('enrollments', 'lead_id');
SELECT leadline_shows_lead('sends', 'lead_id');
SELECT leadline_shows_lead('intelligence_engagement', 'lead_id');

-- What happened to a lead goes with the lead, and is gone with it for them. Writing is free: the last event of a
-- lead that they delete is about one that nobody sees.
CREATE POLICY visible ON events AS RESTRICTIVE FOR SELECT TO leadline_restricted
  USING (subject_type <> 'lead' OR EXISTS (SELECT FROM leads l WHERE l.org_id = events.org_id AND l.id = events.subject_id));

-- Caught mail names its recipient only by address: they read what went to leads that they see, and to themselves.
CREATE POLICY visible ON caught_mail AS RESTRICTIVE TO leadline_restricted
  USING (EXISTS (SELECT FROM leads l WHERE l.org_id = caught_mail.org_id AND l.email = caught_mail.to_address)
      OR EXISTS (SELECT FROM users u WHERE u.id = ANY (leadline_owners()) AND u.email = caught_mail.to_address));

-- Files of leads hold everybody's, and an import matches against everybody's: not for them at all. Batches of
-- composed mails are the sender's alone.
CREATE POLICY visible ON imports AS RESTRICTIVE TO leadline_restricted USING (false);
CREATE POLICY visible ON import_rejections AS RESTRICTIVE TO leadline_restricted USING (false);
CREATE POLICY visible ON send_batches AS RESTRICTIVE TO leadline_restricted USING (false);

-- All other tables stay the organisation's:
-- - suppressions: an address that must not be written to is everybody's business, and naming it again must not fail;
-- - campaigns, their steps and pace, templates, scoring models: made for leads, and showing none;
-- - insights_daily, insights_leads, intelligence_pending, provider_messages: counters and ids;
-- - jobs, idempotency keys: shown to whoever holds their id or key;
-- - the audit log: ids and names of fields, for whoever may read it;
-- - people, teams, roles, invitations, keys and connections: of the organisation, not of a lead.
-- A new table of leads decides here or by leadline_shows_lead; a test lists those that stay open.

-- The views read with the rights of their owner, whom no policy above binds. So those of everybody are empty for the
-- restricted (decided in the sub-select that was there before, so that plans stay as they are), and their
-- counterparts, which the restricted find first, hold the condition themselves.
CREATE FUNCTION leadline_whole_org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN current_user <> 'leadline_restricted' THEN leadline_org() END $$;

CREATE OR REPLACE VIEW lead_rows AS SELECT * FROM leads WHERE org_id = (SELECT leadline_whole_org());
CREATE OR REPLACE VIEW account_rows AS SELECT * FROM accounts WHERE org_id = (SELECT leadline_whole_org());

CREATE VIEW leadline_restricted.lead_rows AS
  SELECT * FROM leads WHERE org_id = (SELECT leadline_org()) AND owner_id = ANY (leadline_owners());
CREATE VIEW leadline_restricted.account_rows AS
  SELECT * FROM accounts a WHERE org_id = (SELECT leadline_org())
    AND EXISTS (SELECT FROM leads l WHERE l.org_id = a.org_id AND l.account_id = a.id AND l.owner_id = ANY (leadline_owners()));
GRANT CREATE ON SCHEMA leadline_restricted TO leadline_reader;
ALTER VIEW leadline_restricted.lead_rows OWNER TO leadline_reader;
ALTER VIEW leadline_restricted.account_rows OWNER TO leadline_reader;
REVOKE CREATE ON SCHEMA leadline_restricted FROM leadline_reader;
GRANT SELECT ON leadline_restricted.lead_rows, leadline_restricted.account_rows TO leadline_restricted;
