#!/usr/bin/env python3
"""make bench: measures assay against the tools that do the nearest comparable work, side by side in one run.

Every row alternates baseline and ours RUNS times after one warm-up of each, and compares medians. DuckDB runs in one
process whose start is not counted; assay and the other tools are timed as whole processes. Work files stay in .bench/.
BENCH_ROWS, BENCH_BIG_ROWS, BENCH_LEAVES and BENCH_RUNS make it smaller; then docs/benchmarks.md is not written.
"""
import datetime
import json
import os
import platform
import pwd
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
WORK = REPO / ".bench"
ROWS = int(os.environ.get("BENCH_ROWS", 1_000_000))
BIG = int(os.environ.get("BENCH_BIG_ROWS", 20_000_000))
LEAVES = int(os.environ.get("BENCH_LEAVES", 1_000_000))
RUNS = int(os.environ.get("BENCH_RUNS", 5))
FULL = ROWS == 1_000_000 and BIG == 20_000_000 and LEAVES == 1_000_000 and RUNS >= 5
RANDOM = BIG // 2 # rows in random key order
CHUNK = 65_536 # rows whose damage is named
DAMAGED = 16

# name, PostgreSQL, DuckDB, assay; the shape of the table that the peers were measured with
COLUMNS = [
    ("id", "bigint", "BIGINT", "integer"),
    ("customer", "int", "INTEGER", "integer"),
    ("status", "varchar(20)", "VARCHAR", "text"),
    ("amount", "numeric(12,2)", "DECIMAL(12,2)", "decimal"),
    ("weight", "double precision", "DOUBLE", "float64"),
    ("created", "timestamp", "TIMESTAMP", "timestamp"),
    ("shipped", "timestamptz", "TIMESTAMPTZ", "timestamptz"),
    ("paid", "boolean", "BOOLEAN", "boolean"),
    ("note", "text", "VARCHAR", "text"),
]
NAMES = ", ".join(c[0] for c in COLUMNS)
GENERATE = """
    SELECT i AS id, (i * 7919 % 50000)::int AS customer,
           (ARRAY['new', 'paid', 'packed', 'shipped', 'returned'])[1 + i % 5]::varchar(20) AS status,
           ((i * 104729 % 100000000)::numeric / 100)::numeric(12,2) AS amount,
           CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 31 % 100003)::double precision / 7 END AS weight,
           timestamp '2020-01-01' + (i * 37 % 94608000) * interval '1 second' + (i % 1000000) * interval '1 microsecond' AS created,
           CASE WHEN i % 3 = 0 THEN NULL
                ELSE timestamptz '2020-01-02 00:00:00+00' + (i * 41 % 94608000) * interval '1 second' END AS shipped,
           i % 2 = 0 AS paid,
           CASE WHEN i % 10 = 0 THEN NULL ELSE 'note ' || i || ' ' || md5(i::text) || ' x' END AS note
    FROM generate_series(1::bigint, {rows}::bigint) AS i"""


def fail(message):
    sys.exit(f"bench: {message}")


def run(argv, **kwargs):
    return subprocess.run([str(a) for a in argv], check=True, **kwargs)


