"""W1, W2 and W4 over more and more leads: the same requests each time."""
import json, shutil

from . import load, requests
from .server import Server
from .tools import DATA, memory, say

# A lead with its indexes, events and what the log of changes needs while they are made.
BYTES_PER_LEAD = 5_000


def measure(binary, sizes, seconds):
    rows, chosen, words = [], None, None
    for leads in sorted(sizes):
        home = DATA / f"growth-{leads}" / "leadline"
        shutil.rmtree(home.parent, ignore_errors=True)
        free = shutil.disk_usage(DATA).free
        if free < leads * BYTES_PER_LEAD:
            say(f"{leads:,} leads need about {leads * BYTES_PER_LEAD / 2**30:.0f} GB; {free / 2**30:.0f} GB are free: left out")
            rows.append({"leads": leads, "left_out": "too little disk"})
            continue
        server = Server(binary, home)
        try:
            server.start()
            server.make_leads(leads)
            server.settle()
            sessions = requests.sign_in(server, requests.organisations(server))
            # Chosen where there are fewest: what shows something there does so everywhere.
            chosen = chosen or requests.choose_pages(server, sessions, requests.seeded())
            words = words or requests.search_words(server)
            pages = requests.pages(server, sessions, chosen)
            row = {"leads": leads, "size": server.sql("SELECT pg_size_pretty(pg_total_relation_size('leads'))"),
                   "greatest": int(server.sql("SELECT max(n) FROM (SELECT count(*) AS n FROM leads GROUP BY org_id) x"))}
            for workload, asked in [("W1", pages), ("W2", requests.as_json(pages)), ("W4", requests.searches(sessions[0], words))]:
                load.wrk(server, asked, 1, max(3, seconds // 2))
                row[workload] = load.wrk(server, asked, 1, seconds)
                say(f"  {leads:,} {workload}: p50 {row[workload]['p50']:.1f} p95 {row[workload]['p95']:.1f} ms, {row[workload]['bad']} bad")
            row["memory"] = memory(server.process.pid, "VmHWM")
            rows.append(row)
        finally:
            server.stop()
            shutil.rmtree(home.parent, ignore_errors=True)
    (DATA / "growth.json").write_text(json.dumps(rows, indent=1))
    return rows

