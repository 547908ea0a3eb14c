"""Taking floats apart into significand and exponent, and putting them together, by their bits."""

from vtrace.backends.vecmath.number import Format, Number


def round_to_integer(x: Number) -> tuple[Number, Number]:
    """x rounded to the nearest integer, as a float and as an integer; for |x| below 2**(mantissa - 2).

    One addition does both, which AVX2 has no conversion to int64 for.
    """
    shifter = x.like(x.format.shifter)
    shifted = x + shifter
    return shifted - shifter, shifted.bits() - shifter.bits()


def round_product(x: Number, factor: Number) -> tuple[Number, Number]:
    """x * factor rounded to an integer, as `round_to_integer` does."""
    shifter = x.like(x.format.shifter)
    shifted = x.fma(factor, shifter)
    return shifted - shifter, shifted.bits() - shifter.bits()


def integer_to_float(n: Number, form: Format) -> Number:
    """A small integer as a float."""
    shifter = Number(n.e, n.e.constant(form.shifter, form.dtype))
    return (n + shifter.bits()).as_float(form) - shifter


def power_of_two(n: Number, form: Format) -> Number:
    """2.0**n for an integer n that gives a normal number."""
    return ((n + form.bias) << form.mantissa).as_float(form)


def scale(x: Number, n: Number) -> Number:
    """x * 2.0**n, rounded once at the end where it is subnormal, for n within twice the range of exponents."""
    half = n >> 1
    return x * power_of_two(half, x.format) * power_of_two(n - half, x.format)


def split_normal(x: Number) -> tuple[Number, Number]:
    """(m, k) with x = m * 2.0**k and m from sqrt(1/2) to sqrt(2), for a normal x > 0; k is an integer."""
    form = x.format
    exponent = (x.bits() - x.like(0.5**0.5).bits()) >> form.mantissa
    return (x.bits() - (exponent << form.mantissa)).as_float(form), exponent


def split_exponent(x: Number) -> tuple[Number, Number]:
    """The same for a positive finite x, subnormals included."""
    form = x.format
    subnormal = x < form.min_normal
    significand, exponent = split_normal(subnormal.select(x * 2.0 ** (form.mantissa + 2), x))
    return significand, exponent - subnormal.select(exponent.like(form.mantissa + 2), 0)
