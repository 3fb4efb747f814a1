#!/usr/bin/env python3
"""XXH3, 128 bits, with a secret of 192 bytes and seed 0, from the public specification of xxHash (doc/xxhash_spec.md).

    xxh3.py --compare    compares all lengths up to 2,100 bytes with libxxhash, through ctypes
"""
import ctypes
import random
import struct
import sys

M32, M64 = 2**32 - 1, 2**64 - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MX1, MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET_LEN = 192


def le32(data, at):
    return int.from_bytes(data[at:at + 4], 'little')


def le64(data, at):
    return int.from_bytes(data[at:at + 8], 'little')


def swapped(value, size):
    return int.from_bytes(value.to_bytes(size, 'little'), 'big')


def avalanche(h):
    h = ((h ^ h >> 37) * MX1) & M64
    return h ^ h >> 32


def avalanche64(h):
    h = ((h ^ h >> 33) * P64_2) & M64
    h = ((h ^ h >> 29) * P64_3) & M64
    return h ^ h >> 32


def fold(a, b):
    product = a * b
    return (product & M64) ^ product >> 64


def short(data, secret):
    """0 to 16 bytes: (low, high)."""
    n = len(data)
    if n > 8:
        lo, hi = le64(data, 0), le64(data, n - 8)
        product = (lo ^ hi ^ le64(secret, 32) ^ le64(secret, 40)) * P64_1
        low, high = (product & M64) + ((n - 1) << 54) & M64, product >> 64
        hi ^= le64(secret, 48) ^ le64(secret, 56)
        high = high + hi + (hi & M32) * (P32_2 - 1) & M64
        product = (low ^ swapped(high, 8)) * P64_2
        return avalanche(product & M64), avalanche((product >> 64) + high * P64_2 & M64)
    if n > 3:
        keyed = (le32(data, 0) + (le32(data, n - 4) << 32)) ^ le64(secret, 16) ^ le64(secret, 24)
        product = keyed * (P64_1 + (n << 2) & M64)
        low, high = product & M64, product >> 64
        high = high + (low << 1) & M64
        low ^= high >> 3
        low = (low ^ low >> 35) * MX2 & M64
        return low ^ low >> 28, avalanche(high)
    if n > 0:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        turned = swapped(combined, 4)
        turned = (turned << 13 | turned >> 19) & M32
        return (avalanche64(combined ^ le32(secret, 0) ^ le32(secret, 4)),
                avalanche64(turned ^ le32(secret, 8) ^ le32(secret, 12)))
    return (avalanche64(le64(secret, 64) ^ le64(secret, 72)), avalanche64(le64(secret, 80) ^ le64(secret, 88)))


def mix16(data, at, secret, s, seed=0):
    return fold(le64(data, at) ^ (le64(secret, s) + seed & M64), le64(data, at + 8) ^ (le64(secret, s + 8) - seed & M64))


def mix32(acc, data, a, b, secret, s):
    low = (acc[0] + mix16(data, a, secret, s) & M64) ^ (le64(data, b) + le64(data, b + 8) & M64)
    high = (acc[1] + mix16(data, b, secret, s + 16) & M64) ^ (le64(data, a) + le64(data, a + 8) & M64)
    return low, high


def middle(data, secret):
    """17 to 240 bytes."""
    n = len(data)
    acc = (n * P64_1 & M64, 0)
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            acc = mix32(acc, data, 16 * i, n - 16 * (i + 1), secret, 32 * i)
    else:
        for i in range(0, 128, 32):
            acc = mix32(acc, data, i, i + 16, secret, i)
        acc = avalanche(acc[0]), avalanche(acc[1])
        for i in range(128, n // 32 * 32, 32):
            acc = mix32(acc, data, i, i + 16, secret, 3 + i - 128)
        acc = mix32(acc, data, n - 16, n - 32, secret, 136 - 17 - 16)
    low = acc[0] + acc[1] & M64
    high = acc[0] * P64_1 + acc[1] * P64_4 + n * P64_2 & M64
    return avalanche(low), -avalanche(high) & M64


def accumulate(acc, data, at, secret, s):
    lanes = struct.unpack_from('<8Q', data, at)
    keys = struct.unpack_from('<8Q', secret, s)
    for i in range(8):
        key = lanes[i] ^ keys[i]
        acc[i ^ 1] = acc[i ^ 1] + lanes[i] & M64
        acc[i] = acc[i] + (key & M32) * (key >> 32) & M64


def long(data, secret):
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    n, stripes = len(data), (SECRET_LEN - 64) // 8
    for stripe in range((n - 1) // 64):
        accumulate(acc, data, 64 * stripe, secret, 8 * (stripe % stripes))
        # A block is scrambled when another byte follows it.
        if stripe % stripes == stripes - 1:
            keys = struct.unpack_from('<8Q', secret, SECRET_LEN - 64)
            acc = [((a ^ a >> 47 ^ k) * P32_1) & M64 for a, k in zip(acc, keys)]
    accumulate(acc, data, n - 64, secret, SECRET_LEN - 64 - 7)
    return (merge(acc, secret, 11, n * P64_1 & M64), merge(acc, secret, SECRET_LEN - 64 - 11, ~(n * P64_2) & M64))


def merge(acc, secret, s, start):
    for i in range(0, 8, 2):
        start += fold(acc[i] ^ le64(secret, s + 8 * i), acc[i + 1] ^ le64(secret, s + 8 * i + 8))
    return avalanche(start & M64)


def xxh3_128(data, secret):
    """(low64, high64)."""
    if len(data) <= 16:
        return short(data, secret)
    return middle(data, secret) if len(data) <= 240 else long(data, secret)


class Pair(ctypes.Structure):
    _fields_ = [('low', ctypes.c_uint64), ('high', ctypes.c_uint64)]


def compare():
    library = ctypes.CDLL('libxxhash.so.0')
    function = library.XXH3_128bits_withSecret
    function.restype = Pair
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    rng = random.Random(1)
    for size in list(range(2101)) + [4096, 4097, 65535]:
        data, secret = rng.randbytes(size), rng.randbytes(SECRET_LEN)
        theirs = function(data, size, secret, SECRET_LEN)
        if xxh3_128(data, secret) != (theirs.low, theirs.high):
            print(f'{size} bytes: another hash than libxxhash')
            return 1
    print('2104 lengths: as libxxhash')
    return 0


if __name__ == '__main__':
    sys.exit(compare() if sys.argv[1:] == ['--compare'] else print(__doc__) or 2)
