"""Between the peers' requests and answers and Leadline's.

Under load Leadline gets its own requests and gives its own answers. Only what the harness compares with its SQL is put
into its shape, here, outside of any measurement.
"""
import html, html.parser, json, urllib.parse

# The harness knows seven states and so does Leadline; two have other names.
STATUS = {"replied": "nurturing", "converted": "customer"}
OURS = {theirs: ours for ours, theirs in STATUS.items()}
# Leadline computes the score itself, so the one that was sent is kept as a custom field.
SENT_SCORE = "sent_score"
# What the peers' page shows: its ten columns are these and the name's cell, which holds the title too.
COLUMNS = "email,seniority,company,industry,employees,country,status,score"
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
    if workload == "W1":
        pairs["columns"] = COLUMNS
    else:
        # The peers do not count either.
        pairs["total"] = "false"
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
    """The texts in the cells of the grid's body. End tags of cells and rows may be missing, as in HTML they may."""

    def __init__(self):
        super().__init__()
        self.columns, self.rows, self.inside = [], [], False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "table" and "data-columns" in attributes:
            self.columns = ["name", *attributes["data-columns"].split(",")]
        if tag == "tr":
            self.inside = "data-row" in attributes
            if self.inside:
                self.rows.append([])
        if tag == "td" and self.inside and "is-select" not in (attributes.get("class") or "").split():
            self.rows[-1].append([])

    def handle_endtag(self, tag):
        if tag == "tbody":
            self.inside = False

    def handle_data(self, data):
        if self.inside and self.rows[-1] and data.strip():
            self.rows[-1][-1].append(data.strip())


def page(body):
    """The page's grid as the table of ten columns that the harness reads."""
    grid = Grid()
    grid.feed(body.decode())
    out = []
    for row in grid.rows:
        cells = dict(zip(grid.columns, row))
        text = lambda name, part=0: (cells.get(name, []) + ["", ""])[part]
        status = text("status").lower()
        ten = [text("name"), text("email"), text("name", 1), text("seniority").replace(" ", "_"), text("company"), text("industry"),
               "".join(c for c in text("employees") if c.isdigit()), COUNTRIES.get(text("country"), text("country")), STATUS.get(status, status), text("score")]
        out += [f"<td>{html.escape(cell)}</td>" for cell in ten]
    return "".join(out).encode()


def next_cursor(body):
    return json.loads(body)["next_cursor"]
