"""A database of Leadline's with the rows of one of the harness's."""

ID = "('00000000-0000-7000-800{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid"
ORG, USER, LEAD = (lambda number, kind=kind: ID.format(kind=kind, number=number) for kind in (1, 2, 0))
STATUS = "CASE status WHEN 'nurturing' THEN 'replied' WHEN 'customer' THEN 'converted' ELSE status END"
# One account for each domain in each organisation, as Leadline makes them.
ACCOUNT = "md5('account ' || org_id || ' ' || company_domain)::uuid"
FACTS = "company_name, company_domain, industry, employee_count, annual_revenue, country, city"

# (into, what): the source is the harness's schema, the target Leadline's.
TABLES = [
    ("organisations (org_id, name, created_at)", f"SELECT {ORG('id')}, name, created_at FROM organisations"),
    ("users (id, email, name, password_hash, created_at, updated_at, email_confirmed_at)",
     # No password has this hash: nobody signs in as them.
     f"SELECT {USER('id')}, email, full_name, '!', created_at, created_at, created_at FROM users"),
    ("memberships (org_id, user_id, role, created_at)", f"SELECT {ORG('org_id')}, {USER('id')}, role, created_at FROM users"),
    ("custom_fields (org_id, key, label, kind, position, created_by, created_at)",
     f"SELECT {ORG('id')}, key, initcap(replace(key, '_', ' ')), kind, position, 'system', created_at FROM organisations, (VALUES "
     "('crm', 'text', 1), ('lead_no', 'number', 2), ('budget', 'number', 3), ('timezone', 'text', 4), ('notes', 'text', 5), ('sent_score', 'number', 6)) f (key, kind, position)"),
    ("accounts (org_id, id, name, domain, industry, employee_count, annual_revenue, country, city, created_at, updated_at)",
     f"SELECT DISTINCT ON (org_id, company_domain) {ORG('org_id')}, {ACCOUNT}, {FACTS}, created_at, created_at FROM leads ORDER BY org_id, company_domain, id"),
    ("leads (org_id, id, first_name, last_name, email, phone, title, seniority, department, linkedin_url, account_id, company_name, company_domain, "
     "industry, employee_count, annual_revenue, country, city, status, owner_id, tags, source, custom, score, score_reasons, last_activity_at, created_at, updated_at)",
     f"SELECT {ORG('org_id')}, {LEAD('id')}, first_name, last_name, email, coalesce(phone, ''), title, seniority, department, coalesce(linkedin_url, ''), "
     f"{ACCOUNT}, {FACTS}, {STATUS}, {USER('owner_id')}, tags, source, custom, score, "
     "jsonb_build_array(jsonb_build_object('reason', 'Fit', 'points', score)), last_contacted_at, created_at, updated_at FROM leads"),
    ("events (org_id, kind, subject_type, subject_id, actor, at, payload)",
     f"SELECT {ORG('org_id')}, 'lead.created', 'lead', {LEAD('id')}, 'system', created_at, jsonb_build_object('source', source) FROM leads ORDER BY id"),
]
# Built anew after the rows are in, which is several times faster.
INDEXES = """SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid IN ('leads'::regclass, 'accounts'::regclass) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid)"""


def fill(psql, pipe, source, target, note):
    """Copies everything; `psql(sql, db)` runs, `pipe(out_sql, source, in_sql, target)` copies."""
    indexes = [line.split("|", 1) for line in psql(INDEXES, target).split("\n") if line]
    psql("".join(f"DROP INDEX {name};" for name, _ in indexes), target)
    for into, what in TABLES:
        note(into.split(" ")[0])
        pipe(f"COPY ({what}) TO STDOUT", source, f"COPY {into} FROM STDIN", target)
    note("indexes")
    psql("SET maintenance_work_mem = '1GB';" + "".join(f"{definition};" for _, definition in indexes), target)
    # Also sets the visibility map, which index-only scans read.
    psql("VACUUM (ANALYZE)", target)
