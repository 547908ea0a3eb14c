"""What the generated matrix cannot see of movement, indexing and reductions: reads in bounds, untouched indices,
special values, error types."""

import itertools

import numpy as np
import pytest

from tests.ops.scalar_emitter import CheckedRead, ScalarEmitter, compute
from vtrace.errors import IndexOutOfRangeError, ShapeError
from vtrace.ir.builder import Builder
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import INT64, ArrayType, Symbol, type_of
from vtrace.ops.argreduce import ArgMax, ArgMin
from vtrace.ops.indexing import DynamicSlice, DynamicUpdateSlice, Gather, TakeAlong
from vtrace.ops.movement import Broadcast, Concatenate, Iota, Pad, Reshape, Reverse, Slice, Transpose
from vtrace.ops.reduction import ReduceAnd, ReduceMax, ReduceMin, ReduceOr, ReduceProd, ReduceSum
from vtrace.ops.reshape import axis_groups
from vtrace.ops.samples import array
from vtrace.ops.scan import CumMax, CumMin, CumProd, CumSum
from vtrace.passes.batching import batch

MOVEMENT = (Broadcast, Reshape, Transpose, Slice, Concatenate, Pad, Iota, Reverse)
INDEXING = (Gather, TakeAlong, DynamicSlice, DynamicUpdateSlice)
REDUCTION = (ReduceSum, ReduceProd, ReduceMax, ReduceMin, ReduceAnd, ReduceOr, ArgMax, ArgMin)
SCAN = (CumSum, CumProd, CumMax, CumMin)
EXAMPLES = [
    pytest.param(e, id=f"{e.primitive}({','.join(map(str, e.types))})")
    for cls in MOVEMENT + INDEXING + REDUCTION
    for e in cls.examples()
]
B = Symbol("b")


def draw(example, shapes, seed):
    rng = np.random.default_rng(seed)
    for t, shape in zip(example.types, shapes, strict=True):
        if t.dtype.kind == "b":
            yield rng.integers(0, 2, shape).astype(bool)
        elif t.dtype.kind == "f":
            yield rng.uniform(example.low, example.high, shape).astype(t.dtype)
        else:
            low = 0 if t.dtype.kind == "u" else int(example.low)
            yield rng.integers(low, int(example.high), shape).astype(t.dtype)


@pytest.mark.parametrize("example", EXAMPLES)
def test_element_reads_in_bounds_and_agrees_with_numpy(example):
    for seed in range(3):
        arrays = tuple(draw(example, [t.shape for t in example.types], seed))
        wanted = example.primitive.evaluate(*arrays)
        assert example.primitive.infer(*example.types) == type_of(wanted)
        np.testing.assert_allclose(compute(example.primitive, *arrays, seed=seed), wanted, rtol=1e-5)


def graph_of(example):
    builder = Builder()
    inputs = [builder.input(t, f"x{i}") for i, t in enumerate(example.types)]
    return builder.build([builder.emit(example.primitive, *inputs)])


def batched_graph(example, in_axes, size):
    return batch(graph_of(example), in_axes, size, [0])


def in_axes_of(types):
    choices = [(None, *range(min(t.rank, 2) + 1)) for t in types]
    return [axes for axes in itertools.product(*choices) if any(a is not None for a in axes)]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.values[0].types])
def test_batching_twice_equals_two_loops(example):
    """An inner static batch of 2, then an outer symbolic one of 3: the inner rule's result is batched again."""
    example_graph = graph_of(example)
    for inner, outer in zip(in_axes_of(example.types), reversed(in_axes_of(example.types)), strict=True):
        once = batch(example_graph, inner, 2, [0])
        twice = batch(once, outer, B, [0])
        arrays = list(draw(example, [t.bind({B: 3}).shape for t in twice.input_types], 0))
        (got,) = evaluate(twice, *arrays, sizes={B: 3})

        def part(x, axis, i):
            return x if axis is None else np.take(x, i, axis)

        wanted = [
            [
                example.primitive.evaluate(
                    *(part(part(x, o, i), n, j) for x, o, n in zip(arrays, outer, inner, strict=True))
                )
                for j in range(2)
            ]
            for i in range(3)
        ]
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.values[0].types])
def test_elements_of_batched_primitives_read_in_bounds(example):
    for in_axes in in_axes_of(example.types):
        graph = batched_graph(example, in_axes, 2)
        values = dict(zip(graph.inputs, draw(example, [t.shape for t in graph.input_types], 1), strict=True))
        for equation in graph.equations:
            operands = [values[v] for v in equation.inputs]
            result = compute(equation.primitive, *operands)
            np.testing.assert_allclose(result, equation.primitive.evaluate(*operands), rtol=1e-5)
            values[equation.outputs[0]] = result


