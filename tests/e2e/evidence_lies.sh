#!/usr/bin/env bash
# What somebody with the key of one role, or with the bundle alone, could do to have verify.sh call it whole. Each lie is signed as
# its role signs and stands in a bundle under a checkpoint of the ledger's own key, so that nothing but what it says is wrong.
. "$(dirname "$0")/lib.sh"
python=$(python3 -c 'import sys; print(sys.executable)')

sqlite3 app.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
mkdir archive
printf 'id,v\n1,a\n2,b\n3,c\n' >archive/t.csv
check 'init' assay init sqlite:app.db archive/t.csv --table t
check 'both sides are equal' assay check plan.yaml
cp archive/t.csv good.csv
sed -i 's/,c$/,x/' archive/t.csv
check_exit 1 'the archive is damaged' assay check plan.yaml
cp archive/t.csv damaged.csv
check 'the evidence of both days' assay evidence plan.yaml --out bundle
cp bundle/verify.sh own.sh
check 'is whole' dash own.sh bundle
check_has 'with all verdicts recomputed' "$OUT" '^ok: verdicts: 1 match, 1 mismatch, 0 unverified; 2 recomputed'
check_has 'and the roots of all runs' "$OUT" '^ok: 4 runs have as many leaves as they say'

sign() { # ROLE FILE: a text as a signed note
    local vkey id
    vkey=$(cat "keys/$1.key.pub") id=${vkey#*+}
    openssl pkeyutl -sign -inkey "keys/$1.key" -rawin -in "$2" -out signature
    cat "$2"
    printf '\n— %s %s\n' "${vkey%%+*}" "$({ printf '%s' "${id%%+*}" | xxd -r -p; cat signature; } | base64 -w 0)"
}
text_of() { # FILE: a statement, as if it began a chain
    sed '/^$/,$d; /^prev-own /d' "$1"
}
in_bundle() { # ROLE:FILE...: the statements at the end of a copy of the bundle, `forged`
    local n=0 one notes=()
    rm -rf forged && cp -r bundle forged
    for one; do
        n=$((n + 1))
        sign "${one%%:*}" "${one#*:}" >"note.$n"
        notes+=("note.$n")
    done
    "$python" "$REPO/tests/e2e/evidence_forge.py" forged keys "${notes[@]}"
}
found() { # WHAT REGEX
    check_exit 4 "$1" dash own.sh forged
    check_has '  is found' "$OUT" "^FAILED: $2"
}
mismatch=$(grep -lx 'verdict mismatch' bundle/leaves/*)
match=$(grep -lx 'verdict match' bundle/leaves/*)
leaf() { # KIND ROLE NTH: the number of a leaf
    grep -lx "assay/v1 $1" bundle/leaves/* | xargs grep -lx "role $2" | sed -n "$3p" | sed 's,.*/0*,,'
}

# ---- the reconciler ----

of_mismatch() { # SED-SCRIPT: the mismatch as a match, changed
    text_of "$mismatch" | sed 's/^verdict mismatch/verdict match/; /^\(kind\|reason\|columns\|discrepancy\|seen\|changed-side\) /d' | sed "$1" >text
    in_bundle reconcile:text
}
all='s/^\(segment\|chunk\) .*/\1 */; /-leaf /d'
of_mismatch "$all; s/^chunk .*/&\nchunks 2/"
found 'two chunks of runs that have one' 'leaf [0-9]+: its verdict is match, but 2 chunks are said to be equal, 0 are'
of_mismatch "$all; s/^run .*/run 11111111-2222-4333-8444-555555555555/; s/^chunk .*/&\nchunks 0/; /^rows/d"
found 'as if the mismatch had never been said' 'leaf [0-9]+: its verdict is match, but by the statements it is about it should be mismatch'
of_mismatch "$all"
found 'as many as there are' 'leaf [0-9]+: its verdict is match, but it does not say of how many chunks'
of_mismatch '/-leaf /d'
found 'a match that cites nothing' 'leaf [0-9]+: its verdict is match, but it cites leaf , which is not what the source states'
of_mismatch "s/^source-leaf .*/source-leaf $(leaf chunk source 1)/; s/^archive-leaf .*/archive-leaf $(leaf chunk archive 1)/"
found 'the statements of a day on which it was so' 'leaf [0-9]+: its verdict is match, but it cites leaf [0-9]+, which is not what the source states about the chunk in the run compared'
of_mismatch "s/^archive-leaf .*/archive-leaf $(leaf chunk source 2)/"
found 'one side compared with itself' 'leaf [0-9]+: its verdict is match, but it cites leaf [0-9]+, which is no statement of the archive'
of_mismatch 's/^segment .*/segment other/'
found 'another segment' 'leaf [0-9]+: its verdict is match, but it cites leaf [0-9]+, which is about another dataset, plan, segment or chunk'
of_mismatch 's/^\(verdict\) match/\1 match\n\1 mismatch/'
found 'two verdicts in one' 'leaves/[0-9]+: says "verdict" twice'
text_of "$match" | sed 's/^chunks 1/chunks 2/' >text
in_bundle reconcile:text
found 'more chunks than are equal' 'leaf [0-9]+: its verdict is match, but 2 chunks are said to be equal, 1 are'
text_of "$match" | sed 's/^strength .*/strength sealed/' >text
in_bundle reconcile:text
found 'a seal that is none' 'leaf [0-9]+: its verdict is match, but it is said to be sealed'
# Of an archive that was compared under another plan.
source=bundle/leaves/$(printf %09d "$(leaf chunk source 1)")
archive=bundle/leaves/$(printf %09d "$(leaf chunk archive 1)")
text_of "$archive" | sed "s/^plan .*/plan sha256:$(printf '%064d' 7)/" >other
text_of "$source" | sed -n 's/^\(run\|dataset\|plan\|segment\|chunk\) /&/p' >same
{
    echo 'assay/v1 verdict'
    cat same
    printf 'verdict match\nsource-leaf %s\narchive-leaf %s\n' "$(leaf chunk source 1)" "$(find bundle/leaves -type f | wc -l)"
} >text
in_bundle archive:other reconcile:text
found 'a statement under another plan' 'leaf [0-9]+: its verdict is match, but it cites leaf [0-9]+, which is about another dataset, plan'

# ---- a checker ----

end=$(grep -lx 'assay/v1 run-end' bundle/leaves/* | xargs grep -lx 'role archive' | tail -1)
text_of "$end" | sed 's/^leaves .*/leaves 999/' >text
in_bundle archive:text
found 'a run of more leaves than are there' 'leaves/[0-9]+: its run is said to have 999 leaves, [0-9]+ are here'
text_of "$end" | sed "s/^leaves .*/leaves $(($(sed -n 's/^leaves //p' "$end") + 1))/" >text
in_bundle archive:text
found 'another root of them' "leaves/[0-9]+: the root of its run's leaves is another"
object=$(grep -lx 'assay/v1 object' bundle/leaves/* | tail -1)
text_of "$object" | sed "s/^status .*/status intact/; s/^sha256 .*/sha256 $(printf '%064d' 9)/" >text
in_bundle archive:text
found 'a file that is intact as nobody saw it before' 'leaves/[0-9]+: calls "archive/t.csv" intact, with a SHA-256 that no statement before gave it'

# ---- who makes the bundle ----

again() { # the list of files of `forged`, made again
    (cd forged && rm -f MANIFEST.sha256 && { find . -maxdepth 1 -type f | LC_ALL=C sort; find . -mindepth 2 -type f | LC_ALL=C sort; } |
        sed 's,^\./,,' | xargs sha256sum >../list && mv ../list MANIFEST.sha256)
}
cp good.csv archive/t.csv
check 'the archive is whole again' assay check plan.yaml
rm -rf bundle
check 'its evidence' assay evidence plan.yaml --out bundle
check 'is whole, and the file is that' dash own.sh bundle .
cp damaged.csv archive/t.csv
check_exit 1 'a file of the day between is not' dash own.sh bundle .
edit() { # COMMAND: in a copy of the bundle
    rm -rf forged && cp -r bundle forged
    (cd forged && eval "$1")
    again
}
# shellcheck disable=SC2016 # for the copy's shell
edit 'echo "$(sha256sum <../damaged.csv | cut -c1-64)  archive/t.csv" >objects.sha256'
found 'a list that has it' 'objects.sha256: no leaf says last that archive/t.csv has this SHA-256'
edit ': >objects.sha256'
found 'a list without it' 'objects.sha256: has 0 files, by the leaves it should have 1'
edit 'cat objects.sha256 objects.sha256 >x && mv x objects.sha256'
found 'a list with it twice' 'objects.sha256: no leaf says last'
check_exit 1 'scrub finds the damage' assay scrub plan.yaml
check 'the evidence of that' assay evidence plan.yaml --out scrubbed
check_exit 1 'names the file' dash own.sh scrubbed .
check_has 'as the newest statement does' "$OUT" '^note: archive/t.csv: the newest statement about it, leaf [0-9]+, says: damaged$'
edit 'touch .hidden'
found 'a hidden file' '\.hidden: does not belong to the bundle'
edit 'touch leaves/.hidden'
found 'one among the leaves' 'leaves/\.hidden: does not belong to the bundle'
edit 'mv policy ../policy && ln -s ../policy policy'
found 'a link that leads out of the bundle' 'policy: is a link'
edit "\"$python\" -c 'import sys; p = sys.argv[1]; b = open(p, \"rb\").read(); open(p, \"wb\").write(b.replace(b\"dataset \", b\"dataset \\0\", 1))' leaves/000000003"
found 'a byte of zero in a leaf' 'leaves/000000003: holds a byte that is none of a text'
edit "\"$python\" -c 'import sys; p = sys.argv[1]; b = open(p, \"rb\").read(); open(p, \"wb\").write(b.replace(b\"\\n\", b\"\\0\\n\", 1))' checkpoint"
found 'one in the checkpoint' 'checkpoint: holds a byte that is none of a text'

# A bundle of a ledger that has seen no files.
sqlite3 copy.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')"
mkdir tables
(cd tables && sqlite3 a.db "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')" && cp a.db b.db && assay init sqlite:a.db sqlite:b.db --table t && assay check plan.yaml && assay evidence plan.yaml --out bundle) >"$OUT" 2>"$ERR"
check 'tables have no files' dash own.sh tables/bundle
check_exit 3 'so that there is nothing to compare files with' dash own.sh tables/bundle tables
check_has 'which is said' "$OUT" '^not checked: the archived files in .*: no leaf says what they should be$'

# ---- a sample ----

check 'a sample' assay evidence plan.yaml --out sample --sample 1
check 'verifies' dash own.sh sample
check_has 'but says what it cannot know of keys' "$OUT" '^not checked: whether one of these keys was put out of use; ask for all leaves$'
check_has 'how much of it is the word of one role' "$OUT" '^not checked: 3 of the match verdicts, which rest on the word of who reconciled'
check_has 'and what it cannot know of what is not in it' "$OUT" '^not checked: whether other statements speak against these; ask for all leaves$'
check_lacks 'and does not say that each key was in use' "$OUT" 'signed by a key of the role that may state it'
