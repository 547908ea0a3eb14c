"""Programs of complex and real arrays put together at random, against NumPy's loop over the examples."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.complexes.oracle import check, numbers

UNARY: dict[str, Any] = {
    "neg": np.negative, "conj": np.conj, "real": np.real, "imag": np.imag, "abs": np.abs, "square": np.square,
    "flip": lambda x: x[..., ::-1], "turn": lambda x: x * 1j, "sum": lambda x: x.sum(-1, keepdims=True) + x,
    "mean": lambda x: x - x.mean(0), "exp": lambda x: np.exp(x / (1 + np.abs(x))), "cumsum": lambda x: np.cumsum(x, 0),
    "first": lambda x: x[:1] + x, "set": lambda x: assigned(x), "dot": lambda x: x @ (x.T / 9) @ x,
    "fft": lambda x: np.fft.fft(x, axis=0), "sqrt": lambda x: np.sqrt(x + 2j),
}  # fmt: skip
BINARY: dict[str, Any] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": lambda x, y: x / (3 + np.abs(y)),
    "where": lambda x, y: np.where(x.real < y.real, x, y), "joined": lambda x, y: np.concatenate([x, y])[1:4],
    "join": lambda x, y: x.real + 1j * y.imag,
}  # fmt: skip


def assigned(x: Any) -> Any:
    y = x.copy()
    y[1:, 0] = x[0, 1]
    y[0] *= 2
    return y


STEPS = st.lists(
    st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5
)


@settings(max_examples=8, deadline=None)
@given(STEPS, st.sampled_from([np.complex64, np.complex128]), st.integers(1, 9))
def test_programs(steps: Any, dtype: Any, examples: int) -> None:
    def program(z: Any, x: Any) -> Any:
        values = [z, x]
        for name, first, second in steps:
            a, b = values[first % len(values)], values[second % len(values)]
            value = UNARY[name](a) if name in UNARY else BINARY[name](a, b)
            values.append(value / 4)
        return tuple(values[2:])

    z = numbers(dtype, examples, 3, 4)
    check(program, z, numbers(dtype, examples, 3, 4, seed=1).real.copy(), rtol=2e-3 if dtype == np.complex64 else 1e-9)
