#!/bin/sh
# verify.sh [--ca FILE] [BUNDLE [FILES]]: checks a bundle of evidence that `assay evidence` wrote. BUNDLE is the folder this
# script lies in unless given; with FILES, the folder that the plan lies in, the archived files are hashed, too; with --ca,
# time stamps must lead to a certificate of that file (PEM).
#
# It needs a POSIX shell, openssl 3, sha256sum, base64 and xxd, and nothing of assay. Whoever made the bundle could have
# changed this script: read it, or take it from elsewhere. VERIFY.txt says what is checked and what is not.
#
# exit 0: the evidence is whole. 1: it is whole, but a file of FILES differs. 3: it could not be checked: a tool or folder
# is missing. 4: it is broken.
# shellcheck disable=SC2034,SC2154 # eval sets and reads variables
set -u
LC_ALL=C
export LC_ALL
nl='
'
work=${TMPDIR:-/tmp}/assay-verify.$$

# ---- telling ----

clean() {
    if command -v rm >/dev/null 2>&1; then
        rm -f "$work.text" "$work.sig"
    else
        printf '' >|"$work.text"
        printf '' >|"$work.sig"
    fi
}
fail() {
    printf 'FAILED: %s\n' "$1"
    exit 4
}
ok() {
    printf 'ok: %s\n' "$1"
}

# ---- small things ----

# slurp FILE: $slurped is its text, which must end in a line feed.
slurp() {
    slurped='' line=''
    [ -f "$1" ] && [ -r "$1" ] || fail "$1: is missing"
    while IFS= read -r line; do
        slurped=$slurped$line$nl
    done <"$1"
    [ -z "$line" ] || fail "$1: does not end in a line feed"
}
is_hex() {
    case $1 in '' | *[!0-9a-f]*) return 1 ;; esac
    [ ${#1} -eq "$2" ]
}
is_number() {
    case $1 in '' | *[!0-9]* | 0?*) return 1 ;; esac
    [ ${#1} -le 18 ]
}
# node LEFT RIGHT: $node is the RFC 6962 hash above the two.
node() {
    node=$(printf '01%s%s' "$1" "$2" | xxd -r -p | sha256sum)
    node=${node%% *}
}
# plain UUID: $plain is it without what a variable's name cannot hold.
plain() {
    case $1 in
    ????????-????-????-????-????????????) ;;
    *) fail "$where: \"$1\" is not a UUID" ;;
    esac
    plain=${1%%-*} rest=${1#*-}
    while [ "$rest" != "${rest#*-}" ]; do
        plain=$plain${rest%%-*} rest=${rest#*-}
    done
    plain=$plain$rest
    is_hex "$plain" 32 || fail "$where: \"$1\" is not a UUID"
}

# ---- every file is there, unchanged, and no other ----

manifest_lines() {
    set --
    for file in *; do
        [ -d "$file" ] || [ "$file" = MANIFEST.sha256 ] || set -- "$@" "$file"
    done
    for folder in blobs consistency keys leaves proofs tokens; do
        for file in "$folder"/*; do
            [ -f "$file" ] || continue
            set -- "$@" "$file"
            [ $# -lt 500 ] || { sha256sum "$@" && set --; }
        done
    done
    [ $# -eq 0 ] || sha256sum "$@"
}
check_manifest() {
    for file in * blobs/* consistency/* keys/* leaves/* proofs/* tokens/*; do
        case $file in
        blobs | consistency | keys | leaves | proofs | tokens) [ -d "$file" ] || fail "$file: is not a folder" ;;
        */'*') ;;
        *) [ -f "$file" ] || fail "$file: does not belong to the bundle" ;;
        esac
    done
    wanted=$(sha256sum <MANIFEST.sha256) || fail 'MANIFEST.sha256: is missing'
    found=$(manifest_lines | sha256sum)
    if [ "$wanted" != "$found" ]; then
        sha256sum -c MANIFEST.sha256 2>&1 | while IFS= read -r line; do
            case $line in *': OK') ;; *) printf '  %s\n' "$line" ;; esac
        done
        fail 'MANIFEST.sha256: the files are not those it lists'
    fi
    ok 'the files are those of MANIFEST.sha256'
}

# ---- keys: policy, kinds ----