class Postgres:
    """A server of this run alone: Unix socket only, as another user when we are root."""

    def __init__(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
        if not found:
            fail("no PostgreSQL server programs: run make deps")
        self.bin = found[-1].parent
        self.dir = Path(tempfile.mkdtemp(prefix="assay-bench-pg."))
        self.prefix = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.dir, user.pw_uid, user.pw_gid)
            self.prefix = ["runuser", "-u", "postgres", "--"]
        self.dir.chmod(0o755)
        self.uri = f"postgresql:///postgres?host={self.dir}&user=assay"
        log = open(WORK / "postgresql.log", "w")
        run([*self.prefix, self.bin / "initdb", "-D", self.dir / "db", "-U", "assay", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"], stdout=log, stderr=log)
        options = f"-k {self.dir} -c listen_addresses='' -c shared_buffers=1GB -c fsync=off -c max_wal_size=8GB"
        run([*self.prefix, self.bin / "pg_ctl", "-D", self.dir / "db", "-l", self.dir / "log", "-w", "-o", options, "start"],
            stdout=log, stderr=log)

    def sql(self, *statements, out=None):
        argv = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.uri]
        for statement in statements:
            argv += ["-c", statement]
        run(argv, stdout=out if out is not None else subprocess.DEVNULL)

    def stop(self):
        subprocess.run([*self.prefix, self.bin / "pg_ctl", "-D", self.dir / "db", "-m", "immediate", "-w", "stop"],
                       stdout=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)


class Duck:
    """DuckDB in one process: answers with the time of the query alone."""

    def __init__(self, threads):
        env = dict(os.environ, DUCK_THREADS=str(threads), DUCK_MEMORY="4GB")
        self.process = subprocess.Popen(["node", str(REPO / "tests/support/duck.mjs"), "--serve"], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, sql):
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            fail(f"DuckDB: {answer['error']}")
        return answer

    def seconds(self, sql):
        return self.ask(sql)["seconds"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def timed(argv, out=subprocess.DEVNULL, codes=(0,)):
    """Wall seconds and peak resident MiB of one process."""
    start = time.perf_counter()
    with open(WORK / "last.err", "wb") as errors:
        process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=errors, cwd=WORK)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        tail = (WORK / "last.err").read_text(errors="replace")[-2000:]
        fail(f"exit status {process.returncode}: {' '.join(map(str, argv))}\n{tail}")
    return seconds, usage.ru_maxrss / 1024


def verify(dataset, side, *more):
    return timed([BUILD / "assay-verify", "verify", "plan.yaml", "--side", side, "--dataset", dataset, "--jobs", "1",
                  "--quiet", *more])


def verbose(argv, pattern):
    """The numbers that a run says of itself on stderr."""
    said = subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, cwd=WORK).stderr
    return [float(x) for x in re.search(pattern, said).groups()]


@dataclass
class Row:
    work: str
    baseline: str
    base_s: list
    ours_s: list
    floor: float

    @property
    def base(self):
        return statistics.median(self.base_s)

    @property
    def ours(self):
        return statistics.median(self.ours_s)

    @property
    def ratio(self):
        return self.base / self.ours

    def line(self):
        verdict = "met" if self.ratio >= self.floor else "**missed**"
        spread = f"{min(self.ours_s):.2f}–{max(self.ours_s):.2f}"
        return (f"| {self.work} | {self.baseline} | {self.base:.2f} s | {self.ours:.2f} s ({spread}) | {self.ratio:.2f} "
                f"| {self.floor:g} | {verdict} |")


def alternate(work, baseline, floor, base, ours, runs=RUNS):
    base()
    ours()
    row = Row(work, baseline, [], [], floor)
    for _ in range(runs):
        row.base_s.append(base())
        row.ours_s.append(ours())
    print(row.line(), flush=True)
    return row


def write_plan(pg):
    """Keys and ledger as `assay init` makes them, then a plan with all data sets under the same origin."""
    timed([BUILD / "assay-verify", "init", pg.uri, "orders.csv", "--table", "orders", "--output", "proposed.yaml"])
    origin = next(line for line in (WORK / "proposed.yaml").read_text().splitlines() if line.startswith("origin:"))

    def dataset(name, table, archive, form, more=""):
        columns = ", ".join(f"{c[0]}: {c[3]}" for c in COLUMNS)
        return (f"  {name}:\n    id: {uuid.uuid5(uuid.NAMESPACE_URL, name)}\n"
                f"    source: {{locator: \"{pg.uri}\", table: {table}}}\n"
                f"    archive: {{locator: \"{archive}\", format: {form}}}\n"
                f"    key: [id]\n    columns: {{{columns}}}\n{more}")

    (WORK / "plan.yaml").write_text(
        f"assay: 1\n{origin}\nledger: ledger.db\nkeys: keys\ndatasets:\n"
        + dataset("csv", "orders", "orders.csv", "csv") + dataset("parquet", "orders", "orders.parquet", "parquet")
        + dataset("ndjson", "orders", "orders.ndjson", "ndjson") + dataset("big_csv", "orders_big", "orders-big.csv", "csv")
        + dataset("big_parquet", "orders_big", "orders-big.parquet", "parquet")
        + dataset("sealed", "orders", "orders.csv", "csv", "    digest: sealed\n    sketch: 16\n")
        + dataset("random", "orders_random", "orders.csv", "csv", "    digest: sealed\n    sketch: 16\n"))


