"""Ufuncs: arithmetic, functions of the calculus, comparisons, logic and bits."""

from tests.coverage.entry import refuses, works

_REAL = ("np.{0}(x)", "np.{0}(f)", "np.{0}(i)", "np.{0}(q)", "np.{0}(u)", "np.{0}(b)")
_FLOAT = ("np.{0}({1})", "np.{0}(({1}).astype(np.float32))")


def _each(name, templates, *further, **more):
    return works(f"np.{name}", *(t.format(name) for t in templates), *further, **more)


def _function(name, argument="x", *, complex_=True, tol=1e-12):
    calls = [t.format(name, argument) for t in _FLOAT]
    if complex_:
        return works(f"np.{name}", *calls, f"np.{name}(c)", tol=tol)
    return works(f"np.{name}", *calls, tol=tol, limits="complex numbers are refused", refused=f"np.{name}(c)")


_MIXED = ("np.{0}(x, y)", "np.{0}(f, x)", "np.{0}(f, i)", "np.{0}(f, 2)", "np.{0}(q, 3)", "np.{0}(u, q)", "np.{0}(x, v[:4])")
_WHOLE = ("np.{0}(i, n)", "np.{0}(q, n.astype(np.int8))", "np.{0}(u, n.astype(np.uint8))", "np.{0}(b, n)", "np.{0}(i, 3)")
_BITS = ("np.{0}(i, j)", "np.{0}(q, u)", "np.{0}(b, d)", "np.{0}(u, 7)", "np.{0}(b, i)")
_LOGIC = ("np.{0}(b, d)", "np.{0}(i, x)", "np.{0}(c, i)", "np.{0}(o, 0)")
_ORDER = ("np.{0}(x, y)", "np.{0}(i, 1)", "np.{0}(u, -1)", "np.{0}(i, n.astype(np.uint64))", "np.{0}(b, d)", "np.{0}(o, 0)")

ARITHMETIC = [
    _each("add", _MIXED, "np.add(c, x)", "np.add(b, d)"),
    _each("subtract", _MIXED, "np.subtract(c, x)", refused="np.subtract(b, d)", limits="not of two bools, as in NumPy"),
    _each("multiply", _MIXED, "np.multiply(c, x)", "np.multiply(b, d)"),
    *(_each(name, _MIXED, *(t.format(name) for t in _WHOLE), f"np.{name}(c, 2 + 1j)") for name in ("divide", "true_divide")),
    _each("floor_divide", _MIXED[:4], *(t.format("floor_divide") for t in _WHOLE), "np.floor_divide(i, j)", "np.floor_divide(x, 0.0)"),
    *(_each(name, _MIXED[:4], *(t.format(name) for t in _WHOLE), f"np.{name}(i, j)") for name in ("remainder", "mod", "fmod")),
    works("np.divmod", *(f"np.divmod({a})[{n}]" for a in ("x, y", "i, n", "f, 0.5", "q, 3") for n in (0, 1))),
    *(works(f"np.{name}", f"np.{name}(p, x)", f"np.{name}(x, 3)", f"np.{name}(i, 2)", f"np.{name}(q, 3)", f"np.{name}(f, 0.5)",
            f"np.{name}(i, n)", f"np.{name}(2, n)", f"np.{name}(c, 2)", f"np.{name}(c, 0.5 + 1j)", f"np.{name}(b, n)") for name in ("power", "pow")),
    works("np.float_power", "np.float_power(p, x)", "np.float_power(n, 2)", "np.float_power(f, 2)", "np.float_power(c, 2)"),
    _each("square", _REAL[:5], "np.square(c)"),
    _each("negative", _REAL[:5], "np.negative(c)"),
    _each("positive", _REAL[:5], "np.positive(c)"),
    _each("sign", _REAL[:5], "np.sign(c)", "np.sign(o)"),
    *(_each(name, _REAL, f"np.{name}(c)") for name in ("absolute", "abs")),
    _each("fabs", _REAL[:3]),
    works("np.reciprocal", "np.reciprocal(x)", "np.reciprocal(n)", "np.reciprocal(c)", "np.reciprocal(u + 1)"),
    *(_each(name, _REAL[:5], f"np.{name}(c)") for name in ("conjugate", "conj")),
    *(_each(name, ("np.{0}(x, y)", "np.{0}(f, i)", "np.{0}(o, x)", "np.{0}(b, d)", "np.{0}(u, q)", "np.{0}(u, 7)"))
      for name in ("maximum", "minimum", "fmax", "fmin")),
    works("np.gcd", "np.gcd(i, j)", "np.gcd(u, 6)", "np.gcd(q, q.T[:3, :1])"),
    works("np.lcm", "np.lcm(i, 12)", "np.lcm(u, np.uint8(6))", "np.lcm(q, n)"),
    works("np.clip", "np.clip(x, -0.5, 0.5)", "np.clip(x, y, None)", "np.clip(i, -1, 2)", "np.clip(f, 0, i)", "np.clip(o, 0, 1)",
          "np.clip(x, min=0)", "np.clip(u, max=9)", "x.clip(0)"),
]  # fmt: skip

