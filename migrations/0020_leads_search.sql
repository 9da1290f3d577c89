-- Searching leads by words, and the indexes of the grid.

-- Text as filters and the search compare it: without accents and case, some letters spelt out. `leads::search::fold` does the
-- same, and a test compares the two.
-- COST 1, for it is hardly ever called: the planner would count it for every row.
CREATE FUNCTION leadline_fold_letters(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1 AS $$
DECLARE
  plain text := lower(normalize(regexp_replace(normalize(t, NFKD), '[\u0300-\u036f]+', '', 'g'), NFC));
BEGIN
  -- ı because a Turkish database makes it of I; ς because some make it of a last Σ.
  plain := translate(plain, 'øłđðħıŧς', 'olddhitσ');
  RETURN replace(replace(replace(replace(plain, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
END $$;
-- Most text is ASCII, which costs next to nothing: in SQL and not STRICT, so that it is expanded where it stands.
CREATE FUNCTION leadline_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN octet_length(t) = char_length(t) THEN lower(t COLLATE "C") ELSE leadline_fold_letters(t) END $$;

DROP VIEW lead_rows, account_rows, leadline_restricted.lead_rows, leadline_restricted.account_rows;

-- Name, address, company and title on a line each. Not more than an entry of leads_by_score can hold in letters of four bytes.
ALTER TABLE leads DROP COLUMN search;
ALTER TABLE leads ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (left(leadline_fold(
  first_name || ' ' || last_name || E'\n' || coalesce(email, '') || E'\n' || company_name || ' ' || company_domain || E'\n' || title), 450)) STORED;
ALTER TABLE accounts DROP COLUMN search;
ALTER TABLE accounts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (leadline_fold(name || ' ' || domain)) STORED;
CREATE INDEX accounts_search ON accounts USING gin (org_id, search gin_trgm_ops);

-- As migrations 5 and 16 made them, and why.
CREATE VIEW lead_rows AS SELECT * FROM leads WHERE org_id = (SELECT leadline_whole_org());
CREATE VIEW account_rows AS SELECT * FROM accounts WHERE org_id = (SELECT leadline_whole_org());
CREATE VIEW leadline_restricted.lead_rows AS
  SELECT * FROM leads WHERE org_id = (SELECT leadline_org()) AND owner_id = ANY (leadline_owners());
CREATE VIEW leadline_restricted.account_rows AS
  SELECT * FROM accounts a WHERE org_id = (SELECT leadline_org())
    AND EXISTS (SELECT FROM leads l WHERE l.org_id = a.org_id AND l.account_id = a.id AND l.owner_id = ANY (leadline_owners()));

-- The same leads with the tenant condition in a form that no index answers: what the search's index has found is the
-- organisation's already, and the planner, who cannot know, would intersect it with all leads of the organisation.
CREATE VIEW lead_hits AS SELECT * FROM leads WHERE org_id IS NOT DISTINCT FROM (SELECT leadline_whole_org());
CREATE VIEW leadline_restricted.lead_hits AS
  SELECT * FROM leads WHERE org_id IS NOT DISTINCT FROM (SELECT leadline_org()) AND owner_id = ANY (leadline_owners());

-- A search looks words up in the organisation's vocabulary first, and then in an index from terms to leads. Compared with
-- trigrams of every lead's text, the index has six entries a lead instead of sixty, and a word's list holds no others' leads.
--
-- Terms of a lead are the words of its name, the runs of letters in the local part of its address, its title, its company with the
-- domain, and the address's domain if that is another. Long ones stand whole, because they repeat: a company with its
-- domain is one term, not five, and two words of it are found in one place.
CREATE FUNCTION leadline_search_terms(search text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  part text[] := string_to_array(search, E'\n');
  domain text := split_part(part[2], '@', 2);
BEGIN
  RETURN array_remove(string_to_array(part[1], ' ')
    || string_to_array(translate(split_part(part[2], '@', 1), '0123456789._-+''', '               '), ' ')
    || CASE WHEN domain = '' OR position(domain IN part[3]) > 0 THEN part[4:] ELSE domain || part[4:] END, '');
END $$;

CREATE FUNCTION leadline_search_company(search text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT split_part(search, E'\n', 3) $$;

-- A term as the index has it. Two terms may share a number: whoever searches looks at the text, too.
CREATE FUNCTION leadline_search_key(org uuid, term text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT hashtextextended(term, uuid_hash_extended(org, 0)) $$;

-- The terms of a lead, and each two digits that stand together in the local part of its address: numbers there would
-- make the vocabulary as large as the leads.
CREATE FUNCTION leadline_search_keys(org uuid, search text) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  seed bigint := uuid_hash_extended(org, 0);
  digits text := translate(split_part(split_part(search, E'\n', 2), '@', 1), 'abcdefghijklmnopqrstuvwxyz._-+''', repeat(' ', 31));
  keys bigint[] := ARRAY[hashtextextended(split_part(search, E'\n', 3), seed)];
  term text;
BEGIN
  FOREACH term IN ARRAY leadline_search_terms(search) LOOP
    keys := keys || hashtextextended(term, seed);
  END LOOP;
  IF digits <> '' THEN
    FOREACH term IN ARRAY string_to_array(digits, ' ') LOOP
      FOR i IN 1 .. char_length(term) - 1 LOOP
        keys := keys || hashtextextended(substr(term, i, 2), seed);
      END LOOP;
    END LOOP;
  END IF;
  RETURN keys;
END $$;
CREATE INDEX leads_search ON leads USING gin (leadline_search_keys(org_id, search));

-- The vocabulary of each organisation.
CREATE TABLE lead_terms (
  org_id  uuid    NOT NULL,
  -- Companies apart: a lead has one, so two words are looked for in one term.
  company boolean NOT NULL,
  term    text    NOT NULL COLLATE "C",
  -- Who wrote it. Two at once may both write a word: neither waits for the other's transaction, and none can deadlock.
  writer  int     NOT NULL DEFAULT pg_backend_pid(),
  key     bigint  NOT NULL,
  -- How many leads have it, as of the last count; 0: not counted yet; -1: none had, and it goes unless that changes.
  leads   int     NOT NULL DEFAULT 0,
  PRIMARY KEY (org_id, company, term, writer)
);
CREATE INDEX lead_terms_search ON lead_terms USING gin (org_id, term gin_trgm_ops);
CREATE INDEX lead_terms_uncounted ON lead_terms (org_id) WHERE leads = 0;
SELECT leadline_tenant_table('lead_terms');
-- Which vocabularies have grown is counted for all; the words are nobody's but the organisation's.
GRANT SELECT (org_id, leads) ON lead_terms TO leadline_system;
CREATE POLICY system ON lead_terms FOR SELECT TO leadline_system USING (true);
GRANT SELECT ON lead_terms TO leadline_reader;
CREATE POLICY reader ON lead_terms FOR SELECT TO leadline_reader USING (true);
-- Words alone, never shown to anybody: a search finds leads by them, through the views above. So the restricted may use them.
CREATE VIEW lead_term_rows AS SELECT * FROM lead_terms WHERE org_id = (SELECT leadline_org());

GRANT CREATE ON SCHEMA public, leadline_restricted TO leadline_reader;
ALTER VIEW lead_rows OWNER TO leadline_reader;
ALTER VIEW account_rows OWNER TO leadline_reader;
ALTER VIEW lead_hits OWNER TO leadline_reader;
ALTER VIEW lead_term_rows OWNER TO leadline_reader;
ALTER VIEW leadline_restricted.lead_rows OWNER TO leadline_reader;
ALTER VIEW leadline_restricted.account_rows OWNER TO leadline_reader;
ALTER VIEW leadline_restricted.lead_hits OWNER TO leadline_reader;
REVOKE CREATE ON SCHEMA public, leadline_restricted FROM leadline_reader;
GRANT SELECT ON lead_rows, account_rows, lead_hits, lead_term_rows TO leadline_runtime;
GRANT SELECT ON leadline_restricted.lead_rows, leadline_restricted.account_rows, leadline_restricted.lead_hits TO leadline_restricted;

-- Adds what is new in these texts, which are all of one organisation. Each word is looked up in the primary key: a plan made while the
-- table was small would read all of it for each.
CREATE FUNCTION leadline_learn_terms(org uuid, searches text[]) RETURNS void LANGUAGE sql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  INSERT INTO lead_terms (org_id, company, term, key)
  SELECT org, w.company, w.term, leadline_search_key(org, w.term) FROM (
    SELECT DISTINCT false AS company, t.term FROM unnest(searches) s, unnest(leadline_search_terms(s)) t(term)
    UNION ALL
    SELECT DISTINCT true, leadline_search_company(s) FROM unnest(searches) s) w
  WHERE w.term <> '' AND NOT EXISTS (SELECT FROM lead_terms k WHERE k.org_id = org AND k.company = w.company AND k.term = w.term AND k.leads >= 0)
  ON CONFLICT (org_id, company, term, writer) DO UPDATE SET leads = 0
$$;

CREATE FUNCTION leadline_learn_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM leadline_learn_terms(n.org_id, array_agg(DISTINCT n.search)) FROM new_rows n GROUP BY n.org_id;
  RETURN NULL;
END $$;
CREATE TRIGGER learn_terms_of_new AFTER INSERT ON leads REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION leadline_learn_new();

-- What no row had before the statement is new; for each row apart, a bulk change would take five times as long.
CREATE FUNCTION leadline_learn_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM leadline_learn_terms(f.org_id, array_agg(f.search))
  FROM (SELECT n.org_id, n.search FROM new_rows n EXCEPT SELECT o.org_id, o.search FROM old_rows o) f GROUP BY f.org_id;
  RETURN NULL;
END $$;
CREATE TRIGGER learn_terms_of_changed AFTER UPDATE ON leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION leadline_learn_changed();

DO $$
BEGIN
  PERFORM leadline_learn_terms(l.org_id, array_agg(DISTINCT l.search)) FROM leads l GROUP BY l.org_id;
END $$;

-- A page of the grid is found in an index alone: what filters ask for most stands beside the sort, and only the rows that are
-- shown are read. Walking past a thousand leads that do not match costs a quarter of a millisecond so, and as much when
-- the table is ten times as large and no longer in memory.
DROP INDEX leads_by_score, leads_by_country, leads_facts, leads_by_activity;
CREATE INDEX leads_by_score ON leads (org_id, score DESC, id DESC) INCLUDE (country, status, seniority, employee_count, owner_id, search);
CREATE INDEX leads_by_country ON leads (org_id, country, score DESC, id DESC) INCLUDE (status, seniority, industry, employee_count, owner_id);
-- Whoever works at a company is asked for by its domain; one entry holds all leads of it.
CREATE INDEX leads_by_domain ON leads (org_id, company_domain) WHERE company_domain <> '';
CREATE INDEX leads_by_activity ON leads (org_id, coalesce(last_activity_at, '-infinity') DESC, id DESC) INCLUDE (status, owner_id, last_activity_at);

-- How frequent a folded value is (as migration 12 did for lower()).
DROP STATISTICS leads_lower_department, leads_lower_title, leads_lower_city, leads_lower_source;
CREATE STATISTICS leads_folded_department ON leadline_fold(department) FROM leads;
CREATE STATISTICS leads_folded_title ON leadline_fold(title) FROM leads;
CREATE STATISTICS leads_folded_city ON leadline_fold(city) FROM leads;
CREATE STATISTICS leads_folded_source ON leadline_fold(source) FROM leads;
CREATE STATISTICS leads_folded_seniority ON leadline_fold(seniority) FROM leads;
CREATE STATISTICS leads_folded_industry ON leadline_fold(industry) FROM leads;
ANALYZE leads, accounts, lead_terms;
