"""What an import has left behind, row by row, against what the limit's one statement has left behind.

The harness compares a checksum. Leadline's rules differ from that statement in four ways, by intent:
- a cell that is empty says nothing: the value that an earlier line (or the lead before the import, or its company) gave stays;
- a line without an address is refused there; here it is the lead with its LinkedIn profile, or a new one without an address
  (those are left out of the comparison);
- no number of employees is unknown, not 0;
- a line break within a job title is a space.
Everything else must be equal, and what differs is counted by these rules.
"""
import collections, csv, os, subprocess

from .tools import say

COLUMNS = ("email org_id first_name last_name title seniority department company_name company_domain industry employee_count annual_revenue country city "
           "phone linkedin_url source status").split()
NULL = "\\N"


def difference(column, theirs, ours):
    """Which of the rules explains it; None: none does."""
    if theirs == ours:
        return ""
    if column in ("phone", "linkedin_url") and theirs == NULL:
        return "an empty cell replaced nothing"
    if column == "employee_count" and theirs == "0":
        return "the number of employees is unknown, not 0" if ours == NULL else "an empty cell replaced nothing"
    if column == "title" and theirs.replace("\\n", " ") == ours:
        return "a line break within a job title is a space"
    return None


class Comparison:
    def __init__(self, harness, databases):
        self.harness, self.databases = harness, databases
        self.kept = None
        self.told = []
        self.file, self.profiles = None, set()

    def read(self, file):
        """The profiles of the lines without an address."""
        if file != self.file:
            with open(file, newline="") as lines:
                self.profiles = {line["linkedin_url"] for line in csv.DictReader(lines) if not line["email"].strip()} - {""}
            self.file = file

    def export(self, database, schema, path):
        out = f"SET search_path = {schema}, public; COPY (SELECT {', '.join(COLUMNS)} FROM leads ORDER BY email COLLATE \"C\") TO STDOUT"
        tool = [self.harness.pg_bin("psql"), "-X", "-q", "-h", self.harness.LO, "-p", str(self.harness.PG_PORT), "-U", "postgres", "-d", database, "-c", out]
        with open(path, "wb") as file:
            subprocess.run(tool, stdout=file, check=True)
        return path

    def keep(self, state):
        """The harness's table, after the limit or another peer."""
        if state != self.kept:
            self.export("w5", "public", os.path.join(self.harness.HOME, "w5-expected.txt"))
            self.kept = state
        return state

    def state(self, _):
        """The state that the limit reached if Leadline's is the same but for the rules above, else what differs."""
        ours = self.export("leadline_w5", "harness", os.path.join(self.harness.HOME, "w5-leadline.txt"))
        rules, wrong, rows = collections.Counter(), [], 0
        with open(os.path.join(self.harness.HOME, "w5-expected.txt")) as a, open(ours) as b:
            left, right = next(a, None), next(b, None)
            while left is not None or right is not None:
                keys = tuple(line.split("\t", 1)[0] if line else "\U0010ffff" for line in (left, right))
                if keys[0] != keys[1]:
                    wrong.append(f"{min(keys)} is only {'expected' if keys[0] < keys[1] else 'in Leadline'}")
                elif left != right:
                    rows += 1
                    profile = right.rstrip("\n").split("\t")[COLUMNS.index("linkedin_url")]
                    for column, x, y in zip(COLUMNS, left.rstrip("\n").split("\t"), right.rstrip("\n").split("\t")):
                        rule = difference(column, x, y)
                        if rule is None and profile in self.profiles:
                            rule = "a line without an address was recognised by its LinkedIn profile"
                        if rule is None:
                            wrong.append(f"{keys[0]}: {column} {y!r}, expected {x!r}")
                        elif rule:
                            rules[rule] += 1
                if keys[0] <= keys[1]:
                    left = next(a, None)
                if keys[1] <= keys[0]:
                    right = next(b, None)
        self.told = [f"{count:,} cells: {rule}" for rule, count in rules.most_common()]
        say(f"  leadline: {rows:,} rows differ from the one statement's by rule ({'; '.join(self.told) or 'none'}); {len(wrong):,} differ otherwise")
        for line in wrong[:10]:
            say(f"    {line}")
        return f"{len(wrong)} cells or rows differ, first: {wrong[0]}" if wrong else self.kept
