"""Products, linear algebra, Fourier transforms, polynomials, complex parts, functions of functions, questions about types."""

from tests.coverage.entry import refuses, works

_REAL = "complex matrices are refused"

PRODUCTS = [
    works("np.dot", "np.dot(v, w)", "np.dot(a, h)", "np.dot(a, x)", "np.dot(2, v)", "np.dot(i, x.T)", "np.dot(c, x.T)", "np.dot(b, d.T)"),
    works("np.matmul", "np.matmul(a, x)", "a @ v[:3]; np.matmul(v[:3], a)", "np.matmul(i, j.T)", "np.matmul(x[None], x.T)", "np.matmul(f, x.T)"),
    works("np.matvec", "np.matvec(a, v[:3])", "np.matvec(c, x[0])"),
    works("np.vecmat", "np.vecmat(v[:3], a)", "np.vecmat(c[:, 0], x)"),
    works("np.vecdot", "np.vecdot(x, y)", "np.vecdot(c, y)", "np.vecdot(x, y, axis=0)"),
    works("np.vdot", "np.vdot(v, w)", "np.vdot(c, x)", "np.vdot(x, y)"),
    works("np.inner", "np.inner(v, w)", "np.inner(x, y)", "np.inner(2, x)"),
    works("np.outer", "np.outer(v, w)", "np.outer(x, i)", "np.outer(r, v)"),
    works("np.kron", "np.kron(v, w)", "np.kron(a, g)", "np.kron(x, v)"),
    works("np.cross", "np.cross(v[:3], w[:3])", "np.cross(x, y, axis=0)", "np.cross(a, v[:3])", "np.cross(x, v[:3], axisa=0)", limits="vectors of three elements", refused="np.cross(v[:2], w[:2])"),
    works("np.tensordot", "np.tensordot(x, y)", "np.tensordot(a, x, 1)", "np.tensordot(x, y, ((1,), (1,)))", "np.tensordot(v, w, 0)"),
    works("np.einsum", "np.einsum('ij,ij->i', x, y)", "np.einsum('ij,jk', a, x)", "np.einsum('ii', a)", "np.einsum('...i->...', x)", "np.einsum('ij->ji', c)", "np.einsum('i,j', v, k)"),
    works("np.einsum_path", "np.array(np.einsum_path('ij,jk,kl', a, x, y.T)[0][1])"),
    works("np.trace", "np.trace(a)", "np.trace(x, 1)", "np.trace(x[None], 0, 1, 2)", "np.trace(q)"),
]  # fmt: skip


def _linalg(name, *calls, **more):
    return works(f"np.linalg.{name}", *calls, **{"tol": 1e-9, **more})


