"""What every measurement needs: processes, their CPU time and memory, programs of the system."""
import os, re, shutil, socket, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "bench"
# BENCH_DATA keeps everything elsewhere, RESULTS.md included: for trying things out.
DATA = Path(os.environ.get("BENCH_DATA", BENCH / "data")).resolve()
RESULTS = (DATA if "BENCH_DATA" in os.environ else BENCH) / "RESULTS.md"
RELEASE = ROOT / "target" / "release"
TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count()


def say(text):
    print(text, file=sys.stderr, flush=True)


def stop_with(text):
    say(f"bench: {text}")
    sys.exit(1)


def need_tools():
    missing = [package for tool, package in [("wrk", "wrk"), ("psql", "postgresql-client"), ("pgbench", "postgresql")] if not shutil.which(tool)
               and not list(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"))]
    if missing:
        stop_with(f"these are missing: run  sudo apt-get install {' '.join(missing)}  (those are Debian's names) and start again")


def tool(name):
    return shutil.which(name) or str(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[-1])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def parents():
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield int(entry.name), int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                pass


def cpu_seconds(pids):
    """Theirs and that of their children which have ended: PostgreSQL has a process for each connection."""
    used = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            used += sum(int(field) for field in fields[11:15])
        except OSError:
            pass
    return used / TICKS


def machine_busy():
    """CPU seconds spent by everything, since boot."""
    return sum(int(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:4]) / TICKS


def memory(pid, field):
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024


class Meter:
    """What the server, PostgreSQL and everybody else spend while something is measured."""

    def __init__(self, server):
        self.server, self.pids = server, server.postgres_pids()

    def __enter__(self):
        self.at, self.own, self.pg, self.all = time.perf_counter(), cpu_seconds([self.server.process.pid]), cpu_seconds(self.pids), machine_busy()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.at
        self.own = cpu_seconds([self.server.process.pid]) - self.own
        # Connections opened meanwhile count too.
        self.pg = cpu_seconds(set(self.pids) | set(self.server.postgres_pids())) - self.pg
        self.all = machine_busy() - self.all
