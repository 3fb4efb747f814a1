#!/usr/bin/env bash
# The cross matrix: a column of every type, with its corner cases, goes from PostgreSQL and from SQLite into every format by
# stock tools, and is verified there. matrix.py says what must come of every cell; docs/compatibility.md is its outcome.
# MATRIX_WRITE=1 writes that page anew. MATRIX_PYTHON=1 does the same for writers from PyPI (matrix_full.py; Spark, one of
# them, needs Java), MATRIX_VENV keeps them; `make test-full` runs both.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 2000000 ]; then
    export TMPDIR=/dev/shm # ledgers sync at every commit
fi
. "$(dirname "$0")/lib.sh"
pg_start
if [ -n "${MATRIX_PYTHON:-}" ]; then
    command -v java >/dev/null || { not_ok 'java is installed' 'run make deps-full'; exit 1; }
    python3 "$REPO/tests/e2e/matrix_full.py" || exit 1
else
    python3 "$REPO/tests/e2e/matrix.py" || exit 1
fi