known_keys=' '
# vkey VKEY: a C2SP verifier key. Sets key_name, key_id, key_type and key (hex); no key may stand twice.
vkey() {
    key_name=${1%%+*} rest=${1#*+}
    key_id=${rest%%+*} rest=${rest#*+}
    key=$(printf '%s' "$rest" | base64 -d 2>/dev/null | xxd -p -c 256)
    key_type=${key%"${key#??}"}
    key_hash=$({
        printf '%s\n' "$key_name"
        printf '%s' "$key" | xxd -r -p
    } | sha256sum)
    key=${key#??}
    case $key_type in 01 | 04) ;; *) fail "$where: a key that is not Ed25519: $1" ;; esac
    is_hex "$key" 64 || fail "$where: not a key: $1"
    is_hex "$key_id" 8 && [ "$key_id" = "${key_hash%"${key_hash#????????}"}" ] ||
        fail "$where: the key id is not that of its name and key: $1"
    case $known_keys in *" $key "*) fail "$where: this key stands twice: $1" ;; esac
    known_keys=$known_keys$key' '
}
# pem: keys/$pem must hold the key that vkey found.
pem() {
    slurp "keys/$pem"
    body=$(printf '302a300506032b6570032100%s' "$key" | xxd -r -p | base64)
    [ "$slurped" = "-----BEGIN PUBLIC KEY-----$nl$body$nl-----END PUBLIC KEY-----$nl" ] ||
        fail "keys/$pem: is not the key of the policy"
}
signers='' # lines "ROLE NAME ID PEM VKEY", those of one role in the order in which they followed each other
witnesses='' # lines "LABEL NAME ID PEM"
quorum=''
groups=''
read_policy() {
    where=policy
    while read -r word one two three; do
        case $word in
        '' | '#'*) ;;
        log)
            vkey "$one"
            [ "$key_type" = 01 ] || fail 'policy: the key of a log must be of type 1'
            pem=ledger-$key_id.pem
            pem
            signers="${signers}ledger $key_name $key_id $pem $one$nl"
            ;;
        role)
            case $one in '' | ledger | witness | *[!a-z]*) fail "policy: \"$one\" is not a role" ;; esac
            vkey "$two"
            [ "$key_type" = 01 ] || fail 'policy: the key of a role must be of type 1'
            pem=$one-$key_id.pem
            pem
            signers="$signers$one $key_name $key_id $pem $two$nl"
            ;;
        witness)
            vkey "$two"
            [ "$key_type" = 04 ] || fail 'policy: the key of a witness must be of type 4'
            pem=witness-$key_id.pem
            pem
            witnesses="$witnesses$one $key_name $key_id $pem$nl"
            ;;
        group) groups="$groups$one $two $three$nl" ;;
        quorum) [ -z "$quorum" ] && quorum=$one || fail 'policy: two quorums' ;;
        *) fail "policy: \"$word\" is not known" ;;
        esac
    done <policy
    [ -n "$quorum" ] || fail 'policy: names no quorum'
    for file in keys/*; do
        id=${file#keys/}
        case "$signers$witnesses" in
        *" $id "* | *" $id$nl"*) ;;
        *) fail "$file: the policy does not name it" ;;
        esac
    done
    ok 'no two roles share a key, and keys/ holds the keys of the policy'
}
read_kinds() {
    kinds=''
    while read -r word one; do
        case $word in
        '' | '#'*) ;;
        *[!a-z-]*) fail "kinds: \"$word\" is not a kind" ;;
        *) kinds="$kinds$word $one$nl" ;;
        esac
    done <kinds
}
# role_of: $signer is the role that must have signed a statement of $kind that says $role of itself.
role_of() {
    allowed=''
    case "$nl$kinds" in
    *"$nl$kind "*)
        allowed="$nl$kinds"
        allowed=${allowed#*"$nl$kind "}
        allowed=${allowed%%"$nl"*}
        ;;
    *) fail "$where: no role may state \"$kind\"" ;;
    esac
    signer=${role:-$allowed}
    case " $allowed " in
    *" $signer "*) ;;
    *) fail "$where: the role \"$signer\" may not state \"$kind\"" ;;
    esac
    case $signer in *' '*) fail "$where: does not say its role" ;; esac
    case $signer in '' | *[!a-z]*) fail "$where: \"$signer\" is not a role" ;; esac
}

# ---- keys: which one a role signs with at this leaf ----

# first_keys: of each role the first of its keys; the others wait for the leaf that brings them.
first_keys() {
    left=$signers
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        role=${line%% *} line=${line#* }
        eval "if [ -z \"\${now_$role-}\" ]; then now_$role=\$line; else next_$role=\${next_$role-}\$line\$nl; fi"
    done
    first_ledger=${now_ledger-} ledger_turns=''
}
# turn INDEX: the leaf $text, $signatures of kind key ends the key that the role $of signs with. It was signed by the owner.
turn() {
    case $of:$status in *[!a-z:]* | :* | ledger:revoked) fail "$where: the key of \"$of\" cannot change" ;; esac
    eval "now=\${now_$of-} next=\${next_$of-} gone=\${gone_$of-}"
    [ -n "$now" ] && [ "$old_key" = "${now##* }" ] || fail "$where: its old key is not the one that the role $of signs with"
    case $status:$new_key in
    rotated:?*) signed "$now" "the old key of the role $of" ;;
    revoked:*) ;;
    *) fail "$where: says neither rotated, with a new key, nor revoked" ;;
    esac
    heir=''
    if [ -n "$new_key" ]; then
        heir=${next%%"$nl"*} next=${next#*"$nl"}
        [ "${heir##* }" = "$new_key" ] || fail "$where: its new key is not the next that the policy has for the role $of"
        signed "$heir" "the new key of the role $of"
    fi
    now=${now#* } now=${now%% *}
    eval "now_$of=\$heir next_$of=\$next gone_$of=\" \$now:\$1\$gone\""
    [ "$of" != ledger ] || ledger_turns="$ledger_turns$1 $heir$nl"
    turns=$((turns + 1))
}
# ledger_key SIZE: $now is the key that the ledger signs the checkpoint of so many leaves with: that of the last of them.
ledger_key() {
    now=$first_ledger turned=$ledger_turns
    while [ -n "$turned" ]; do
        line=${turned%%"$nl"*} turned=${turned#*"$nl"}
        [ "$1" -le $((${line%% *} + 1)) ] || now=${line#* }
    done
}
# signed_in_turn: the note has the signature of the key that the role $signer signs with here.
signed_in_turn() {
    eval "now=\${now_$signer-} gone=\${gone_$signer-}"
    left=$signatures ended=''
    while [ -n "$left" ] && [ -n "$gone" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        id=$(printf '%s' "${line##* }" | base64 -d 2>/dev/null | xxd -p -l 4)
        case $now in *" $id "*) ended='' && break ;; esac
        case $gone in *" $id:"*) ended=${gone#*" $id:"} ;; esac
    done
    [ -z "$ended" ] || fail "$where: is signed by a key of the role $signer that leaf ${ended%% *} put out of use"
    signed "$now" "a key of the role $signer"
}
no_key_waits() {
    left=$signers
    while [ -n "$left" ]; do
        role=${left%% *} left=${left#*"$nl"}
        eval "next=\${next_$role-}"
        next=${next#* } next=${next#* }
        [ -z "$next" ] || fail "keys/${next%% *}: no leaf says that the role $role has this key"
    done
    [ $turns -eq 0 ] || ok "keys changed $turns times, each by a leaf of the owner; each leaf is signed by the key of its time"
}

# ---- signed notes ----

# verify TEXT HEX PEM: is HEX the signature of TEXT by the key?
verify() {
    printf '%s' "$1" >|"$work.text"
    printf '%s' "$2" | xxd -r -p >|"$work.sig"
    openssl pkeyutl -verify -pubin -inkey "keys/$3" -rawin -in "$work.text" -sigfile "$work.sig" >/dev/null 2>&1
}
# signed KEY WHOSE: the note $text, $signatures has a signature by the key "NAME ID PEM VKEY", and none by it that is wrong.
signed() {
    good=0
    left=$signatures
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        case $line in '— '*' '*) ;; *) fail "$where: a signature line is broken" ;; esac
        line=${line#— }
        name=${line%% *}
        raw=$(printf '%s' "${line#* }" | base64 -d 2>/dev/null | xxd -p -c 256)
        id=${raw%"${raw#????????}"}
        case $1 in
        "$name $id "*)
            pem=${1#"$name $id "}
            [ ${#raw} -eq 136 ] && verify "$text" "${raw#????????}" "${pem%% *}" ||
                fail "$where: the signature by $name does not verify"
            good=1
            ;;
        esac
    done
    [ $good -eq 1 ] || fail "$where: is not signed by $2"
}
# split FILE: its $text and $signatures; the empty line between them is in neither.
split() {
    text='' signatures='' line='' part=text
    while IFS= read -r line; do
        case $part:$line in
        text:) part=signatures ;;
        text:*) text=$text$line$nl ;;
        signatures:) fail "$1: has an empty line too many" ;;
        *) signatures=$signatures$line$nl ;;
        esac
    done <"$1"
    [ -z "$line" ] || fail "$1: does not end in a line feed"
    [ -n "$text" ] && [ -n "$signatures" ] || fail "$1: is not a signed note"
}

# ---- the checkpoint ----

# head: $text is a checkpoint: $h_origin, $h_size, $h_b64 and $h_root (hex).
head() {
    rest=$text
    h_origin=${rest%%"$nl"*} rest=${rest#*"$nl"}
    h_size=${rest%%"$nl"*} rest=${rest#*"$nl"}
    h_b64=${rest%%"$nl"*} rest=${rest#*"$nl"}
    h_root=$(printf '%s' "$h_b64" | base64 -d 2>/dev/null | xxd -p -c 256)
    is_number "$h_size" && is_hex "$h_root" 64 && [ -z "$rest" ] || fail "$where: is no checkpoint"
}
# cosigned: which witnesses of the policy signed the checkpoint $text, $signatures: words of $seen, sentences of $told.
cosigned() {
    left=$signatures seen=' ' told=''
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        line=${line#— }
        name=${line%% *}
        raw=$(printf '%s' "${line#* }" | base64 -d 2>/dev/null | xxd -p -c 256)
        id=${raw%"${raw#????????}"}
        known=$nl$witnesses
        case $known in *" $name $id "*) ;; *) continue ;; esac
        row=${known%%" $name $id "*} row=${row##*"$nl"} known=${known#*" $name $id "}
        [ ${#raw} -eq 152 ] || fail "$where: the cosignature by $name is broken"
        raw=${raw#????????}
        time=${raw%"${raw#????????????????}"}
        verify "cosignature/v1${nl}time $((0x$time))$nl$text" "${raw#????????????????}" "${known%%"$nl"*}" ||
            fail "$where: the cosignature by $name does not verify"
        seen="$seen$row "
        told="${told}cosigned by $name at $((0x$time)) seconds after 1970$nl"
    done
}
# quorum: have the witnesses of $seen signed that the policy asks for? A group counts when enough of its members do;
# groups name only what stands before them.
quorum() {
    left=$groups
    while [ -n "$left" ]; do
        row=${left%%"$nl"*} left=${left#*"$nl"}
        # shellcheck disable=SC2086 # its words
        set -f && set -- $row && set +f
        group=$1 needed=$2 have=0
        shift 2
        case $needed in any) needed=1 ;; all) needed=$# ;; esac
        is_number "$needed" && [ "$needed" -gt 0 ] || fail "policy: \"$needed\" is no threshold"
        for member in "$@"; do
            case $seen in *" $member "*) have=$((have + 1)) ;; esac
        done
        [ $have -lt "$needed" ] || seen="$seen$group "
    done
    case $seen in *" $quorum "*) return 0 ;; *) return 1 ;; esac
}
covered=0 # so many leaves has the quorum seen
# witnessed: the checkpoint $text, $signatures of $h_size leaves, which is one of this ledger.
witnessed() {
    [ -n "$witnesses" ] || return 0
    cosigned
    if quorum; then
        [ $covered -ge "$h_size" ] || covered=$h_size covered_told=$told
    elif [ "$quorum" = none ] && [ -n "$told" ] && [ $covered -lt "$h_size" ]; then
        covered=$h_size covered_told=$told
    fi
}
read_checkpoint() {
    where=checkpoint
    split checkpoint
    any=$first_ledger$nl${next_ledger-}
    while [ -n "$any" ]; do
        now=${any%%"$nl"*} any=${any#*"$nl"}
        ! (signed "$now" '') >/dev/null 2>&1 || any=''
    done
    signed "$now" 'a key of the role ledger'
    head
    origin=$h_origin size=$h_size root_b64=$h_b64 root=$h_root
    checkpoint_note=$text$nl$signatures
    witnessed
}
# After the leaves, for they say which key the ledger has.
signed_checkpoint() {
    where=checkpoint
    split checkpoint
    ledger_key "$size"
    signed "$now" 'a key of the role ledger'
    ok "checkpoint of $origin: $size leaves, root $root_b64"
}

# ---- leaves ----

count=0 turns=0 chained=0 last_other=-1
# read_leaf FILE INDEX: its signature and role; keeps what verdicts are recomputed from.
read_leaf() {
    where=$1
    split "$1"
    left=$text kind='' role='' dataset='' run='' chunk='' cut='' form='' rows='' sums='' defects=0 claim='' sealed='' unsealed=''
    source_leaf='' archive_leaf='' source_run='' archive_run='' chunks='' reason='' object='' sha256='' status='' segment=''
    of='' old_key='' new_key='' a_type='' a_size='' a_checkpoint='' a_token='' a_time='' previous=''
    line=${left%%"$nl"*} left=${left#*"$nl"}
    case $line in
    'assay/v1 '*) kind=${line#assay/v1 } ;;
    *) fail "$1: is not a statement" ;;
    esac
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        value=${line#* }
        case $line in
        'role '*) role=$value ;;
        'dataset '*) dataset=$value ;;
        'run '*) run=$value ;;
        'segment '*) segment=$value ;;
        'chunk '*) chunk=$value ;;
        'cut '*) cut=$value ;;
        'form '*) form=$value ;;
        'rows '*) rows=$value ;;
        'sum-row '* | 'sum-key '* | 'col '* | 'columns '* | 'sums '*) sums=$sums$line$nl ;;
        'root '*) sealed=$value$sealed ;;
        'keycommit '*) sealed="$sealed $value" ;;
        'unsealed '*) unsealed=$value ;;
        'defects '*) defects=$value ;;
        'verdict '*) claim=$value ;;
        'kind '*) reason=$value ;;
        'source-leaf '*) source_leaf=$value ;;
        'archive-leaf '*) archive_leaf=$value ;;
        'source-run '*) source_run=$value ;;
        'archive-run '*) archive_run=$value ;;
        'chunks '*) chunks=$value ;;
        'object '*) object=$value ;;
        'sha256 '*) sha256=$value ;;
        'status '*) status=$value ;;
        'prev-own '*) previous=${value#sha256:} ;;
        'of '*) of=$value ;;
        'old '*) old_key=$value ;;
        'new '*) new_key=$value ;;
        'type '*) a_type=$value ;;
        'size '*) a_size=$value ;;
        'checkpoint '*) a_checkpoint=$value ;;
        'token '*) a_token=$value ;;
        'time '*) a_time=$value ;;
        esac
    done
    role_of
    signed_in_turn
    leaf_hash=$(printf '\000%s\n%s' "$text" "$signatures" | sha256sum)
    leaf_hash=${leaf_hash%% *}
    [ -z "$previous" ] || follows
    eval "own_$leaf_hash=\$signer"
    count=$((count + 1))
    [ "$kind" = anchor ] || last_other=$2
    case $kind:$signer in
    key:*) turn "$2" ;;
    anchor:*) keep_anchor "$2" ;;
    chunk:*) keep_chunk "$2" ;;
    purge-chunk:*) keep_purged "$2" ;;
    verdict:*) keep_verdict "$2" ;;
    object:archive) keep_object ;;
    esac
}
# follows: the statement before it by the same role is here, unless this is a sample.
follows() {
    is_hex "$previous" 64 || fail "$where: its predecessor \"$previous\" is not a hash"
    eval "who=\${own_$previous-}"
    case $who in
    "$signer") chained=$((chained + 1)) ;;
    '') [ -f "proofs/${where#leaves/}.tlog-proof" ] || fail "$where: the statement that the role $signer made before it is missing" ;;
    *) fail "$where: it follows a statement of the role $who" ;;
    esac
}
keep_chunk() {
    is_hex "$chunk" 32 || fail "$where: \"$chunk\" is not a chunk"
    is_number "$rows" && is_number "$defects" || fail "$where: its rows or defects are not a number"
    plain "$run"
    run=$plain
    plain "$dataset"
    group=${signer}_${run}_$plain
    eval "identity_$1=\"\$dataset \$segment \$chunk \$cut \$form\"
        place_$1=\${plain}_\$chunk
        rows_$1=\$rows sums_$1=\$sums defects_$1=\$defects sealed_$1=\$sealed unsealed_$1=\$unsealed
        seen_before=\${at_${group}_$chunk-}
        at_${group}_$chunk=$1"
    [ -n "$seen_before" ] || eval "chunks_$group=\"\${chunks_$group-} $chunk\" n_$group=\$((\${n_$group-0} + 1))"
}
# What was deleted at the source, the newest first: "LEAF:ROWS:ROOT " of each chunk.
keep_purged() {
    case $status in deleted | settled) ;; *) return 0 ;; esac
    is_hex "$chunk" 32 && is_number "$rows" || fail "$where: its chunk or rows are none"
    plain "$dataset"
    eval "purged_${plain}_$chunk=\"\$1:\$rows:\${sealed} \${purged_${plain}_$chunk-}\""
}
verdicts=''
keep_verdict() {
    case $claim in match | mismatch | unverified) ;; *) fail "$where: \"$claim\" is not a verdict" ;; esac
    eval "v_$1=\$claim kind_$1=\$reason chunk_$1=\$chunk dataset_$1=\$dataset chunks_in_$1=\$chunks
        source_leaf_$1=\$source_leaf archive_leaf_$1=\$archive_leaf
        source_run_$1=\${source_run:-\$run} archive_run_$1=\${archive_run:-\$run}"
    verdicts="$verdicts $1"
}
anchors=''
keep_anchor() {
    case $a_type in cosignature | timestamp) ;; *) return 0 ;; esac
    eval "type_$1=\$a_type size_$1=\$a_size checkpoint_$1=\${a_checkpoint#sha256:} token_$1=\${a_token#sha256:} time_$1=\$a_time"
    anchors="$anchors $1"
}
keep_object() {
    case $status in ok | intact) ;; *) return 0 ;; esac
    is_hex "$sha256" 64 || return 0
    eval "names_$sha256=\${names_$sha256-\$nl}\$object\$nl"
}

# ---- the tree: all leaves, or some with their proofs ----

stack='' # roots of the complete subtrees so far, each "HASH "
add_leaf() {
    h=$leaf_hash rest=$1
    while [ $((rest % 2)) -eq 1 ]; do
        stack=${stack% }
        node "${stack##* }" "$h"
        h=$node
        case $stack in *' '*) stack=${stack% *}' ' ;; *) stack='' ;; esac
        rest=$((rest / 2))
    done
    stack="$stack$h "
}
tree_root() {
    h=''
    while [ -n "$stack" ]; do
        stack=${stack% }
        top=${stack##* }
        case $stack in *' '*) stack=${stack% *}' ' ;; *) stack='' ;; esac
        if [ -n "$h" ]; then
            node "$top" "$h"
            h=$node
        else
            h=$top
        fi
    done
    tree_root=$h
}
# check_proof FILE INDEX: the leaf with $leaf_hash stands there (RFC 9162, section 2.1.3.2).
check_proof() {
    slurp "$1"
    left=$slurped
    line=${left%%"$nl"*} left=${left#*"$nl"}
    [ "$line" = 'c2sp.org/tlog-proof@v1' ] || fail "$1: is not a proof"
    line=${left%%"$nl"*} left=${left#*"$nl"}
    [ "$line" = "index $2" ] || fail "$1: is about another leaf"
    fn=$2 sn=$((size - 1)) h=$leaf_hash
    [ "$2" -lt "$size" ] || fail "$1: is about a leaf that the checkpoint does not have"
    while :; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        [ -n "$line" ] || break
        p=$(printf '%s' "$line" | base64 -d 2>/dev/null | xxd -p -c 256)
        is_hex "$p" 64 && [ $sn -ne 0 ] || fail "$1: is broken"
        if [ $((fn % 2)) -eq 1 ] || [ $fn -eq $sn ]; then
            node "$p" "$h"
            while [ $((fn % 2)) -eq 0 ] && [ $fn -ne 0 ]; do
                fn=$((fn / 2)) sn=$((sn / 2))
            done
        else
            node "$h" "$p"
        fi
        h=$node fn=$((fn / 2)) sn=$((sn / 2))
    done
    [ $sn -eq 0 ] && [ "$h" = "$root" ] || fail "$1: does not lead to the root of the checkpoint"
    [ "$left" = "$checkpoint_note" ] || fail "$1: is about another checkpoint"
}
read_leaves() {
    last=-1 proofs=0
    for file in leaves/*; do
        [ -f "$file" ] || continue
        index=${file#leaves/}
        case $index in *[!0-9]*) fail "$file: is not a leaf" ;; esac
        [ ${#index} -eq 9 ] || fail "$file: is not a leaf"
        index=$((1$index - 1000000000))
        [ $index -gt $last ] && last=$index
        read_leaf "$file" $index
        if [ -f "proofs/${file#leaves/}.tlog-proof" ]; then
            check_proof "proofs/${file#leaves/}.tlog-proof" $index
            proofs=$((proofs + 1))
        else
            [ $index -eq $((count - 1)) ] || fail "$file: neither its proof nor all leaves before it are here"
            add_leaf $index
        fi
    done
    ok "$count leaves, each signed by a key of the role that may state it"
    no_key_waits
    [ $chained -eq 0 ] || ok "$chained of them follow another of the same role, which is here"
    if [ $proofs -gt 0 ]; then
        [ $proofs -eq $count ] || fail 'proofs: some leaves have none'
        for file in proofs/*; do
            file=${file#proofs/}
            [ -f "leaves/${file%.tlog-proof}" ] || fail "proofs/$file: its leaf is missing"
        done
        ok "each of them is in the tree of the checkpoint; the other $((size - count)) are not in this bundle"
        return
    fi
    [ $count -eq "$size" ] || fail "leaves: $count are here, the checkpoint has $size"
    [ $count -gt 0 ] || return 0
    tree_root
    [ "$tree_root" = "$root" ] || fail 'leaves: their root is not that of the checkpoint'
    ok 'they are all leaves of the checkpoint: their root is its root'
}

# ---- anchors: what witnesses and time stamp authorities have signed ----

# grown FILE: the tree of $h_size leaves with $h_root is the beginning of that of the checkpoint (RFC 9162, 2.1.4.2).
grown() {
    if [ "$h_size" -eq "$size" ]; then
        [ "$h_root" = "$root" ] || fail "$where: its checkpoint is of another tree of $size leaves"
        return 0
    fi
    [ "$h_size" -gt 0 ] && [ "$h_size" -lt "$size" ] || fail "$where: its checkpoint is of $h_size leaves"
    slurp "$1"
    fn=$((h_size - 1)) sn=$((size - 1)) left=$slurped
    while [ $((fn % 2)) -eq 1 ]; do
        fn=$((fn / 2)) sn=$((sn / 2))
    done
    old=$h_root
    if [ $fn -gt 0 ]; then
        line=${left%%"$nl"*} left=${left#*"$nl"}
        old=$(printf '%s' "$line" | base64 -d 2>/dev/null | xxd -p -c 256)
    fi
    new=$old
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        p=$(printf '%s' "$line" | base64 -d 2>/dev/null | xxd -p -c 256)
        is_hex "$p" 64 && [ $sn -ne 0 ] || fail "$1: is broken"
        if [ $((fn % 2)) -eq 1 ] || [ $fn -eq $sn ]; then
            node "$p" "$old"
            old=$node
            node "$p" "$new"
            while [ $((fn % 2)) -eq 0 ] && [ $fn -ne 0 ]; do
                fn=$((fn / 2)) sn=$((sn / 2))
            done
        else
            node "$new" "$p"
        fi
        new=$node fn=$((fn / 2)) sn=$((sn / 2))
    done
    [ $sn -eq 0 ] && [ "$old" = "$h_root" ] && [ "$new" = "$root" ] ||
        fail "$where: its checkpoint of $h_size leaves is not of this ledger"
}
# seconds MONTH DAY HH:MM:SS YEAR, as openssl prints them: $seconds after 1970, $stamp_time as in RFC 3339.
seconds() {
    month=1
    for m in Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec; do
        [ "$m" != "$1" ] || break
        month=$((month + 1))
    done
    clock=${3%%.*}
    hh=${clock%%:*} ss=${clock##*:}
    mm=${clock#*:} mm=${mm%%:*}
    case $month:$2:$hh$mm$ss:$4 in
    13:* | *[!0-9:]* | *::*) return 1 ;;
    esac
    is_number "$2" && is_number "$4" && [ ${#hh}${#mm}${#ss} = 222 ] || return 1
    # Days by the civil calendar, whose year begins in March.
    y=$4 n=$((month - 3))
    [ $n -ge 0 ] || y=$((y - 1)) n=$((n + 12))
    days=$((y * 365 + y / 4 - y / 100 + y / 400 + (153 * n + 2) / 5 + $2 - 1 - 719468))
    seconds=$((days * 86400 + ${hh#0} * 3600 + ${mm#0} * 60 + ${ss#0}))
    two=$2
    [ ${#2} -eq 2 ] || two=0$2
    [ $month -gt 9 ] || month=0$month
    stamp_time=$4-$month-${two}T${clock}Z
}
stamps=0 stamped=0
# check_token CHECKPOINT TOKEN CERTIFICATE: files; the token is over the checkpoint, and valid at its own time.
check_token() {
    openssl ts -reply -in "$2" -token_out -out "$work.text" >/dev/null 2>&1 ||
        fail "$where: its token is not an RFC 3161 response"
    left=$(openssl ts -reply -in "$work.text" -token_in -text 2>/dev/null)$nl algorithm='' stamp=''
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        case $line in
        'Hash Algorithm: '*) algorithm=${algorithm:-${line#*: }} ;;
        'Time stamp: '*) stamp=${stamp:-${line#*: }} ;;
        esac
    done
    [ "$algorithm" = sha256 ] || fail "$where: its token is over \"$algorithm\" of the checkpoint, not sha256"
    # shellcheck disable=SC2086 # its words
    set -f && set -- "$@" $stamp && set +f
    [ $# -eq 8 ] && seconds "$4" "$5" "$6" "$7" || fail "$where: the time of its token is \"$stamp\""
    [ "$stamp_time" = "$a_time" ] || fail "$where: its token says $stamp_time, the statement $a_time"
    if [ -n "$ca" ]; then
        set -- "$1" "$2" "$3" -CAfile "$ca" -untrusted "$3"
    else
        set -- "$1" "$2" "$3" -CAfile "$3" -partial_chain
    fi
    one=$1 two=$2 three=$3
    shift 3
    openssl ts -verify -data "$one" -in "$two" -attime "$seconds" "$@" >/dev/null 2>&1 || {
        [ -z "$ca" ] || fail "$where: its time stamp of $stamp_time does not lead to a certificate of $ca"
        fail "$where: its time stamp of $stamp_time does not verify"
    }
    stamps=$((stamps + 1))
    [ $stamped -gt "$h_size" ] || {
        stamped=$h_size stamped_at=$stamp_time
        stamped_by=$(openssl x509 -in "$three" -noout -subject -nameopt RFC2253 2>/dev/null) || stamped_by='subject=?'
        stamped_by=${stamped_by#subject=}
    }
}
cited_file() { # FILE: is it a blob of the bundle?
    is_hex "${1#blobs/}" 64 && [ -f "$1" ] || fail "$where: $1 is missing"
}
check_anchors() {
    for a in $anchors; do
        where="leaf $a"
        eval "a_type=\$type_$a a_size=\$size_$a file=blobs/\$checkpoint_$a token=blobs/\$token_$a a_time=\$time_$a"
        cited_file "$file"
        split "$file"
        head
        ledger_key "$h_size"
        signed "$now" 'a key of the role ledger'
        [ "$h_origin" = "$origin" ] && [ "$h_size" = "$a_size" ] || fail "$where: its checkpoint is of $h_size leaves of $h_origin"
        name=$h_size
        while [ ${#name} -lt 9 ]; do name=0$name; done
        grown "consistency/$name"
        witnessed
        [ "$a_type" = timestamp ] || continue
        cited_file "$token"
        index=$a
        while [ ${#index} -lt 9 ]; do index=0$index; done
        check_token "$file" "$token" "tokens/$index.pem"
    done
    tell_anchors
}
tell_anchors() {
    if [ $stamps -gt 0 ] && [ -n "$ca" ]; then
        ok "$stamps time stamps; the first $stamped leaves existed at $stamped_at, says $stamped_by, whom $ca vouches for"
    elif [ $stamps -gt 0 ]; then
        ok "$stamps time stamps; the first $stamped leaves existed at $stamped_at, says $stamped_by"
        printf 'not checked: who that is; give the certificates that you trust: --ca FILE\n'
    fi
    left=${covered_told-}
    while [ -n "$left" ]; do
        ok "the first $covered leaves were ${left%%"$nl"*}"
        left=${left#*"$nl"}
    done
    [ "$quorum" != none ] || return 0
    [ $covered -gt 0 ] || fail "checkpoint: the witnesses that the policy asks for (\"$quorum\") have not signed it"
    [ $last_other -lt $covered ] || fail "leaf $last_other: the witnesses that the policy asks for have seen $covered leaves only"
    ok 'the witnesses that the policy asks for have seen all that is here'
}

# ---- verdicts ----

# after_purge SOURCE ARCHIVE: the source has no row of the chunk any more; where they were deleted under a permit, the archive is
# held against what was deleted. $pair stays empty when nothing was deleted.
after_purge() {
    item=''
    eval "place=\$place_$1 erased=\$unsealed_$1\$unsealed_$2 sb=\$sealed_$2 rows_archive=\$rows_$2"
    eval "list=\${purged_$place-} none=\$rows_$1\$defects_$2"
    case $none:$erased in 00:*erased*) return 0 ;; 00:*) ;; *) return 0 ;; esac
    while [ -n "$list" ]; do
        item=${list%% *} list=${list#* }
        [ "${item%%:*}" -gt "$at" ] || break
        item=''
    done
    item=${item#*:}
    [ "${item%%:*}" != 0 ] || item=''
    if [ -z "$item" ]; then
        return 0
    elif [ -z "$sb" ]; then
        pair=unverified
    elif [ "$rows_archive:${sb%% *}" = "$item" ]; then
        pair=match
        deleted=$((deleted + 1))
    else
        pair=mismatch
    fi
}
# pair SOURCE ARCHIVE: $pair is what two statements about a chunk say together, from their indexes; '': one is not here.
pair() {
    pair=''
    is_number "$1" && is_number "$2" || return 0
    eval "a=\${identity_$1-} b=\${identity_$2-}"
    [ -n "$a" ] && [ -n "$b" ] || return 0
    if [ "$a" != "$b" ]; then
        pair=incomparable
        return 0
    fi
    after_purge "$1" "$2"
    [ -z "$pair" ] || return 0
    eval "a=\"\$rows_$1 \$sums_$1\" b=\"\$rows_$2 \$sums_$2\" da=\$defects_$1 db=\$defects_$2 rows=\$rows_$1
        sa=\$sealed_$1 sb=\$sealed_$2 ua=\$unsealed_$1 ub=\$unsealed_$2 rows_b=\$rows_$2"
    case $rows:$a$b in
    "$rows_b":*'sums sha256:'*) # sealed sums of as many rows: equal blobs are equal, else the roots tell, or only who has the key
        if [ "$a" != "$b" ] && { [ -z "$sa" ] || [ -z "$sb" ]; }; then return 0; fi
        if [ "$a" != "$b" ] && [ "$sa" = "$sb" ]; then b=$a; fi
        ;;
    esac
    if [ "$da" != 0 ] || [ "$ua" = erased ] || [ "$ub" = erased ]; then
        pair=unverified
    elif [ "$db" = 0 ] && [ "$a" = "$b" ]; then
        pair=match
    elif [ "$a" != "$b" ] || [ "$rows" != 0 ]; then
        pair=mismatch
    else
        return 0
    fi
    [ -n "$sa" ] && [ -n "$sb" ] || return 0
    # Sealed on both sides: one key of the chunk, and the roots have the last word.
    if [ "${sa#* }" != "${sb#* }" ] || { [ $pair = mismatch ] && [ "$sa" = "$sb" ]; }; then
        pair=unverified
    elif [ $pair = match ] && [ "$sa" != "$sb" ]; then
        pair=mismatch
    fi
}
# whole INDEX: the verdict about all chunks of a dataset at once; $pair as above.
whole() {
    eval "ds=\$dataset_$1 sr=\$source_run_$1 ar=\$archive_run_$1 n=\$chunks_in_$1"
    where="leaf $1"
    pair=''
    is_number "$n" || return 0
    plain "$ds"
    ds=$plain
    plain "$sr"
    sr=source_${plain}_$ds
    plain "$ar"
    ar=archive_${plain}_$ds
    eval "ns=\${n_$sr-0} na=\${n_$ar-0} list=\${chunks_$sr-}"
    differ=''
    for c in $list; do
        eval "s=\${at_${sr}_$c-} a=\${at_${ar}_$c-}"
        pair "$s" "$a"
        if [ "$pair" = match ]; then
            agree=$((agree + 1))
        else
            differ=${differ:-${pair:-incomparable}}
        fi
    done
    # Chunks of several runs, or a bundle that has only some: not to be told from two runs alone.
    if [ "$ns" -ne "$n" ] || [ "$na" -ne "$n" ]; then
        pair=''
    else
        pair=${differ:-match}
    fi
}
check_verdicts() {
    n_match=0 n_mismatch=0 n_unverified=0 recomputed=0 agree=0 deleted=0
    for v in $verdicts; do
        eval "claim=\$v_$v chunk=\$chunk_$v kind=\$kind_$v s=\$source_leaf_$v a=\$archive_leaf_$v"
        eval "n_$claim=\$((n_$claim + 1))"
        at=$v
        if [ "$chunk" = '*' ] && [ "$claim" = match ]; then
            whole "$v"
        elif [ -n "$s" ] && [ -n "$a" ]; then
            pair "$s" "$a"
        else
            pair=''
        fi
        case $claim:$kind in
        match:*) ;;
        mismatch:rows | mismatch:lost | mismatch:extra | mismatch:changed | mismatch:recombined | mismatch:missing | \
            mismatch:resealed) ;;
        *) pair='' ;; # it says less than the sums, or speaks of something else
        esac
        [ -n "$pair" ] || continue
        [ "$pair" = "$claim" ] ||
            fail "leaf $v: its verdict is $claim, but by the statements it is about it should be $pair"
        recomputed=$((recomputed + 1))
    done
    ok "verdicts: $n_match match, $n_mismatch mismatch, $n_unverified unverified; $recomputed recomputed from the statements of both sides"
    [ $deleted -eq 0 ] || ok "$deleted times the archive has what was deleted of a chunk at the source"
    agree=$((agree - deleted))
    [ $agree -le 0 ] || ok "$agree chunks of which both sides state the same"
}

# ---- blobs and archived files ----

check_blobs() {
    blobs=0
    for file in blobs/*; do
        [ -f "$file" ] || continue
        h=$(sha256sum <"$file")
        [ "blobs/${h%% *}" = "$file" ] || fail "$file: its name is not its SHA-256"
        blobs=$((blobs + 1))
    done
    ok "$blobs blobs have the SHA-256 that leaves cite them by"
}
check_objects() {
    objects=0
    slurp objects.sha256
    left=$slurped
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        hex=${line%%  *} name=${line#*  }
        is_hex "$hex" 64 || fail 'objects.sha256: a line is broken'
        eval "names=\${names_$hex-}"
        case $names in
        *"$nl$name$nl"*) ;;
        *) fail "objects.sha256: no leaf says that $name has this SHA-256" ;;
        esac
        objects=$((objects + 1))
    done
    ok "$objects archived files are listed as the archive's checker found them"
}
# The report is made from the leaves; that it is about this ledger is all that a shell can say of it.
check_report() {
    slurp report.json
    case $slurped in
    *'"checkpoint":"'*'\n'"$size"'\n'"$root_b64"'\n\n'*) ok 'report.json shows this checkpoint' ;;
    *) fail 'report.json: is of another checkpoint' ;;
    esac
}
check_files() {
    if [ -z "$files" ] || [ $objects -eq 0 ]; then
        printf 'not checked: the archived files themselves; give the folder of the plan as second word\n'
        return
    fi
    list=$PWD/objects.sha256
    if (cd "$files" && sha256sum -c "$list") >|"$work.text" 2>/dev/null; then
        ok "the $objects archived files in $files are those"
        return
    fi
    while IFS= read -r line; do
        case $line in *': OK') ;; *) printf '  %s\n' "$line" ;; esac
    done <"$work.text"
    printf 'DIFFERENT: archived files in %s are not what the ledger says\n' "$files"
    different=1
}

# ---- all of it ----

for tool in openssl sha256sum base64 xxd; do
    command -v $tool >/dev/null 2>&1 || {
        printf 'FAILED: %s is not installed\n' $tool
        exit 3
    }
done
ca=''
if [ "${1-}" = --ca ] && [ $# -gt 1 ]; then
    case $2 in /*) ca=$2 ;; *) ca=$PWD/$2 ;; esac
    [ -f "$ca" ] || {
        printf 'FAILED: %s: no such file\n' "$ca"
        exit 3
    }
    shift 2
fi
files=''
[ $# -lt 2 ] || files=$(CDPATH='' cd -- "$2" && pwd) || exit 3
case $0 in */*) bundle=${0%/*} ;; *) bundle=. ;; esac
CDPATH='' cd -- "${1:-$bundle}" || exit 3
for file in "$work.text" "$work.sig"; do
    (set -C && printf '' >"$file") 2>/dev/null || {
        printf 'FAILED: cannot make %s\n' "$file"
        exit 3
    }
done
trap clean EXIT
different=0
check_manifest
read_policy
read_kinds
first_keys
check_blobs
read_checkpoint
read_leaves
signed_checkpoint
check_anchors
check_verdicts
check_objects
check_report
check_files
printf 'The evidence is whole. What was found stands behind "verdicts:". Compare checkpoint and keys with what you know from elsewhere: VERIFY.txt\n'
exit $different
