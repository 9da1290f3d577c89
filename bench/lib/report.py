"""RESULTS.md, from what the measurements left in bench/data."""
import json

from .tools import BENCH, DATA, RESULTS, read


def saved(name):
    text = read(DATA / f"{name}.json")
    return json.loads(text) if text else None


def write():
    """Each part is there if it was measured; a part measured anew replaces its own."""
    parts = ["# Results"]
    for name, render in [("run", own), ("endurance", endurance), ("growth", growth), ("peers", peers)]:
        if (found := saved(name)) is not None:
            parts.append(render(found))
    notes = read(BENCH / "NOTES.md").strip()
    text = "\n\n".join([*parts, notes] if notes else parts) + "\n"
    RESULTS.write_text(text)
    return text


def bound(result):
    """What the figure stops at, from who spent the time."""
    spent = result["own_ms"] + result["pg_ms"]
    if spent == 0:
        return ""
    database = result["pg_ms"] / spent
    who = "PostgreSQL" if database > 0.65 else "Leadline" if database < 0.35 else "both"
    cpu = f"CPU: {who} ({result['own_ms']:.2f} + {result['pg_ms']:.2f} ms)"
    return cpu if result["busy"] > 0.85 else f"one request after the other; {cpu}"


def failed(result):
    return f" **({result['bad']} failed)**" if result["bad"] else ""


def own(run):
    facts, rows = run["facts"], run["rows"]
    by_name = {name: result for name, result in rows}
    lines = [
        f"Written by `make bench`; commit {facts['commit']}, {facts['at']} UTC.",
        f"Machine: {facts['machine']}; load average {facts['load'][0]:.1f} before the first measurement (other work on the machine), {facts['load'][1]:.1f} at the end. "
        "Load generator, Leadline and PostgreSQL share the cores.",
        f"Data: {int(facts['sizes'][0]):,} leads in 20 organisations, {int(facts['sizes'][1]):,} in the first; the table with its indexes is {facts['sizes'][2]}. "
        "Durable settings, the private PostgreSQL of `leadline up`.", "",
        f"Each line {facts['seconds']} s, closed loop by wrk (a request leaves when one is answered). Half of the `/leads` requests are of the greatest organisation, "
        "30 % are later pages. Limits are pgbench with the very statements that Leadline sends, prepared, with nothing around them. "
        "ms columns are latencies; CPU is Leadline + PostgreSQL per request; *busy* is the share of all cores in use, by whomever.", "",
        "| what | requests/s | p50 ms | p95 ms | p99 ms | KB | busy | bounded by |", "|---|--:|--:|--:|--:|--:|--:|---|"]
    for name, x in rows:
        size = f"{x['kb']:.0f}" if x.get("kb") else ""
        lines.append(f"| {name}{failed(x)} | {x['rate']:,.0f} | {x['p50']:.1f} | {x['p95']:.1f} | {x['p99']:.1f} | {size} | {x['busy']:.0%} | {bound(x)} |")
    lines += ["", "| workload | of its limit |", "|---|--:|"]
    for name, measured, limit in run["ratios"]:
        lines.append(f"| {name} | {by_name[measured]['rate'] / by_name[limit]['rate']:.0%} |")
    i = facts["import"]
    lines.append(f"| W5 import of {i['rows']:,} lines | {i['rate'] / i['limit_rate']:.2f}x |")
    lines += ["", "## At a constant rate", "", "Open loop: requests leave on time, latency counts from when each was due.", "",
              "| what | p50 ms | p95 ms | p99 ms | worst ms |", "|---|--:|--:|--:|--:|"]
    for name, x in run["steady"]:
        lines.append(f"| {name}{failed(x)} | {x['p50']:.1f} | {x['p95']:.1f} | {x['p99']:.1f} | {x['max']:.1f} |")
    answer, limit = i["answer"], i["limit"]
    events, took = facts["projected"]
    lines += ["", "## Import", "", "The same file into copies of the same database, which has a tenth of the leads. The limit is `\\copy` and one upsert into "
              "Leadline's own table with all its indexes (sql/import_limit.sql): no accounts, no events, no change set.", "",
              "| what | figure |", "|---|---|",
              f"| W5 `leadline import` of {i['rows']:,} rows ({i['bytes'] / 2**20:.0f} MB), process start to exit | {i['seconds']:.1f} s, {i['rate']:,.0f} rows/s; "
              f"{answer['created']:,} created, {answer['updated']:,} updated, {answer['unchanged']:,} unchanged, {answer['rejected']:,} rejected; peak {i['memory']:.0f} MB |",
              f"| limit: `\\copy` + one upsert of the same file | {limit['wall_s']:.1f} s, {i['limit_rate']:,.0f} rows/s (copy {limit['copy_s']:.1f} s, upsert {limit['upsert_s']:.1f} s) |",
              "", "## The rest", "", "| what | figure |", "|---|---|",
              f"| ready on a warm data directory, PostgreSQL included (median of 5) | {facts['start']:.2f} s |",
              f"| idle, resident: Leadline | {facts['idle']:.0f} MB |",
              f"| idle, proportional: PostgreSQL, its shared buffers included | {facts['idle_pg']:.0f} MB |",
              f"| peak under this load: Leadline | {facts['peak']:.0f} MB |",
              f"| binary | {facts['binary']:.1f} MB |",
              f"| a page of `/leads`, 50 rows | {facts['page'][0]:.0f} KB; {facts['page'][1]:.0f} KB by gzip, {facts['page'][2]:.0f} KB by brotli |"]
    if events > 1000:
        lines.append(f"| insights caught up with {events:,} events | {took:.0f} s, {events / took:,.0f}/s |")
    lines += ["", "## Authentication", "", facts["authentication"]]
    if facts.get("duplicates"):
        leads, took = facts["compared"]
        lines += ["", "## Duplicates", "", f"In the background, as if {leads:,} leads of the greatest organisation were new: compared with everybody in it and stored in "
                  f"{took:.1f} s, {leads / took:,.0f}/s.", "", facts["duplicates"]]
    return "\n".join(lines)


