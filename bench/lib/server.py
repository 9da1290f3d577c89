"""The binary under measurement, and the private PostgreSQL that it starts."""
import http.client, os, signal, subprocess, time, urllib.parse
from pathlib import Path

from .limits import Database
from .tools import DATA, Meter, free_port, parents, say, stop_with, tool


class Server:
    def __init__(self, binary, home):
        self.binary, self.home, self.port = Path(binary), Path(home), free_port()
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.log = open(DATA / "leadline.log", "ab")
        self.process = None

    def environment(self, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_") and name not in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL")}
        return env | {"LEADLINE_BIND": f"127.0.0.1:{self.port}", "LEADLINE_DATA_DIR": str(self.home), "LEADLINE_REQUESTS_PER_MINUTE": "10000000", "RUST_LOG": "warn"} | more

    def start(self, patience=600):
        began = time.perf_counter()
        self.process = subprocess.Popen([self.binary, "up"], env=self.environment(), stdout=subprocess.DEVNULL, stderr=self.log)
        while time.perf_counter() - began < patience:
            if self.process.poll() is not None:
                stop_with(f"leadline ended with {self.process.returncode}: see bench/data/leadline.log")
            try:
                # /readyz answers when the database does: the port alone is open earlier.
                if self.get("/readyz").status == 200:
                    return time.perf_counter() - began
            except OSError:
                pass
            time.sleep(0.005)
        stop_with("leadline was not ready in time: see bench/data/leadline.log")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        return answer

    def get(self, path, cookie="", encoding="identity"):
        return self.ask("GET", path, headers={"Accept-Encoding": encoding} | ({"Cookie": cookie} if cookie else {}))

    def post_form(self, path, fields):
        return self.ask("POST", path, urllib.parse.urlencode(fields), {
            "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"})

    def url(self, name=None):
        """The address of the database, or of another one in the same cluster."""
        url = (self.home / "database.url").read_text().strip()
        if name is None:
            return url
        parts = urllib.parse.urlsplit(url)
        return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))

    def sql(self, text, name=None):
        made = subprocess.run([tool("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.url(name)], input=text, capture_output=True, text=True)
        if made.returncode:
            stop_with(f"psql: {made.stderr.strip()}")
        return made.stdout.strip()

    def database(self, name=None):
        log = Path(self.sql("SHOW data_directory")).parent / "postgres.log"
        return Database(self.url(name), log, lambda text: self.sql(text, name), self.postgres_pids)

    def postgres_pids(self):
        directory = Path(self.sql("SHOW data_directory"))
        master = int((directory / "postmaster.pid").read_text().split()[0])
        return [master] + [pid for pid, parent in parents() if parent == master]

    def has_leads(self):
        return self.sql("SELECT EXISTS (SELECT FROM organisations WHERE name = 'Bench organisation 1')") == "t"

    def make_leads(self, leads):
        """The generator's world, once."""
        if not self.has_leads():
            say(f"making {leads:,} leads")
            subprocess.run([self.binary.parent / "generate", "--database", self.url(), "--leads", str(leads)], check=True)

    def settle(self, patience=1800):
        """Waits until everything that reads the event log has read it to its end, and nothing else is at work."""
        behind = lambda: int(self.sql("SELECT count(*) FROM events e, event_cursors c WHERE c.consumer = 'insights.count' AND (e.xid, e.seq) > (c.xid, c.seq)"))
        began, events = time.perf_counter(), behind()
        while behind() > 0:
            if time.perf_counter() - began > patience:
                stop_with("insights did not catch up with the event log in half an hour")
            time.sleep(1)
        caught_up = time.perf_counter() - began
        while time.perf_counter() - began < patience:
            with Meter(self) as meter:
                time.sleep(5)
            if meter.own + meter.pg < 0.25:
                return events, caught_up
        stop_with("Leadline or its PostgreSQL is still at work after half an hour")
