#!/usr/bin/env python3
"""evidence_forge.py [--keep N] BUNDLE KEYS [NOTE...]: what a ledger could do that breaks its own rules. Appends the notes to a
bundle of all leaves, whatever they say, signs a checkpoint over them with KEYS/ledger.key, and makes what depends on it and
the list again, so that only what the notes say is wrong. With --keep the ledger has its first N leaves only."""
import base64
import hashlib
import os
import subprocess
import sys
import tempfile


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def split_at(n):
    return 1 << ((n - 1).bit_length() - 1)


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split_at(len(leaves))
    return sha256(b"\x01", root(leaves[:k]), root(leaves[k:]))


def growth(m, leaves, whole):
    """RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split_at(len(leaves))
    if m <= k:
        return growth(m, leaves[:k], whole) + [root(leaves[k:])]
    return growth(m - k, leaves[k:], False) + [root(leaves[:k])]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def sign(keys, text):
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", keys + "/ledger.key", "-rawin", "-in", file.name],
                                   check=True, capture_output=True).stdout
    name, key_id, _ = read(keys + "/ledger.key.pub").decode().split("+", 2)
    line = base64.b64encode(bytes.fromhex(key_id) + signature).decode()
    return text + f"\n\u2014 {name} {line}\n".encode()


def change_report(path, before, text):
    """The checkpoint in it, before the signature, as JSON has it."""
    old, new = (b.decode().replace("\n", "\\n").encode() for b in (before, text))
    report = read(path)
    if old not in report:
        sys.exit(f"{path}: does not show the checkpoint")
    write(path, report.replace(old, new))


def main(keep, bundle, keys, *notes):
    at = len(os.listdir(bundle + "/leaves"))
    if keep:
        for i in range(keep, at):
            os.remove(f"{bundle}/leaves/{i:09}")
        at = keep
        write(bundle + "/objects.sha256", b"")
    for i, note in enumerate(notes):
        write(f"{bundle}/leaves/{at + i:09}", read(note))
    leaves = [sha256(b"\0", read(f"{bundle}/leaves/{i:09}")) for i in range(at + len(notes))]
    before = read(bundle + "/checkpoint").partition(b"\n\n")[0] + b"\n"
    text = b"%s\n%d\n%s\n" % (before.split(b"\n")[0], len(leaves), base64.b64encode(root(leaves)))
    write(bundle + "/checkpoint", sign(keys, text))
    change_report(bundle + "/report.json", before, text)
    sizes = os.listdir(bundle + "/consistency") if os.path.isdir(bundle + "/consistency") else []
    for size in sizes:
        if int(size) > len(leaves):
            os.remove(f"{bundle}/consistency/{size}")
            continue
        lines = [base64.b64encode(h) + b"\n" for h in growth(int(size), leaves, True)]
        write(f"{bundle}/consistency/{size}", b"".join(lines))
    names = [os.path.relpath(os.path.join(folder, name), bundle) for folder, _, files in os.walk(bundle) for name in files]
    names = sorted((name for name in names if name != "MANIFEST.sha256"), key=lambda name: ("/" in name, name))
    write(bundle + "/MANIFEST.sha256", b"".join(f"{sha256(read(bundle + '/' + n)).hex()}  {n}\n".encode() for n in names))


args = sys.argv[1:]
main(*((int(args[1]), *args[2:]) if args[0] == "--keep" else (0, *args)))
