"""`np.r_` and `np.c_` of traced arrays, against NumPy: results, shapes and dtypes."""

from typing import Any

import numpy as np
import pytest

import vtrace.numpy as vnp
from tests.frontend.tracing import check, run
from vtrace import UnsupportedError

V, W, M = np.array([1.5, -0.0, np.nan]), np.array([4, 5, 6], np.int32), np.arange(6.0, dtype=np.float32).reshape(3, 2)
KEYS: list[Any] = [
    lambda v, w, m: v,
    lambda v, w, m: (v, w),
    lambda v, w, m: (v, 0.0, w[0], 7),
    lambda v, w, m: (w, 1),
    lambda v, w, m: (w, True, [1, 2]),
    lambda v, w, m: (m[:, 0], 1.5),
    lambda v, w, m: (1, v, slice(0, 6, 2)),
    lambda v, w, m: (slice(-1, 1, 5j), m[0]),
    lambda v, w, m: ([v[0], 2.0], v[:0]),
    lambda v, w, m: (m, m),
    lambda v, w, m: (m, v),
    lambda v, w, m: (v, m, w),
    lambda v, w, m: ("1", m, m),
    lambda v, w, m: ("-1", m, m),
    lambda v, w, m: ("0,2", v, w),
    lambda v, w, m: ("0,2", v, slice(3)),
    lambda v, w, m: ("1,2,0", v, w, m),
    lambda v, w, m: ("0,3,-1", v, m),
    lambda v, w, m: ("0,3,0", v, w),
    lambda v, w, m: (1j, v),
    lambda v, w, m: (v, (w == 5) * 1j),
]


@pytest.mark.parametrize("joiner", ["r_", "c_"])
@pytest.mark.parametrize("number", range(len(KEYS)))
def test_as_numpy(number: int, joiner: str) -> None:
    def program(module: Any) -> Any:
        def joined(v: Any, w: Any, m: Any) -> Any:
            result = getattr(module, joiner)[KEYS[number](v, w, m)]
            return [result.real, result.imag, result.dtype == getattr(np, joiner)[KEYS[number](V, W, M)].dtype]

        return joined

    try:
        program(np)(V, W, M)
    except ValueError:  # shapes that do not fit
        with pytest.raises(ValueError, match=r"arrays need one number of|shapes must agree"):
            run(program(vnp), V, W, M)
    else:
        check(program(vnp), V, W, M)


def test_no_matrices() -> None:
    with pytest.raises(UnsupportedError, match="'c' asks for a matrix"):
        run(lambda v: vnp.r_["c", v], V)