def endurance(x):
    counts, restored = x["counts"], [name for name, same in x["restored"].items() if not same]
    undone = "; ".join(f"{u['state'].replace('_', ' ')}, {u['undo_done']:,} rows put back, {u['undo_conflicts']:,} left as they were" for u in x["undone"])
    return "\n".join([
        "## An import that is killed, and undone", "",
        f"A file of {sum(counts.values()):,} rows into an organisation that has {x['first']:,} leads, by the API of `leadline up`, which is killed with -9 {x['kills']} times on the way "
        "and started again. Then it is undone. Checksums are over every column of every lead, account, custom value and suppression.", "",
        "| what | figure |", "|---|---|",
        f"| the import, restarts included | {x['seconds']:.0f} s; {counts['created']:,} created, {counts['updated']:,} updated, {counts['unchanged']:,} unchanged, {counts['rejected']:,} rejected: "
        f"{sum(counts.values()):,} of {x['rows']:,} rows |",
        f"| leads after it | {x['leads']:,}, {x['emails']:,} addresses; {x['created_events']:,} `lead.created` of {x['created_subjects']:,} leads |",
        f"| most memory of any life of the server | {x['peak']:.0f} MB; {x['peak_with_undo']:.0f} MB with the undoing |",
        f"| undone | {x['undo_seconds']:.0f} s; {undone} |",
        f"| as before | {'yes: every checksum is the same' if not restored else 'NO: ' + ', '.join(restored) + ' differ'} |"])


def growth(rows):
    lines = ["## Growth", "", "W1, W2 and W4 over more and more leads: the same 200 pages and the same searches, one at a time; half of the leads are in one organisation. "
             "Growth is the p95 against that of the fewest leads.", "",
             "| leads | greatest organisation | table and indexes | W1 p50 | W1 p95 | W2 p50 | W2 p95 | W4 p50 | W4 p95 | growth W1, W2, W4 | peak memory |",
             "|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|"]
    least = next((row for row in rows if "W1" in row), None)
    for row in rows:
        if "left_out" in row:
            lines.append(f"| {row['leads']:,} | not measured: {row['left_out']} |  |  |  |  |  |  |  |  |  |")
            continue
        figures = " | ".join(f"{row[w]['p50']:.1f} ms | {row[w]['p95']:.1f} ms{failed(row[w])}" for w in ("W1", "W2", "W4"))
        grown = ", ".join(f"{row[w]['p95'] / least[w]['p95']:.2f}x" for w in ("W1", "W2", "W4"))
        lines.append(f"| {row['leads']:,} | {row['greatest']:,} | {row['size']} | {figures} | {grown} | {row['memory']:.0f} MB |")
    return "\n".join(lines)


def peers(results):
    meta = results["meta"]
    lines = ["## Beside the peers", "",
             f"Written by `bench/peers` ({meta.get('commit', '?')}, {meta.get('at', '?')} UTC): the peers' own harness, {meta['rows']:,} leads, {meta['conns']} connections, "
             f"{meta['reps']} x {meta['secs']} s, all servers over one PostgreSQL in one run. Leadline answers its own requests for the same rows "
             "(its page has more on it than theirs, its JSON more fields; it counts no totals here, as they count none); its statements beside it are `pgbench_leadline_*` and `limit_leadline`. "
             "All its answers were compared with SQL over the harness's tables before.", "", "```text", *results["report"], "```"]
    if told := results.get("W5", {}).get("leadline_differs_by_rule", {}).get("cells"):
        lines += ["", "W5 leaves the same leads behind as the one statement, but for what Leadline does otherwise on purpose (lib/compare.py): " + "; ".join(told) + "."]
    verified = results.get("verify", {}).get("leadline")
    if verified:
        lines += ["", "**Complaints**: " + "; ".join(verified)]
    return "\n".join(lines)
