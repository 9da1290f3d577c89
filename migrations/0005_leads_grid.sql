-- Reading leads by any filter, and the indexes of the grid's sorts.

-- Row-level security lets no condition run before its own unless the operator is LEAKPROOF, and
-- LIKE and the array operators are not: on the table itself the trigram and tag indexes would never
-- be used. A view that holds the tenant condition keeps the promise by construction (a row of another
-- organisation is not in it) and leaves the planner free. Its owner may read the table and nothing
-- else, cannot log in, and belongs to no role that can; the runtime role still writes and reads the
-- table itself under forced row-level security.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadline_reader') THEN
    CREATE ROLE leadline_reader NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT leadline_reader TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO leadline_reader;
GRANT SELECT ON leads, accounts TO leadline_reader;
CREATE POLICY reader ON leads FOR SELECT TO leadline_reader USING (true);
CREATE POLICY reader ON accounts FOR SELECT TO leadline_reader USING (true);

CREATE VIEW lead_rows AS SELECT * FROM leads WHERE org_id = (SELECT leadline_org());

-- Companies by name or domain, as the accounts page and the command palette search them.
ALTER TABLE accounts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (lower(name || ' ' || domain)) STORED;
CREATE VIEW account_rows AS SELECT * FROM accounts WHERE org_id = (SELECT leadline_org());

GRANT CREATE ON SCHEMA public TO leadline_reader;
ALTER VIEW lead_rows OWNER TO leadline_reader;
ALTER VIEW account_rows OWNER TO leadline_reader;
REVOKE CREATE ON SCHEMA public FROM leadline_reader;
GRANT SELECT ON lead_rows, account_rows TO leadline_runtime;

-- The sorts of the grid, each ending in the id that makes its order total.
CREATE INDEX leads_by_company ON leads (org_id, lower(company_name), id);
CREATE INDEX leads_by_employees ON leads (org_id, coalesce(employee_count, -1) DESC, id DESC);
CREATE INDEX leads_by_activity ON leads (org_id, coalesce(last_activity_at, '-infinity') DESC, id DESC);
CREATE INDEX leads_by_owner ON leads (org_id, owner_id, score DESC, id DESC) WHERE owner_id IS NOT NULL;
CREATE INDEX accounts_search ON accounts USING gin (org_id, search gin_trgm_ops);
