-- As migration 28 made it, but many words are looked up one by one, too: a subquery that is no join. The join was planned with what
-- was known of a vocabulary before it grew; in a new organisation it read all of the new words for each, stretch by stretch.
CREATE OR REPLACE FUNCTION leadline_learn_terms(org uuid, searches text[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  INSERT INTO lead_terms (org_id, company, term, key)
  SELECT org, w.company, w.term, leadline_search_key(org, w.term) FROM (
    SELECT DISTINCT false AS company, t.term FROM unnest(searches) s, unnest(leadline_search_terms(s)) t(term)
    UNION ALL
    SELECT DISTINCT true, leadline_search_company(s) FROM unnest(searches) s) w
  -- LIMIT keeps it from becoming a join.
  WHERE w.term <> ''
    AND (SELECT true FROM lead_terms k WHERE k.org_id = org AND k.company = w.company AND k.term = w.term AND k.leads >= 0 LIMIT 1) IS NULL
  ON CONFLICT (org_id, company, term, writer) DO UPDATE SET leads = 0;
END $$;