@pytest.mark.parametrize(
    ("operand", "result", "groups"),
    [
        ((B, 2, 3), (B, 6), [((0,), (0,)), ((1, 2), (1,))]),
        ((B, 6), (B, 2, 3), [((0,), (0,)), ((1,), (1, 2))]),
        ((6, B), (2, 3, B), [((0,), (0, 1)), ((1,), (2,))]),
        ((4, 1, 5), (1, 4, 5), [((0,), (1,)), ((2,), (2,))]),
        ((2, 6, 5), (3, 4, 5), [((0, 1), (0, 1)), ((2,), (2,))]),
        ((B, 6), (6, B), [((0, 1), (0, 1))]),
        ((1, 1), (), []),
        ((), (), []),
    ],
)
def test_reshape_keeps_axes_apart(operand, result, groups):
    assert axis_groups(operand, result) == groups


def test_reshape_passes_the_indices_of_kept_axes_on_unchanged():
    e, x = ScalarEmitter(), CheckedRead(np.zeros((5, 2, 3, 1)))
    index = (np.int64(4), np.int64(5))
    Reshape((5, 6)).element(e, index, x)
    assert x.indices == [(4, 1, 2, 0)]
    assert x.indices[0][0] is index[0]
    assert e.divisions == 2


@pytest.mark.parametrize(
    ("op", "shape", "index"),
    [
        (Broadcast((4, 3), (1,)), (3,), (1, 2)),
        (Transpose((1, 0)), (3, 2), (1, 2)),
        (Slice((0, 0), (2, 3), (1, 1)), (4, 4), (1, 2)),
        (Reshape((2, 3)), (1, 2, 1, 3), (1, 2)),
        (Pad((0, 0), (0, 1)), (2, 3), (1, 2)),
        (Concatenate(0), (2, 3), (1, 2)),
    ],
)
def test_indices_that_need_no_arithmetic_stay_the_same_values(op, shape, index):
    e, x = ScalarEmitter(), CheckedRead(np.zeros(shape))
    index = tuple(map(np.int64, index))
    operands = (x, CheckedRead(np.zeros(()))) if isinstance(op, Pad) else (x,)
    op.element(e, index, *operands)
    assert {id(i) for i in x.indices[0]} - {id(i) for i in index} <= {id(i) for i in x.indices[0] if i == 0}


@pytest.mark.parametrize("op", [ReduceMax((0,)), ReduceMin((0,)), ArgMax(0), ArgMin(0)], ids=str)
@pytest.mark.parametrize(
    "values",
    [
        [np.nan, 1.0, np.inf],
        [1.0, np.nan, -np.inf, np.nan],
        [np.inf, np.inf],
        [-np.inf, -np.inf],
        [2.0, 7.0, 7.0, -3.0, -3.0],
    ],
)
def test_extrema_of_special_values(op, values):
    x = np.array(values)
    for seed in range(5):
        np.testing.assert_array_equal(compute(op, x, seed=seed), op.evaluate(x))


@pytest.mark.parametrize("dtype", ["i8", "i64", "u8", "u64", "bool"])
@pytest.mark.parametrize("op", [ReduceMax((0,)), ReduceMin((0,)), ArgMax(0), ArgMin(0)], ids=str)
def test_extrema_of_the_limits_of_integers(op, dtype):
    d = array(dtype).dtype
    limits = [False, True] if dtype == "bool" else [np.iinfo(d).min, np.iinfo(d).max]
    for values in itertools.product(limits, repeat=3):
        x = np.array(values, d)
        np.testing.assert_array_equal(compute(op, x), op.evaluate(x))


@pytest.mark.parametrize(
    ("op", "function"),
    [(ReduceMax((1,)), np.max), (ReduceMin((1,)), np.min), (ArgMax(1), np.argmax), (ArgMin(1), np.argmin)],
    ids=["max", "min", "argmax", "argmin"],
)
def test_extrema_of_nothing_raise_what_numpy_raises(op, function):
    x = np.zeros((2, 0))
    with pytest.raises(ValueError) as numpy_error:
        function(x, axis=1)
    with pytest.raises(ShapeError, match=str(numpy_error.value)):
        op.infer(type_of(x))
    assert op.infer(ArrayType(x.dtype, (0, 2))).shape == (0,)