ROUNDING = [
    *(_each(name, _REAL) for name in ("floor", "ceil", "trunc")),
    _each("rint", _REAL[:3], "np.rint(c)"),
    _each("fix", _REAL),
    *(works(f"np.{name}", f"np.{name}(x)", f"np.{name}(x, 2)", f"np.{name}(f, 1)", f"np.{name}(x * 100, -1)", f"np.{name}(i)",
            f"np.{name}(c, 1)", refused=f"np.{name}(i, -1)", limits="integers with negative `decimals` are refused") for name in ("round", "around")),
    works("np.modf", "np.modf(x)[0]", "np.modf(x)[1]", "np.modf(f)[0]", "np.modf(i)[1]"),
    works("np.frexp", *(f"np.frexp({a})[{n}]" for a in ("x", "f", "i", "x * 1e-310", "o") for n in (0, 1))),
    works("np.ldexp", "np.ldexp(x, i)", "np.ldexp(f, i)", "np.ldexp(x, 3)", "np.ldexp(x, -1070 + i)", "np.ldexp(x, 1000 * i)"),
    works("np.nextafter", "np.nextafter(x, y)", "np.nextafter(f, np.float32(0))", "np.nextafter(0 * x, y)", "np.nextafter(x, x)", "np.nextafter(o, 1)"),
    works("np.spacing", "np.spacing(x)", "np.spacing(f)", "np.spacing(0 * x)", "np.spacing(o)", "np.spacing(x * np.inf)"),
    works("np.copysign", "np.copysign(x, y)", "np.copysign(f, -1)", "np.copysign(n, i)"),
    _each("signbit", _REAL, "np.signbit(-0.0 * p)"),
    works("np.heaviside", "np.heaviside(x, 0.5)", "np.heaviside(i, y)", "np.heaviside(f, f)"),
    works("np.nan_to_num", "np.nan_to_num(o)", "np.nan_to_num(o, nan=1.5)", "np.nan_to_num(x / 0, posinf=3, neginf=y)", "np.nan_to_num(c * np.nan)",
          "np.nan_to_num(i)", "np.nan_to_num(o.astype(np.float32))"),
]  # fmt: skip

