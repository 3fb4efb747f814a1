#!/usr/bin/env bash
# Random tables with keys of every type, cut into chunks of 16 rows, damaged at random: `assay diff` must name exactly what
# a dictionary in Python names, whatever the chunk borders, and names with every odd character must survive.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 2000000 ]; then
    export TMPDIR=/dev/shm # ledgers sync at every commit
fi
. "$(dirname "$0")/lib.sh"
python3 "$REPO/tests/e2e/random_damage.py" || exit 1
