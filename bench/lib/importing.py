"""W5: a file imported into a database that has a tenth of its leads, beside what one statement makes of the same file."""
import json, os, subprocess, time

from . import limits
from .tools import DATA, memory, say, stop_with, tool

ORGANISATION, TEMPLATE, WORK = "Import bench", "bench_import_template", "bench_import"
COLUMNS = ("first_name, last_name, email, title, seniority, department, company_name, company_domain, industry, employee_count, annual_revenue, "
           "country, city, phone, linkedin_url")


def write_file(server, path, rows, earlier=False):
    """Real-looking leads; `earlier`: as they were before, when they had another title and lived elsewhere."""
    columns = COLUMNS.replace(" title,", " 'Former ' || title AS title,").replace(" city,", " 'Old ' || city AS city,") if earlier else COLUMNS
    with open(path, "wb") as out:
        subprocess.run([tool("psql"), "-X", "-q", "-d", server.url(), "-c", f"""COPY (SELECT {columns}, array_to_string(tags, ';') AS tags
            FROM leads WHERE email IS NOT NULL ORDER BY md5(email) LIMIT {rows}) TO STDOUT (FORMAT csv, HEADER)"""], stdout=out, check=True)


def leadline(server, database, *arguments, **more):
    """A command over another database of the same cluster; its peak memory and seconds besides."""
    began = time.perf_counter()
    process = subprocess.Popen([server.binary, *arguments], env=server.environment(DATABASE_URL=server.url(database)), stdout=subprocess.PIPE,
                               stderr=server.log, text=True, **more)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, memory(process.pid, "VmHWM"))
        except (OSError, TypeError):
            pass
        time.sleep(0.05)
    seconds, answer = time.perf_counter() - began, process.stdout.read()
    if process.returncode:
        stop_with(f"leadline {arguments[0]} failed: see bench/data/leadline.log")
    return answer, seconds, peak


def load(server, database, path):
    return leadline(server, database, "import", str(path), "--org", ORGANISATION, "--existing", "overwrite", "--source", "import", "--json")


def make_template(server, tenth):
    """Migrated, with an organisation that has a tenth of the leads already."""
    server.sql(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
    server.sql(f"CREATE DATABASE {TEMPLATE}")
    leadline(server, TEMPLATE, "migrate")
    with open(DATA / "password", "w+") as password:
        password.write("correct horse battery staple\n")
        password.seek(0)
        leadline(server, TEMPLATE, "admin", "create-owner", "--organisation", ORGANISATION, "--name", "Bench Importer", "--email", "import@leadline.example", stdin=password)
    os.unlink(DATA / "password")
    load(server, TEMPLATE, tenth)
    server.sql("VACUUM (ANALYZE)", TEMPLATE)


def fresh(server):
    server.sql(f"DROP DATABASE IF EXISTS {WORK} WITH (FORCE)")
    server.sql(f"CREATE DATABASE {WORK} TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
    server.sql("CHECKPOINT")


def measure(server, rows):
    """Both in turns, each over a fresh copy of the same database."""
    file, tenth = DATA / "import.csv", DATA / "import-tenth.csv"
    write_file(server, file, rows)
    write_file(server, tenth, rows // 10, earlier=True)
    say("  W5: a tenth of the leads first")
    make_template(server, tenth)
    fresh(server)
    organisation = server.sql("SELECT org_id FROM organisations", WORK)
    say("  W5: one statement")
    limit = limits.import_limit(server.database(WORK), file, organisation)
    fresh(server)
    say("  W5: leadline import")
    answer, seconds, peak = load(server, WORK, file)
    found = server.sql("SELECT count(*) FROM leads", WORK)
    for database in (WORK, TEMPLATE):
        server.sql(f"DROP DATABASE {database} WITH (FORCE)")
    answer = json.loads(answer)
    if int(found) < rows * 0.9:
        stop_with(f"the import left {found} leads of {rows} lines")
    return {"rows": rows, "bytes": file.stat().st_size, "seconds": seconds, "rate": rows / seconds, "memory": peak, "answer": answer,
            "limit": limit, "limit_rate": rows / limit["wall_s"]}
