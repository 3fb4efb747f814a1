#!/usr/bin/env bash
# The life of an archive: verified, damaged, located, exported again, scrubbed, moved between machines, under plans that
# change. The scenes are in lifecycle.py.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 2000000 ]; then
    export TMPDIR=/dev/shm # ledgers sync at every commit
fi
. "$(dirname "$0")/lib.sh"
python3 "$REPO/tests/e2e/lifecycle.py" || exit 1
