-- How frequent a lower-cased value is.

-- Filters compare lower(column). Without statistics over that expression the planner takes any value
-- for one in 200, and then collects and sorts a tenth of all leads instead of walking along the sort
-- until the page is full. (Expressions in an index have statistics already.)
CREATE STATISTICS leads_lower_department ON lower(department) FROM leads;
CREATE STATISTICS leads_lower_title ON lower(title) FROM leads;
CREATE STATISTICS leads_lower_city ON lower(city) FROM leads;
CREATE STATISTICS leads_lower_source ON lower(source) FROM leads;

-- Those of the index made in migration 11 come into being only now: until then the table counts as unchanged.
ANALYZE leads;