LINALG = [
    _linalg("inv", "np.linalg.inv(a)", "np.linalg.inv(h[None])", limits=_REAL, refused="np.linalg.inv(a + 0j)"),
    _linalg("solve", "np.linalg.solve(a, v[:3])", "np.linalg.solve(a, x)", "np.linalg.solve(h, np.eye(3))", limits=_REAL, refused="np.linalg.solve(a + 0j, x)"),
    _linalg("det", "np.linalg.det(a)", "np.linalg.det(h[None])", limits=_REAL, refused="np.linalg.det(a + 0j)"),
    _linalg("slogdet", *(f"np.linalg.slogdet(a)[{n}]" for n in (0, 1)), limits=_REAL, refused="np.linalg.slogdet(a + 0j)"),
    _linalg("cholesky", "np.linalg.cholesky(h)", "np.linalg.cholesky(h, upper=True)", limits=_REAL, refused="np.linalg.cholesky(h + 0j)"),
    _linalg("qr", "np.abs(np.linalg.qr(a)[0])", "np.abs(np.linalg.qr(a, 'r'))", "np.abs(np.linalg.qr(x, mode='complete')[1])", limits=f"`mode='raw'` and {_REAL}", refused=("np.linalg.qr(a, 'raw')", "np.linalg.qr(a + 0j)")),
    _linalg("eigh", "np.linalg.eigh(h)[0]", "np.abs(np.linalg.eigh(h)[1])", limits=_REAL, refused="np.linalg.eigh(h + 0j)"),
    _linalg("eigvalsh", "np.linalg.eigvalsh(h)", "np.linalg.eigvalsh(a, 'U')", limits=_REAL, refused="np.linalg.eigvalsh(h + 0j)"),
    _linalg("svd", "np.linalg.svd(a)[1]", "np.abs(np.linalg.svd(x, full_matrices=False)[2])", "np.linalg.svd(x, compute_uv=False)", limits=_REAL, refused="np.linalg.svd(c)"),
    _linalg("svdvals", "np.linalg.svdvals(x)", "np.linalg.svdvals(g)", limits=_REAL, refused="np.linalg.svdvals(c)"),
    _linalg("lstsq", "np.linalg.lstsq(g, v[:3])[0]", "np.linalg.lstsq(x, a)[0]", "np.linalg.lstsq(g, a)[1]", "np.linalg.lstsq(g, v[:3])[2]", "np.linalg.lstsq(x, a)[1]", "np.linalg.lstsq(g, v[:3])[3]",
            "np.linalg.lstsq(np.stack([v, v], 1), w)[0]", "np.linalg.lstsq(np.stack([v, v], 1), w)[2]",
            limits="the residuals of a matrix of less than full rank are those of the solution, where NumPy's are empty; complex matrices are refused", refused="np.linalg.lstsq(c, a)"),
    _linalg("pinv", "np.linalg.pinv(x)", "np.linalg.pinv(g)", "np.linalg.pinv(h, hermitian=True)", "np.linalg.pinv(x, 0.5)", "np.linalg.pinv(np.stack([g, g]))", "np.linalg.pinv(np.stack([v, v]), rtol=None)", limits=_REAL, refused="np.linalg.pinv(c)"),
    _linalg("matrix_rank", "np.linalg.matrix_rank(x)", "np.linalg.matrix_rank(np.stack([v, 2 * v]))", "np.linalg.matrix_rank(v)", "np.linalg.matrix_rank(h, hermitian=True)", "np.linalg.matrix_rank(x, 2.0)", limits=_REAL, refused="np.linalg.matrix_rank(c)"),
    _linalg("cond", "np.linalg.cond(x)", "np.linalg.cond(a, 1)", "np.linalg.cond(a, 'fro')", "np.linalg.cond(a, -2)", "np.linalg.cond(a, np.inf)",
            limits="a singular matrix is a LinAlgError for norms other than 2 and -2, where NumPy gives infinity; complex matrices are refused", refused="np.linalg.cond(c)"),
    _linalg("norm", "np.linalg.norm(x)", "np.linalg.norm(v, 1)", "np.linalg.norm(x, axis=1)", "np.linalg.norm(x, 2)", "np.linalg.norm(x, 'nuc')", "np.linalg.norm(x, np.inf, axis=0)", "np.linalg.norm(c)", "np.linalg.norm(x, -1, keepdims=True)",
            "np.linalg.norm(v, 0)", "np.linalg.norm(v, 3)", "np.linalg.norm(i, 'fro')"),
    _linalg("matrix_norm", "np.linalg.matrix_norm(x)", "np.linalg.matrix_norm(x, ord=1)"),
    _linalg("vector_norm", "np.linalg.vector_norm(x)", "np.linalg.vector_norm(x, axis=0, ord=1)"),
    _linalg("matrix_power", "np.linalg.matrix_power(a, 3)", "np.linalg.matrix_power(a, -2)", "np.linalg.matrix_power(a, 0)", "np.linalg.matrix_power(i[:, :3], 2)", limits="the exponent is a Python integer", refused="np.linalg.matrix_power(a, l)"),
    _linalg("multi_dot", "np.linalg.multi_dot([a, x, y.T])", "np.linalg.multi_dot([v[:3], a, x])", "np.linalg.multi_dot([v[:3], a, h, w[:3]])"),
    _linalg("tensorinv", "np.linalg.tensorinv(np.reshape(np.kron(a, np.eye(2)), (3, 2, 6)))", "np.linalg.tensorinv(a, ind=1)", limits=_REAL, refused="np.linalg.tensorinv(a + 0j, 1)"),
    _linalg("tensorsolve", "np.linalg.tensorsolve(np.reshape(np.kron(a, np.eye(2)), (3, 2, 6)), g)", "np.linalg.tensorsolve(a, v[:3])", limits=_REAL, refused="np.linalg.tensorsolve(a + 0j, v[:3])"),
    _linalg("cross", "np.linalg.cross(v[:3], w[:3])"),
    _linalg("diagonal", "np.linalg.diagonal(x)", "np.linalg.diagonal(x, offset=1)"),
    _linalg("trace", "np.linalg.trace(a)", "np.linalg.trace(x, offset=1)"),
    _linalg("outer", "np.linalg.outer(v, w)"),
    _linalg("matmul", "np.linalg.matmul(a, x)"),
    _linalg("matrix_transpose", "np.linalg.matrix_transpose(x)"),
    _linalg("vecdot", "np.linalg.vecdot(x, y)", "np.linalg.vecdot(x, y, axis=0)"),
    _linalg("tensordot", "np.linalg.tensordot(x, y)", "np.linalg.tensordot(a, x, axes=1)"),
    refuses("np.linalg.eig", "np.linalg.eig(a)"),
    refuses("np.linalg.eigvals", "np.linalg.eigvals(a)"),
]  # fmt: skip

