"""`order="A"` and `"K"`: views are read in the order in which NumPy has them in memory."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.frontend.tracing import check, run
from vtrace import UsageError

VIEWS: list[Any] = [
    lambda x: x.T,
    lambda x: x.swapaxes(0, -1),
    lambda x: np.moveaxis(x, 0, 1) if x.ndim > 1 else x,
    lambda x: x[::-1],
    lambda x: x[..., 1:],
    lambda x: x[..., ::-2],
    lambda x: x[:, None],
    lambda x: x[0] if x.ndim > 1 else x,
    lambda x: x.reshape(x.shape[::-1]),
    lambda x: np.broadcast_to(x[..., :1], x.shape),
    lambda x: np.broadcast_to(x[..., None], (*x.shape, 2)) if x.ndim < 4 else x,
    lambda x: x.copy(),
]
READINGS: list[Any] = [
    *(lambda x, order=order: np.ravel(x, order) for order in "CFAK"),
    *(lambda x, order=order: x.flatten(order) for order in "CFAK"),
    *(lambda x, order=order: x.reshape(-1, order=order) for order in "CFA"),
]


def viewed(x: Any, views: list[int]) -> Any:
    for number in views:
        if x.ndim and x.size:
            x = VIEWS[number](x)
    return x


@given(
    st.sampled_from([(2, 3, 4), (3, 1, 2), (2, 1), (5,), (0, 2)]),
    st.booleans(),
    st.lists(st.integers(0, len(VIEWS) - 1), max_size=4),
)
def test_views_are_read_as_they_lie_in_memory(shape: tuple[int, ...], is_complex: bool, views: list[int]) -> None:
    def program(x: Any) -> Any:
        x = viewed(x * (1 + 2j) if is_complex else x, views)
        return [part(read(x)) for read in READINGS for part in (np.real, np.imag)]

    check(program, np.arange(float(np.prod(shape))).reshape(shape))


@pytest.mark.parametrize("order", "FAK")
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_what_is_read_is_a_view_where_it_is_one_in_numpy(order: str, axes: tuple[int, ...]) -> None:
    def assigned(x: Any) -> Any:
        x.transpose(axes).ravel(order)[3:7] = -1.0
        return x

    check(assigned, np.arange(24.0).reshape(2, 3, 4))


def test_there_is_no_order_k_of_reshape() -> None:
    for refuse in (lambda f, x: f(x), run):
        with pytest.raises(ValueError, match="order 'K' is not permitted for reshaping"):
            refuse(lambda x: x.reshape(-1, order="K"), np.ones((2, 3)))
    with pytest.raises(UsageError, match="order must be one of"):
        run(lambda x: x.ravel("B"), np.ones((2, 3)))