def copy_csv(pg, table, path):
    with open(path, "wb") as out:
        pg.sql(f"COPY (SELECT {NAMES} FROM {table}) TO STDOUT (FORMAT csv, HEADER)", out=out)


def typed_csv(path):
    columns = ", ".join(f"{c[0]}: '{c[2]}'" for c in COLUMNS)
    return f"read_csv('{path}', header = true, columns = {{{columns}}})"


def typed_json(path):
    columns = ", ".join(f"{c[0]}: '{c[2]}'" for c in COLUMNS)
    return f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"


def prepare(pg, duck):
    for table, rows, stem in (("orders", ROWS, "orders"), ("orders_big", BIG, "orders-big")):
        print(f"preparing {rows:,} rows", flush=True)
        definition = ", ".join(f"{c[0]} {c[1]}" for c in COLUMNS)
        pg.sql("SET TimeZone = 'UTC'", f"CREATE UNLOGGED TABLE {table} ({definition})",
               f"INSERT INTO {table} {GENERATE.format(rows=rows)}",
               f"ALTER TABLE {table} ADD PRIMARY KEY (id)", f"VACUUM (ANALYZE, FREEZE) {table}")
        copy_csv(pg, table, WORK / f"{stem}.csv")
        duck.ask(f"COPY (SELECT * FROM {typed_csv(WORK / f'{stem}.csv')}) TO '{WORK / f'{stem}.parquet'}' "
                 "(FORMAT parquet, COMPRESSION zstd)")
    duck.ask(f"COPY (SELECT * FROM {typed_csv(WORK / 'orders.csv')}) TO '{WORK / 'orders.ndjson'}' (FORMAT json)")
    print(f"preparing {RANDOM:,} rows in random order", flush=True)
    scattered = NAMES.replace("id,", "id * 2654435761 % 4294967296 AS id,", 1) # an odd factor: every id once
    pg.sql(f"CREATE UNLOGGED TABLE orders_random AS SELECT {scattered} FROM orders_big LIMIT {RANDOM}", "VACUUM ANALYZE orders_random")


