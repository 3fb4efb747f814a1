"""Chunk keys out of a keyring file, from docs/ledger-format.md: AES-256 key wrap (RFC 3394) in plain Python."""
import hmac


def _sbox():
    """FIPS 197: the inverse in GF(2^8), then an affine map."""
    box, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11b if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xff
        q ^= 0x09 if q & 0x80 else 0
        x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p & 0xff] = (x ^ 0x63) & 0xff
        if p & 0xff == 1:
            return box


SBOX = _sbox()
INVERSE = [SBOX.index(i) for i in range(256)]


def _times(a, b):
    out = 0
    while b:
        out ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11b if a & 0x80 else 0)
        b >>= 1
    return out


PRODUCT = {f: [_times(i, f) for i in range(256)] for f in (9, 11, 13, 14)}


def _round_keys(key):
    words, rcon = [key[i:i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        w = words[-1]
        if i % 8 == 0:
            w = bytes(SBOX[b] for b in w[1:] + w[:1])
            w = bytes([w[0] ^ rcon]) + w[1:]
            rcon = _times(rcon, 2)
        elif i % 8 == 4:
            w = bytes(SBOX[b] for b in w)
        words.append(bytes(a ^ b for a, b in zip(words[-8], w)))
    return [b''.join(words[i:i + 4]) for i in range(0, 60, 4)]


def aes_decrypt(keys, block):
    s = [a ^ b for a, b in zip(block, keys[14])]
    for r in range(13, -1, -1):
        s = [INVERSE[s[(i - 4 * (i % 4)) % 16]] ^ keys[r][i] for i in range(16)]
        if r:
            s = [PRODUCT[14][s[c + i]] ^ PRODUCT[11][s[c + (i + 1) % 4]] ^ PRODUCT[13][s[c + (i + 2) % 4]]
                 ^ PRODUCT[9][s[c + (i + 3) % 4]] for c in range(0, 16, 4) for i in range(4)]
    return bytes(s)


def unwrap(kek, wrapped):
    """RFC 3394 section 2.2.2."""
    keys, n = _round_keys(kek), len(wrapped) // 8 - 1
    a, r = wrapped[:8], [wrapped[8 * i:8 * i + 8] for i in range(1, n + 1)]
    for j in range(5, -1, -1):
        for i in range(n, 0, -1):
            t = int.from_bytes(a, 'big') ^ (n * j + i)
            b = aes_decrypt(keys, t.to_bytes(8, 'big') + r[i - 1])
            a, r[i - 1] = b[:8], b[8:]
    if a != b'\xa6' * 8:
        raise SystemExit('a key of the keyring does not open under this dataset key')
    return b''.join(r)


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


if __name__ == '__main__':  # RFC 3394 section 4.6
    vector = bytes.fromhex('28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21')
    want = bytes.fromhex('00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F')
    assert unwrap(bytes(range(32)), vector) == want
    print('RFC 3394 4.6: equal')
