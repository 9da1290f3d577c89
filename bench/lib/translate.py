"""Between the peers' requests and answers and Leadline's.

Under load Leadline gets its own requests and gives its own answers. Only what the harness compares with its SQL is put
into its shape, here, outside of any measurement.
"""
import html.parser, json, urllib.parse

# The harness knows seven states and so does Leadline; two have other names.
STATUS = {"replied": "nurturing", "converted": "customer"}
OURS = {theirs: ours for ours, theirs in STATUS.items()}
# Leadline computes the score itself, so the one that was sent is kept as a custom field.
SENT_SCORE = "sent_score"
# What the peers' page shows: its ten columns are these and the name's cell, which holds the title too.
COLUMNS = "name.company.status.score.country.email.industry.employees.seniority"
COUNTRIES = {"United States": "US", "United Kingdom": "GB", "Germany": "DE", "France": "FR", "Canada": "CA", "India": "IN", "Netherlands": "NL",
             "Australia": "AU", "Spain": "ES", "Italy": "IT", "Sweden": "SE", "Brazil": "BR", "Poland": "PL", "Switzerland": "CH", "Singapore": "SG",
             "Japan": "JP", "Ireland": "IE", "Austria": "AT", "Denmark": "DK", "Norway": "NO"}
KINDS = {"lead": 0, "org": 1, "user": 2}


def uuid(kind, number):
    """The id that the copied row of this number has (seed.py makes the same)."""
    return f"00000000-0000-7000-800{KINDS[kind]}-{number:012x}"


def typed_id(kind, number):
    """The same as the API writes it."""
    return f"{kind}_{uuid(kind, number).replace('-', '')}"


def number_of(text):
    """The other way round; ids that Leadline has made itself become large numbers."""
    if text is None:
        return None
    digits = text.rsplit("_", 1)[1]
    number = int(digits[20:], 16)
    return number if digits.startswith("000000000000") else number + 10**15


def conditions(parameters):
    """The peers' three parameters in the filter language."""
    out = []
    if "country" in parameters:
        out.append({"field": "country", "op": "is", "value": parameters["country"]})
    if "seniority" in parameters:
        out.append({"field": "seniority", "op": "is", "value": parameters["seniority"]})
    if "min_employees" in parameters:
        out.append({"field": "employee_count", "op": "gte", "value": parameters["min_employees"]})
    return out


def path(workload, parameters, cursor=None, limit=None):
    """Where Leadline answers what the peers answer at /leads?country=… and so on."""
    pairs = {"sort": "-score"}
    if found := conditions(parameters):
        pairs["filter"] = json.dumps({"all": found}, separators=(",", ":"))
    if "q" in parameters:
        pairs["q"] = parameters["q"]
    if cursor:
        pairs["cursor"] = cursor
    if limit:
        pairs["limit"] = limit
    return ("/leads?" if workload == "W1" else "/api/v1/leads?") + urllib.parse.urlencode(pairs)


def new_lead(body):
    """The body of a new lead."""
    lead = json.loads(body)
    if not isinstance(lead.get("first_name"), str):
        return body
    lead["owner_id"] = typed_id("user", lead["owner_id"])
    lead["custom"][SENT_SCORE] = lead.pop("score")
    return json.dumps(lead)


def listed(body, organisation):
    """A list of leads as the peers' JSON has it."""
    return json.dumps({"data": [lead(one, organisation) for one in json.loads(body)["data"]]}).encode()


def lead(one, organisation):
    same = ("first_name last_name email title seniority department company_name company_domain industry employee_count annual_revenue "
            "country city source score tags created_at updated_at").split()
    return {name: one[name] for name in same} | {
        "id": number_of(one["id"]), "org_id": organisation, "owner_id": number_of(one["owner_id"]), "status": STATUS.get(one["status"], one["status"]),
        "phone": one["phone"] or None, "linkedin_url": one["linkedin_url"] or None, "custom": one["custom"], "last_contacted_at": one["last_activity_at"]}


class Grid(html.parser.HTMLParser):
    """The cells of the grid's body by their labels; parts of the name's and the score's by their classes."""

    def __init__(self):
        super().__init__()
        self.rows, self.stack, self.cell = [], [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "tr" and "data-row" in attributes:
            self.rows.append({})
        if tag == "td" and self.rows:
            self.cell = attributes.get("data-label")
        if tag == "span" and self.rows:
            self.stack.append(attributes.get("class") or "")

    def handle_endtag(self, tag):
        if tag == "td":
            self.cell = None
        if tag == "span" and self.stack:
            self.stack.pop()

    def handle_data(self, data):
        if self.cell:
            part = next((name for name in self.stack if name in ("person-name", "person-detail", "score-number")), self.cell)
            self.rows[-1][part] = self.rows[-1].get(part, "") + data


def page(body):
    """The page's grid as the table of ten columns that the harness reads."""
    grid = Grid()
    grid.feed(body.decode())
    out = []
    for row in grid.rows:
        text = lambda name: row.get(name, "").strip()
        status = text("Status").lower()
        cells = [text("person-name"), text("E-mail"), text("person-detail"), text("Seniority").replace(" ", "_"), text("Company"), text("Industry"),
                 "".join(c for c in text("Employees") if c.isdigit()), COUNTRIES.get(text("Country"), text("Country")), STATUS.get(status, status), text("score-number")]
        out += [f"<td>{cell}</td>" for cell in cells]
    return "".join(out).encode()


def next_cursor(body):
    return json.loads(body)["next_cursor"]
