"""Normal numbers from uniform ones, by the inverse of the distribution function, for many numbers at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import DTYPES, Array
from vtrace.ops.kinds import FLOATS, Unary

SPLIT = 5.0
"""Above this w, which one number in 300 reaches, the slope is a polynomial of its own."""
TAIL_CENTRE = {4: 3.0, 8: 4.0}
# Made by `python -m benchmarks.normal_coefficients`: highest powers first, by the size of the dtype.
LOG = {
    4: (
        0.0853331308,
        -0.142692582,
        0.149774013,
        -0.165779929,
        0.199559334,
        -0.250013522,
        0.333341933,
        -0.499999964,
        0.999999974,
    ),
    8: (
        0.14616449685043406,
        0.15331721600556041,
        0.18182889125261722,
        0.2222221113479508,
        0.28571428625975485,
        0.39999999999899504,
        0.66666666666666697,
    ),
}
"""float32: log(1 + f) / f; float64: (log((1 + s) / (1 - s)) - 2 s) / s**3 in s * s, with s = f / (2 + f)."""
CENTRE = {
    4: (
        -1.26316508e-8,
        3.30020413e-8,
        6.62037701e-7,
        -4.89881495e-6,
        -7.03206336e-6,
        0.000308792663,
        -0.00177162265,
        -0.00590772566,
        0.348802028,
        2.12331348,
    ),
    8: (
        -9.7449882353267412e-20,
        2.4054472883705253e-19,
        6.9429314673665376e-18,
        -3.7941435640124717e-17,
        -1.932086956900852e-16,
        2.6823803767810293e-15,
        -4.0745062756850726e-15,
        -1.0765939929700854e-13,
        7.5750131506375057e-13,
        1.2891490541747567e-12,
        -4.398598281022464e-11,
        1.6914982482757544e-10,
        1.283121126370863e-9,
        -1.53600124157521e-8,
        1.8974225834362671e-8,
        6.7701969668652303e-7,
        -4.8318297709320383e-6,
        -7.0655235273894943e-6,
        0.0003086524838268845,
        -0.0017715965129183864,
        -0.0059076193801648355,
        0.34880202439905444,
        2.1233134670146701,
    ),
}
"""The slope in w - 2.5, for w up to SPLIT."""
TAIL = {
    4: (
        0.000157739374,
        -0.000432077671,
        -7.13595941e-5,
        0.0020926174,
        -0.00509244208,
        0.00804576684,
        -0.0107996272,
        0.0133572359,
        1.41658225,
        4.00643422,
    ),
    8: (
        1.3746289703630399e-16,
        -9.0142535245512232e-16,
        -1.8307929239199469e-15,
        2.6010642713689079e-14,
        -3.1135526179543386e-14,
        -2.2985097277375157e-13,
        6.5712553656321004e-13,
        2.5663716463958235e-13,
        -2.404934505963604e-12,
        9.713532106999983e-13,
        -8.0519982761174224e-12,
        7.3464175806895204e-11,
        -1.6233583346124268e-10,
        -1.9522111251832133e-10,
        2.1982434759548172e-9,
        -6.6557175542366337e-9,
        7.7071577228298493e-9,
        2.1218116215736331e-8,
        -1.3233908468026215e-7,
        3.3808933015824678e-7,
        -3.8869188811349435e-7,
        -5.8800541686441969e-7,
        4.2636396271505094e-6,
        -1.2557678984469886e-5,
        2.6406322512147411e-5,
        -4.6031497029915369e-5,
        7.8736268660373333e-5,
        -0.0001666859858227083,
        0.00045389897639480295,
        -0.001228939996417503,
        0.0017816930916347893,
        1.4276390498638151,
        5.430274322879884,
    ),
}
"""The slope in sqrt(w) - 3 (float32) or - 4 (float64), for larger w."""


@final
@primitive("uniform_to_normal")
@dataclass(frozen=True)
class UniformToNormal(Unary):
    """sqrt(2) * erfinv(x): a standard normal number where `x` is uniform in (-1, 1); within 5 units in the last place.

    That is x * g(w) with w = -log(1 - x * x), whose logarithm needs no more than absolute accuracy.
    """

    kinds = FLOATS
    domain = (-1.0, 1.0)

    def evaluate(self, x: Array) -> Array:
        from scipy.special import erfinv  # takes long to import

        wide = np.copysign(erfinv(x.astype(np.float64)) * np.sqrt(2.0), x)  # SciPy gives 0.0 for -0.0
        return np.asarray(wide, x.dtype)

    def scalar(self, e: Emitter, x: Value) -> Value:
        one = e.constant(1.0, x.dtype)
        w = e.neg(_log(e, e.fma(e.neg(x), x, one)))
        centre = _polynomial(e, e.sub(w, e.constant(SPLIT / 2, x.dtype)), CENTRE)
        far = e.compare("gt", w, e.constant(SPLIT, x.dtype))
        result = e.mul(x, e.rarely(far, _tail, (w,), centre))
        inside = e.compare("lt", e.abs(x), one)
        return e.select(inside, result, _outside(e, x))


def _outside(e: Emitter, x: Value) -> Value:
    """Infinity at 1, minus infinity at -1, else NaN."""
    end = e.compare("eq", e.abs(x), e.constant(1.0, x.dtype))
    infinite = e.copysign(e.constant(np.inf, x.dtype), x)
    return e.select(end, infinite, e.constant(np.nan, x.dtype))


def _polynomial(e: Emitter, x: Value, coefficients: Mapping[int, Sequence[float]]) -> Value:
    """Estrin's scheme, pairs, then pairs of pairs, for all but the last step, whose rounding counts most.

    Horner's would make every product wait for the one before it: 1.5 times as long, in all, for float64.
    """
    constant, *terms = (e.constant(c, x.dtype) for c in reversed(coefficients[x.dtype.itemsize]))
    power = x
    while len(terms) > 1:
        rest = terms[len(terms) - len(terms) % 2 :]
        terms = [e.fma(high, power, low) for low, high in zip(terms[::2], terms[1::2], strict=False)] + rest
        power = e.mul(power, power)
    return e.fma(terms[0], x, constant)


def _tail(e: Emitter, w: Value) -> Value:
    """The slope where w is large."""
    root = e.sqrt(w)
    return _polynomial(e, e.sub(root, e.constant(TAIL_CENTRE[w.dtype.itemsize], w.dtype)), TAIL)


@dataclass(frozen=True)
class _Format:
    """What the logarithm needs to know of a float type."""

    bits: str
    """The unsigned integer type of the same width."""
    mantissa: int
    one: int
    """The bits of 1."""
    root_half: int
    """The bits of sqrt(1/2)."""
    shifter: int
    """The bits of 2 ** mantissa: a small integer in their place is found behind the point of the float."""


_FORMATS = {
    4: _Format("u32", 23, 0x3F800000, 0x3F3504F3, 0x4B000000),
    8: _Format("u64", 52, 0x3FF0000000000000, 0x3FE6A09E667F3BCD, 0x4330000000000000),
}


def _log(e: Emitter, y: Value) -> Value:
    """log(y) for a normal y, to about 2**-24 or 2**-53 in absolute terms.

    Shifts are of unsigned integers, and integers become floats by their bits: AVX2 has no other way for 64 bits.
    """
    form = _FORMATS[y.dtype.itemsize]
    integer = DTYPES[form.bits]

    def bits(value: int) -> Value:
        return e.constant(value, integer)

    moved = e.add(e.bitcast(y, integer), bits(form.one - form.root_half))
    mantissa = e.and_(moved, bits((1 << form.mantissa) - 1))
    f = e.sub(e.bitcast(e.add(mantissa, bits(form.root_half)), y.dtype), e.constant(1.0, y.dtype))
    exponent = e.or_(e.shift_right(moved, bits(form.mantissa)), bits(form.shifter))
    bias = 2.0**form.mantissa + (form.one >> form.mantissa)
    octaves = e.sub(e.bitcast(exponent, y.dtype), e.constant(bias, y.dtype))
    log_two = e.constant(float(np.log(2.0)), y.dtype)
    if y.dtype.itemsize == 4:
        return e.fma(octaves, log_two, e.mul(f, _polynomial(e, f, LOG)))
    s = e.div(f, e.add(f, e.constant(2.0, y.dtype)))
    z = e.mul(s, s)
    return e.fma(octaves, log_two, e.fma(e.mul(z, s), _polynomial(e, z, LOG), e.add(s, s)))
