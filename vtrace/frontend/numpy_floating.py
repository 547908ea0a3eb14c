"""Floating-point numbers by their bits: exponents, neighbours, spacings; and rounding towards zero."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, UnsupportedError
from vtrace.frontend.core import BOOL, INT64, alias, check_dtype, convert, full, view
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.numpy_elementwise import constant_like, register, select
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES, DType
from vtrace.ops.bitcast import Bitcast

_INT32 = DTYPES["i32"]


def _whole(dtype: DType) -> DType:
    """The integers as wide as these floats."""
    return np.dtype(f"i{dtype.itemsize}")


def _bits(x: Tracer) -> Any:
    return emit(Bitcast(_whole(x.dtype)), x)


def _number(bits: Any, dtype: DType) -> Any:
    return emit(Bitcast(dtype), bits)


def _parts(x: Tracer) -> tuple[Any, Any]:
    """The mantissa in [0.5, 1) and the exponent of a finite number that is not 0."""
    info = np.finfo(x.dtype)
    tiny: Any = np.abs(x) < info.smallest_normal
    normal: Any = select(tiny, lift(x * 2.0 ** (info.nmant + 1)), x)
    bits = _bits(normal)
    field = bits.dtype.type(2**info.iexp - 1) << info.nmant
    half = info.maxexp - 2
    exponent = (bits >> info.nmant & (2**info.iexp - 1)) - half
    mantissa = _number((bits & ~field) | bits.dtype.type(half << info.nmant), x.dtype)
    return mantissa, exponent - np.where(tiny, bits.dtype.type(info.nmant + 1), bits.dtype.type(0))


def _is_plain(x: Tracer) -> Any:
    """Whether a number has a mantissa and an exponent."""
    return np.isfinite(x) & (x != 0)


def _frexp(x: Tracer) -> tuple[Tracer, Tracer]:
    mantissa, exponent = _parts(x)
    plain = _is_plain(x)
    return select(plain, mantissa, x), select(plain, convert(exponent, _INT32), full(x.shape, 0, _INT32))


register(np.frexp, _frexp)


def _ldexp(x: Tracer, exponent: Tracer) -> Tracer:
    """By two powers of 2, neither of which overflows: the second product alone rounds."""
    info = np.finfo(x.dtype)
    mantissa, own = _parts(x)
    far = 2 * (info.maxexp + info.nmant)
    shift = convert(np.clip(convert(exponent, INT64), -2 * far, 2 * far), _whole(x.dtype))
    total: Any = np.clip(own + shift, -far // 2, info.maxexp + 1)
    first = total >> 1

    def power(n: Any) -> Any:
        return _number((n + (info.maxexp - 1)) << info.nmant, x.dtype)

    return select(_is_plain(x), mantissa * power(first) * power(total - first), x)


register(np.ldexp, _ldexp)


def _nextafter(x: Tracer, y: Tracer) -> Any:
    one = _whole(x.dtype).type(1)
    outwards: Any = np.equal(x < y, x > 0)
    stepped = _number(_bits(x) + np.where(outwards, one, -one), x.dtype)
    smallest = np.copysign(constant_like(x, np.finfo(x.dtype).smallest_subnormal), y)
    result = np.where(x == 0, smallest, stepped)
    return np.where(np.isnan(x) | np.isnan(y), x + y, np.where(x == y, y, result))


register(np.nextafter, _nextafter)


def _spacing(x: Tracer) -> Any:
    one = _whole(x.dtype).type(1)
    away = np.where(x == 0, np.finfo(x.dtype).smallest_subnormal, _number(_bits(x) + one, x.dtype))
    return np.where(np.isfinite(x), away - x, np.nan)


register(np.spacing, _spacing)


def bits_as(x: Tracer, dtype: Any) -> Tracer:
    """`x.view(dtype)`, which writes through to `x`."""
    if isinstance(dtype, type) and issubclass(dtype, np.ndarray):
        raise UnsupportedError(f"{at_user_line()}: ndarray.view as a class is not supported on traced arrays")
    own, wanted = x.dtype, x.dtype if dtype is None else check_dtype(dtype, "ndarray.view")
    if own == wanted:
        return view(x, alias, None, lambda base, value: value)
    if own.itemsize != wanted.itemsize or "c" in (own.kind, wanted.kind) or wanted == BOOL:
        raise UnsupportedError(
            f"{at_user_line()}: ndarray.view of {own} as {wanted} is not supported on traced arrays: it needs real "
            "numbers of one width"
        )
    if own == BOOL:
        return convert(x, wanted)
    return view(x, lambda t: emit(Bitcast(wanted), t), None, lambda base, value: emit(Bitcast(own), value))


def _infinite(sign: float) -> Any:
    def handler(x: Any) -> Any:
        t = lift(x)
        if t.dtype.kind == "c":
            raise DTypeError(f"{at_user_line()}: This operation is not supported for complex128 values: {t.type}")
        return t == sign * np.inf if t.dtype.kind == "f" else full(t.shape, False, BOOL)

    return handler


implements(np.isposinf)(_infinite(1.0))
implements(np.isneginf)(_infinite(-1.0))


@implements(np.fix)
def fix(x: Any) -> Any:
    return UFUNC_HANDLERS[np.trunc](x)


@implements(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    x = lift(a)
    if x.dtype.kind == "c":
        raise DTypeError(
            f"{at_user_line()}: np.real_if_close of complex numbers has a dtype that depends on the values; use x.real"
        )
    return x


# Cephes' Chebyshev coefficients of exp(-x) I0(x) on [0, 8], and of exp(-x) sqrt(x) I0(x) beyond, as NumPy has them.
_BELOW_8 = (
    -4.41534164647933937950e-18, 3.33079451882223809783e-17, -2.43127984654795469359e-16, 1.71539128555513303061e-15,
    -1.16853328779934516808e-14, 7.67618549860493561688e-14, -4.85644678311192946090e-13, 2.95505266312963983461e-12,
    -1.72682629144155570723e-11, 9.67580903537323691224e-11, -5.18979560163526290666e-10, 2.65982372468238665035e-9,
    -1.30002500998624804212e-8, 6.04699502254191894932e-8, -2.67079385394061173391e-7, 1.11738753912010371815e-6,
    -4.41673835845875056359e-6, 1.64484480707288970893e-5, -5.75419501008210370398e-5, 1.88502885095841655729e-4,
    -5.76375574538582365885e-4, 1.63947561694133579842e-3, -4.32430999505057594430e-3, 1.05464603945949983183e-2,
    -2.37374148058994688156e-2, 4.93052842396707084878e-2, -9.49010970480476444210e-2, 1.71620901522208775349e-1,
    -3.04682672343198398683e-1, 6.76795274409476084995e-1,
)  # fmt: skip
_BEYOND_8 = (
    -7.23318048787475395456e-18, -4.83050448594418207126e-18, 4.46562142029675999901e-17, 3.46122286769746109310e-17,
    -2.82762398051658348494e-16, -3.42548561967721913462e-16, 1.77256013305652638360e-15, 3.81168066935262242075e-15,
    -9.55484669882830764870e-15, -4.15056934728722208663e-14, 1.54008621752140982691e-14, 3.85277838274214270114e-13,
    7.18012445138366623367e-13, -1.79417853150680611778e-12, -1.32158118404477131188e-11, -3.14991652796324136454e-11,
    1.18891471078464383424e-11, 4.94060238822496958910e-10, 3.39623202570838634515e-9, 2.26666899049817806459e-8,
    2.04891858946906374183e-7, 2.89137052083475648297e-6, 6.88975834691682398426e-5, 3.36911647825569408990e-3,
    8.04490411014108831608e-1,
)  # fmt: skip


def _chebyshev(x: Any, coefficients: tuple[float, ...]) -> Any:
    b0: Any = coefficients[0]
    b1: Any = 0.0
    b2: Any = 0.0
    for coefficient in coefficients[1:]:
        b2, b1 = b1, b0
        b0 = x * b1 - b2 + coefficient
    return 0.5 * (b0 - b2)


@implements(np.i0)
def i0(x: Any) -> Any:
    t = lift(x)
    if t.dtype.kind == "c":
        raise DTypeError(f"{at_user_line()}: i0 not supported for complex values")
    size: Any = np.abs(convert(t, t.dtype if t.dtype.kind == "f" else np.dtype(float)))
    inside, outside = np.minimum(size, 8.0), np.maximum(size, 8.0)
    below = _chebyshev(inside / 2.0 - 2.0, _BELOW_8)
    beyond = _chebyshev(32.0 / outside - 2.0, _BEYOND_8) / np.sqrt(outside)
    return np.exp(size) * np.where(size <= 8.0, below, beyond)
