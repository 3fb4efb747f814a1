#!/bin/sh
# verify.sh [--ca FILE] [BUNDLE [FILES]]: checks a bundle of evidence that `assay evidence` wrote. BUNDLE is the folder this
# script lies in unless given; with FILES, the folder that the plan lies in, the archived files are hashed, too; with --ca,
# time stamps must lead to a certificate of that file (PEM).
#
# It needs a POSIX shell, openssl 3, sha256sum, base64 and xxd, and nothing of assay. Whoever made the bundle could have
# changed this script: read it, or take it from elsewhere. VERIFY.txt says what is checked and what is not.
#
# exit 0: the evidence is whole. 1: it is whole, but a file of FILES differs. 3: it could not be checked, or not all of it:
# a tool or folder is missing, or a line "not checked:" says what is open. 4: it is broken.
# shellcheck disable=SC2034,SC2154 # eval sets and reads variables
set -u
LC_ALL=C
export LC_ALL
nl='
'
tab='	'
us=$(printf '\037') # parts the fields of a record: no statement holds one
blanks=$IFS
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
    # A shell reads over bytes of zero.
    hashes=$(printf '%s' "$slurped" | sha256sum - "$1")
    file_hash=${hashes#*"$nl"}
    [ "${hashes%% *}" = "${file_hash%% *}" ] || fail "$1: holds a byte that is none of a text"
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
    for file in .[!.]* ..?* */.[!.]* */..?*; do
        [ ! -e "$file" ] && [ ! -L "$file" ] || fail "$file: does not belong to the bundle"
    done
    for file in * blobs/* consistency/* keys/* leaves/* proofs/* tokens/*; do
        [ ! -L "$file" ] || fail "$file: is a link"
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
named=' ' in_group=' '
# name_it NAME: of a witness or group; no two have one.
name_it() {
    case $1:" none$named" in
    :*) fail 'policy: a witness or group without a name' ;;
    *" $1 "*) fail "policy: \"$1\" is named twice" ;;
    esac
    named="$named$1 "
}
# members GROUP NAMES: each stands before the group, and in no other: nobody counts twice.
members() {
    set -f
    for member in $2; do
        case $named in *" $member "*) ;; *) fail "policy: group $1: \"$member\" is no witness or group before it" ;; esac
        case $in_group in *" $member "*) fail "policy: group $1: \"$member\" is a member of a group already" ;; esac
        in_group="$in_group$member "
    done
    set +f
}
read_policy() {
    where=policy
    slurp policy
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
            name_it "$one"
            witnesses="$witnesses$one $key_name $key_id $pem$nl"
            ;;
        group)
            members "$one" "$three"
            name_it "$one"
            groups="$groups$one $two $three$nl"
            ;;
        quorum)
            [ -z "$quorum" ] || fail 'policy: two quorums'
            case " none$named" in *" $one "*) quorum=$one ;; *) fail "policy: \"$one\" is no witness or group before its line" ;; esac
            ;;
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
    slurp kinds
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
# split FILE: its $text and $signatures; the empty line between them is in neither. $leaf_hash: what it is as a leaf.
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
    printf '%s\n%s' "$text" "$signatures" >|"$work.text"
    hashes=$(printf '\000%s\n%s' "$text" "$signatures" | sha256sum - "$work.text" "$1")
    leaf_hash=${hashes%% *} hashes=${hashes#*"$nl"}
    file_hash=${hashes#*"$nl"}
    [ "${hashes%% *}" = "${file_hash%% *}" ] || fail "$1: holds a byte that is none of a text"
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
# quorum: have the witnesses of $seen signed that the policy asks for? A group counts when enough of its members do.
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
# may_repeat: $repeats are the keys that may stand more than once in a statement of $kind.
may_repeat() {
    case $kind in
    schema) repeats=' uncovered ' ;;
    object) repeats=' manifest finding claims-unverified ' ;;
    chunk) repeats=' without col raw rule finding ' ;;
    sample) repeats=' constant cells inside ' ;;
    coverage) repeats=' lacks ' ;;
    verdict) repeats=' open kept ' ;;
    request) repeats=' discrepancy ' ;;
    erasure) repeats=' keycommit ' ;;
    waiver) repeats=' discrepancy column ' ;;
    purge-permit) repeats=' obstacle ' ;;
    *) repeats=' ' ;;
    esac
}
# read_text: the lines of the statement $text into variables.
read_text() {
    left=$text kind='' role='' dataset='' run='' chunk='' cut='' form='' rows='' sums='' defects=0 claim='' sealed='' unsealed=''
    source_leaf='' archive_leaf='' source_run='' archive_run='' chunks='' reason='' object='' sha256='' status='' segment=''
    of='' old_key='' new_key='' a_type='' a_size='' a_checkpoint='' a_token='' a_time='' previous='' plan='' canon='' opens=$nl
    scope='' root_said='' leaves_said='' until='' n_open='' rows_source='' rows_archive='' strength='' permit='' ordinal='' set=''
    tiled='' unplaced='' dataset_key=''
    line=${left%%"$nl"*} left=${left#*"$nl"}
    case $line in
    'assay/v1 '*) kind=${line#assay/v1 } ;;
    *) fail "$where: is not a statement" ;;
    esac
    may_repeat
    had=' '
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        value=${line#* } word=${line%% *}
        [ "$word" != "$line" ] || fail "$where: a line has no value"
        case $had in
        *" $word "*) case $repeats in *" $word "*) ;; *) fail "$where: says \"$word\" twice" ;; esac ;;
        *) had="$had$word " ;;
        esac
        case $word in
        role) role=$value ;;
        dataset) dataset=$value ;;
        run) run=$value ;;
        plan) plan=$value ;;
        canon) canon=$value ;;
        segment) segment=$value ;;
        chunk) chunk=$value ;;
        cut) cut=$value ;;
        form) form=$value ;;
        rows) rows=$value ;;
        sum-row | sum-key | col | columns | sums) sums=$sums$line$nl ;;
        root) sealed=$value$sealed root_said=$value ;;
        keycommit) sealed="$sealed $value" ;;
        unsealed) unsealed=$value ;;
        defects) defects=$value ;;
        verdict) claim=$value ;;
        kind) reason=$value ;;
        source-leaf) source_leaf=$value ;;
        archive-leaf) archive_leaf=$value ;;
        source-run) source_run=$value ;;
        archive-run) archive_run=$value ;;
        chunks) chunks=$value ;;
        rows-source) rows_source=$value ;;
        rows-archive) rows_archive=$value ;;
        strength) strength=$value ;;
        scope) scope=$value ;;
        closed-until) until=$value ;;
        open-segments) n_open=$value ;;
        open) opens=$opens${value% * *}$nl ;;
        leaves) leaves_said=$value ;;
        tiled) tiled=$value ;;
        unplaced) unplaced=$value ;;
        dataset-key) dataset_key=$value ;;
        permit) permit=$value ;;
        ordinal) ordinal=$value ;;
        set) set=$value ;;
        object) object=$value ;;
        sha256) sha256=$value ;;
        status) status=$value ;;
        prev-own) previous=${value#sha256:} ;;
        of) of=$value ;;
        old) old_key=$value ;;
        new) new_key=$value ;;
        type) a_type=$value ;;
        size) a_size=$value ;;
        checkpoint) a_checkpoint=$value ;;
        token) a_token=$value ;;
        time) a_time=$value ;;
        esac
    done
}
# read_leaf FILE INDEX: its signature and role; keeps what verdicts are recomputed from.
read_leaf() {
    where=$1
    split "$1"
    read_text
    role_of
    signed_in_turn
    [ -z "$previous" ] || follows
    eval "own_$leaf_hash=\$signer"
    count=$((count + 1))
    [ "$kind" = anchor ] || last_other=$2
    case $kind:$signer in
    key:*)
        turn "$2"
        [ "$of" != approver ] || end_permits ''
        ;;
    anchor:*) keep_anchor "$2" ;;
    run-start:*) keep_start ;;
    run-end:*) keep_end "$2" ;;
    chunk:*) keep_chunk "$2" ;;
    purge-permit:*) keep_permit "$2" ;;
    purge-withdraw:*) end_permits "${permit:-none}" ;;
    purge-begin:*) keep_begin ;;
    purge-chunk:*) keep_purged "$2" ;;
    verdict:*) judge "$2" ;;
    object:archive) keep_object "$2" ;;
    esac
    case $signer:$run:$dataset in source:?*:?* | archive:?*:?*) keep_session ;; esac
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
# group: $ds is the dataset, $group the run of one side about it, and $epoch what it stated since it was last started.
group() {
    plain "$dataset"
    ds=$plain
    plain "$run"
    group=${signer}_${plain}_$ds
    eval "epoch=${group}_\${epoch_$group-0}"
}
# A run that is started again states all of it again. Scrubs compare nothing.
keep_start() {
    group
    eval "leaves_$group=0 stack_$group=''"
    [ "$scope" != scrub ] || return 0
    eval "epoch_$group=\$((\${epoch_$group-0} + 1))"
    eval "epoch=${group}_\$epoch_$group"
    eval "ended_$epoch='' scope_$epoch=\$scope plan_$epoch=\$plan key_$epoch=\$dataset_key
        runs_${signer}_$ds=\"\$group \${runs_${signer}_$ds-}\""
}
keep_end() {
    group
    run_root
    doubt=''
    [ "$signer:${unplaced:-0}" = source:0 ] || [ "$signer" = archive ] || doubt=yes
    [ "$tiled:${unplaced:-0}" != no:0 ] || doubt=yes
    eval "ended_$epoch=\$status until_$epoch=\$until doubt_$epoch=\$doubt"
    [ "$status:${epoch##*_}" = ok:0 ] || [ "$status" != ok ] || {
        eval "newest_run_${signer}_$ds=\$plain newest_end_${signer}_$ds=$1"
        case $sets in *" $ds "*) ;; *) sets="$sets$ds " ;; esac
    }
}
# keep_chunk INDEX: one record, as recall takes it apart; a shell is slow with many variables.
keep_chunk() {
    is_hex "$chunk" 32 || fail "$where: \"$chunk\" is not a chunk"
    is_number "$rows" && is_number "$defects" || fail "$where: its rows or defects are not a number"
    group
    eval "key=\${key_$epoch-} seen_before=\${at_${epoch}_$chunk-}"
    [ $sample -eq 0 ] || key='' # its run-start need not be here
    record="$signer$us$dataset $plan $chunk $segment$us$dataset $plan $key $canon $segment $chunk $cut $form$us${ds}_$chunk"
    record="$record$us$segment$us$cut$us$rows$us$defects$us$sealed$us$unsealed$us$sums$us."
    eval "stated_$1=\$record at_${epoch}_$chunk=$1 newest_${signer}_${ds}_$chunk=$1"
    [ -n "$seen_before" ] || eval "chunks_$epoch=\"\${chunks_$epoch-} $chunk\""
}
# recall INDEX: the statement about a chunk in this leaf, into variables c_...; they are empty when it is none.
recall() {
    eval "record=\${stated_$1:-\$us\$us\$us\$us\$us\$us\$us\$us\$us\$us.}"
    IFS=$us
    set -f
    # shellcheck disable=SC2086 # its fields
    set -- $record
    set +f
    IFS=$blanks
    c_side=$1 c_about=$2 c_identity=$3 c_place=$4 c_segment=$5 c_cut=$6 c_rows=$7 c_defects=$8 c_sealed=$9
    shift 9
    c_unsealed=$1 c_sums=$2
}
anchors=''
keep_anchor() {
    case $a_type in cosignature | timestamp) ;; *) return 0 ;; esac
    eval "type_$1=\$a_type size_$1=\$a_size checkpoint_$1=\${a_checkpoint#sha256:} token_$1=\${a_token#sha256:} time_$1=\$a_time"
    anchors="$anchors $1"
}
# Of each file of a dataset the newest statement, and the newest good one.
object_keys=''
keep_object() {
    [ -n "$object" ] || return 0
    plain "$dataset"
    key=$(printf '%s' "$object" | sha256sum)
    key=${plain}_${key%% *}
    eval "known=\${hashes_$key-}"
    [ -n "$known" ] || {
        object_keys="$object_keys $key"
        known=' '
    }
    case $status:$known in
    intact:*" $sha256 "*) ;;
    intact:*) fail "$where: calls \"$object\" intact, with a SHA-256 that no statement before gave it" ;;
    esac
    is_hex "$sha256" 64 && known="$known$sha256 "
    eval "hashes_$key=\$known object_$key=\$object state_$key=\$status stated_$key=$1"
    case $status in
    ok | intact) is_hex "$sha256" 64 && eval "good_$key=\$sha256" ;;
    esac
    return 0
}

# ---- what was deleted at the source ----

permits=''
# keep_permit INDEX: the list of a permit, a chunk a line.
keep_permit() {
    plain "$dataset"
    eval "permit_$1=\$plain"
    permits="$permits$1 "
    set=blobs/${set#sha256:} n=0
    cited_file "$set"
    {
        read -r c_head && read -r c_set && read -r c_chunks
        [ "$c_head,$c_set,$c_chunks" = "assay-permit/1,dataset $dataset,chunks $chunks" ] ||
            fail "$where: its list is of another dataset, or none"
        while read -r c_chunk _ c_rows c_root _; do
            is_hex "$c_chunk" 32 && is_hex "$c_root" 64 || fail "$where: its list is broken"
            eval "permit_$1_$c_chunk=\"\$c_rows:sha256:\$c_root\""
            n=$((n + 1))
        done
    } <"$set"
    [ "$n" = "$chunks" ] || fail "$where: its list has $n chunks, the statement says $chunks"
}
# A permit is withdrawn, or, without a number, those that stand here end: their approver's key is out of use.
end_permits() {
    for one in ${1:-$permits}; do
        is_number "$one" && eval "ended_permit_$one=1"
    done
}
# A run of the purger begins under a permit that stands before it; $begun: "PERMIT:" and, if that had ended, "1".
keep_begin() {
    is_number "$permit" || fail "$where: its permit is not a number"
    plain "$run"
    eval "begun_$plain=\${permit_$permit:+\$permit:\${ended_permit_$permit-}}"
    eval "[ -z \"\${permit_$permit-}\" ] || [ \"\${ended_permit_$permit-}\" ] || stood_permit_$permit=1"
}
# keep_purged INDEX: what was deleted, the newest first: "ROWS:ROOT " of each chunk. Counted is only what a permit before it
# lists, in a run that had begun under it; what is settled, an earlier run deleted, begun while it stood. A sample may lack
# both.
keep_purged() {
    case $status in deleted | settled) ;; *) return 0 ;; esac
    is_hex "$chunk" 32 && is_number "$rows" && is_number "$permit" || fail "$where: its chunk, rows or permit are none"
    plain "$run"
    eval "begun=\${begun_$plain-} of=\${permit_$permit-} listed=\${permit_${permit}_$chunk-}"
    [ $status = deleted ] || eval "begun=\${begun%\${stood_permit_$permit-}}"
    plain "$dataset"
    if [ "$begun$of:$listed" = "$permit:$plain:$rows:$root_said" ]; then
        eval "purged_${plain}_$chunk=\"\$rows:\$root_said \${purged_${plain}_$chunk-}\""
    elif [ $sample -eq 0 ]; then
        printf 'note: leaf %s says that a chunk was deleted, which no permit before it allows: not counted\n' "$1"
    fi
}

# ---- a run's own leaves ----

# keep_session: $leaf_hash is the next leaf of the run of the side.
keep_session() {
    [ $sample -eq 0 ] || return 0
    [ -n "$group" ] && [ "$grouped" = "$signer $run $dataset" ] || group
    grouped="$signer $run $dataset"
    eval "n=\${leaves_$group-0} stack=\${stack_$group-}"
    add_leaf "$n"
    eval "leaves_$group=$((n + 1)) stack_$group=\$stack"
}
# run_root: the statement $text ends a run: as many leaves as it says stand before it, with the root that it says.
run_root() {
    [ $sample -eq 0 ] || return 0
    is_number "$leaves_said" && is_hex "${root_said#sha256:}" 64 || fail "$where: its leaves or root are none"
    eval "n=\${leaves_$group-0} stack=\${stack_$group-}"
    [ "$leaves_said" -eq "$n" ] || fail "$where: its run is said to have $leaves_said leaves, $n are here"
    tree_root
    [ "sha256:$tree_root" = "$root_said" ] || fail "$where: the root of its run's leaves is another: one was kept back or changed"
    runs=$((runs + 1))
}

# ---- the tree: all leaves, or some with their proofs ----

# add_leaf INDEX: $leaf_hash goes on the $stack of roots of complete subtrees, each "HASH ".
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
    last=-1 proofs=0 log=''
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
            stack=$log
            add_leaf $index
            log=$stack
        fi
    done
    if [ $sample -eq 1 ]; then
        ok "$count leaves, each signed by a key that the policy has for a role that may state it"
        printf 'not checked: whether one of these keys was put out of use; ask for all leaves\n'
    else
        ok "$count leaves, each signed by a key of the role that may state it"
    fi
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
    stack=$log
    tree_root
    [ "$tree_root" = "$root" ] || fail 'leaves: their root is not that of the checkpoint'
    ok 'they are all leaves of the checkpoint: their root is its root'
    [ $runs -eq 0 ] || ok "$runs runs have as many leaves as they say, with the root that they say"
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
stamps=0 stamped=0 others=0 last_other_stamp=''
# read_token TOKEN: $algorithm, and $stamp_time and $seconds, which are empty when it is none.
read_token() {
    algorithm='' stamp='' stamp_time='' seconds=''
    openssl ts -reply -in "$1" -token_out -out "$work.text" >/dev/null 2>&1 || return 0
    left=$(openssl ts -reply -in "$work.text" -token_in -text 2>/dev/null)$nl
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        case $line in
        'Hash Algorithm: '*) algorithm=${algorithm:-${line#*: }} ;;
        'Time stamp: '*) stamp=${stamp:-${line#*: }} ;;
        esac
    done
    # shellcheck disable=SC2086 # its words
    set -f && set -- $stamp && set +f
    [ $# -eq 5 ] && seconds "$1" "$2" "$3" "$4" || stamp_time=''
}
# check_token CHECKPOINT TOKEN CERTIFICATE: files; the token is over the checkpoint, and rightly signed, at its own time. With a $ca
# it counts when it leads there: anybody who may state an anchor can bring a token of an authority of his own.
check_token() {
    read_token "$2"
    [ -n "$stamp" ] || fail "$where: its token is not an RFC 3161 response"
    [ "$algorithm" = sha256 ] || fail "$where: its token is over \"$algorithm\" of the checkpoint, not sha256"
    [ -n "$stamp_time" ] || fail "$where: the time of its token is \"$stamp\""
    [ "$stamp_time" = "$a_time" ] || fail "$where: its token says $stamp_time, the statement $a_time"
    openssl ts -verify -data "$1" -in "$2" -attime "$seconds" -CAfile "$3" -partial_chain >/dev/null 2>&1 ||
        fail "$where: its time stamp of $stamp_time does not verify"
    if [ -n "$ca" ] &&
        ! openssl ts -verify -data "$1" -in "$2" -attime "$seconds" -CAfile "$ca" -untrusted "$3" >/dev/null 2>&1; then
        others=$((others + 1)) last_other_stamp="$where: its time stamp of $stamp_time"
        return 0
    fi
    stamps=$((stamps + 1))
    [ $stamped -gt "$h_size" ] || {
        stamped=$h_size stamped_at=$stamp_time
        stamped_by=$(openssl x509 -in "$3" -noout -subject -nameopt RFC2253 2>/dev/null) || stamped_by='subject=?'
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
        printf 'not checked: %s time stamps; the first %s leaves existed at %s, says %s; who vouches for that: --ca FILE\n' \
            $stamps "$stamped" "$stamped_at" "$stamped_by"
    elif [ $others -gt 0 ]; then
        fail "$last_other_stamp does not lead to a certificate of $ca, nor does any other"
    fi
    [ $others -eq 0 ] || ok "$others time stamps by others, not counted"
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

# after_purge: where the rows of the chunk were deleted at the source under a permit, the archive is held against what was deleted.
# $pair stays empty when nothing was deleted.
after_purge() {
    case $n:$db:$ua$ub in 0:0:*erased*) return 0 ;; 0:0:*) ;; *) return 0 ;; esac
    eval "item=\${purged_$place-}"
    item=${item%% *}
    case $item in '' | 0:*) return 0 ;; esac
    if [ -z "$sb" ]; then
        pair=unverified
    elif [ "$rows_b:${sb%% *}" = "$item" ]; then
        pair=match
        deleted=$((deleted + 1))
    else
        pair=mismatch
    fi
}
# pair SOURCE ARCHIVE: $pair is what two statements about a chunk say together, from their indexes; '': one is not here, or only
# who has a key can tell. $weak: nothing but sums says so.
pair() {
    pair='' weak=0
    is_number "$1" && is_number "$2" || return 0
    recall "$1"
    [ -n "$c_side" ] || return 0
    identity=$c_identity place=$c_place a="$c_rows $c_sums" n=$c_rows da=$c_defects sa=$c_sealed ua=$c_unsealed
    recall "$2"
    [ -n "$c_side" ] || return 0
    b="$c_rows $c_sums" rows_b=$c_rows db=$c_defects sb=$c_sealed ub=$c_unsealed
    if [ "$identity" != "$c_identity" ]; then
        pair=incomparable
        return 0
    fi
    after_purge
    [ -z "$pair" ] || return 0
    case $n:$a$b in
    "$rows_b":*'sums sha256:'*) # sealed sums of as many rows: equal blobs are equal, else the roots tell, or only who has the key
        if [ "$a" != "$b" ] && { [ -z "$sa" ] || [ -z "$sb" ]; }; then return 0; fi
        if [ "$a" != "$b" ] && [ "$sa" = "$sb" ]; then b=$a; fi
        ;;
    esac
    if [ "$da" != 0 ] || [ "$ua" = erased ] || [ "$ub" = erased ]; then
        pair=unverified
    elif [ "$db" = 0 ] && [ "$a" = "$b" ]; then
        pair=match
    elif [ "$a" != "$b" ] || [ "$n" != 0 ]; then
        pair=mismatch
    else
        pair=match # no rows on either side, whatever did not decode
    fi
    if [ -z "$sa" ] || [ -z "$sb" ]; then
        [ "$n" = 0 ] || weak=1
        return 0
    fi
    # Sealed on both sides: one key of the chunk, and the roots have the last word.
    if [ "${sa#* }" != "${sb#* }" ] || { [ $pair = mismatch ] && [ "$sa" = "$sb" ]; }; then
        pair=unverified
    elif [ $pair = match ] && [ "$sa" != "$sb" ]; then
        pair=mismatch
    fi
}
# days YEAR MONTH DAY: $days since 1970 by the civil calendar, whose year begins in March.
days() {
    y=$1 m=${2#0} d=${3#0}
    m=$((m - 3))
    [ $m -ge 0 ] || y=$((y - 1)) m=$((m + 12))
    days=$((y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1 - 719468))
}
# ends NAME: $days when the segment has ended, or the day after its hour.
ends() {
    case $1 in
    [0-9][0-9][0-9][0-9]) days $(($1 + 1)) 1 1 ;;
    [0-9][0-9][0-9][0-9]-12) days $((${1%-*} + 1)) 1 1 ;;
    [0-9][0-9][0-9][0-9]-[01][0-9]) m=${1#*-} && days "${1%-*}" $((${m#0} + 1)) 1 ;;
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*)
        rest=${1#?????}
        m=${rest%%-*} d=${rest#*-}
        d=${d%"${d#??}"}
        days "${1%%-*}" "$m" "$d"
        days=$((days + 1))
        ;;
    *) return 1 ;;
    esac
}
# opened NAME: was the segment still open at the mark $until? 1: it had ended. 2: that cannot be told here. Marks and names may
# differ by a time zone, hence by less than a day.
opened() {
    [ "$1" != +inf ] || return 0
    case $until in
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*)
        case $1 in null) return 1 ;; esac
        ends "$until" || return 2
        mark=$((days - 1))
        ends "$1" || return 2
        [ $mark -le $days ] || return 1
        ;;
    *)
        is_number "$until" && is_number "$1" && [ "$1" -ge "$until" ] || return 2
        ;;
    esac
}
# cited SIDE LEAF: does the verdict speak of the dataset, plan, chunk and segment of the statement that it cites?
cited() {
    [ -n "$2" ] || return 0
    is_number "$2" && [ "$2" -lt "$at" ] || blame "it cites leaf $2, which does not stand before it"
    [ -z "$trouble" ] || return 0
    recall "$2"
    case $sample:$c_side in
    1:) return 0 ;;
    ?:"$1") ;;
    *) blame "it cites leaf $2, which is no statement of the $1 about a chunk" && return 0 ;;
    esac
    [ "$c_about" = "$dataset $plan $chunk $segment" ] || blame "it cites leaf $2, which is about another dataset, plan, segment or chunk"
}
# current SIDE LEAF RUN: is that what the side states about the chunk, in the run that was compared or as its newest word?
current() {
    eval "epoch=$1_$3_${ds}_\${epoch_$1_$3_$ds-0}"
    eval "compared=\${at_${epoch}_$chunk-} newest=\${newest_$1_${ds}_$chunk-}"
    case $2 in
    "$compared" | "$newest") ;;
    *) blame "it cites leaf $2, which is not what the $1 states about the chunk in the run compared" ;;
    esac
}
blame() {
    [ -n "$trouble" ] || trouble="leaf $at: its verdict is $claim, but $1"
}
# take SIDE EPOCH [NEWER]: the statements of one run of a side go to $taken, each chunk once, and their segments to $met. Of a segment only the newest cut
# counts, which with NEWER another run may have brought.
take() {
    eval "list=\${chunks_$2-}"
    for c in $list; do
        eval "x=\$at_$2_$c was=\${mark_$1_$c-}"
        case $was in "$turn_no":*) continue ;; esac
        recall "$x"
        case $opens in *"$nl$c_segment$nl"*) continue ;; esac
        if [ $# -gt 2 ]; then
            case $cuts in
            *"$nl$c_segment$tab$c_cut$nl"*) ;;
            *"$nl$c_segment$tab"*) continue ;;
            *) cuts=$cuts$c_segment$tab$c_cut$nl ;;
            esac
        fi
        case $met in *"$nl$c_segment$nl"*) ;; *) met=$met$c_segment$nl ;; esac
        eval "mark_$1_$c=$turn_no:$x"
        taken="$taken $c"
    done
}
# gather SIDE RUN WAY: $taken, the chunks that the side states; $basis: it has read all there is. WAY one: in this run alone. WAY all:
# in its runs since the newest that read all and ended well.
gather() {
    taken='' met=$nl basis='' cuts=$nl doubt=''
    eval "epoch=$1_$2_${ds}_\${epoch_$1_$2_$ds-0}"
    eval "ended=\${ended_$epoch-} doubt=\${doubt_$epoch-} made=\${plan_$epoch-}"
    if [ "$ended" != ok ]; then
        why="it rests on a run of the $1 that did not end well, or is not here"
    elif [ -n "$doubt" ]; then
        why="it rests on a run of the $1 with rows that have no place"
    elif [ "$made" != "$plan" ]; then
        why="it rests on a run of the $1 under another plan"
    fi
    if [ "$3" = one ]; then
        eval "[ \"\${scope_$epoch-}\" != all ] || basis=1"
        take "$1" "$epoch"
        return
    fi
    eval "list_of=\${runs_$1_$ds-}"
    reached=0
    for g in $list_of; do
        [ "$g" != "$1_$2_$ds" ] || reached=1
        [ $reached -eq 1 ] || continue
        eval "epoch=${g}_\$epoch_$g"
        eval "ended=\${ended_$epoch-} made=\${plan_$epoch-} range=\${scope_$epoch-}"
        [ "$ended:$made" = "ok:$plan" ] || continue
        case $gone in *" $g "*) continue ;; esac
        gone="$gone$g "
        take "$1" "$epoch" newer
        [ "$range" != all ] || {
            basis=1
            break
        }
    done
}
# alone LEAF: the archive states a chunk of a segment in which a source that was read as a whole has no row; so must it.
alone() {
    recall "$1"
    [ -n "$s_basis" ] && [ "$c_rows" = 0 ] || return 1
    case $s_met in *"$nl$c_segment$nl"*) return 1 ;; esac
}
# said_alone CHUNK: has the verdict's run said of this chunk by itself what it found?
said_alone() {
    eval "[ -n \"\${alone_${verdict_run}_${ds}_$1-}\" ]"
}
# tally WAY: the statements that a verdict about all chunks at once rests on. $why: what is wrong with it.
tally() {
    why='' n_agree=0 n_unsure=0 n_source=0 n_archive=0 n_weak=0 deleted=$deleted_before turn_no=$((turn_no + 1)) gone=' '
    gather source "$sr" "$1"
    s_taken=$taken s_met=$met s_basis=$basis
    gather archive "$ar" "$1"
    a_taken=$taken a_basis=$basis
    [ -z "$why" ] || return 0
    if [ "$scope" = all ] && { [ -z "$s_basis" ] || [ -z "$a_basis" ]; }; then
        why='it is said to be about all there is, of which one side has read a part'
        return 0
    fi
    for own in $s_taken; do
        eval "src=\${mark_source_$own#*:} arc=\${mark_archive_$own-}"
        said_alone "$own" && continue
        case $arc in "$turn_no":*) arc=${arc#*:} ;; *) arc='' ;; esac
        pair "$src" "$arc"
        if [ -z "$arc" ]; then
            why="the archive states nothing about the chunk of leaf $src"
        elif [ -z "$pair" ]; then
            n_unsure=$((n_unsure + 1))
        elif [ "$pair" = match ]; then
            n_agree=$((n_agree + 1)) n_weak=$((n_weak + weak))
        else
            why="by the statements it is about it should be $pair"
        fi
        [ -z "$why" ] || return 0
        n_source=$((n_source + n)) n_archive=$((n_archive + rows_b))
    done
    for own in $a_taken; do
        eval "src=\${mark_source_$own-} arc=\${mark_archive_$own#*:}"
        case $src in "$turn_no":*) continue ;; esac
        said_alone "$own" && continue
        alone "$arc" || {
            why="the source states nothing about the chunk of leaf $arc"
            return 0
        }
        n_agree=$((n_agree + 1))
    done
    if [ $((n_agree + n_unsure)) -ne "$chunks" ]; then
        why="$chunks chunks are said to be equal, $((n_agree + n_unsure)) are"
    elif [ "$n_source:$n_archive" != "${rows_source:-$n_source}:${rows_archive:-$n_archive}" ]; then
        why="the rows of these chunks are $n_source and $n_archive"
    elif [ "$strength" = sealed ] && [ $n_weak -gt 0 ]; then
        why="it is said to be sealed, and $n_weak chunks are not"
    fi
}
# whole: the verdict $text calls all chunks of a dataset equal, but for those that have a verdict of their own.
whole() {
    plain "$source_run"
    sr=$plain
    plain "$archive_run"
    ar=$plain
    is_number "$chunks" || {
        blame 'it does not say of how many chunks'
        return 0
    }
    known=$nameless
    open_segments
    [ -z "$trouble" ] && [ $nameless -eq $known ] || return 0
    deleted_before=$deleted
    tally all
    if [ -n "$why" ] && [ "$sr:$ar" = "$verdict_run:$verdict_run" ]; then
        tally one
    fi
    [ -z "$why" ] || trouble="leaf $at: its verdict is match, but $why"
    agree=$((agree + n_agree)) unsure=$((unsure + n_unsure))
    pair=match
}
# open_segments: what the verdict leaves out because it was not complete yet was not, by the mark of the source's run.
open_segments() {
    [ "${n_open:-0}" != 0 ] || [ "$opens" != "$nl" ] || return 0
    eval "epoch=source_${sr}_${ds}_\${epoch_source_${sr}_$ds-0}"
    eval "[ \"\${until_$epoch-}\" = \"\$until\" ]" || blame "it leaves out open segments by another mark than the source's run"
    left=${opens#"$nl"} n=0
    while [ -n "$left" ]; do
        name=${left%%"$nl"*} left=${left#*"$nl"} n=$((n + 1))
        opened "$name"
        case $? in
        1) blame "it leaves out segment $name, which had ended at $until" ;;
        2) guessed=$((guessed + 1)) ;;
        esac
    done
    [ "${n_open:-0}" = $n ] || {
        [ $n -eq 200 ] && is_number "$n_open" && [ "$n_open" -gt 200 ] || blame "it does not name the open segments"
        nameless=$((nameless + 1))
    }
}
# sampled: of a verdict about all chunks at once, those that are in the sample.
sampled() {
    plain "$source_run"
    eval "s_epoch=source_${plain}_${ds}_\${epoch_source_${plain}_$ds-0}"
    plain "$archive_run"
    eval "a_epoch=archive_${plain}_${ds}_\${epoch_archive_${plain}_$ds-0}"
    eval "list=\${chunks_$s_epoch-}"
    for c in $list; do
        eval "src=\$at_${s_epoch}_$c arc=\${at_${a_epoch}_$c-}"
        pair "$src" "$arc"
        [ "$pair" != match ] || agree=$((agree + 1))
    done
    pair=''
}
n_match=0 n_mismatch=0 n_unverified=0 recomputed=0 on_word=0 agree=0 deleted=0 unsure=0 guessed=0 nameless=0 turn_no=0 trouble=''
# judge INDEX: the verdict $text from the statements before it. $trouble: the first that is wrong.
judge() {
    case $claim in match | mismatch | unverified) ;; *) fail "$where: \"$claim\" is not a verdict" ;; esac
    at=$1
    eval "n_$claim=\$((n_$claim + 1))"
    plain "$run"
    verdict_run=$plain
    source_run=${source_run:-$run} archive_run=${archive_run:-$run}
    plain "$dataset"
    ds=$plain pair='' why=''
    plain "$source_run"
    eval "judged_source_${ds}_$plain=1"
    plain "$archive_run"
    eval "judged_archive_${ds}_$plain=1"
    case $claim:$segment:$chunk in
    match:\*:\*) ;;
    match:*) is_hex "$chunk" 32 || {
        blame 'it is about no chunk'
        return 0
    } ;;
    esac
    if [ "$claim:$chunk" = 'match:*' ]; then
        if [ $sample -eq 1 ]; then sampled; else whole; fi
        if [ -n "$pair" ]; then recomputed=$((recomputed + 1)); else on_word=$((on_word + 1)); fi
        return 0
    fi
    is_hex "$chunk" 32 && eval "alone_${verdict_run}_${ds}_$chunk=\$claim"
    cited source "$source_leaf"
    cited archive "$archive_leaf"
    pair "$source_leaf" "$archive_leaf"
    case $claim:$reason in
    match:*)
        plain "$source_run"
        [ $sample -eq 1 ] || current source "$source_leaf" "$plain"
        plain "$archive_run"
        [ $sample -eq 1 ] || current archive "$archive_leaf" "$plain"
        [ -n "$pair" ] || [ $sample -eq 1 ] || blame 'it cites no statements of both sides that say so'
        ;;
    mismatch:rows | mismatch:lost | mismatch:extra | mismatch:changed | mismatch:recombined | mismatch:missing | \
        mismatch:resealed) ;;
    *) pair='' ;; # it says less than the sums, or speaks of something else
    esac
    [ -n "$pair" ] || {
        [ "$claim" != match ] || on_word=$((on_word + 1))
        return 0
    }
    [ "$pair" = "$claim" ] || blame "by the statements it is about it should be $pair"
    recomputed=$((recomputed + 1))
}
check_verdicts() {
    [ -z "$trouble" ] || fail "$trouble"
    ok "verdicts: $n_match match, $n_mismatch mismatch, $n_unverified unverified; $recomputed recomputed from the statements of both sides"
    [ $deleted -eq 0 ] || ok "$deleted times the archive has what was deleted of a chunk at the source"
    agree=$((agree - deleted))
    [ $agree -le 0 ] || ok "$agree chunks of which both sides state the same"
    [ $sample -eq 0 ] || {
        [ $on_word -eq 0 ] ||
            printf 'not checked: %s of the match verdicts, which rest on the word of who reconciled: not all statements that they are about are here\n' $on_word
        printf 'not checked: whether other statements speak against these; ask for all leaves\n'
    }
    [ $unsure -eq 0 ] || {
        printf 'not checked: %s chunks said to be equal, whose sums are sealed: only who has their keys can compare them\n' $unsure
        open=1
    }
    for ds in $sets; do
        for side in source archive; do
            eval "newest=\${newest_run_${side}_$ds-} at=\${newest_end_${side}_$ds-}"
            [ -n "$newest" ] || continue
            eval "judged=\${judged_${side}_${ds}_$newest-}"
            [ -n "$judged" ] || printf 'not checked: what the %s stated last, up to leaf %s: no verdict is about it\n' $side "$at"
        done
    done
    [ $guessed$nameless = 00 ] || {
        printf 'not checked: whether segments were still open that %s verdicts leave out\n' $((guessed + nameless))
        open=1
    }
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
# listed KEY: objects.sha256 must have the file $name of this key: it has no name that sha256sum cannot carry.
listed() {
    eval "name=\$object_$1 hex=\${good_$1-}"
    case $name in '' | /* | *%* | *\\* | *://*) return 1 ;; esac
    [ -n "$hex" ]
}
check_objects() {
    objects=0 wanted=0
    for key in $object_keys; do
        listed "$key" || continue
        eval "names=\${names_$hex-\$nl}"
        case $names in *"$nl$name$nl"*) continue ;; esac
        eval "names_$hex=\$names\$name\$nl"
        wanted=$((wanted + 1))
    done
    slurp objects.sha256
    left=$slurped
    while [ -n "$left" ]; do
        line=${left%%"$nl"*} left=${left#*"$nl"}
        hex=${line%%  *} name=${line#*  }
        is_hex "$hex" 64 || fail 'objects.sha256: a line is broken'
        eval "names=\${names_$hex-}"
        case $names in
        *"$nl$name$nl"*) eval "names_$hex=\${names%%\"\$nl\$name\$nl\"*}\$nl\${names#*\"\$nl\$name\$nl\"}" ;;
        *) fail "objects.sha256: no leaf says last that $name has this SHA-256" ;;
        esac
        objects=$((objects + 1))
    done
    [ $objects -eq $wanted ] || fail "objects.sha256: has $objects files, by the leaves it should have $wanted"
    ok "$objects archived files are listed as the archive's checker found them"
    for key in $object_keys; do
        eval "state=\$state_$key name=\$object_$key at=\$stated_$key"
        case $state in missing | damaged | truncated | unreadable | undecodable | changed)
            printf 'note: %s: the newest statement about it, leaf %s, says: %s\n' "$name" "$at" "$state"
            ;;
        esac
    done
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
    if [ -z "$files" ]; then
        printf 'not checked: the archived files themselves; give the folder of the plan as second word\n'
        return
    fi
    if [ $objects -eq 0 ]; then
        printf 'not checked: the archived files in %s: no leaf says what they should be\n' "$files"
        open=1
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
different=0 open=0 runs=0 sample=0 sets=' ' group='' grouped=''
check_manifest
for file in proofs/*; do
    [ ! -f "$file" ] || sample=1
done
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
tail='What was found stands behind "verdicts:". Compare checkpoint and keys with what you know from elsewhere: VERIFY.txt'
if [ $open -eq 0 ]; then
    printf 'The evidence is whole. %s\n' "$tail"
else
    printf 'Nothing is wrong with the evidence, but not all of it could be checked. %s\n' "$tail"
    [ $different -eq 1 ] || exit 3
fi
exit $different
