"""AES-256 in plain Python: a block either way (FIPS 197), CMAC (RFC 4493), SIV (RFC 5297) and key wrap (RFC 3394)."""
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


PRODUCT = {f: [_times(i, f) for i in range(256)] for f in (2, 3, 9, 11, 13, 14)}


def round_keys(key):
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


def _mixed(s, factors):
    """Each column times a circulant matrix."""
    a, b, c, d = (PRODUCT.get(f, range(256)) for f in factors)
    return [a[s[col + i]] ^ b[s[col + (i + 1) % 4]] ^ c[s[col + (i + 2) % 4]] ^ d[s[col + (i + 3) % 4]]
            for col in range(0, 16, 4) for i in range(4)]


def decrypt(keys, block):
    s = [a ^ b for a, b in zip(block, keys[14])]
    for r in range(13, -1, -1):
        s = [INVERSE[s[(i - 4 * (i % 4)) % 16]] ^ keys[r][i] for i in range(16)]
        s = _mixed(s, (14, 11, 13, 9)) if r else s
    return bytes(s)


def encrypt(keys, block):
    s = [a ^ b for a, b in zip(block, keys[0])]
    for r in range(1, 15):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        s = _mixed(s, (2, 3, 1, 1)) if r < 14 else s
        s = [a ^ b for a, b in zip(s, keys[r])]
    return bytes(s)


def unwrap(kek, wrapped):
    """RFC 3394 section 2.2.2; None: it was not wrapped under this key."""
    keys, n = round_keys(kek), len(wrapped) // 8 - 1
    a, r = wrapped[:8], [wrapped[8 * i:8 * i + 8] for i in range(1, n + 1)]
    for j in range(5, -1, -1):
        for i in range(n, 0, -1):
            t = int.from_bytes(a, 'big') ^ (n * j + i)
            b = decrypt(keys, t.to_bytes(8, 'big') + r[i - 1])
            a, r[i - 1] = b[:8], b[8:]
    return b''.join(r) if a == b'\xa6' * 8 else None


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _doubled(block):
    n = int.from_bytes(block, 'big') << 1
    return ((n & 2**128 - 1) ^ (0x87 if n >> 128 else 0)).to_bytes(16, 'big')


def _padded(data):
    return (data + b'\x80').ljust(16, b'\0')


def cmac(keys, data):
    sub = _doubled(encrypt(keys, bytes(16)))
    last = len(data) and (len(data) - 1) // 16 * 16
    tail = data[last:]
    tail = _xor(tail, sub) if len(tail) == 16 else _xor(_padded(tail), _doubled(sub))
    state = bytes(16)
    for at in range(0, last, 16):
        state = encrypt(keys, _xor(state, data[at:at + 16]))
    return encrypt(keys, _xor(state, tail))


def _s2v(keys, associated, plain):
    d = cmac(keys, bytes(16))
    for part in associated:
        d = _xor(_doubled(d), cmac(keys, part))
    if len(plain) >= 16:
        return cmac(keys, plain[:-16] + _xor(plain[-16:], d))
    return cmac(keys, _xor(_doubled(d), _padded(plain)))


def siv_open(key, associated, iv, sealed):
    """RFC 5297 section 2.7, a key of 64 bytes; None: another key, other bytes, or about something else."""
    mac, stream = round_keys(key[:32]), round_keys(key[32:])
    counter = int.from_bytes(iv, 'big') & ~(1 << 63 | 1 << 31)
    plain = b''.join(_xor(sealed[at:at + 16], encrypt(stream, ((counter + at // 16) % 2**128).to_bytes(16, 'big')))
                     for at in range(0, len(sealed), 16))
    return plain if hmac.compare_digest(_s2v(mac, associated, plain), iv) else None


if __name__ == '__main__':
    key = bytes(range(32))
    text = bytes.fromhex('00112233445566778899AABBCCDDEEFF')
    sealed = bytes.fromhex('8EA2B7CA516745BFEAFC49904B496089')
    assert encrypt(round_keys(key), text) == sealed and decrypt(round_keys(key), sealed) == text
    print('FIPS 197 C.3: equal')
    vector = bytes.fromhex('28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21')
    assert unwrap(key, vector) == text + bytes(range(16))
    assert unwrap(key, vector[:-1] + b'\0') is None
    print('RFC 3394 4.6: equal')
    # NIST SP 800-38B, AES-256: the lengths 0, 16, 40
    mac_key = round_keys(bytes.fromhex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'))
    message = bytes.fromhex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411')
    for n, mac in ((0, '028962f61b7bf89efc6b551f4667d983'), (16, '28a7023f452e8f82bd4bf28d8c37c35c'),
                   (40, 'aaf3d8f1de5640c232f5b169b9c911e6')):
        assert cmac(mac_key, message[:n]).hex() == mac, n
    print('SP 800-38B D.3: equal')
