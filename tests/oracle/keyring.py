"""Chunk keys out of a keyring file, and what is sealed in a ledger, from docs/ledger-format.md."""
import hmac

import aes


def hkdf(key, info, length):
    """RFC 5869 with SHA-256 and an empty salt."""
    prk = hmac.digest(bytes(32), key, 'sha256')
    out, block, i = b'', b'', 0
    while len(out) < length:
        i += 1
        block = hmac.digest(prk, block + info + bytes([i]), 'sha256')
        out += block
    return out[:length]


def unwrap(kek, wrapped):
    key = aes.unwrap(kek, wrapped)
    if key is None:
        raise SystemExit('a key of the keyring does not open under this dataset key')
    return key


def chunk_keys(path, dataset_key):
    """(dataset, segment, ordinal) -> key."""
    found = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.startswith('chunk '):
                _, dataset, ordinal, wrapped, segment = line.rstrip('\n').split(' ', 4)
                about = f'assay/keyring/1 chunk\n{dataset}\n{ordinal}\n{segment}'
                kek = hmac.digest(dataset_key, about.encode(), 'sha256')
                found[dataset, segment, int(ordinal)] = unwrap(kek, bytes.fromhex(wrapped))
    return found


# ---- Sealed blobs and tags -----------------------------------------------------------------------------------------

MAGIC = b'assay-sealed/1\n'


def open_blob(key, blob, kind, dataset, segment, ordinal='*'):
    """The content of a sealed blob under the dataset key or, of one chunk, under its key."""
    known_by, iv, sealed = blob[len(MAGIC):][:16], blob[len(MAGIC) + 16:][:16], blob[len(MAGIC) + 32:]
    if not blob.startswith(MAGIC) or known_by != hmac.digest(key, b'assay/keyring/1 id', 'sha256')[:16]:
        raise SystemExit(f'segment {segment}: its {kind} is not sealed under this key')
    about = [part.encode() for part in (kind, dataset, segment, str(ordinal))]
    plain = aes.siv_open(hkdf(key, b'assay/seal/1', 64), about, iv, sealed)
    if plain is None:
        raise SystemExit(f'segment {segment}: its {kind} does not open')
    return plain


def bound_tag(dataset_key, dataset, segment, bound):
    key = hkdf(dataset_key, b'assay/bound/1' + dataset.encode(), 32)
    return hmac.digest(key, segment.encode() + b'\n' + bound, 'sha256')[:16]
