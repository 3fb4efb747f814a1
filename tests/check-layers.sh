#!/usr/bin/env bash
# Who may include and link what. A rule is one line: what may not be included, in which files, except in which.
# The reasons are in docs/architecture.md.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
ours='^(verify|reconcile|reports|include)/'
broken=0

all_includes=$(grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.[ch]' verify reconcile reports include |
    sed -E 's/^([^:]+):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/\1 \2 \4 \3/')

# deny HEADER-REGEX FILES-REGEX EXCEPT-REGEX
deny() {
    local hits
    hits=$(awk -v header="$1" -v where="$2" -v except="$3" \
        '$3 ~ header && $1 ~ where && !(except != "" && $1 ~ except) { print "  " $1 ":" $2 ": includes " $3 }' <<<"$all_includes")
    if [ -n "$hits" ]; then
        printf 'check-layers: %s may not be included there:\n%s\n' "$1" "$hits"
        broken=1
    fi
}

#    header                                where                        except
deny '^libpq'                              "$ours"                      '^verify/(reader/(pg[a-z_]*|tables)|ledger/store_pg[a-z_]*)\.[ch]$'
deny '^sqlite3\.h'                         "$ours"                      '^verify/(reader/(sqlite[a-z_]*|tables)|ledger/store_sqlite[a-z_]*)\.[ch]$'
deny '^yaml\.h'                            "$ours"                      '^verify/plan/'
deny '^(zlib|zstd.*|lz4.*|lzma|bzlib|snappy-c|brotli/.*)\.h' "$ours"    '^(verify/(reader|parquet|avro)/|reports/core/bundle_zip\.c$)'
deny '^openssl/(evp|hmac|sha|kdf|core_names|params|rand)|^xxhash\.h'                "$ours"                      '^verify/((base|chunk|ledger)/|check/spill\.c$)'
deny '^iconv\.h'                            "$ours"                      '^verify/reader/multibyte\.c$'
deny '^curl/'                              "$ours"                      '^verify/ledger/http\.c$'
deny '^microhttpd\.h'                      "$ours"                      '^reports/cmd_serve\.c$'
deny '^openssl/ts\.h'                      "$ours"                      '^verify/ledger/stamp\.c$'
deny '^(uninorm|unistring/.*)\.h'            "$ours"                      '^verify/canon/'
deny '^cmocka\.h'                          "$ours"                      ''
deny '^assay/(ledger_append|reader)\.h'    '^reports/'                  ''
deny '^assay/reader\.h'                    '^reconcile/'                ''
deny '^assay/(ledger|ledger_append|note|merkle|canon)\.h' '^verify/(reader|parquet|avro)/' ''
deny '^assay/(plan|reader|schema|canon|rule|ledger.*|note)\.h' '^verify/base/' ''
deny '^(fcntl|unistd|time|dirent|sys/.*)(\.h)?$' '^verify/canon/'       ''
deny '(^|/)(verify|reconcile|reports|tests)/' "$ours"                   ''
deny '^\.\./'                              "$ours"                      ''

# Headers outside include/ are private: only files of the same folder may include them.
while read -r file line header mark; do
    [[ $mark == '"' && $header != assay/* ]] || continue
    # A quoted header that stands somewhere in our folders but not beside the file is somebody else's.
    [ -e "$(dirname "$file")/$header" ] && continue
    if find verify reconcile reports -name "$(basename "$header")" | grep -q .; then
        echo "check-layers: $file:$line: includes $header, which is private to another folder"
        broken=1
    fi
done <<<"$all_includes"

# What a program holds it can do: reports and reconcile open no data source, though the ledger may be in a database. So
# neither may hold a function of the readers, nor the report one that writes to a ledger.
# holds PROGRAM OBJECT...: functions of the objects that are in the program
holds() {
    local program=$1
    shift
    comm -12 <(nm --defined-only "$BUILD/$program" | awk '$2 == "T" { print $3 }' | sort -u) \
        <(nm --defined-only "$@" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort -u)
}
readers=("$BUILD"/obj/verify/reader/{reader,tables,files,ndjson,exec,hold,relations,pg*,sqlite*}.o "$BUILD"/obj/verify/{parquet,avro}/*.o)
[ -n "$(holds assay-verify "${readers[@]}")" ] || { echo "check-layers: cannot tell what a program holds"; broken=1; }
for program in assay-report assay-reconcile; do
    links=$(ldd "$BUILD/$program") || { echo "check-layers: cannot read what $BUILD/$program links"; broken=1; continue; }
    if grep -q libcurl <<<"$links"; then
        echo "check-layers: $program links libcurl"
        broken=1
    fi
    found=$(holds $program "${readers[@]}")
    if [ -n "$found" ]; then
        printf 'check-layers: %s can open a data source:\n%s\n' "$program" "$found"
        broken=1
    fi
done
for program in assay assay-verify assay-reconcile assay-report; do
    found=$(holds $program "$BUILD"/obj/verify/reader/{deleter,sqlite_delete,pg_delete}.o)
    if [ -n "$found" ]; then
        printf 'check-layers: %s can delete at a source:\n%s\n' "$program" "$found"
        broken=1
    fi
done
found=$(holds assay-report "$BUILD"/obj/verify/ledger/{append,sink,spool}.o)
if [ -n "$found" ]; then
    printf 'check-layers: assay-report can append to a ledger:\n%s\n' "$found"
    broken=1
fi

[ $broken -eq 0 ] && echo "check-layers: $(wc -l <<<"$all_includes") includes obey the rules"
exit $broken
