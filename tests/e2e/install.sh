#!/usr/bin/env bash
# What `make install` puts somewhere can be used from there, and `make uninstall` takes all of it away again.
. "$(dirname "$0")/lib.sh"

root=$TMP/root
# A prefix of its own: programs find each other where they were installed.
install_to() {
    make -s -C "$REPO" BUILD="$TMP/build" PREFIX="$root/usr" "$@"
}
check 'make install' install_to -j 2 install
for file in bin/assay bin/assay-verify bin/assay-reconcile bin/assay-report bin/assay-purge lib/libassay.a lib/libassay.so.0 \
    lib/libassay.so lib/pkgconfig/assay.pc include/assay/canon.h share/doc/assay/README.md \
    share/bash-completion/completions/assay share/man/man1/assay.1 share/man/man1/assay-ledger-verify.1 share/assay/profiles/duckdb-parquet.yaml; do
    check "$file is installed" test -s "$root/usr/$file"
done

export PKG_CONFIG_PATH=$root/usr/lib/pkgconfig
cat >embed.c <<'C'
/* An embedder's view: installed headers and library only. */
#include <assay/buf.h>
#include <assay/digest.h>
#include <assay/err.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct assay_err e = {0};
    assay_fail(&e, ASSAY_EDATA, "row %d", 7);
    puts(e.msg);
    return strcmp(e.msg, "row 7") != 0;
}
C
flags() { pkg-config "$@" assay; }
# shellcheck disable=SC2046 # word splitting is what pkg-config is for
check 'a program compiles against the shared library' gcc -std=c11 -Wall -Werror embed.c $(flags --cflags --libs) -o embed
check 'and runs' env LD_LIBRARY_PATH="$root/usr/lib" ./embed
# shellcheck disable=SC2046
check 'a program compiles against the static library' gcc -std=c11 -Wall -Werror embed.c $(flags --cflags) \
    "$root/usr/lib/libassay.a" $(flags --static --libs) -o embed-static
check 'and runs' ./embed-static
readelf -d "$root/usr/lib/libassay.so" >dynamic
check_has 'the soname carries the ABI version' dynamic 'SONAME.*\[libassay\.so\.0\]'
nm -D --defined-only "$root/usr/lib/libassay.so" | awk '{ print $3 }' | grep -v '^ASSAY_0$' >exported
check_has 'symbols have a version' exported '^assay_fail@@ASSAY_0$'
check_lacks 'nothing else is exported' exported '^(assay_[a-z0-9_]*@@ASSAY_0.|[^a]|a[^s])'
check 'the installed front door finds its programs' env -u BUILD PATH=/usr/bin:/bin "$root/usr/bin/assay" help verify
check 'a verb of another program runs' env -u BUILD PATH=/usr/bin:/bin "$root/usr/bin/assay" ledger verify -h

check "the installed programs find their profiles" env -u BUILD PATH=/usr/bin:/bin "$root/usr/bin/assay" doctor --profiles

check 'make uninstall' install_to uninstall
find "$root" ! -type d >left
: >nothing
check_same 'nothing is left' nothing left
