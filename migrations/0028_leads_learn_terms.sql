-- As migration 20 made it, but what a few leads hold is looked up by a plan that outlives the call: planning took most of the
-- time in which a lead is added.
CREATE OR REPLACE FUNCTION leadline_learn_terms(org uuid, searches text[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  one record;
BEGIN
  IF cardinality(searches) > 20 THEN
    -- Planned each time: a join that was planned while the table was small would read all of it for each word.
    EXECUTE $q$
      INSERT INTO lead_terms (org_id, company, term, key)
      SELECT $1, w.company, w.term, leadline_search_key($1, w.term) FROM (
        SELECT DISTINCT false AS company, t.term FROM unnest($2) s, unnest(leadline_search_terms(s)) t(term)
        UNION ALL
        SELECT DISTINCT true, leadline_search_company(s) FROM unnest($2) s) w
      WHERE w.term <> '' AND NOT EXISTS (SELECT FROM lead_terms k WHERE k.org_id = $1 AND k.company = w.company AND k.term = w.term AND k.leads >= 0)
      ON CONFLICT (org_id, company, term, writer) DO UPDATE SET leads = 0
    $q$ USING org, searches;
    RETURN;
  END IF;
  FOR one IN
    SELECT DISTINCT false AS is_company, t.word FROM unnest(searches) s, unnest(leadline_search_terms(s)) t(word)
    UNION ALL
    SELECT DISTINCT true, leadline_search_company(s) FROM unnest(searches) s
  LOOP
    -- One row by the whole of its key: there is no other plan for it.
    IF one.word <> '' AND NOT EXISTS (
      SELECT FROM lead_terms k WHERE k.org_id = org AND k.company = one.is_company AND k.term = one.word AND k.leads >= 0) THEN
      INSERT INTO lead_terms (org_id, company, term, key)
      VALUES (org, one.is_company, one.word, leadline_search_key(org, one.word))
      ON CONFLICT (org_id, company, term, writer) DO UPDATE SET leads = 0;
    END IF;
  END LOOP;
END $$;
