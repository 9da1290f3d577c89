-- What a transaction may see inside its organisation, and where its acts come from.

-- A third role for people who see some records only. It is a member of leadline_runtime and so has its
-- grants and tenant policies; RESTRICTIVE policies for this role alone narrow them. A condition in the
-- common policies would ruin the planner's estimates for everybody who sees everything.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadline_restricted') THEN
    CREATE ROLE leadline_restricted NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases migrated at once
END $$;
GRANT leadline_runtime TO leadline_restricted;
GRANT leadline_restricted TO CURRENT_USER;

-- The people whose records this transaction sees; nobody when unset, so that policies fail closed.
CREATE FUNCTION leadline_owners() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('app.owners', true), '')::uuid[], '{}') $$;

-- Found before public by restricted transactions: views here stand in for those of the same name there.
CREATE SCHEMA leadline_restricted;
GRANT USAGE ON SCHEMA leadline_restricted TO leadline_restricted;

-- Where an act came from (session or key, address); empty when the application acted by itself. Stamped by
-- the default, so that no statement that writes events can forget it.
ALTER TABLE events ADD COLUMN origin text NOT NULL DEFAULT coalesce(current_setting('app.origin', true), '');

-- The scope of whoever enqueued the job; none: the whole organisation, by itself.
ALTER TABLE jobs ADD COLUMN scope jsonb;