CALCULUS = [
    *(_function(name) for name in ("exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh")),
    *(_function(name, "p") for name in ("sqrt", "log", "log2", "log10", "log1p")),
    *(_function(name, "p", complex_=False) for name in ("arcsin", "arccos", "arctan", "arctanh", "asin", "acos", "atan", "atanh")),
    *(_function(name, complex_=False) for name in ("arcsinh", "asinh")),
    *(_function(name, "p + 1", complex_=False) for name in ("arccosh", "acosh")),
    works("np.cbrt", "np.cbrt(x)", "np.cbrt(f)", "np.cbrt(i)"),
    *(_each(name, ("np.{0}(x, y)", "np.{0}(f, 2)", "np.{0}(i, j)", "np.{0}(f, x)")) for name in ("arctan2", "atan2", "hypot", "logaddexp", "logaddexp2")),
    *(_each(name, _REAL[:3]) for name in ("deg2rad", "rad2deg", "degrees", "radians")),
    _each("sinc", _REAL[:4], "np.sinc(0 * x)", "np.sinc(c)"),
    _each("i0", ("np.{0}(x)", "np.{0}(9 * x)", "np.{0}(f)", "np.{0}(i)")),
]  # fmt: skip

COMPARISONS = [
    *(_each(name, _ORDER) for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")),
    *(_each(name, _LOGIC) for name in ("logical_and", "logical_or", "logical_xor")),
    works("np.logical_not", "np.logical_not(b)", "np.logical_not(i)", "np.logical_not(o)", "np.logical_not(c)"),
    *(_each(name, _REAL, f"np.{name}(o)", f"np.{name}(x / 0)", f"np.{name}(c)") for name in ("isnan", "isinf", "isfinite")),
    *(_each(name, _REAL, f"np.{name}(x / 0)") for name in ("isposinf", "isneginf")),
    works("np.isclose", "np.isclose(x, x + 1e-9)", "np.isclose(f, f + 1)", "np.isclose(o, o, equal_nan=True)", "np.isclose(i, j, atol=2)",
          "np.isclose(x / 0, y / 0)", "np.isclose(c, c)"),
    works("np.allclose", "np.allclose(x, x + 1e-9)", "np.allclose(x, y)", "np.allclose(o, o)", "np.allclose(o, o, equal_nan=True)"),
    works("np.array_equal", "np.array_equal(x, x)", "np.array_equal(x, y)", "np.array_equal(x, v)", "np.array_equal(o, o, equal_nan=True)",
          "np.array_equal(o, o)"),
    works("np.array_equiv", "np.array_equiv(x, x)", "np.array_equiv(x, x[:1])", "np.array_equiv(x, v)", "np.array_equiv(i, 2)"),
    works("np.iscomplex", "np.iscomplex(c)", "np.iscomplex(x)"),
    works("np.isreal", "np.isreal(c)", "np.isreal(x)"),
    refuses("np.isnat", "np.isnat(x)"),
]  # fmt: skip

BITS = [
    *(_each(name, _BITS) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")),
    *(_each(name, ("np.{0}(i)", "np.{0}(q)", "np.{0}(u)", "np.{0}(b)")) for name in ("invert", "bitwise_not", "bitwise_invert")),
    *(_each(name, ("np.{0}(i, n)", "np.{0}(u, 3)", "np.{0}(q, 9)", "np.{0}(b, n)", "np.{0}(1, n)", "np.{0}(i, n + 60)"))
      for name in ("left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift")),
    works("np.bitwise_count", "np.bitwise_count(i)", "np.bitwise_count(u)", "np.bitwise_count(q)", "np.bitwise_count(b)"),
    works("np.packbits", "np.packbits(b)", "np.packbits(b, axis=1)", "np.packbits(i, axis=0, bitorder='little')", "np.packbits(u, axis=-1)"),
    works("np.unpackbits", "np.unpackbits(u)", "np.unpackbits(u, axis=1)", "np.unpackbits(u, axis=0, count=10)", "np.unpackbits(u, bitorder='little')",
          "np.unpackbits(u, axis=1, count=-3)"),
]  # fmt: skip

SECTIONS = {
    "Arithmetic": ARITHMETIC,
    "Rounding and floating-point parts": ROUNDING,
    "Functions of the calculus": CALCULUS,
    "Comparisons and logic": COMPARISONS,
    "Bits": BITS,
}
