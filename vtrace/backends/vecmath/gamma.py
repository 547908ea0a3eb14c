"""gammaln and digamma: polynomials up to 2.5 and 2, beyond Stirling's formula and a polynomial for what it leaves.

Below 1, gamma(x) = gamma(x + 1) / x, and negative numbers are reflected. float32 is computed in float64.
"""

import math

from vtrace.backends.vecmath import quotients as q
from vtrace.backends.vecmath.doubled import Double, add, divide, fast_two_sum, multiply, two_product, two_sum
from vtrace.backends.vecmath.logarithm import log_double, log_wide
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Coefficients, Number
from vtrace.backends.vecmath.scaling import round_to_integer
from vtrace.backends.vecmath.trigonometric import cos_kernel, last_bit, sin_kernel


def ratio(t: Number, top: Coefficients, bottom: Coefficients, size: int) -> Number:
    """A quotient of two polynomials, in float64."""
    return t.polynomial(top, size) / t.polynomial(bottom, size)


def pair(like: Number, parts: tuple[float, ...]) -> Double:
    """A constant in two parts."""
    return Double(like.like(parts[0]), like.like(parts[1]))


def gammaln_double(x: Number) -> Double:
    """log(gamma(x)) for a float64 x > 0, not yet rounded; NaN or infinity beyond what has a result."""
    logarithm = log_double(x)
    # up to 2.5
    shifted = x < 1.0
    # y - 1, where y is x or x + 1, which need not be a float
    beyond_one = shifted.select(x, x - 1.0)
    product, error = two_product(beyond_one, beyond_one - 1.0)
    rest = product.fma((beyond_one - 0.75).polynomial(q.LOG_GAMMA), 0.5 * error)
    less = Double(shifted.select(logarithm.high, 0.0), shifted.select(logarithm.low, 0.0))
    total = two_sum(-less.high, 0.5 * product)
    near = Double(total.high, total.low + (rest - less.low))
    # beyond: (x - 1/2) (log(x) - 1) + constant + remainder, which overflows no earlier than the result
    minus_one = two_sum(logarithm.high, x.like(-1.0))
    w = x - 0.5
    main, lost = two_product(w, minus_one.high)
    lost = w.fma(minus_one.low + logarithm.low, lost)
    inverse = 1.0 / x
    remainder = inverse * ratio(inverse * inverse, q.STIRLING_TOP, q.STIRLING_BOTTOM, 8)
    constant = pair(x, q.LOG_ROOT_TWO_PI_LESS_HALF)
    total = two_sum(main, constant.high)
    far = Double(total.high, total.low + ((lost + constant.low) + remainder))
    return choose(x < 2.5, near, far)


def choose(condition: Number, x: Double, y: Double) -> Double:
    """x where the condition holds, else y."""
    return Double(condition.select(x.high, y.high), condition.select(x.low, y.low))


def gammaln_wide(x: Number) -> Number:
    """The same for numbers that are float32s in fact, to about 30 bits."""
    logarithm = log_wide(x)
    shifted = x < 1.0
    beyond_one = shifted.select(x, x - 1.0)
    slope = (beyond_one - 0.75).polynomial(q.LOG_GAMMA, 4) + 0.5
    near = (beyond_one * (beyond_one - 1.0)).fma(slope, shifted.select(-logarithm, 0.0))
    inverse = 1.0 / x
    remainder = inverse * ratio(inverse * inverse, q.STIRLING_TOP, q.STIRLING_BOTTOM, 4)
    far = (x - 0.5).fma(logarithm - 1.0, remainder + q.LOG_ROOT_TWO_PI_LESS_HALF[0])
    return (x < 2.5).select(near, far)


def turn(size: Number) -> tuple[Number, Number, Double, Double]:
    """Where size is whole; and the n, sin(r) and cos(r) with pi * size = n pi/2 + r, but for multiples of pi."""
    whole = size.trunc()
    fraction = size - whole
    rounded, n = round_to_integer(fraction + fraction)
    angle = multiply(Double(fraction - 0.5 * rounded, size.like(0.0)), pair(size, q.PI))
    return fraction.equals(0.0), n, fast_two_sum(*sin_kernel(angle)), fast_two_sum(*cos_kernel(angle))


