"""Requests sent to a server, as fast as they are answered or at a constant rate."""
import http.client, json, random, re, subprocess, threading, time

from .tools import BENCH, CORES, DATA, Meter, stop_with, tool


def wrk(server, requests, connections, seconds, seed=1):
    """Closed loop over (cookie, path) or (cookie, path, body)."""
    path = DATA / "requests.txt"
    path.write_text("".join("\t".join(request) + "\n" for request in requests))
    with Meter(server) as meter:
        made = subprocess.run([tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-s", str(BENCH / "replay.lua"),
                               f"http://127.0.0.1:{server.port}/", "--", str(path), str(seed)], capture_output=True, text=True)
    found = re.search(r"RESULT (\{.*\})", made.stdout)
    if not found:
        stop_with(f"wrk: {made.stdout}{made.stderr}")
    result = json.loads(found[1])
    n = max(1, result["requests"])
    return result | {"rate": result["requests"] / (result["micros"] / 1e6), "own_ms": meter.own * 1e3 / n, "pg_ms": meter.pg * 1e3 / n,
                     "kb": result["bytes"] / n / 1024, "busy": meter.all / (meter.seconds * CORES)}


def drawn(path):
    """A path whose @LOW-HIGH@ are numbers."""
    return re.sub(r"@(\d+)-(\d+)@", lambda m: str(random.randint(int(m[1]), int(m[2]))), path)


def constant_rate(server, requests, rate, seconds):
    """Open loop: requests leave on time whether or not earlier ones were answered; latency counts from when each was due."""
    due = [i / rate for i in range(int(rate * seconds))]
    latencies, lock, following, bad = [], threading.Lock(), iter(enumerate(due)), [0]
    start = time.perf_counter() + 0.2

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while True:
            with lock:
                item = next(following, None)
            if item is None:
                return
            index, at = item
            cookie, path = requests[index % len(requests)]
            time.sleep(max(0.0, start + at - time.perf_counter()))
            connection.request("GET", drawn(path), headers={"Cookie": cookie, "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            answer.read()
            with lock:
                latencies.append((time.perf_counter() - start - at) * 1e3)
                bad[0] += answer.status != 200

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies.sort()
    pick = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    return {"rate": rate, "p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99), "max": latencies[-1], "bad": bad[0], "requests": len(latencies)}
