"""An import whose server is killed again and again, and the undoing of it: every row once, and then everything as it was."""
import http.client, json, os, shutil, signal, time, uuid

from . import importing, requests
from .server import Server
from .tools import DATA, memory, say, stop_with

# Whatever an import may touch, every column of every row, but for a lead's version: it counts changes, and undoing is one.
STATE = {
    "leads": "SELECT count(*), coalesce(sum(hashtextextended((to_jsonb(l) - 'version')::text, 0)), 0) FROM leads l",
    "accounts": "SELECT count(*), coalesce(sum(hashtextextended(a::text, 0)), 0) FROM accounts a",
    "custom values": "SELECT count(*), coalesce(sum(hashtextextended(v::text, 0)), 0) FROM lead_custom_values v",
    "suppressions": "SELECT count(*), coalesce(sum(hashtextextended(s::text, 0)), 0) FROM suppressions s",
}


def state(server):
    return {name: server.sql(text) for name, text in STATE.items()}


class Survivor(Server):
    """A server that may be killed; remembers the most memory that any of its lives had."""
    peak = 0

    def look(self):
        try:
            self.peak = max(self.peak, memory(self.process.pid, "VmHWM"))
        except (OSError, TypeError):
            pass

    def kill(self):
        self.look()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def json(self, method, path, cookie, body=None):
        answer = self.ask(method, path, None if body is None else json.dumps(body), {
            "Cookie": cookie, "Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"})
        if answer.status >= 300:
            stop_with(f"{method} {path} answered {answer.status}: {answer.body[:300]}")
        return json.loads(answer.body)

    def upload(self, path, cookie, file):
        """The file as a browser sends it, never whole in memory here either."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\nContent-Type: text/csv\r\n\r\n'.encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.putrequest("POST", path)
        for name, value in [("Cookie", cookie), ("Content-Type", f"multipart/form-data; boundary={boundary}"), ("Origin", f"http://127.0.0.1:{self.port}"),
                            ("Sec-Fetch-Site", "same-origin"), ("Content-Length", str(len(head) + file.stat().st_size + len(tail)))]:
            connection.putheader(name, value)
        connection.endheaders(head)
        with open(file, "rb") as source:
            while chunk := source.read(1 << 20):
                connection.send(chunk)
        connection.send(tail)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 201:
            stop_with(f"the upload was answered with {answer.status}: {body[:300]}")
        return json.loads(body)

    def wait_for(self, path, cookie, done, patience=3600):
        began = time.perf_counter()
        while time.perf_counter() - began < patience:
            self.look()
            now = self.json("GET", path, cookie)
            if done(now):
                return now
            time.sleep(0.1)
        stop_with(f"{path} was not done in time: {now}")


def measure(binary, source, rows, kills=(0.2, 0.45, 0.7)):
    """`source` is a server with as many leads, which the file is made of."""
    file, tenth = DATA / "import.csv", DATA / "import-tenth.csv"
    importing.write_file(source, file, rows)
    importing.write_file(source, tenth, rows // 10, earlier=True)
    home = DATA / "endurance" / "leadline"
    shutil.rmtree(home.parent, ignore_errors=True)
    server = Survivor(binary, home)
    try:
        server.start()
        cookie = owner(server)
        return run(server, cookie, file, tenth, rows, kills)
    finally:
        server.stop()
        shutil.rmtree(home.parent, ignore_errors=True)


def owner(server):
    """An organisation, and a session of its owner's."""
    with open(DATA / "password", "w+") as password:
        password.write("correct horse battery staple\n")
        password.seek(0)
        importing.leadline(server, None, "admin", "create-owner", "--organisation", "Bench organisation 1", "--name", "Bench Importer", "--email", "import@leadline.example", stdin=password)
    os.unlink(DATA / "password")
    [cookie] = requests.sign_in(server, requests.organisations(server))
    return cookie


def run(server, cookie, file, tenth, rows, kills):
    say("  a tenth of the leads first")
    first = imported(server, cookie, tenth, [])
    server.settle()
    before = state(server)
    say(f"  the file, killed {len(kills)} times")
    began = time.perf_counter()
    found = imported(server, cookie, file, kills)
    seconds = time.perf_counter() - began
    server.settle()
    emails, leads = server.sql("SELECT count(DISTINCT email), count(*) FROM leads").split("|")
    history = server.sql("SELECT count(*), count(DISTINCT subject_id) FROM events WHERE kind = 'lead.created'").split("|")
    facts = {"rows": rows, "seconds": seconds, "kills": len(kills), "peak": server.peak, "counts": {name: found[name] for name in ("created", "updated", "unchanged", "rejected")},
             "leads": int(leads), "emails": int(emails), "created_events": int(history[0]), "created_subjects": int(history[1]), "first": first["created"]}
    say("  undoing")
    began = time.perf_counter()
    for change_set in reversed(found["change_set_ids"]):
        server.json("POST", f"/api/v1/changes/{change_set}/undo", cookie, {})
        undone = server.wait_for(f"/api/v1/changes/{change_set}", cookie, lambda now: now["state"] in ("undone", "partly_undone", "stopped"))
        facts.setdefault("undone", []).append({name: undone[name] for name in ("state", "undo_done", "undo_conflicts")})
    facts["undo_seconds"] = time.perf_counter() - began
    server.settle()
    after = state(server)
    facts |= {"restored": {name: after[name] == before[name] for name in STATE}, "before": before, "after": after, "peak_with_undo": server.peak}
    return facts


def imported(server, cookie, file, kills):
    """Brings a file in; the server dies at each of these shares of it."""
    uploaded = server.upload("/api/v1/imports", cookie, file)
    path = f"/api/v1/imports/{uploaded['id']}"
    server.json("POST", f"{path}/start", cookie, {"plan": uploaded["plan"] | {"existing": "overwrite", "source": "import"}})
    for share in kills:
        server.wait_for(path, cookie, lambda now: now["rows_done"] >= share * max(1, now["total_rows"]) or now["status"] not in ("mapping", "running"))
        say(f"    kill -9 at {share:.0%}")
        server.kill()
        server.start()
    now = server.wait_for(path, cookie, lambda now: now["status"] in ("finished", "failed", "stopped"))
    if now["status"] != "finished":
        stop_with(f"the import ended as {now['status']}: {now['failure']}")
    return now
