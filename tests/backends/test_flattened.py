"""Results that are flattened at the end are computed in the shape they had before."""

import numpy as np
import pytest

import vtrace
from vtrace.backends.flattened import unflattened
from vtrace.ir.graph import Graph
from vtrace.ops.kernel import Kernel
from vtrace.ops.reshape import Reshape

RNG = np.random.default_rng(0)


def kernel_of(function: vtrace.Function, *arguments: object) -> Graph:
    (equation,) = function.inspect(*arguments).kernels.equations
    assert isinstance(equation.primitive, Kernel)
    return unflattened(equation.primitive.graph)


def test_the_reshape_is_gone() -> None:
    graph = kernel_of(vtrace.vmap(lambda x: np.sin(x).reshape(-1)), "f32[b,5,7]")
    assert str(graph.outputs[0].type) == "f32[b,5,7]"
    assert not any(isinstance(e.primitive, Reshape) for e in graph.equations)


def test_one_that_others_read_stays() -> None:
    def twice(x: object) -> object:
        flat = np.reshape(np.sin(x), -1)
        return flat, np.cumsum(flat)

    graph = kernel_of(vtrace.vmap(twice), "f64[b,2,3]")
    assert [str(a.type) for a in graph.outputs] == ["f64[b,2,3]", "f64[b,6]"]
    assert any(isinstance(e.primitive, Reshape) for e in graph.equations)


@pytest.mark.parametrize("text", ["f64[b]", "f64[b,4,1]", "f64[b,0,3]"])
def test_what_joins_nothing_stays(text: str) -> None:
    graph = kernel_of(vtrace.vmap(lambda x: (np.sin(x) + 1).reshape(-1, 1)), text)
    assert graph.outputs[0].type.shape[-1] == 1


@pytest.mark.parametrize("size", [0, 1, 5, 37])
def test_values(size: int) -> None:
    x, w = RNG.normal(size=(size, 3, 14, 17)).astype(np.float32), RNG.normal(size=3).astype(np.float32)

    def flat(x: np.ndarray) -> np.ndarray:
        return np.maximum(x * w[:, None, None], 0)[:, 1:, ::2].reshape(3, -1).reshape(-1)

    wanted = np.stack([flat(a) for a in x]) if size else np.zeros((0, 3 * 13 * 9), np.float32)
    np.testing.assert_array_equal(vtrace.vmap(flat)(x), wanted)


def test_the_line_of_a_bad_index() -> None:
    table = np.arange(6.0).reshape(2, 3)

    def flat(i: np.ndarray) -> np.ndarray:
        picked = vtrace.numpy.array(table)[i]
        return (picked + 1).reshape(-1)

    with pytest.raises(vtrace.IndexOutOfRangeError, match=r"index 7 .* batch element 1 .*test_flattened"):
        vtrace.vmap(flat)(np.array([[0, 1], [1, 7]]))
