"""PNG's row filters, and a deflate of our own: the same bytes on every machine, whatever zlib it has.

A compressor from a library gives other bytes with another version of it (zlib, zlib-ng) or, as igzip does, on another
processor. This one is integers only. It looks for no matches but runs of one byte: after filtering, a picture with grain has
no others worth finding (zlib's level 1, which looks for them, makes it larger), and labels are nearly all runs of zeros.
"""

from __future__ import annotations

import numpy as np

from scenesim.kernels.jit import kernel

BLOCK = 1 << 18  # bytes of input that share a code
END = 256  # symbol that ends a block
SYMBOLS = 286
LENGTH_ORDER = np.array([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15], np.int64)  # RFC 1951, 3.2.7


def _run_symbols() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For a run of 0 to 258 bytes: symbol, number of extra bits and their value (RFC 1951, 3.2.5)."""
    symbol, bits, value = np.zeros(259, np.int64), np.zeros(259, np.int64), np.zeros(259, np.int64)
    length = 3
    for code in range(257, 285):
        extra = 0 if code < 265 else (code - 261) // 4
        for k in range(1 << extra):
            if length + k < 259:
                symbol[length + k], bits[length + k], value[length + k] = code, extra, k
        length += 1 << extra
    symbol[258], bits[258], value[258] = 285, 0, 0
    return symbol, bits, value


RUN_SYMBOL, RUN_BITS, RUN_VALUE = _run_symbols()


@kernel
def filter_rows(rows, pixel_bytes):
    """Rows (H, B) uint8 of an image, filtered as PNG wants them: (H, 1 + B) uint8, the filter's number first.

    The filter of each row is the one with the smallest sum of absolute differences (PNG specification, 12.8).
    """
    height, width = rows.shape
    out = np.empty((height, width + 1), np.uint8)
    line = np.empty((5, width), np.uint8)
    zero = np.zeros(width, np.uint8)
    for y in range(height):
        here = rows[y]
        above = rows[y - 1] if y else zero
        cost = np.zeros(5, np.int64)
        for x in range(width):
            v = np.int64(here[x])
            b = np.int64(above[x])
            a = np.int64(here[x - pixel_bytes]) if x >= pixel_bytes else np.int64(0)
            c = np.int64(above[x - pixel_bytes]) if x >= pixel_bytes else np.int64(0)
            pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            nearest = a if pa <= pb and pa <= pc else (b if pb <= pc else c)
            line[0, x] = v
            line[1, x] = (v - a) & 255
            line[2, x] = (v - b) & 255
            line[3, x] = (v - ((a + b) >> 1)) & 255
            line[4, x] = (v - nearest) & 255
        best = 0
        for k in range(5):
            total = np.int64(0)
            for x in range(width):
                d = np.int64(line[k, x])
                total += min(d, 256 - d)
            cost[k] = total
            if cost[k] < cost[best]:
                best = k
        out[y, 0] = best
        out[y, 1:] = line[best]
    return out


@kernel
def code_lengths(count, longest):
    """Lengths (n,) of a Huffman code for symbols that occur count (n,) times, none over `longest` bits; 0 for unused ones.

    Where the best code is too long, the counts are halved until it is not, which costs a few bits.
    """
    n = len(count)
    length = np.zeros(n, np.int64)
    weight = count.copy()
    while True:
        # The key holds the symbol as well, so that no two are equal and the order does not depend on how it is sorted.
        used = np.empty(n, np.int64)
        m = 0
        for s in range(n):
            if weight[s]:
                used[m] = weight[s] * 512 + s
                m += 1
        leaf = np.sort(used[:m])
        if m == 1:
            length[leaf[0] & 511] = 1
            return length
        # Two queues: leaves in order, and sums, which come about in order. Node k < m is leaf k, m + k is sum k.
        total = np.empty(m, np.int64)
        parent = np.empty(2 * m, np.int64)
        next_leaf, next_sum = 0, 0
        for k in range(m - 1):
            total[k] = 0
            for _ in range(2):
                if next_leaf < m and (next_sum >= k or leaf[next_leaf] >> 9 <= total[next_sum]):
                    total[k] += leaf[next_leaf] >> 9
                    parent[next_leaf] = m + k
                    next_leaf += 1
                else:
                    total[k] += total[next_sum]
                    parent[m + next_sum] = m + k
                    next_sum += 1
        depth = np.zeros(2 * m, np.int64)
        deepest = 0
        for node in range(2 * m - 3, -1, -1):
            depth[node] = depth[parent[node]] + 1
            if node < m:
                length[leaf[node] & 511] = depth[node]
                deepest = max(deepest, depth[node])
        if deepest <= longest:
            return length
        for s in range(n):
            weight[s] = (weight[s] + 1) >> 1


@kernel
def code_words(length):
    """Canonical code words (n,) of code lengths (n,), their bits reversed, as deflate sends them (RFC 1951, 3.2.2)."""
    words = np.zeros(len(length), np.int64)
    code = 0
    for bits in range(1, 16):
        code <<= 1
        for s in range(len(length)):
            if length[s] == bits:
                word = 0
                for k in range(bits):
                    word |= ((code >> k) & 1) << (bits - 1 - k)
                words[s] = word
                code += 1
    return words


@kernel
def _tokens(data, start, end, token):
    """Symbols of data[start:end]: bytes, and 256 + length for runs of the byte before. Returns how many."""
    n, i = 0, start
    while i < end:
        run = 0
        if i > 0:
            before, limit = data[i - 1], min(end - i, 258)
            while run < limit and data[i + run] == before:
                run += 1
        if run >= 3:
            token[n] = 256 + run
            i += run
        else:
            token[n] = data[i]
            i += 1
        n += 1
    return n


@kernel
def _head(length, last):
    """What a block begins with, (n, 2): value, number of bits (RFC 1951, 3.2.7); the lengths of its code, in a small code."""
    count = np.zeros(19, np.int64)
    count[1] = 1  # the one distance code, of distance 1, has one bit
    for s in range(SYMBOLS):
        count[length[s]] += 1
    small = code_lengths(count, 7)
    word = code_words(small)
    head = np.empty((4 + 19 + SYMBOLS + 1, 2), np.int64)
    head[0] = np.array([1 if last else 0, 1])
    head[1] = np.array([2, 2])  # dynamic codes
    head[2] = np.array([SYMBOLS - 257, 10])  # how many length codes, and distance codes less 1
    head[3] = np.array([15, 4])
    for k in range(19):
        head[4 + k] = np.array([small[LENGTH_ORDER[k]], 3])
    for s in range(SYMBOLS + 1):
        v = length[s] if s < SYMBOLS else 1
        head[23 + s] = np.array([word[v], small[v]])
    return head


@kernel
def deflate(data):
    """A deflate stream (RFC 1951) of data (n,) uint8, n > 0, as (m,) uint8."""
    size = len(data)
    out = np.empty(2 * size + 1024 + size // BLOCK * 512, np.uint8)
    token = np.empty(min(size, BLOCK), np.int16)
    at = 0
    held, bits = np.uint64(0), np.uint64(0)
    one = np.uint64(1)
    start = 0
    while start < size:
        end = min(start + BLOCK, size)
        n = _tokens(data, start, end, token)
        count = np.zeros(SYMBOLS, np.int64)
        count[END] = 1
        for i in range(n):
            t = token[i]
            count[t if t < 256 else RUN_SYMBOL[t - 256]] += 1
        length = code_lengths(count, 15)
        word = code_words(length)
        head = _head(length, end == size)
        for k in range(len(head)):
            held |= np.uint64(head[k, 0]) << bits
            bits += np.uint64(head[k, 1])
            while bits >= np.uint64(8):
                out[at] = held & np.uint64(255)
                at += 1
                held >>= np.uint64(8)
                bits -= np.uint64(8)
        for i in range(n + 1):
            t = np.int64(token[i]) if i < n else np.int64(END)
            if t <= END:
                held |= np.uint64(word[t]) << bits
                bits += np.uint64(length[t])
            else:
                run = t - 256
                s = RUN_SYMBOL[run]
                held |= np.uint64(word[s]) << bits
                bits += np.uint64(length[s])
                held |= np.uint64(RUN_VALUE[run]) << bits
                bits += np.uint64(RUN_BITS[run]) + one  # and the distance: one bit, 0
            while bits >= np.uint64(8):
                out[at] = held & np.uint64(255)
                at += 1
                held >>= np.uint64(8)
                bits -= np.uint64(8)
        start = end
    if bits > np.uint64(0):
        out[at] = held & np.uint64(255)
        at += 1
    return out[:at].copy()
