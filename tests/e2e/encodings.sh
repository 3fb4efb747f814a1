#!/usr/bin/env bash
# Files that are not UTF-8: UTF-16 as SQL Server and Excel write it, and East Asian encodings, against Python's codecs.
. "$(dirname "$0")/lib.sh"
command -v sqlite3 >/dev/null || { not_ok 'sqlite3 is installed' 'run make deps'; exit 1; }

# Every character that Python's codec reads and writes back as the same bytes, one a row; and all of them in one.
cat >write.py <<'PY'
import csv, io, sqlite3, sys
encoding, codec, bom = sys.argv[1], sys.argv[2], sys.argv[3:] == ['bom']
seqs = [bytes([a, b]) for a in range(128, 256) for b in range(256)] + [bytes([a]) for a in range(161, 256)]
if codec == 'euc_jp':
    seqs += [bytes([0x8f, a, b]) for a in range(161, 255) for b in range(161, 255)]
chars = []
for s in seqs if not codec.startswith('utf') else []:
    try:
        c = s.decode(codec)
        if len(c) == 1 and c.encode(codec) == s:
            chars.append(c)
    except UnicodeError:
        pass
if codec == 'cp932': # characters that stand twice in it: Python writes those of NEC's rows, Microsoft and glibc those of IBM's
    chars = [c for c in chars if c.encode(codec)[0] not in (0xed, 0xee) and not 0xe000 <= ord(c) < 0xf900 and len(c.encode(codec)) > 1 or 0xff61 <= ord(c) <= 0xff9f]
if codec.startswith('utf'):
    chars = [chr(c) for c in list(range(33, 0x3000)) + list(range(0xd700, 0xd800)) + list(range(0xe000, 0xe100)) + [0xfeff, 0xffff, 0x10000, 0x1f600, 0x10ffff]]
rows = [(i, c, c + ',"\\' + c) for i, c in enumerate(chars)] + [(len(chars), ''.join(chars), '~\n|')]
db = sqlite3.connect(encoding + '.db')
db.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT)')
db.executemany('INSERT INTO t VALUES (?, ?, ?)', rows)
db.commit()
out = io.StringIO()
w = csv.writer(out, lineterminator='\r\n' if bom else '\n')
w.writerow(('id', 'v', 'w'))
w.writerows(rows)
open(encoding + '.csv', 'wb').write(('\ufeff' if bom else '').encode(codec) + out.getvalue().encode(codec))
print(format(len(rows), ","))
PY
plan() {
    cat <<YAML
assay: 1
origin: example.org/encodings
datasets:
  $1:
    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a30$2
    key: [id]
    source: {locator: "sqlite:$1.db", table: t}
    archive: {locator: "${3:-$1.csv}", csv: {encoding: ${4:-$1}}}
    columns: {id: integer, v: text, w: text}
YAML
}
equal() { # NAME NUMBER CODEC ROWS [bom]
    python3 write.py "$1" "$3" "${@:5}" >n || { not_ok "$1: written"; return; }
    check_has "$1: rows" n "^$4\$"
    plan "$1" "$2" >"$1.yaml"
    [ -d keys ] || assay init "sqlite:$1.db" "$1.csv" --table t --output unused.yaml --origin example.org/encodings >"$OUT" 2>"$ERR"
    check "$1: equal to Python's" assay check "$1.yaml"
    check_has "$1: every row" "$OUT" "match +rows $4/$4 "
}
equal utf-16 10 utf-16-le 12,773 bom
equal utf-16le 11 utf-16-le 12,773
equal utf-16be 12 utf-16-be 12,773
equal shift_jis 13 shift_jis 6,943
equal cp932 14 cp932 7,017
equal euc-jp 15 euc_jp 13,009
equal euc-kr 16 euc_kr 8,226
equal cp949 17 cp949 17,049
equal gbk 18 gbk 21,792

# A plan for a file with a byte order mark is found by init; a file without one needs its order said.
check 'init finds utf-16' assay init sqlite:utf-16.db utf-16.csv --table t --key id --output found.yaml --origin example.org/encodings
check_has 'and says so' found.yaml 'encoding: utf-16[},]'
check 'its plan holds' assay check found.yaml
plan utf-16 10 utf-16le.csv utf-16 >unmarked.yaml
check_exit 1 'utf-16 without a mark' assay check unmarked.yaml
check_has 'is named' "$ERR" 'utf-16le.csv: no byte order mark, which utf-16 needs: say utf-16le or utf-16be'
plan utf-16 10 utf-16.csv utf-8 >plain.yaml
check_exit 1 'UTF-16 read as UTF-8' assay check plain.yaml
check_has 'is named' "$ERR" 'UTF-16 byte order mark, expected UTF-8; csv: .encoding: utf-16. reads it'
gzip -k utf-16.csv && plan utf-16 10 utf-16.csv.gz utf-16 >packed.yaml
check 'stored compressed' assay check packed.yaml

# What is no character is a defect at its line, and the rows beside it are compared.
damaged() { # NAME WHAT LINE PYTHON: over data, the bytes of the file
    cp "$1.csv" whole.csv
    python3 -c "data = open('$1.csv', 'rb').read(); $4; open('$1.csv', 'wb').write(data)"
    check_exit 1 "$1: $2" assay check "$1.yaml"
    check_has "$1: $2: named with its line" "$ERR" "$1.csv:$3: v: invalid UTF-8"
    check_lacks "$1: $2: it alone" "$ERR" ': w: |more:' 
    mv whole.csv "$1.csv"
}
damaged utf-16le 'half of a surrogate pair' 4 'data = data.replace("\n2,#,".encode("utf-16-le"), "\n2,\ud800,".encode("utf-16-le", "surrogatepass"), 1)'
damaged shift_jis 'a pair that is none' 2 'data = data.replace(b"\n0,\x81\x40", b"\n0,\x85\x40", 1)'
damaged euc-kr 'a byte that is none' 2 'data = data.replace(b"\n0,\xa1\xa1", b"\n0,\x80\x80", 1)'
truncate -s -1 utf-16be.csv
check_exit 1 'half a character at the end' assay check utf-16be.yaml
check_has 'named' "$ERR" 'utf-16be.csv: ends inside a character of utf-16be, at byte [0-9]+'

# Only one of the two, and only what is known.
sed 's/v: text/v: {type: text, archive: {rules: [{encoding: windows-1252}]}}/' gbk.yaml >both.yaml
check_exit 2 'an encoding of file and column' assay plan both.yaml
check_has 'said' "$ERR" 'column "v": the rule encoding, and an encoding of its file: one of them'
for name in big5 gb18030 utf-7; do
    sed "s/encoding: gbk/encoding: $name/" gbk.yaml >unknown.yaml
    check_exit 2 "$name" assay plan unknown.yaml
    check_has "$name: what is read" "$ERR" 'encoding: expected utf-8, utf-16, .*big5 and gb18030 are not read'
done