@pytest.mark.parametrize("bad", [3, -4])
@pytest.mark.parametrize(("op", "index_shape"), [(Gather(0), ()), (Gather(0), (2,)), (TakeAlong(0), (2,))], ids=str)
def test_an_index_out_of_range_is_an_index_error(op, index_shape, bad):
    with pytest.raises(IndexOutOfRangeError, match=f"^index {bad} is out of bounds for axis 0 with size 3$"):
        op.evaluate(np.arange(3.0), np.full(index_shape, bad))


def test_unsigned_indices_do_not_wrap_into_range():
    x = np.arange(3.0)
    huge = np.array([2**64 - 1], np.uint64)
    with pytest.raises(IndexOutOfRangeError):
        Gather(0).evaluate(x, huge)
    with pytest.raises(AssertionError):
        compute(Gather(0), x, huge)
    start = np.array(2**64 - 1, np.uint64)
    assert DynamicSlice((2,)).evaluate(x, start).tolist() == compute(DynamicSlice((2,)), x, start).tolist() == [1, 2]


@pytest.mark.parametrize(("start", "first"), [(-7, 0), (-2, 3), (-1, 3), (0, 0), (2, 2), (3, 3), (9, 3)])
def test_dynamic_slice_clamps_as_jax_does(start, first):
    x = np.arange(5)
    start = np.array(start)
    assert DynamicSlice((2,)).evaluate(x, start).tolist() == [first, first + 1]
    assert compute(DynamicSlice((2,)), x, start).tolist() == [first, first + 1]


def test_a_shared_table_is_not_copied_for_every_example():
    """A gather or window from an unmapped array needs no broadcast of that array."""
    table, index = array("f64", 1000, 4), array("i64")
    for op, count in ((Gather(0), 1), (DynamicSlice((2, 4)), 2)):
        builder = Builder()
        x, *starts = (builder.input(t, "x") for t in (table, *(index,) * count))
        graph = batch(builder.build([builder.emit(op, x, *starts)]), [None, *[0] * count], B, [0])
        assert [e.primitive for e in graph.equations] == [op]


def test_the_axis_an_index_error_names_is_the_users():
    class Recorder(ScalarEmitter):
        def checked_index(self, value, extent, axis):
            self.axis = axis
            return super().checked_index(value, extent, axis)

    class Symbolic(CheckedRead):
        def __init__(self, array):
            super().__init__(array)
            self.type = self.type.with_shape((B, *array.shape[1:]))

    e = Recorder()
    Gather(2).element(e, (np.int64(0),) * 3, Symbolic(np.zeros((2, 3, 4))), CheckedRead(np.zeros(2, np.int64)))
    assert e.axis == 1


def test_a_symbolic_axis_is_sliced_and_padded_whole():
    x = ArrayType(INT64, (B, 5))
    assert Slice((0, 1), (B, 3), (1, 1)).infer(x).shape == (B, 2)
    assert Pad((0, 1), (0, 1)).infer(x, ArrayType(INT64)).shape == (B, 7)
    with pytest.raises(ShapeError, match="a batch axis is taken whole"):
        Slice((1, 0), (B, 5), (1, 1)).infer(x)
    with pytest.raises(ShapeError, match="batch axis b, which is not padded"):
        Pad((1, 0), (0, 0)).infer(x, ArrayType(INT64))


@pytest.mark.parametrize("cls", SCAN)
def test_a_scan_is_what_numpy_accumulates(cls):
    for example in cls.examples():
        for in_axes in in_axes_of(example.types):
            graph = batched_graph(example, in_axes, 4)
            (x,) = draw(example, [t.shape for t in graph.input_types], 0)
            (got,) = evaluate(graph, x)
            (equation, *_) = graph.equations
            out = np.empty_like(x)
            equation.primitive.call(None, out, x)
            np.testing.assert_array_equal(equation.primitive.evaluate(x), out)
            one_by_one = [example.primitive.evaluate(np.take(x, i, in_axes[0])) for i in range(4)]
            np.testing.assert_array_equal(got, one_by_one)


def test_running_extrema_keep_nan():
    x = np.array([1.0, np.nan, 3.0])
    np.testing.assert_array_equal(CumMax(0).evaluate(x), [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(CumMin(0).evaluate(x), [1.0, np.nan, np.nan])