def measure(pg, duck):
    csv, ndjson = WORK / "orders.csv", WORK / "orders.ndjson"
    hashed = f"SELECT bit_xor(hash({NAMES})) FROM "
    copy = ["psql", "-X", "-q", pg.uri, "-c", f"COPY (SELECT {NAMES} FROM orders) TO STDOUT (FORMAT binary)"]
    table = f"{ROWS:,} rows × {len(COLUMNS)} columns"
    rows = [alternate(f"PostgreSQL source, fast, one connection, {table}", "`COPY (same columns) TO STDOUT (FORMAT binary)` to /dev/null",
                      0.8, lambda: timed(copy)[0], lambda: verify("csv", "source")[0])]
    rows.append(alternate(f"PostgreSQL source, sealed with a sketch of {DAMAGED}, {table}", "the same `COPY`", 0.35,
                          lambda: timed(copy)[0], lambda: timed(
                              [BUILD / "assay-verify", "verify", "plan.yaml", "--side", "source", "--dataset", "sealed", "--quiet"])[0]))
    # The archive side is cut where the source was; each archive needs its own.
    for name in ("parquet", "ndjson", "big_csv", "big_parquet"):
        verify(name, "source")
    rows.append(alternate(
        f"CSV archive with file SHA-256, fast, one thread, {csv.stat().st_size / 1e6:.0f} MB",
        "DuckDB `bit_xor(hash(…))` over typed read_csv, one thread, plus `openssl dgst -sha256` of the file", 1.5,
        lambda: duck.seconds(hashed + typed_csv(csv)) + timed(["openssl", "dgst", "-sha256", csv])[0], lambda: verify("csv", "archive")[0]))
    rows.append(alternate(
        f"NDJSON archive with file SHA-256, fast, one thread, {ndjson.stat().st_size / 1e6:.0f} MB",
        "DuckDB `bit_xor(hash(…))` over typed read_json, one thread, plus `openssl dgst -sha256` of the file", 1.0,
        lambda: duck.seconds(hashed + typed_json(ndjson)) + timed(["openssl", "dgst", "-sha256", ndjson])[0],
        lambda: verify("ndjson", "archive")[0]))
    # Twenty million rows: what a run costs once (start, keys, ledger) is no part of the comparison then.
    big_parquet = WORK / "orders-big.parquet"
    over_parquet = f"{hashed} read_parquet('{big_parquet}')"
    size = f"{BIG:,} rows, zstd, {big_parquet.stat().st_size / 1e6:.0f} MB"
    rows.append(alternate(
        f"Parquet archive, fast, one thread, {size}; ours includes the file's SHA-256, the baseline does not",
        "DuckDB `bit_xor(hash(…))` over read_parquet, one thread", 0.7,
        lambda: duck.seconds(over_parquet), lambda: verify("big_parquet", "archive")[0]))
    rows.append(alternate(
        "the same, like for like",
        "DuckDB as above, plus `openssl dgst -sha256` of the file", 0.7,
        lambda: duck.seconds(over_parquet) + timed(["openssl", "dgst", "-sha256", big_parquet])[0],
        lambda: verify("big_parquet", "archive")[0]))
    scrub = [BUILD / "assay-verify", "scrub", "plan.yaml", "--dataset", "big_csv", "--jobs", "1", "--quiet"]
    verify("big_csv", "archive")
    big = WORK / "orders-big.csv"
    rows.append(alternate(f"scrub of an intact file, one thread, {big.stat().st_size / 1e6:.0f} MB", "`openssl dgst -sha256`", 1.0,
                          lambda: timed(["openssl", "dgst", "-sha256", big])[0], lambda: timed(scrub)[0]))
    return rows


def signatures():
    """Seconds that the machine's cores take for as many Ed25519 signatures as the ledger has leaves. By the clock, as
    ours are: without -elapsed, openssl counts the seconds that its processes ran, and leaves out those they waited."""
    said = subprocess.run(["openssl", "speed", "-elapsed", "-seconds", "3", "-multi", str(os.cpu_count()), "ed25519"], check=True,
                          capture_output=True, text=True).stdout
    return LEAVES / float(said.split()[-1])


def evidence():
    """What is measured against a time instead of another tool: work, limit, times."""
    ledger, keys = WORK / "leaves.db", WORK / "leaves-keys"
    print(f"filling a ledger with {LEAVES:,} leaves", flush=True)
    run([BUILD / "bench/ledger_fill", ledger, keys, LEAVES])
    split = []

    def check():
        split.append(verbose([BUILD / "assay-verify", "ledger", "verify", "--ledger", ledger, "--keys", keys, "-v"],
                             r"signatures ([0-9.]+) s, tree and format ([0-9.]+) s"))
        return split[-1][0]

    row = alternate(f"signatures of a ledger of {LEAVES:,} leaves, {os.cpu_count()} threads, 2 runs",
                    f"`openssl speed -elapsed -multi {os.cpu_count()} ed25519`, as many", 0.9, signatures, check, runs=2)
    named = subprocess.run([BUILD / "bench/naming", str(CHUNK), str(DAMAGED), "15"], check=True, capture_output=True, text=True).stdout
    decode, whole = zip(*[[float(x) / 1e3 for x in line.split()] for line in named.splitlines()])
    return row, [(f"ledger of {LEAVES:,} leaves: tree and format", 5, [s[1] for s in split]),
                 (f"{DAMAGED} damaged rows of a chunk out of its sketch", 0.001, decode),
                 (f"the same with the source's root rebuilt over {CHUNK:,} rows", None, whole)]


