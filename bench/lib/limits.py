"""What PostgreSQL can do at most: the very statements that Leadline sends, with nothing around them.

A `database` has `url`, `log` (PostgreSQL's), `sql(text)` and `pids()`.
"""
import datetime, re, shutil, subprocess, time
from pathlib import Path

from .tools import BENCH, CORES, DATA, cpu_seconds, machine_busy, stop_with, tool

# Every statement with its values. They are invented; Leadline's own cluster keeps values out of its log.
LOGGING = ["log_min_duration_statement = 0", "log_parameter_max_length = -1", "log_error_verbosity = 'default'"]


class Database:
    def __init__(self, url, log, sql, pids):
        self.url, self.log, self.sql, self.pids = url, Path(log), sql, pids


def seconds_since_1970(match):
    return f"to_timestamp({datetime.datetime.fromisoformat(match[1]).replace(tzinfo=datetime.UTC).timestamp()})"


def parse(text, wanted):
    """The statements in a piece of log that `wanted` names, with their values."""
    found = []
    for match in re.finditer(r"duration: [\d.]+ ms\s+execute \S+: (.*?)\n[^\n\t]*?DETAIL:\s+(?:Parameters|parameters): (.*?)\n(?=\d{4}-)", text + "0000-", re.S):
        statement, values = match[1].replace("\n\t", "\n"), dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", match[2]))
        if wanted(statement):
            # pgbench would take the :00 of a time for a variable.
            values = {name: re.sub(r"^'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\+00'$", seconds_since_1970, value) for name, value in values.items()}
            found.append(re.sub(r"\$(\d+)", lambda m: values.get(m[1], "NULL"), statement).replace("\n", " "))
    return found


def reads_leads(statement):
    """Not who asks, and not who their colleagues are."""
    return re.search(r"\blead_(rows|hits)\b|\bsearch_", statement) is not None


def capture(database, asks, times, wanted=reads_leads):
    """For each of `asks` (functions that make one request) the statements of its last of `times` calls, out of PostgreSQL's own log:
    asked twice, the total is known."""
    for setting in LOGGING:
        database.sql(f"ALTER SYSTEM SET {setting}")
    database.sql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    found = []
    try:
        for ask in asks:
            for _ in range(times):
                start = database.log.stat().st_size
                ask()
                time.sleep(0.02)
            with open(database.log, "rb") as file:
                file.seek(start)
                statements = parse(file.read().decode(errors="replace"), wanted)
            if statements:
                found.append(statements)
    finally:
        for setting in LOGGING:
            database.sql(f"ALTER SYSTEM RESET {setting.split(' ')[0]}")
        database.sql("SELECT pg_reload_conf()")
    return found


def organisation_of(statement):
    """The first id in a statement: every one of ours begins with its organisation's."""
    return re.search(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", statement)[1]


def script(statements, read_only=True):
    """The tenant's transaction around each, in one pipeline, as Leadline sends it."""
    begin = "BEGIN READ ONLY" if read_only else "BEGIN"
    return "".join(f"\\startpipeline\n{begin};\nSET LOCAL ROLE leadline_runtime;\nSET LOCAL app.org_id = '{organisation_of(one)}';\n{one};\nCOMMIT;\n\\endpipeline\n"
                   for one in statements)


def pgbench(database, scripts, clients, seconds):
    """Runs the scripts in turns, prepared."""
    if not scripts:
        stop_with("no statement of Leadline's was found in PostgreSQL's log")
    directory = DATA / "pgbench"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    files = []
    for n, text in enumerate(scripts[:120]):
        path = directory / f"{n}.sql"
        path.write_text(text)
        files += ["-f", str(path)]
    before, pids = machine_busy(), database.pids()
    spent, began = cpu_seconds(pids), time.perf_counter()
    made = subprocess.run([tool("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds), "-l",
                           "--log-prefix", str(directory / "log"), *files, database.url], capture_output=True, text=True)
    lasted, spent = time.perf_counter() - began, cpu_seconds(set(pids) | set(database.pids())) - spent
    rate = re.search(r"tps = ([\d.]+)", made.stdout)
    latencies = sorted(int(line.split()[2]) / 1e3 for log in directory.glob("log*") for line in log.read_text().splitlines() if line.split()[2].isdigit())
    if not rate or not latencies:
        stop_with(f"pgbench: {made.stderr[-500:]}")
    pick = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    n = len(latencies)
    return {"rate": float(rate[1]), "p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99), "max": latencies[-1], "requests": n, "bad": 0,
            "own_ms": 0.0, "pg_ms": spent * 1e3 / n, "kb": None, "busy": (machine_busy() - before) / (lasted * CORES)}


def insertion(statement):
    """A captured insertion of a lead that can be run again and again: another id and another address each time."""
    statement = re.sub(r"'[^']*@[^']*'", "'w3-limit-' || :n || '@limit.example'", statement, count=1)
    organisation = organisation_of(statement)
    first, rest = statement.split(f"'{organisation}'", 1)
    return "\\set n random(1, 1000000000000000)\n" + script([first + f"'{organisation}'" + re.sub(r"'[0-9a-f]{8}-[0-9a-f-]{27}'", "gen_random_uuid()", rest, count=1)], read_only=False)


def import_limit(database, file, organisation):
    """The file copied and one statement: rows, seconds, and the parts of both."""
    began = time.time()
    made = subprocess.run([tool("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-v", f"org={organisation}", "-v", f"file={file}", "-d", database.url,
                           "-f", str(BENCH / "sql" / "import_limit.sql")], capture_output=True, text=True)
    ended = time.time()
    if made.returncode:
        stop_with(f"psql: {made.stderr[-500:]}")
    copied = float(re.search(r"COPIED ([\d.]+)", made.stdout)[1])
    inserted, updated = map(int, re.search(r"^(\d+)\|(\d+)$", made.stdout, re.M).groups())
    return {"wall_s": ended - began, "copy_s": copied - began, "upsert_s": ended - copied, "inserted": inserted, "updated": updated}
