"""How near a factorisation must be to LAPACK's: as near as the condition of its matrix allows.

Every bound is a modest multiple of n units in the last place of the largest element, times what the theory says that a
change of the operands by one unit may be magnified by. It is measured in float64 for each matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vtrace.ir.primitive import Primitive
from vtrace.ir.types import Array, type_of
from vtrace.ops.linalg.complex_matrix import ComplexMatrix, joined

FACTOR = 8.0
"""How many times the first-order bound an error may be."""


@dataclass(frozen=True)
class Bound:
    """For one result: the largest error of each element, and the axis along which elements share a free sign."""

    slack: Array
    signs: int | None = None


def bounds(primitive: Primitive, operands: Sequence[Array], results: Sequence[Array]) -> list[Bound] | None:
    """How far from `results` other good ones may be; None where the primitive is not about matrices."""
    if isinstance(primitive, ComplexMatrix):
        return _of_parts(primitive, operands, results)
    rule = _RULES.get(primitive.name)
    if rule is None:
        return None
    return [_bound(result, scale) for result, scale in zip(results, rule(operands, results), strict=True)]


def _of_parts(primitive: ComplexMatrix, operands: Sequence[Array], results: Sequence[Array]) -> list[Bound]:
    """Both parts of a complex result may be wrong by as much; vectors have any phase, so other tests look at them."""
    rest = iter(results)
    pairs = primitive.is_complex([type_of(x) for x in operands])
    wholes = [joined(next(rest), next(rest)) if two else next(rest) for two in pairs]
    scales = _RULES[primitive.primitive.name](list(map(joined, operands[::2], operands[1::2])), wholes)
    found = []
    for whole, two, (magnified, signs) in zip(wholes, pairs, scales, strict=True):
        part = whole.real if two else whole
        found += [_bound(part, (magnified if signs is None else np.inf, None))] * (1 + two)
    return found


def _bound(result: Array, scale: "tuple[Array | float, int | None]") -> Bound:
    magnified, signs = scale
    if result.dtype.kind != "f":
        return Bound(np.zeros(result.shape), signs)
    rows = max(result.shape, default=1)
    unit = FACTOR * max(rows, 1) * np.finfo(result.dtype).eps
    return Bound(np.broadcast_to(np.asarray(unit * np.asarray(magnified)), result.shape), signs)


def _size(x: Array) -> float:
    return float(np.max(np.abs(x), initial=0))


def _condition(x: Array) -> float:
    return float(np.linalg.cond(_wide(x))) if x.size else 1.0


def _wide(x: Array) -> Array:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


def _solved(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    a = operands[0]
    return [(_condition(a) * _size(results[0]), None)]


def _lu(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    """Element k of L and U comes from the first k rows and columns in their final order."""
    rows = np.arange(len(operands[0]))
    for k, pivot in enumerate(results[1]):
        rows[[k, pivot]] = rows[[pivot, k]]
    ordered = _wide(operands[0][rows])
    worst = max((_condition(ordered[:k, :k]) for k in range(1, len(results[1]) + 1)), default=1.0)
    return [(worst * max(_size(results[0]), 1), None), (0.0, None)]


def _triangular(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    return [(_condition(operands[0]) * _size(results[0]) * max(len(operands[0]), 1), None)]


def _det(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    n = len(operands[0])
    return [(_condition(operands[0]) * n * _size(results[0]), None)]


def _slogdet(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    n = len(operands[0])
    turned = _condition(operands[0]) * n if operands[0].dtype.kind == "c" else 0.0
    return [(turned, None), (_condition(operands[0]) * n + _size(results[1]), None)]


def _qr(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    (x,) = operands
    condition = _condition(x[:, : min(x.shape)])
    scales: list[tuple[Array | float, int | None]] = [(condition, None), (condition * _size(x), None)]
    return scales[-len(results) :]


def _near(values: Array, size: float, other: float | None = None) -> Array:
    """By what a change of the matrix is magnified in the vector of each value: that grows as another one is nearer."""
    away = np.abs(values[:, None] - values[None, :]).astype(np.float64)
    np.fill_diagonal(away, np.inf)
    nearest = np.min(away, axis=1, initial=np.inf)
    if other is not None:
        nearest = np.minimum(nearest, np.abs(values - other))
    return np.asarray(1 + size / nearest)


def _eigh(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    values, size = results[0], _size(results[0])
    return [(size, None), (_near(values, size), 0)][: len(results)]


def _svd(operands: Sequence[Array], results: Sequence[Array]) -> "list[tuple[Array | float, int | None]]":
    if len(results) == 1:
        return [(_size(results[0]), None)]
    u, s, vh = results
    rectangular = u.shape[0] != vh.shape[1]
    near = _near(s, _size(s), 0.0 if rectangular else None)
    free = [np.full(n, np.inf) for n in (u.shape[1] - len(s), vh.shape[0] - len(s))]  # any basis of what is left
    left, right = (np.concatenate([near, rest]) for rest in free)
    return [(left, 0), (_size(s), None), (right[:, None], 1)]


_RULES = {
    "qr": _qr,
    "eigh": _eigh,
    "eigvalsh": _eigh,
    "svd": _svd,
    "svdvals": _svd,
    "inverse": _solved,
    "solve": _solved,
    "cholesky": _solved,
    "triangular_solve": _triangular,
    "lu": _lu,
    "det": _det,
    "slogdet": _slogdet,
}