def against_time(measured):
    for work, limit, times in measured:
        middle = statistics.median(times)
        verdict = "" if limit is None else "met" if middle <= limit else "**missed**"
        bound = "" if limit is None else f"{limit * 1e3:g} ms"
        line = f"| {work} | {middle * 1e3:.3g} ms ({min(times) * 1e3:.3g}–{max(times) * 1e3:.3g}) | {bound} | {verdict} |"
        print(line, flush=True)
        yield line


def sealed_memory():
    used = timed([BUILD / "assay-verify", "verify", "plan.yaml", "--side", "source", "--dataset", "random", "--quiet"])[1]
    line = f"{RANDOM:,} rows of PostgreSQL in random key order, sealed with a sketch: {used:.0f} MiB, {'met' if used < 512 else '**missed**'} (limit 512)."
    print(line, flush=True)
    return line


def memory():
    lines = []
    for small, large, side, what in (("csv", "big_csv", "source", "PostgreSQL source"), ("csv", "big_csv", "archive", "CSV archive"),
                                     ("parquet", "big_parquet", "archive", "Parquet archive")):
        at_small, at_large = verify(small, side)[1], verify(large, side)[1]
        flat = at_large <= at_small * 1.25 + 16 and at_large < 512
        lines.append(f"| {what} | {at_small:.0f} MiB | {at_large:.0f} MiB | {'met' if flat else '**missed**'} |")
        print(lines[-1], flush=True)
    return lines


def first_line(argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next(line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name"))
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sha = "with" if " sha_ni" in info else "without"
    return f"{os.cpu_count()} cores of {model} ({sha} SHA-NI), {pages / 2**30:.0f} GiB, Linux {'.'.join(platform.release().split('.')[:2])}"


def document(pg, duck, rows, times, mem, sealed, load):
    version = duck.ask("SELECT version() AS v")["rows"][0]["v"]
    return "\n".join([
        "# Benchmarks", "",
        "Written by `make bench`, which makes its own data and servers. Baseline and ours alternate in one run; medians of "
        f"{RUNS} after one warm-up of each. The ratio is baseline time by our time: above 1 we are faster. The floor is the "
        "ratio that the design asks for.", "",
        f"- Date: {datetime.date.today().isoformat()}",
        f"- Machine: {machine()}; load average when it began: {load:.1f}",
        f"- Compared with: {first_line([str(pg.bin / 'postgres'), '--version'])}, DuckDB {version}, "
        + " ".join(first_line(["openssl", "version"]).split()[:2]),
        "- assay and the command-line tools are timed as whole processes, statements signed and written to the ledger "
        "included; DuckDB's start is not counted, only its query.",
        f"- Data: {NAMES}; {ROWS:,} and {BIG:,} rows, NULLs in weight, shipped and note.", "",
        "| work | baseline | baseline time | ours (min–max) | ratio | floor | verdict |",
        "|---|---|---|---|---|---|---|", *[r.line() for r in rows], "",
        "## Against the clock", "",
        "| work | ours (min–max) | limit | verdict |", "|---|---|---|---|", *times, "",
        "## Memory", "",
        f"Peak resident memory of `assay-verify verify --jobs 1`. Met: the second is at most a quarter (plus 16 MiB) over the "
        "first, and below the default limit of 512 MiB.", "",
        f"| work | {ROWS:,} rows | {BIG:,} rows | verdict |", "|---|---|---|---|", *mem, "", sealed, ""])


def main():
    for needed in ("psql", "node", "openssl"):
        if not shutil.which(needed):
            fail(f"{needed} is missing: run make deps")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    load = os.getloadavg()[0]
    pg, duck = Postgres(), Duck(threads=1)
    try:
        prepare(pg, duck)
        write_plan(pg)
        rows = measure(pg, duck)
        mem = memory()
        sealed = sealed_memory()
        row, measured = evidence()
        text = document(pg, duck, [*rows, row], list(against_time(measured)), mem, sealed, load)
    finally:
        duck.stop()
        pg.stop()
    target = REPO / "docs/benchmarks.md" if FULL else WORK / "benchmarks.md"
    target.write_text(text)
    print(f"written to {target.relative_to(REPO)}")


if __name__ == "__main__":
    main()
