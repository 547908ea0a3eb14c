"""Reductions, running sums, statistics."""

from tests.coverage.entry import works

_ANY = ("np.{0}(x)", "np.{0}(x, axis=0)", "np.{0}(f, axis=(0, 1))", "np.{0}(x, -1, keepdims=True)")
_WHOLE = ("np.{0}(i, axis=1)", "np.{0}(q)", "np.{0}(u, axis=0)", "np.{0}(b)")


def _each(name, *further, templates=_ANY + _WHOLE, **more):
    return works(f"np.{name}", *(t.format(name) for t in templates), *further, **more)


_NO_OUT = "`out=` and `where=` are refused"


def _no_out(name):
    return {
        "limits": "`where=` is refused: use np.where(mask, x, neutral)",
        "refused": f"np.{name}(x, where=b)",
    }


_ALL_NAN = "a row of NaNs alone gives position 0, where NumPy raises an error"

SUMS = [
    *(_each(name, f"np.{name}(x, dtype=np.float32)", f"np.{name}(q, dtype=np.int8)", f"np.{name}(x, axis=1, initial=2)", f"np.{name}(c)", **_no_out(name))
      for name in ("sum", "prod")),
    _each("mean", "np.mean(c, axis=0)", "np.mean(i, dtype=np.float32)", "np.mean(x[:0], axis=1)", **_no_out("mean")),
    _each("std", "np.std(x, ddof=1)", "np.std(c, axis=1)", "np.std(x, axis=0, mean=x.mean(axis=0, keepdims=True))", **_no_out("std")),
    _each("var", "np.var(x, axis=0, ddof=1)", "np.var(c)", "np.var(x, correction=1)", **_no_out("var")),
    *(_each(name, f"np.{name}(o, axis=0)", f"np.{name}(x, initial=0)", f"np.{name}(x, 1, initial=y[0, 0])", **_no_out(name)) for name in ("max", "min", "amax", "amin")),
    _each("ptp", templates=(*_ANY, "np.{0}(i, axis=1)", "np.{0}(q)")),
    *(_each(name, templates=(*_ANY, "np.{0}(o)", "np.{0}(i)", "np.{0}(b, axis=1)"), **_no_out(name)) for name in ("all", "any")),
    _each("count_nonzero", templates=("np.{0}(b)", "np.{0}(i, axis=0)", "np.{0}(o, axis=1, keepdims=True)")),
    *(works(f"np.{name}", f"np.{name}(x)", f"np.{name}(o, axis=0)", f"np.{name}(i, axis=1, keepdims=True)", f"np.{name}(b, axis=0)", f"np.{name}(f)") for name in ("argmax", "argmin")),
]  # fmt: skip

WITHOUT_NAN = [
    *(_each(name, f"np.{name}(o, axis=0)", f"np.{name}(o, 1, keepdims=True)", f"np.{name}(c * np.nan)", f"np.{name}(o, initial=2)") for name in ("nansum", "nanprod")),
    *(_each(name, f"np.{name}(o, axis=0)", f"np.{name}(o, 1, keepdims=True)", f"np.{name}(o * np.nan, axis=1)") for name in ("nanmean", "nanstd", "nanvar")),
    *(_each(name, f"np.{name}(o, axis=0)", f"np.{name}(o, 1, keepdims=True)", f"np.{name}(o * np.nan, axis=1)", f"np.{name}(o, initial=0.5)") for name in ("nanmax", "nanmin")),
    *(works(f"np.{name}", f"np.{name}(o)", f"np.{name}(o, axis=0)", f"np.{name}(i, axis=1, keepdims=True)", f"np.{name}(o.astype(np.float32), 1)",
            limits=_ALL_NAN) for name in ("nanargmax", "nanargmin")),
    *(works(f"np.{name}", f"np.{name}(o)", f"np.{name}(o, axis=0)", f"np.{name}(i, axis=1)", f"np.{name}(f, dtype=np.float64)", f"np.{name}(c * np.nan)") for name in ("nancumsum", "nancumprod")),
    _each("nanmedian", "np.nanmedian(o, axis=0)", "np.nanmedian(o, axis=1, keepdims=True)", templates=_ANY[:2]),
    *(_each(name, *(f"np.{name}({a})" for a in (f"o, {q}", f"o, {q}, axis=0", f"x, [{q}, {q} / 2], axis=1, keepdims=True", f"f, {q}, method='midpoint'")), templates=())
      for name, q in (("nanquantile", 0.3), ("nanpercentile", 30), ("quantile", 0.3), ("percentile", 30))),
]  # fmt: skip

