-- Leadline's rows as the harness's table: what it counts and checks after a run, it counts and checks here.
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
CREATE SCHEMA harness;
CREATE FUNCTION harness.number(id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  -- Ids that were copied hold the number; those that Leadline has made become large ones.
  SELECT ('x' || right(replace(id::text, '-', ''), 12))::bit(48)::bigint
       + CASE WHEN id::text LIKE '00000000-0000-%' THEN 0 ELSE 1000000000000000 END
$$;
CREATE VIEW harness.leads AS
  SELECT harness.number(id) AS id, harness.number(org_id) AS org_id, first_name, last_name, email, title, seniority, department,
         company_name, company_domain, industry, employee_count, annual_revenue, country, city, nullif(phone, '') AS phone,
         nullif(linkedin_url, '') AS linkedin_url, source,
         CASE status WHEN 'replied' THEN 'nurturing' WHEN 'converted' THEN 'customer' ELSE status END AS status,
         -- Leadline computes scores itself; the one that was sent with a new lead is kept beside it.
         coalesce((custom ->> 'sent_score')::int, score) AS score,
         tags, harness.number(owner_id) AS owner_id, custom - 'sent_score' AS custom, last_activity_at AS last_contacted_at, created_at, updated_at
  FROM public.leads WHERE email IS NOT NULL;
