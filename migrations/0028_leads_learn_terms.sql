-- As migration 20 made it, but in a language whose plans outlive the call: planning took most of the time in which a lead is added.
CREATE OR REPLACE FUNCTION leadline_learn_terms(org uuid, searches text[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO lead_terms (org_id, company, term, key)
  SELECT org, w.company, w.term, leadline_search_key(org, w.term) FROM (
    SELECT DISTINCT false AS company, t.term FROM unnest(searches) s, unnest(leadline_search_terms(s)) t(term)
    UNION ALL
    SELECT DISTINCT true, leadline_search_company(s) FROM unnest(searches) s) w
  WHERE w.term <> '' AND NOT EXISTS (SELECT FROM lead_terms k WHERE k.org_id = org AND k.company = w.company AND k.term = w.term AND k.leads >= 0)
  ON CONFLICT (org_id, company, term, writer) DO UPDATE SET leads = 0;
END $$;