RUNNING = [
    *(works(f"np.{name}", f"np.{name}(x)", f"np.{name}(x, axis=1)", f"np.{name}(i, 0)", f"np.{name}(u)", f"np.{name}(f, dtype=np.float64)", f"np.{name}(b, axis=1)", f"np.{name}(c, axis=1)")
      for name in ("cumsum", "cumprod")),
    *(works(f"np.{name}", f"np.{name}(v)", f"np.{name}(x, axis=1)", f"np.{name}(i, axis=0, include_initial=True)", f"np.{name}(f, axis=-1, dtype=np.float64)")
      for name in ("cumulative_sum", "cumulative_prod")),
    works("np.diff", "np.diff(x)", "np.diff(i, axis=0)", "np.diff(x, 2)", "np.diff(b)", "np.diff(x, prepend=0)", "np.diff(x, append=y[:, :2])", "np.diff(v, prepend=r, append=1)", "np.diff(u)"),
    works("np.ediff1d", "np.ediff1d(v)", "np.ediff1d(x)", "np.ediff1d(i, to_begin=-9)", "np.ediff1d(v, to_end=[1.0, 2.0], to_begin=r)", "np.ediff1d(u)"),
    works("np.gradient", "np.gradient(v)", "np.gradient(v, 0.5)", "np.gradient(v, t)", "np.gradient(x)[0]", "np.gradient(x)[1]", "np.gradient(x, axis=1)", "np.gradient(x, 2.0, 0.5)[1]",
          "np.gradient(x, edge_order=2)[0]", "np.gradient(v, t, edge_order=2)", "np.gradient(f, axis=0)", "np.gradient(i, axis=1)", "np.gradient(c, axis=1)"),
    works("np.trapezoid", "np.trapezoid(v)", "np.trapezoid(x, axis=0)", "np.trapezoid(v, t)", "np.trapezoid(x, y)", "np.trapezoid(x, dx=0.5)", "np.trapezoid(i)", "np.trapezoid(x, [0, 1, 3, 4])", "np.trapezoid(f)"),
    works("np.unwrap", "np.unwrap(5 * v)", "np.unwrap(5 * x, axis=0)", "np.unwrap(n * 3, period=4)", "np.unwrap(5 * v, discont=4)", "np.unwrap(9 * f)"),
    works("np.interp", "np.interp(x, t, v)", "np.interp(r, t, v, left=-1, right=9)", "np.interp(v, [0.0, 1.0, 2.0], [1.0, -1.0, 3.0])", "np.interp(v, t, w, period=1.5)", "np.interp(i, t, v)"),
]  # fmt: skip

STATISTICS = [
    works("np.average", "np.average(x)", "np.average(x, axis=0)", "np.average(i, axis=1, weights=[1, 2, 3, 4])", "np.average(x, weights=p)", "np.average(f, 1, weights=p.astype(np.float32))",
          "np.average(f, 1, weights=n)", "np.average(i, weights=n)", "np.average(x, axis=(0, 1), weights=p)", "np.average(x, axis=1, weights=p, keepdims=True)", "np.average(x, weights=p, returned=True)[1]",
          "np.average(x, axis=0, returned=True)[1]", limits="weights whose sum is zero give NaN or infinity, where NumPy raises an error"),
    works("np.median", "np.median(x)", "np.median(x, axis=0)", "np.median(i, axis=1, keepdims=True)", "np.median(o)", "np.median(f, axis=(0, 1))", "np.median(u)", "np.median(b)"),
    works("np.cov", "np.cov(x)", "np.cov(x, rowvar=False)", "np.cov(v, w)", "np.cov(x, y)", "np.cov(f)", "np.cov(x, bias=True)", "np.cov(v)", "np.cov(x, fweights=[1, 2, 1, 3])",
          "np.cov(x, aweights=[1.0, 2.0, 1.0, 3.0])", "np.cov(x, ddof=0, aweights=p[0], fweights=[2, 2, 1, 1])", "np.cov(f, dtype=np.float32)", "np.cov(c)", "np.cov(i)", "np.cov(v, w, rowvar=False)"),
    works("np.corrcoef", "np.corrcoef(x)", "np.corrcoef(v, w)", "np.corrcoef(x, rowvar=False)", "np.corrcoef(f)", "np.corrcoef(c)", "np.corrcoef(v)", "np.corrcoef(i, dtype=np.float32)", tol=1e-6),
    *(works(f"np.{name}", f"np.{name}(v, w)", f"np.{name}(v, w[:3], 'full')", f"np.{name}(v, [1, 2], 'same')", f"np.{name}(k, k, 'valid')", f"np.{name}(c[0], w)") for name in ("convolve", "correlate")),
    works("np.histogram", "np.histogram(v, 4)[0]", "np.histogram(v, 4)[1]", "np.histogram(x, 3, range=(-1, 1))[0]", "np.histogram(v, t)[0]", "np.histogram(x, 3, density=True)[0]", "np.histogram(v, [-1, 0, 2], weights=w)[0]",
          limits="`bins` is a number or an array of edges", refused="np.histogram(v, 'auto')"),
    works("np.histogram_bin_edges", "np.histogram_bin_edges(v, 4)", "np.histogram_bin_edges(x, 3, (-1, 1))", "np.histogram_bin_edges(v, t)", "np.histogram_bin_edges(f, 5)",
          limits="`bins` is a number or an array of edges", refused="np.histogram_bin_edges(v, 'auto')"),
    works("np.histogramdd", "np.histogramdd(x[:, :2], 3)[0]", "np.histogramdd(x[:, :2], 3)[1][1]", "np.histogramdd(x, (2, 3, 2, 2), range=[(-2, 2)] * 4)[0]", "np.histogramdd(x[:, :1], [t], density=True)[0]",
          "np.histogramdd((v, w), 2, weights=t)[0]"),
    works("np.histogram2d", *(f"np.histogram2d(v, w, 3)[{n}]" for n in range(3)), "np.histogram2d(v, w, [2, 3], [[-1, 1], [-2, 2]])[0]", "np.histogram2d(v, w, t)[0]", "np.histogram2d(v, w, 2, density=True, weights=t)[0]"),
    works("np.bincount", "np.bincount(k, minlength=3)", "np.bincount(k, weights=v, minlength=4)", refused="np.bincount(k)", limits="needs `minlength=`, which is the length of the result; a larger value is an IndexError"),
    works("np.digitize", "np.digitize(x, [-1.0, 0.0, 1.0])", "np.digitize(x, t)", "np.digitize(i, [3, 1, -2])", "np.digitize(i, [0, 2], right=True)"),
]  # fmt: skip

SECTIONS = {
    "Sums, means, extrema": SUMS,
    "Leaving NaN out": WITHOUT_NAN,
    "Running sums and differences": RUNNING,
    "Statistics": STATISTICS,
}
