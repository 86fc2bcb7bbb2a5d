"""Short vectors for kernels: eight child boxes, or four triangles, at once.

A numba type over LLVM's <n x float>, <n x i32> and masks. Arithmetic and comparison are lane by lane and IEEE: no
reassociation, no contraction, so that a machine with wider or narrower registers computes the same bits. Loads and stores take
a raw pointer (`pointer(array)`) or a stack buffer (`stack_f32(n)`) and an element index; nothing checks bounds.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

_F32, _F64, _I32, _I64, _BIT = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64), ir.IntType(1)
_ELEMENT = {"f": _F32, "i": _I32, "m": _BIT}


class Vector(types.Type):
    """n lanes of kind "f" (float32), "i" (int32) or "m" (mask)."""

    def __init__(self, kind: str, n: int):
        self.kind, self.n = kind, n
        super().__init__(name=f"Vector({kind}x{n})")

    @property
    def llvm(self):
        return ir.VectorType(_ELEMENT[self.kind], self.n)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, front_end_type):
        super().__init__(manager, front_end_type, front_end_type.llvm)


F4, F8, F16, I8, I16 = Vector("f", 4), Vector("f", 8), Vector("f", 16), Vector("i", 8), Vector("i", 16)


def _splat(builder, value, n):
    vector = ir.VectorType(value.type, n)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(_I32, n), [0] * n))


def _as_vector(context, builder, value, from_type, vector):
    if isinstance(from_type, Vector):
        return value
    scalar = types.float32 if vector.kind == "f" else types.int32
    return _splat(builder, context.cast(builder, value, from_type, scalar), vector.n)


def _operator(op, on_float, on_int, compares=False):
    @infer_global(op)
    class _Template(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) != 2 or not all(isinstance(a, (Vector, types.Number)) for a in args):
                return None
            vectors = [a for a in args if isinstance(a, Vector)]
            if not vectors or any(v != vectors[0] for v in vectors):
                return None
            return signature(Vector("m", vectors[0].n) if compares else vectors[0], *args)

    def lower(context, builder, sig, args):
        vector = next(a for a in sig.args if isinstance(a, Vector))
        x, y = (_as_vector(context, builder, v, t, vector) for v, t in zip(args, sig.args))
        return (on_float if vector.kind == "f" else on_int)(builder, x, y)

    for pair in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(op, *pair)(lower)


_operator(operator.add, lambda b, x, y: b.fadd(x, y), lambda b, x, y: b.add(x, y))
_operator(operator.sub, lambda b, x, y: b.fsub(x, y), lambda b, x, y: b.sub(x, y))
_operator(operator.mul, lambda b, x, y: b.fmul(x, y), lambda b, x, y: b.mul(x, y))
_operator(operator.truediv, lambda b, x, y: b.fdiv(x, y), None)
_operator(operator.and_, None, lambda b, x, y: b.and_(x, y))
_operator(operator.or_, None, lambda b, x, y: b.or_(x, y))
for _op, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "==")):
    _operator(
        _op,
        lambda b, x, y, s=_sign: b.fcmp_ordered(s, x, y),
        lambda b, x, y, s=_sign: b.icmp_signed(s, x, y),
        compares=True,
    )


def _address(context, builder, array_type, array, index, index_type, llvm):
    base = context.make_array(array_type)(context, builder, array).data if isinstance(array_type, types.Array) else array
    p = builder.gep(base, [context.cast(builder, index, index_type, types.int64)])
    return builder.bitcast(p, ir.PointerType(llvm))


def _vector_load(vector):
    @intrinsic
    def load(typing_context, array, index):
        def code(context, builder, sig, args):
            return builder.load(_address(context, builder, sig.args[0], args[0], args[1], sig.args[1], vector.llvm), align=4)

        return vector(array, index), code

    return load


def _vector_store(vector):
    @intrinsic
    def store(typing_context, array, index, value):
        def code(context, builder, sig, args):
            builder.store(args[2], _address(context, builder, sig.args[0], args[0], args[1], sig.args[1], vector.llvm), align=4)
            return context.get_dummy_value()

        return types.void(array, index, vector), code

    return store


load_f4, load_f8, load_f16, load_i16 = _vector_load(F4), _vector_load(F8), _vector_load(F16), _vector_load(I16)
store_f4, store_f8, store_f16 = _vector_store(F4), _vector_store(F8), _vector_store(F16)
store_i8, store_i16 = _vector_store(I8), _vector_store(I16)


def _scalar_load(numba_type, llvm):
    @intrinsic
    def load(typing_context, array, index):
        def code(context, builder, sig, args):
            value = builder.load(_address(context, builder, sig.args[0], args[0], args[1], sig.args[1], llvm))
            return value if numba_type is types.float32 else builder.sext(value, _I64)

        return (types.float32 if numba_type is types.float32 else types.int64)(array, index), code

    return load


@intrinsic
def load_f64(typing_context, array, index):
    """A float64 that lies in a float32 array, from an even index on."""

    def code(context, builder, sig, args):
        return builder.load(_address(context, builder, sig.args[0], args[0], args[1], sig.args[1], _F64), align=4)

    return types.float64(array, index), code


def _scalar_store(numba_type, llvm):
    @intrinsic
    def store(typing_context, array, index, value):
        def code(context, builder, sig, args):
            p = _address(context, builder, sig.args[0], args[0], args[1], sig.args[1], llvm)
            builder.store(context.cast(builder, args[2], sig.args[2], numba_type), p)
            return context.get_dummy_value()

        return types.void(array, index, value), code

    return store


load_f32, load_i32 = _scalar_load(types.float32, _F32), _scalar_load(types.int32, _I32)
store_f32, store_i32 = _scalar_store(types.float32, _F32), _scalar_store(types.int32, _I32)


def _stack(numba_type, llvm):
    @intrinsic
    def allocate(typing_context, count):
        if not isinstance(count, types.IntegerLiteral):
            return None
        n = count.literal_value

        def code(context, builder, sig, args):
            with builder.goto_entry_block():
                p = builder.alloca(ir.ArrayType(llvm, n))
                p.align = 64
            return builder.bitcast(p, ir.PointerType(llvm))

        return types.CPointer(numba_type)(count), code

    return allocate


# Room for a literal number of elements on the stack of the calling kernel.
stack_f32, stack_i32 = _stack(types.float32, _F32), _stack(types.int32, _I32)


@intrinsic
def pointer(typing_context, array):
    """The data pointer of an array; helpers that take it instead of the array save a reference count a call."""

    def code(context, builder, sig, args):
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), code


def _splatter(vector):
    @intrinsic
    def splat(typing_context, x):
        return vector(x), lambda c, b, sig, a: _as_vector(c, b, a[0], sig.args[0], vector)

    return splat


f32x4, f32x8, f32x16 = _splatter(F4), _splatter(F8), _splatter(F16)
i32x8, i32x16 = _splatter(I8), _splatter(I16)


def _pick(sign):
    @intrinsic
    def pick(typing_context, a, b):
        def code(context, builder, sig, args):
            x, y = args
            return builder.select(builder.fcmp_ordered(sign, x, y), x, y)

        return a(a, a), code

    return pick


# The second operand wins where a lane is not a number, as in SSE's minps and maxps.
minimum, maximum = _pick("<"), _pick(">")


def _extreme(sign):
    @intrinsic
    def extreme(typing_context, a):
        def code(context, builder, sig, args):
            x, n = args[0], sig.args[0].n
            while n > 1:  # halves against each other
                n //= 2
                low, high = (
                    builder.shuffle_vector(x, x, ir.Constant(ir.VectorType(_I32, n), list(range(first, first + n))))
                    for first in (0, n)
                )
                x = builder.select(builder.fcmp_ordered(sign, low, high), low, high)
            return builder.extract_element(x, ir.Constant(_I32, 0))

        return types.float32(a), code

    return extreme


lowest, highest = _extreme("<"), _extreme(">")  # of all lanes


@intrinsic
def absolute(typing_context, a):
    """Lane-wise |a|."""

    def code(context, builder, sig, args):
        llvm = sig.return_type.llvm
        f = cgutils.get_or_insert_function(builder.module, ir.FunctionType(llvm, [llvm]), f"llvm.fabs.v{sig.return_type.n}f32")
        return builder.call(f, args)

    return a(a), code


@intrinsic
def copy_sign(typing_context, a, sign):
    """a with its sign flipped in the lanes where `sign` is negative (also -0)."""

    def code(context, builder, sig, args):
        vector = ir.VectorType(_I32, sig.return_type.n)
        x, s = (builder.bitcast(v, vector) for v in args)
        flipped = builder.xor(x, builder.and_(s, ir.Constant(vector, [0x80000000] * sig.return_type.n)))
        return builder.bitcast(flipped, sig.return_type.llvm)

    return a(a, a), code


@intrinsic
def cross_exactly(typing_context, a, b, c, d):
    """a b - c d with the sign it has: the products of float32 are exact in float64."""

    def code(context, builder, sig, args):
        wide = ir.VectorType(_F64, sig.return_type.n)
        a, b, c, d = (builder.fpext(v, wide) for v in args)
        return builder.fptrunc(builder.fsub(builder.fmul(a, b), builder.fmul(c, d)), sig.return_type.llvm)

    return a(a, a, a, a), code


@intrinsic
def combine(typing_context, x, y, z, px, py, pz, a, b, c):
    """a (x - px) + b (y - py) + c (z - pz) of float32 lanes and float64 scalars, computed in float64."""

    def code(context, builder, sig, args):
        n = sig.return_type.n
        wide = ir.VectorType(_F64, n)
        terms = []
        for v, p, s in zip(args[:3], args[3:6], args[6:]):
            terms.append(builder.fmul(builder.fsub(builder.fpext(v, wide), _splat(builder, p, n)), _splat(builder, s, n)))
        return builder.fptrunc(builder.fadd(builder.fadd(terms[0], terms[1]), terms[2]), sig.return_type.llvm)

    f = types.float64
    return x(x, x, x, f, f, f, f, f, f), code


@intrinsic
def select(typing_context, mask, x, y):
    """x in the lanes where the mask is set, else y."""
    return x(mask, x, x), lambda c, b, sig, a: b.select(a[0], a[1], a[2])


@intrinsic
def bits(typing_context, mask):
    """The lanes of a mask as the low bits of an int64."""

    def code(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(sig.args[0].n)), _I64)

    return types.int64(mask), code


def _constant(values):
    return ir.Constant(ir.VectorType(_I32, 8), list(values))


def _larger(builder, a, b):
    return builder.select(builder.icmp_signed(">", a, b), a, b)


@intrinsic
def distance_keys(typing_context, near, mask):
    """Eight distances >= 0 as int32 that compare as they do: the bits of one a little smaller, its lane in the three lowest.

    -1 where the mask is not set.
    """

    def code(context, builder, sig, args):
        key = builder.sub(builder.bitcast(args[0], I8.llvm), _constant([8] * 8))
        key = builder.and_(_larger(builder, key, _constant([0] * 8)), _constant([~7] * 8))
        return builder.select(args[1], builder.or_(key, _constant(range(8))), _constant([-1] * 8))

    return I8(near, mask), code


@intrinsic
def nearest_lane(typing_context, keys):
    """The lane of the smallest of distance_keys."""

    def code(context, builder, sig, args):
        key = args[0]
        for other in ([4, 5, 6, 7, 0, 1, 2, 3], [2, 3, 0, 1, 6, 7, 4, 5], [1, 0, 3, 2, 5, 4, 7, 6]):
            turned = builder.shuffle_vector(key, key, _constant(other))
            key = builder.select(builder.icmp_unsigned("<", key, turned), key, turned)  # -1 is the largest
        lane = builder.extract_element(key, ir.Constant(_I32, 0))
        return builder.zext(builder.and_(lane, ir.Constant(_I32, 7)), _I64)

    return types.int64(keys), code


# A sorting network of Batcher's for eight lanes: who is compared with whom, in six rounds.
_ROUNDS = (
    ((0, 1), (2, 3), (4, 5), (6, 7)), ((0, 2), (1, 3), (4, 6), (5, 7)), ((1, 2), (5, 6)),
    ((0, 4), (1, 5), (2, 6), (3, 7)), ((2, 4), (3, 5)), ((1, 2), (3, 4), (5, 6)),
)  # fmt: skip


@intrinsic
def falling(typing_context, keys):
    """Eight int32 in falling order."""

    def code(context, builder, sig, args):
        key = args[0]
        for pairs in _ROUNDS:
            other = list(range(8))
            for a, b in pairs:
                other[a], other[b] = b, a
            turned = builder.shuffle_vector(key, key, _constant(other))
            low = builder.select(builder.icmp_signed(">", key, turned), turned, key)
            lanes = [8 + i if other[i] < i else i for i in range(8)]
            key = builder.shuffle_vector(_larger(builder, key, turned), low, _constant(lanes))
        return key

    return I8(keys), code


@intrinsic
def count_bits(typing_context, x):
    """How many bits of an int64 are set."""
    return types.int64(types.int64), lambda c, b, sig, a: b.ctpop(a[0])


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line of an element, which need not exist."""

    def code(context, builder, sig, args):
        p = _address(context, builder, sig.args[0], args[0], args[1], sig.args[1], ir.IntType(8))
        f = ir.FunctionType(ir.VoidType(), [p.type, _I32, _I32, _I32])
        f = cgutils.get_or_insert_function(builder.module, f, "llvm.prefetch.p0i8")
        builder.call(f, [p, ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)])
        return context.get_dummy_value()

    return types.void(array, index), code


@intrinsic
def lowest_bit(typing_context, x):
    """Index of the lowest set bit of a non-zero int64."""
    return types.int64(types.int64), lambda c, b, sig, a: b.cttz(a[0], ir.Constant(_BIT, 1))


@intrinsic
def lane(typing_context, vector, index):
    """One lane of a float vector."""

    def code(context, builder, sig, args):
        return builder.extract_element(args[0], context.cast(builder, args[1], sig.args[1], types.int32))

    return types.float32(vector, index), code
