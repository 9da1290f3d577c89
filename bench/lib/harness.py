"""The peers' harness with Leadline in it: its own code, with the few places replaced where one server differs from another."""
import contextlib, importlib.machinery, importlib.util, json, math, os, re, shutil, statistics, sys

from . import compare, limits, translate
from .peer import Asked, Query, leadline
from .tools import say


def load(directory):
    """The harness as a module, from a copy of our own if we may not write there: Next.js is built in its directory."""
    if not os.access(directory, os.W_OK) or os.stat(directory).st_mode & 0o200 == 0:
        home = os.environ.get("PEERS_HOME") or os.path.join(os.environ.get("TMPDIR", "/tmp"), "peers-home")
        os.environ["PEERS_HOME"] = home
        copy = os.path.join(home, "harness")
        os.makedirs(copy, exist_ok=True)
        shutil.copytree(directory, copy, dirs_exist_ok=True, copy_function=newer)
        for path, _, _ in os.walk(copy):
            os.chmod(path, 0o755)
        directory = copy
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("harness", os.path.join(directory, "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("harness", loader))
    loader.exec_module(module)
    return module


def newer(source, target):
    """Leaves alone what is as it was, so that what was built from it stays good."""
    if not os.path.exists(target) or os.stat(source).st_mtime > os.stat(target).st_mtime:
        shutil.copy2(source, target)
        os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def plug_in(harness, binary):
    """Puts Leadline into the module."""
    harness.plain_psql, harness.plain_http = harness.psql, harness.http
    Leadline = leadline(harness, binary)
    databases = Leadline.databases_
    original = {name: getattr(harness, name) for name in "Peer mix query verify w3_body w3_clean request_file oha run_job w5_reset w5_state w5_limit limits bench_w5".split()}
    current = {"peer": None, "job": None, "leadline": None}
    own_import_limit = []
    comparison = compare.Comparison(harness, databases)

    def peer(spec, index):
        if os.path.basename(spec) != "leadline.json":
            return original["Peer"](spec, index)
        current["leadline"] = Leadline(spec, index)
        return current["leadline"]

    # A request keeps knowing its organisation and its parameters until its address is made.
    def mix(kind):
        return [(organisation, Asked(organisation, parameters)) for organisation, parameters in original["mix"](kind)]

    def query(parameters):
        text = Query(original["query"](parameters))
        text.asked = parameters
        return text

    @contextlib.contextmanager
    def at(peer):
        before, current["peer"] = current["peer"], peer if isinstance(peer, Leadline) else None
        try:
            yield
        finally:
            current["peer"] = before

    def for_peer(name):
        def call(peer, *arguments):
            with at(peer):
                return original[name](peer, *arguments)
        return call

    def w3_body(*arguments):
        body = original["w3_body"](*arguments)
        return translate.new_lead(body) if current["peer"] else body

    def http(method, url, headers=None, body=None, timeout=30):
        peer = current["peer"]
        if not peer or not url.startswith(peer.base):
            return harness.plain_http(method, url, headers, body, timeout)
        if method == "POST":
            return created(peer, url, headers, body)
        code, answer = harness.plain_http(method, url, headers, body, timeout)
        if code == 200 and url.startswith(peer.base + "/leads"):
            return code, translate.page(answer)
        if code == 200 and "/api/v1/leads" in url:
            organisation = next((org for org, header in peer.tokens.items() if header.split(": ", 1)[1] in (headers or {}).values()), None)
            return code, translate.listed(answer, organisation)
        return code, answer

    def created(peer, url, headers, body):
        """Leadline's statuses as the harness has them; the country's name, which it understands instead of refusing, is told and taken back."""
        code, answer = harness.plain_http("POST", url, headers, body)
        said = json.loads(answer)
        if code == 422 and any(error.get("pointer") == "/email" and "taken" in error.get("code", "") for error in said.get("errors", [])):
            return 409, answer
        if code == 201 and len(json.loads(body)["country"]) > 2 and len(said["country"]) == 2:
            say(f"  (the country {json.loads(body)['country']!r} became {said['country']!r}; the peers refuse it)")
            harness.plain_http("DELETE", f"{url}/{said['id']}", headers)
            return 422, answer
        return code, answer

    def psql(sql, db="bench", user="app", **more):
        # What was stored by Leadline is looked for where it stores.
        if db == "bench" and "FROM leads" in sql and ("'w3-v-%'" in sql if current["peer"] else re.search(r"'w3-\d+-leadline-", sql)):
            return databases.psql(f"SET search_path = harness, public; {sql}", "leadline_bench")
        return harness.plain_psql(sql, db=db, user=user, **more)

    def w3_clean():
        original["w3_clean"]()
        if "leadline_bench" in harness.plain_psql("SELECT datname FROM pg_database", db="postgres", user="postgres").split():
            databases.psql("DELETE FROM leads WHERE email LIKE 'w3-%'", "leadline_bench")

    def w5_reset(rows):
        original["w5_reset"](rows)
        template = f"leadline_w5_{rows}"
        databases.make(template, f"w5tmpl_{rows}")
        databases.psql("DROP DATABASE IF EXISTS leadline_w5 WITH (FORCE)", "postgres")
        databases.psql(f"CREATE DATABASE leadline_w5 TEMPLATE {template} STRATEGY = FILE_COPY", "postgres")
        databases.psql("CHECKPOINT", "postgres")

    def w5_limit(csv, rows):
        current["job"] = None
        comparison.read(csv)
        own = limits.import_limit(databases.as_database("leadline_w5"), csv, translate.uuid("org", 1))
        own_import_limit.append(own | {"rows_per_s": rows / own["wall_s"]})
        say(f"  W5 limit in Leadline's tables {rows / own['wall_s']:9.0f} rows/s  wall {own['wall_s']:.1f} s (copy {own['copy_s']:.1f}, upsert {own['upsert_s']:.1f})")
        return original["w5_limit"](csv, rows)

    def bench_w5(peers, options, results):
        own_import_limit.clear()
        original["bench_w5"](peers, options, results)
        results["W5"]["limit_leadline"] = own_import_limit
        results["W5"]["leadline_differs_by_rule"] = {"cells": comparison.told}

    def run_job(command, cwd, env, name, timeout=900):
        current["job"] = name
        if name != "leadline-w5":
            return original["run_job"](command, cwd, env, name, timeout)
        try:
            result = original["run_job"](command, cwd, env, name, 3600)
        except RuntimeError as error:
            # What was measured before is worth keeping: the state after it is the complaint.
            say(f"  {error}")
            return {"wall_s": math.nan, "cpu_s": math.nan, "pg_cpu_s": math.nan}
        return result | {"inserted": result.get("created"), "skipped": result.get("rejected")}

    def w5_state():
        state = original["w5_state"]()
        return comparison.state(state) if current["job"] == "leadline-w5" else comparison.keep(state)

    def all_limits(options, results, page=None):
        if page and not shutil.which("nginx"):
            say("  nginx is not installed: without the limit of a static file")
            page = None
        original["limits"](options, results, page)
        if current["leadline"]:
            own_limits(current["leadline"], options, results)

    def own_limits(peer, options, results):
        """pgbench with the very statements that Leadline sends for the same requests."""
        database = databases.as_database("leadline_bench")
        peer.up()
        ask = lambda path, organisation: lambda: harness.plain_http("GET", peer.base + path, dict([peer.header(organisation).split(": ", 1)]))
        scripts = {}
        for workload in ("W1", "W2", "W4"):
            if workload in options.workloads.split(","):
                asked = mix("search" if workload == "W4" else "list")[:100]
                asks = [ask(peer.path(workload, query(parameters)), organisation) for organisation, parameters in asked]
                scripts[workload] = [limits.script(statements) for statements in limits.capture(database, asks, 2)]
        if "W3" in options.workloads.split(","):
            with at(peer):
                body = w3_body(1, "limit", "0").encode()
            header = dict([peer.header(1).split(": ", 1)]) | {"content-type": "application/json"}
            post = lambda: harness.plain_http("POST", peer.base + peer.path("W3"), header, body)
            scripts["W3"] = [limits.insertion(one) for [one] in limits.capture(database, [post], 1, lambda text: "INSERT INTO leads" in text)]
        peer.down()
        for workload, texts in scripts.items():
            limits.pgbench(database, texts, 8, 3)
            runs = [limits.pgbench(database, texts, 8, options.secs) for _ in range(options.reps)]
            results["limits"][f"pgbench_leadline_{workload}"] = [{"tps": run["rate"], "pg_cpu_ms": run["pg_ms"], "latency_ms": run["p50"]} for run in runs]
            say(f"  limit pgbench of Leadline's SQL {workload}: {statistics.median(run['rate'] for run in runs):9.0f} /s, pg cpu {statistics.median(run['pg_ms'] for run in runs):.3f} ms each")
        w3_clean()

    harness.Peer, harness.mix, harness.query, harness.http, harness.psql = peer, mix, query, http, psql
    harness.w3_body, harness.w3_clean, harness.limits, harness.bench_w5 = w3_body, w3_clean, all_limits, bench_w5
    harness.w5_reset, harness.w5_limit, harness.w5_state, harness.run_job = w5_reset, w5_limit, w5_state, run_job
    for name in ("verify", "request_file", "oha"):
        setattr(harness, name, for_peer(name))
