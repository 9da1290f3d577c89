-- What is counted, so that no page counts rows.

-- The campaign that a mail event names (`camp_` and 32 digits, or a bare UUID); nil where it names none.
-- Never fails: one odd payload must not stop the counting of everything after it.
CREATE FUNCTION insights_campaign(payload jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN payload ->> 'campaign_id' ~ '^(camp_)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$'
    THEN replace(payload ->> 'campaign_id', 'camp_', '')::uuid
    ELSE '00000000-0000-0000-0000-000000000000'::uuid END
$$;

-- The step that a mail event names; 0 where it names none.
CREATE FUNCTION insights_step(payload jsonb) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(payload -> 'step_no') = 'number' AND payload ->> 'step_no' ~ '^[0-9]{1,4}$' THEN (payload ->> 'step_no')::int ELSE 0 END
$$;

-- Counters, moved by the projection alone and exactly once per event. Days are UTC.
-- `status:<status>` are balances (how many leads have it now) and stand on the day 1970-01-01.
-- `reached:<stage>` stand on the day on which the lead was created, so that a funnel over the leads
-- of some days never grows from one stage to the next.
CREATE TABLE insights_daily (
  org_id      uuid   NOT NULL,
  day         date   NOT NULL,
  metric      text   NOT NULL,
  -- Nil: not about a campaign.
  campaign_id uuid   NOT NULL,
  -- 0: not about a step.
  step_no     int    NOT NULL,
  value       bigint NOT NULL,
  PRIMARY KEY (org_id, day, metric, campaign_id, step_no)
) WITH (fillfactor = 80);
CREATE INDEX insights_daily_campaign ON insights_daily (org_id, campaign_id, day) INCLUDE (metric, step_no, value);
SELECT leadline_tenant_table('insights_daily');
SELECT leadline_system_access('insights_daily', 'select,insert,update,delete');
REVOKE INSERT, UPDATE, DELETE ON insights_daily FROM leadline_runtime;

-- The furthest stage each lead has reached, so that a person is counted once however often it opens.
-- 0 created, 1 contacted, 2 opened, 3 replied, 4 converted; a later stage implies those before it.
CREATE TABLE insights_leads (
  org_id     uuid     NOT NULL,
  lead_id    uuid     NOT NULL,
  created_on date     NOT NULL,
  stage      smallint NOT NULL CHECK (stage BETWEEN 0 AND 4),
  PRIMARY KEY (org_id, lead_id)
) WITH (fillfactor = 85);
SELECT leadline_tenant_table('insights_leads');
SELECT leadline_system_access('insights_leads', 'select,insert,update,delete');
REVOKE INSERT, UPDATE, DELETE ON insights_leads FROM leadline_runtime;
