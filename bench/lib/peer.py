"""Leadline as a peer of the harness: its database, its process, its requests."""
import base64, hashlib, hmac, os, subprocess

from . import limits, seed, translate
from .tools import BENCH, ROOT, say, stop_with

SCHEMA = (BENCH / "sql" / "harness.sql").read_text()


class Asked(dict):
    """The parameters of a request that still know whose it is."""

    def __init__(self, organisation, parameters):
        super().__init__(parameters)
        self.organisation = organisation


class Query(str):
    """A query string that still knows its parameters."""
    asked = None


class Databases:
    """Leadline's databases in the harness's PostgreSQL: migrations make roles, so they belong to the superuser."""

    def __init__(self, harness, binary):
        self.harness, self.binary = harness, binary
        self.home = os.path.join(harness.HOME, "leadline")
        self.made = set()

    def url(self, name):
        return f"postgresql://postgres@{self.harness.LO}:{self.harness.PG_PORT}/{name}"

    def environment(self, name, port=0):
        # Without these Leadline brings what it needs itself: a cache in the process, a mailbox for development.
        other = {"REDIS_URL": "", "SMTP_URL": "", "RESEND_API_KEY": "", "RESEND_BASE_URL": ""}
        return other | {"DATABASE_URL": self.url(name), "LEADLINE_BIND": f"{self.harness.LO}:{port}", "PUBLIC_URL": f"http://{self.harness.LO}:{port}",
                        "LEADLINE_DATA_DIR": self.home, "LEADLINE_REQUESTS_PER_MINUTE": "10000000", "RUST_LOG": "warn"}

    def psql(self, sql, name):
        return self.harness.plain_psql(sql, db=name, user="postgres")

    def pipe(self, out_sql, source, in_sql, target):
        tool = [self.harness.pg_bin("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.harness.LO, "-p", str(self.harness.PG_PORT), "-U", "postgres"]
        giver = subprocess.Popen([*tool, "-d", source, "-c", out_sql], stdout=subprocess.PIPE)
        taker = subprocess.run([*tool, "-d", target, "-c", in_sql], stdin=giver.stdout)
        giver.stdout.close()
        if giver.wait() or taker.returncode:
            stop_with(f"copying from {source} to {target} failed: {in_sql}")

    def as_database(self, name):
        pids = lambda: self.harness.tree(self.harness.PG["pid"])
        return limits.Database(self.url(name), os.path.join(self.harness.HOME, "log", "postgres.log"), lambda sql: self.psql(sql, name), pids)

    def make(self, name, source):
        """`name` with the rows of the harness's `source`, once for each schema: its migrations are remembered as a comment."""
        if name in self.made:
            return
        self.made.add(name)
        migrations = hashlib.sha256(b"".join(path.read_bytes() for path in sorted((ROOT / "migrations").glob("*.sql")))).hexdigest()
        if self.psql(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'", "postgres") == migrations:
            return
        self.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "postgres")
        say(f"copying the rows of {source} into Leadline's schema (once; kept under PEERS_HOME)")
        making = f"{name}_making"
        self.psql(f"DROP DATABASE IF EXISTS {making} WITH (FORCE)", "postgres")
        self.psql(f"CREATE DATABASE {making}", "postgres")
        made = subprocess.run([self.binary, "migrate"], env=os.environ | self.environment(making), cwd=self.harness.HOME, capture_output=True, text=True)
        if made.returncode:
            stop_with(f"leadline migrate: {made.stderr.strip()}")
        self.psql(SCHEMA, making)
        seed.fill(self.psql, self.pipe, source, making, lambda what: say(f"  {what}"))
        self.psql(f"COMMENT ON DATABASE {making} IS '{migrations}'", "postgres")
        self.psql(f"ALTER DATABASE {making} RENAME TO {name}", "postgres")
        self.psql("CHECKPOINT", "postgres")


def leadline(harness, binary):
    """The class of the peer, on top of the harness's own."""
    databases = Databases(harness, binary)

    class Leadline(harness.Peer):
        databases_ = databases

        def __init__(self, spec, index):
            super().__init__(spec, index)
            self.cursors = {}
            self.a["web"]["cmd"] = self.a["web"]["cmd"].format(binary=binary)
            self.a["web"]["env"] = databases.environment("leadline_bench", self.port)
            if "w5" in self.a:
                organisation = translate.typed_id("org", 1)
                self.a["w5"] |= {"cmd": self.a["w5"]["cmd"].format(binary=binary, organisation=organisation), "env": databases.environment("leadline_w5")}

        def cwd(self, part):
            # Where no leadline.toml lies.
            return harness.HOME

        def up(self):
            if not self.proc:
                databases.make("leadline_bench", "bench")
                databases.psql("SELECT pg_prewarm(i.indexrelid::regclass) FROM pg_index i WHERE indrelid = 'leads'::regclass UNION ALL SELECT pg_prewarm('leads')", "leadline_bench")
            super().up()

        def header(self, org):
            """A session of the organisation's second user: a row such as signing in writes, for a token made here."""
            if org not in self.tokens:
                user = (org - 1) * 25 + 2
                token = base64.urlsafe_b64encode(hmac.digest(harness.SECRET.encode(), f"session of {user}".encode(), "sha256")).rstrip(b"=").decode()
                databases.psql(f"""INSERT INTO sessions (id, user_id, active_org, token_hash, fresh_at, created_at, expires_at, last_seen_at)
                    VALUES (gen_random_uuid(), '{translate.uuid("user", user)}', '{translate.uuid("org", org)}', '\\x{hashlib.sha256(token.encode()).hexdigest()}', now(), now(), now() + interval '30 days', now())
                    ON CONFLICT (token_hash) DO UPDATE SET expires_at = excluded.expires_at""", "leadline_bench")
                self.tokens[org] = f"cookie: leadline_session={token}"
            return self.tokens[org]

        def path(self, workload, query=""):
            asked = getattr(query, "asked", None)
            if asked is None:
                return self.a["paths"][workload]
            return translate.path(workload, asked, self.cursor(asked))

        def cursor(self, asked):
            """Pages have no numbers here: where one begins is found by going there, once for each request and before any measurement."""
            rows = (asked.get("page", 1) - 1) * 50
            if not rows:
                return None
            key = (asked.organisation, *sorted(asked.items()))
            if key not in self.cursors:
                cursor, name_value = None, self.header(asked.organisation).split(": ", 1)
                while rows:
                    limit = min(rows, 200)
                    code, body = harness.plain_http("GET", self.base + translate.path("W2", asked, cursor, limit), {name_value[0]: name_value[1]})
                    if code != 200:
                        stop_with(f"walking to page {asked['page']}: {code} {body[:300]!r}")
                    cursor, rows = translate.next_cursor(body), rows - limit
                self.cursors[key] = cursor
            return self.cursors[key]

    return Leadline