FOURIER = [
    *(works(f"np.fft.{name}", f"np.fft.{name}(v)", f"np.fft.{name}(x, 6, axis=0)", f"np.fft.{name}(c)", f"np.fft.{name}(v, norm='ortho')") for name in ("fft", "ifft", "hfft", "irfft")),
    *(works(f"np.fft.{name}", f"np.fft.{name}(v)", f"np.fft.{name}(x, 6, axis=0)", f"np.fft.{name}(f)") for name in ("rfft", "ihfft")),
    *(works(f"np.fft.{name}", f"np.fft.{name}(x)", f"np.fft.{name}(x, (4, 4))") for name in ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")),
    *(works(f"np.fft.{name}", f"np.fft.{name}(x)", f"np.fft.{name}(v, axes=0)") for name in ("fftshift", "ifftshift")),
    *(works(f"np.fft.{name}", f"np.fft.{name}(5) + r[..., None]", f"np.fft.{name}(4, 0.5)[:2] * r[..., None]", limits="`n` is a Python integer") for name in ("fftfreq", "rfftfreq")),
]  # fmt: skip

POLYNOMIALS = [
    works("np.polyval", "np.polyval(v, x)", "np.polyval([1, 2, 3], i)", "np.polyval(v, 2)", "np.polyval(v, c)"),
    *(works(f"np.{name}", f"np.{name}(v, w)", f"np.{name}(v, w[:2])", f"np.{name}(k[:3], v)", f"np.{name}(1, v)") for name in ("polyadd", "polysub")),
    works("np.polyder", "np.polyder(v)", "np.polyder(v, 2)", "np.polyder(k)", "np.polyder(v, 5)"),
    works("np.polyint", "np.polyint(v)", "np.polyint(v, 2, [r, 3.0])", "np.polyint(k, k=1)"),
    works("np.polyfit", "np.polyfit(v, w, 2)", "np.polyfit(t, x.T[0, :1] * v, 1)", "np.polyfit(v, np.stack([w, t], 1), 3)", "np.polyfit(v, w, 1, w=np.abs(t))", limits="neither `full=` nor `cov=`, and no warning of a poor rank", refused="np.polyfit(v, w, 2, full=True)", tol=1e-8),
    works("np.poly", "np.poly(v)", "np.poly(k)", limits="of real roots", refused=("np.poly(a)", "np.poly(c[0])")),
    *(refuses(f"np.{name}", f"np.{name}(v, w)") for name in ("polymul", "polydiv")),
    refuses("np.roots", "np.roots(v)"),
    refuses("np.poly1d", "np.poly1d(v)"),
]  # fmt: skip

COMPLEX = [
    works("np.real", "np.real(c)", "np.real(x)"),
    works("np.imag", "np.imag(c)", "np.imag(x)", "np.imag(i)"),
    works("np.angle", "np.angle(c)", "np.angle(x)", "np.angle(c, deg=True)", "np.angle(f)"),
    works("np.real_if_close", "np.real_if_close(x)", limits="complex numbers are refused", refused="np.real_if_close(c)"),
]  # fmt: skip

FUNCTIONAL = [
    works("np.apply_along_axis", "np.apply_along_axis(np.sum, 0, x)", "np.apply_along_axis(np.sort, 1, x)", "np.apply_along_axis(lambda z: np.outer(z, z), 0, x)", "np.apply_along_axis(np.polyval, 1, x, 2.0)",
          limits="the rows are unrolled; `vtrace.vmap` of the function makes a loop of them"),
    works("np.apply_over_axes", "np.apply_over_axes(np.sum, x, [0, 1])", "np.apply_over_axes(np.max, x, 1)"),
    refuses("np.vectorize", "np.vectorize(lambda z: z + 1)(x)"),
    refuses("np.frompyfunc", "np.frompyfunc(lambda z: z + 1, 1, 1)(x)"),
    refuses("np.ndenumerate", "list(np.ndenumerate(x))"),
    refuses("np.broadcast", "np.broadcast(x, y)"),
    works("np.ndindex", "np.stack([x[at] for at in np.ndindex(2, 2)])", "np.stack([x[at] for at in np.ndindex(x.shape)])"),
]  # fmt: skip

TYPES = [
    works("np.shape", "np.array(np.shape(x))", "np.zeros(np.shape(r)) + r"),
    works("np.ndim", "np.ndim(x)", "np.ndim(r)"),
    works("np.size", "np.size(x)", "np.size(x, 1)", "np.size(x, (0, 1))"),
    works("np.result_type", "np.zeros(2, np.result_type(x, i))", "np.zeros(2, np.result_type(f, 1.0))", "np.zeros(2, np.result_type(u, q))"),
    works("np.can_cast", "np.can_cast(x.dtype, np.float32)", "np.can_cast(i.dtype, float)", limits="of dtypes, as in NumPy"),
    works("np.promote_types", "np.zeros(2, np.promote_types(f.dtype, i.dtype))"),
    works("np.common_type", "np.zeros(2, np.common_type(x, i))", "np.zeros(2, np.common_type(f, f))", "np.zeros(2, np.common_type(c, f))"),
    works("np.isdtype", "np.isdtype(x.dtype, 'real floating')"),
    works("np.issubdtype", "np.issubdtype(x.dtype, np.floating)", "np.issubdtype(i.dtype, np.floating)"),
    works("np.iscomplexobj", "np.iscomplexobj(c)", "np.iscomplexobj(x)"),
    works("np.isrealobj", "np.isrealobj(c)", "np.isrealobj(x)"),
    works("np.iterable", "np.iterable(x)"),
    works("np.isscalar", "np.isscalar(x)", "np.isscalar(2)"),
    refuses("np.isfortran", "np.isfortran(x)"),
    refuses("np.min_scalar_type", "np.min_scalar_type(x)"),
    refuses("np.shares_memory", "np.shares_memory(x, y)"),
    refuses("np.may_share_memory", "np.may_share_memory(x, y)"),
    *(refuses(f"np.{name}", f"np.{name}(x)") for name in ("array_repr", "array_str", "array2string")),
]  # fmt: skip

SECTIONS = {
    "Products": PRODUCTS,
    "Linear algebra": LINALG,
    "Fourier transforms": FOURIER,
    "Polynomials": POLYNOMIALS,
    "Complex parts": COMPLEX,
    "Functions of functions": FUNCTIONAL,
    "Questions about types": TYPES,
}