def gammaln_reflected(x: Number) -> Number:
    """log|gamma(x)| for x <= 0: log(pi / |x sin(pi x)|) - log(gamma(-x))."""
    if x.dtype.itemsize == 4:
        return gammaln(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    size = abs(x)
    pole, n, sine, cosine = turn(size)
    wave = choose(last_bit(n), cosine, sine)
    product = multiply(wave, Double(size, size.like(0.0)))
    # The logarithm of |high + low|
    logarithm = add(log_double(abs(product.high)), Double(product.low / product.high, size.like(0.0)))
    total = add(logarithm, gammaln_double(size))
    minus = Double(-total.high, -total.low)
    result = add(pair(size, q.LOG_PI), minus).total()
    # For tiny x the product's low part is lost, and gamma(x) is 1 / x.
    result = (size < 2.0**-60).select(-log_double(size).total(), result)
    result = pole.select(size.like(math.inf), result)
    return x.equals(-math.inf).select(x, result)


def gammaln(x: Number) -> Number:
    """The logarithm of the size of the gamma function."""
    if x.dtype.itemsize == 4:
        result = gammaln_wide(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    else:
        double = gammaln_double(x)
        result = (double.high < math.inf).select(double.total(), double.high)
    result = (x < math.inf).select(result, x)
    return (x <= 0.0).rarely(gammaln_reflected, (x,), result, together=True)


def digamma_double(x: Number) -> Double:
    """digamma(x) for a float64 x > 0, not yet rounded; the low part is not finite where the high one is not."""
    logarithm = log_double(x)
    inverse = 1.0 / x
    # up to 2
    shifted = x < 1.0
    y = shifted.select(x + 1.0, x)
    distance = two_sum(y - q.DIGAMMA_ROOT[0], y.like(-q.DIGAMMA_ROOT[1]))
    slope = ratio(y - 1.5, q.DIGAMMA_TOP, q.DIGAMMA_BOTTOM, 8)
    less = shifted.select(inverse, 0.0)
    less_low = shifted.select((-inverse).fma(x, 1.0) * inverse, 0.0)
    total = two_sum(-less, distance.high)
    near = Double(total.high, total.low + (distance.high.fma(slope, distance.low) - less_low))
    # beyond
    z = inverse * inverse
    tail = z.fma(ratio(z, q.DIGAMMA_TAIL_TOP, q.DIGAMMA_TAIL_BOTTOM, 8), 0.5 * inverse)
    far = Double(logarithm.high, logarithm.low - tail)
    return choose(x < 2.0, near, far)


def digamma_wide(x: Number) -> Number:
    """The same for numbers that are float32s in fact, to about 30 bits."""
    inverse = 1.0 / x
    shifted = x < 1.0
    y = shifted.select(x + 1.0, x)
    distance = (y - q.DIGAMMA_ROOT[0]) - q.DIGAMMA_ROOT[1]
    slope = ratio(y - 1.5, q.DIGAMMA_TOP, q.DIGAMMA_BOTTOM, 4)
    near = distance.fma(slope, distance) - shifted.select(inverse, 0.0)
    z = inverse * inverse
    tail = z.fma(ratio(z, q.DIGAMMA_TAIL_TOP, q.DIGAMMA_TAIL_BOTTOM, 4), 0.5 * inverse)
    return (x < 2.0).select(near, log_wide(x) - tail)


def digamma_reflected(x: Number) -> Number:
    """digamma(x) for x <= 0: digamma(-x) - 1 / x + pi / tan(-pi x)."""
    if x.dtype.itemsize == 4:
        return digamma(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    size = abs(x)
    pole, n, sine, cosine = turn(size)
    odd = last_bit(n)
    # Where n is odd, the cotangent is minus the tangent of r.
    top = choose(odd, Double(-sine.high, -sine.low), cosine)
    cotangent = multiply(pair(size, q.PI), divide(top, choose(odd, cosine, sine)))
    inverse = divide(Double(size.like(1.0), size.like(0.0)), Double(size, size.like(0.0)))
    double = digamma_double(size)
    result = add(cotangent, add(inverse, fast_two_sum(double.high, double.low))).total()
    # Near 0, digamma(x) is -1 / x less Euler's constant.
    result = (size < 2.0**-30).select(-1.0 / x - 0.5772156649015329, result)
    result = (pole | x.equals(-math.inf)).select(x.like(math.nan), result)
    return x.equals(0.0).select(-1.0 / x, result)


def digamma(x: Number) -> Number:
    """The derivative of the logarithm of the gamma function."""
    if x.dtype.itemsize == 4:
        result = digamma_wide(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    else:
        double = digamma_double(x)
        result = (double.high > -math.inf).select(double.total(), double.high)
    result = (x < math.inf).select(result, x)
    return (x <= 0.0).rarely(digamma_reflected, (x,), result, together=True)
