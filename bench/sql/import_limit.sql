-- What an import could cost at least: the file copied into a table of texts and one statement into Leadline's leads with all
-- their indexes. It checks, deduplicates and overwrites as the import does; it makes no accounts, writes no events, keeps no
-- change set, and says of no line why it was refused. :org is the organisation, :file the file.
DROP TABLE IF EXISTS import_staging;
CREATE UNLOGGED TABLE import_staging (
  line_no bigint GENERATED ALWAYS AS IDENTITY,
  first_name text, last_name text, email text, title text, seniority text, department text, company_name text, company_domain text,
  industry text, employee_count text, annual_revenue text, country text, city text, phone text, linkedin_url text, tags text
);
\set copy '\\copy import_staging (first_name, last_name, email, title, seniority, department, company_name, company_domain, industry, employee_count, annual_revenue, country, city, phone, linkedin_url, tags) FROM ' :'file' ' WITH (FORMAT csv, HEADER)'
:copy
\echo COPIED `date +%s.%N`
WITH ok AS (
  SELECT DISTINCT ON (e) *
  FROM (SELECT s.*, lower(btrim(email)) AS e FROM import_staging s) t
  WHERE e ~ '^[^@[:space:]]+@[a-z0-9-]+([.][a-z0-9-]+)+$'
  ORDER BY e, line_no DESC
), up AS (
  INSERT INTO leads (org_id, id, first_name, last_name, email, title, seniority, department, company_name, company_domain, industry,
                     employee_count, annual_revenue, country, city, phone, linkedin_url, source, tags, created_at, updated_at)
  SELECT :'org', ('01990000-0000-7000-8000-' || lpad(to_hex(line_no), 12, '0'))::uuid, btrim(first_name), btrim(last_name), e, title, seniority,
         department, company_name, company_domain, industry, nullif(employee_count, '')::int, nullif(annual_revenue, '')::bigint,
         upper(country), city, coalesce(phone, ''), coalesce(linkedin_url, ''), 'import',
         CASE WHEN coalesce(tags, '') = '' THEN '{}' ELSE string_to_array(tags, ';') END, now(), now()
  FROM ok
  ON CONFLICT (org_id, email) WHERE email IS NOT NULL DO UPDATE SET
    first_name = excluded.first_name, last_name = excluded.last_name, title = excluded.title, seniority = excluded.seniority,
    department = excluded.department, company_name = excluded.company_name, company_domain = excluded.company_domain,
    industry = excluded.industry, employee_count = excluded.employee_count, annual_revenue = excluded.annual_revenue,
    country = excluded.country, city = excluded.city, phone = excluded.phone, linkedin_url = excluded.linkedin_url,
    updated_at = now(), version = leads.version + 1
  RETURNING (xmax = 0) AS inserted
)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM up;
DROP TABLE import_staging;
