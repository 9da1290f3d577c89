"""The requests of the workloads, drawn the same way each time over the generator's leads."""
import hashlib, json, random, re, secrets, urllib.parse

from .tools import stop_with

SORTS = ["-score", "-score", "-score", "-created_at", "name", "company", "-employees", "-last_activity"]


def filters(r):
    """Two conditions as people combine them."""
    country = lambda: {"field": "country", "op": "is", "value": r.choices(["US", "GB", "DE", "FR", "CA", "IN", "NL"], [42, 11, 9, 6, 6, 5, 4])[0]}
    status = lambda: {"field": "status", "op": "in", "value": r.choice([["new"], ["new", "contacted"], ["contacted"], ["replied", "qualified"], ["qualified"]])}
    seniority = lambda: {"field": "seniority", "op": "is", "value": r.choice(["c_level", "vp", "director", "manager", "senior"])}
    industry = lambda: {"field": "industry", "op": "is", "value": r.choice(["Software", "Financial Services", "Manufacturing", "Healthcare", "Retail"])}
    employees = lambda: {"field": "employee_count", "op": "gte", "value": r.choice([50, 100, 200, 500, 1000])}
    score = lambda: {"field": "score", "op": "gte", "value": r.choice([30, 40, 50, 60])}
    tags = lambda: {"field": "tags", "op": "has_any", "value": [r.choice(["saas", "enterprise", "smb", "webinar", "q1", "vip"])]}
    since = lambda: {"field": "created_at", "op": "within_last_days", "value": r.choice([30, 90, 365])}
    kinds = r.choices([(country, seniority), (country, status), (country, employees), (status, score), (industry, seniority), (status, seniority),
                       (industry, employees), (country, industry), (tags, country), (since, status)], [18, 16, 12, 12, 10, 10, 8, 6, 5, 3])[0]
    return [kind() for kind in kinds]


def leads_path(conditions, sort, base="/leads", **more):
    return base + "?" + urllib.parse.urlencode({"filter": json.dumps({"all": conditions}, separators=(",", ":")), "sort": sort} | more)


def as_json(requests, total="false"):
    """The same pages asked of the API, where a cursor is the same; like them without the total unless asked."""
    return [(cookie, path.replace("/leads?", "/api/v1/leads?") + f"&total={total}") for cookie, path in requests]


def follow(server, cookie, path, pages):
    """The address of a page further on, as a person gets there: by its link. None: there is no page, or nothing on it."""
    for _ in range(pages):
        body = server.get(as_json([("", path)])[0][1], cookie).body
        cursor = json.loads(body).get("next_cursor")
        if cursor is None:
            return None
        path = re.sub(r"&cursor=[^&]*", "", path) + "&" + urllib.parse.urlencode({"cursor": cursor})
    answer = server.get(path, cookie)
    if answer.status != 200:
        stop_with(f"GET {path} answered {answer.status}")
    # An empty page would flatter us.
    return path if b"<tbody" in answer.body else None


def choose_pages(server, sessions, r, count=200):
    """`count` distinct pages as (session's number, conditions, sort, pages to go on): half of the great organisation, three in
    ten behind the first page. All of them show something."""
    made, seen = [], set()
    while len(made) < count:
        session = 0 if len(made) % 2 == 0 else r.randrange(1, len(sessions))
        one = (session, filters(r), r.choice(SORTS), r.choices([0, 1, 2, 4], [70, 15, 10, 5])[0])
        if str(one) not in seen and follow(server, sessions[session], leads_path(*one[1:3]), one[3]):
            seen.add(str(one))
            made.append(one)
    return made


def pages(server, sessions, chosen):
    """Those pages as requests."""
    found = [(sessions[session], follow(server, sessions[session], leads_path(conditions, sort), on)) for session, conditions, sort, on in chosen]
    return [(cookie, path) for cookie, path in found if path]


def unseen_pages(sessions, r, count=200):
    """The same, with a number that each request draws anew: no earlier request has counted for it."""
    made = []
    for n in range(count):
        first = filters(r)[0]
        if first["field"] == "employee_count":
            first = {"field": "country", "op": "is", "value": "US"}
        path = leads_path([first, {"field": "employee_count", "op": "gte", "value": 77777}], r.choice(SORTS))
        made.append((sessions[0] if n % 2 == 0 else r.choice(sessions[1:]), path.replace("77777", "@1-1500@")))
    return made


def search_words(server):
    """Surnames, words of companies, full names, pieces of addresses: what people type."""
    names = server.sql("""SELECT DISTINCT ON (w) w FROM (SELECT lower(last_name) w FROM leads LIMIT 3000) x ORDER BY w LIMIT 60""").split("\n")
    return names + ["nova", "atlas robotics", "director sales", "granite", "chief marketing", "harbor.", "zzqq", "titan systems", "vp finance", "smith software"]


def searches(session, words, base="/api/v1/leads"):
    return [(session, f"{base}?" + urllib.parse.urlencode({"q": word, "sort": "-score"} | ({} if base == "/leads" else {"total": "false"}))) for word in words]


def new_leads(sessions):
    """POSTs of a whole lead each, about 700 bytes: an address that nobody has, companies that exist and one that does not."""
    run = secrets.token_hex(4)
    body = {"first_name": "Nora", "last_name": "Lindqvist", "title": "Director of Operations", "seniority": "director", "department": "Operations",
            "company_name": "Harbor Logistics GmbH", "company_domain": "harborlogistics.example", "industry": "Logistics", "employee_count": 420,
            "annual_revenue": 51000000, "country": "DE", "city": "Hamburg", "phone": "+49 151 5550100",
            "linkedin_url": "https://www.linkedin.com/in/nora-lindqvist", "source": "api", "tags": ["emea", "q3"]}
    return [(session, "/api/v1/leads", json.dumps(body | {"email": f"w3-{run}-{n}-@@N@@@harborlogistics.example"})) for n, session in enumerate(sessions)]


def sign_in(server, organisations):
    """Sessions of the first person in the great organisation and in three others: rows such as signing in writes."""
    made = []
    for organisation in [organisations[n] for n in (0, 1, 4, 9) if n < len(organisations)]:
        token = secrets.token_urlsafe(32)
        server.sql(f"""INSERT INTO sessions (id, user_id, active_org, token_hash, fresh_at, created_at, expires_at, last_seen_at)
            SELECT gen_random_uuid(), user_id, org_id, '\\x{hashlib.sha256(token.encode()).hexdigest()}', now(), now(), now() + interval '30 days', now()
            FROM memberships WHERE org_id = '{organisation}' AND role = 'owner' LIMIT 1""")
        made.append(f"leadline_session={token}")
    return made


def organisations(server):
    return server.sql("SELECT org_id FROM organisations WHERE name ~ '^Bench organisation' ORDER BY length(name), name").split("\n")


def seeded(number=42):
    return random.Random(number)
