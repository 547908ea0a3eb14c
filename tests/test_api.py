"""`vmap`, `jit`, `make_ir` and `inspect`: what they accept, what they return, and how often they compile."""

import copy
import functools
import inspect
import pickle
import subprocess
import sys
import threading
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import jit, make_ir, vmap
from vtrace.ir.types import FLOAT32, FLOAT64, ArrayType, Symbol

XS = np.arange(12.0).reshape(4, 3)
YS = np.linspace(-1, 1, 12).reshape(4, 3)

Point = namedtuple("Point", "x y")


@vmap
def doubled(x: Any) -> Any:
    """Twice x."""
    return x * 2


def scaled(x: Any, factor: Any = 3) -> Any:
    return x * factor


class TestDecorator:
    def test_bare(self) -> None:
        np.testing.assert_array_equal(doubled(XS), XS * 2)

    def test_with_arguments(self) -> None:
        @vmap(in_axes=(0, None), out_axes=1)
        def add(x: Any, y: Any) -> Any:
            return x + y

        np.testing.assert_array_equal(add(XS, YS[0]), (XS + YS[0]).T)

    def test_keeps_the_function_s_name_doc_and_signature(self) -> None:
        assert doubled.__name__ == "doubled"
        assert doubled.__doc__ == "Twice x."
        assert list(inspect.signature(doubled).parameters) == ["x"]
        assert repr(doubled) == "<vtrace vmap of doubled>"

    def test_on_a_method(self) -> None:
        class Model:
            @staticmethod
            @vmap
            def triple(x: Any) -> Any:
                return x * 3

            @vmap
            def with_self(self, x: Any) -> Any:
                return x

        np.testing.assert_array_equal(Model.triple(XS), XS * 3)
        with pytest.raises(vtrace.ArgumentError, match="argument 'self' is a Model, not an array"):
            Model().with_self(XS)

    def test_of_a_partial_and_of_a_ufunc(self) -> None:
        np.testing.assert_array_equal(vmap(functools.partial(scaled, factor=2.0))(XS), XS * 2)
        np.testing.assert_array_equal(vmap(np.add)(XS, YS), XS + YS)

    def test_pickles_by_name_or_through_the_function(self) -> None:
        assert pickle.loads(pickle.dumps(doubled)) is doubled
        again = pickle.loads(pickle.dumps(vmap(np.add)))
        np.testing.assert_array_equal(again(XS, YS), XS + YS)
        assert copy.deepcopy(again)(XS, YS).shape == (4, 3)


class TestAxes:
    @pytest.mark.parametrize(
        ("in_axes", "x", "y"),
        [
            (0, XS, YS),
            (1, XS.T, YS.T),
            (-1, XS.T, YS.T),
            ((0, 1), XS, YS.T),
            ([-2, -1], XS, YS.T),
            ((np.int64(0), None), XS, YS[0]),
            ((None, 0), XS[0], YS),
        ],
    )
    def test_in_axes(self, in_axes: Any, x: Any, y: Any) -> None:
        expected = np.broadcast_to(x if x.ndim < 2 else XS, XS.shape) - (y if y.ndim < 2 else YS)
        np.testing.assert_array_equal(vmap(lambda x, y: x - y, in_axes)(x, y), expected)

    @pytest.mark.parametrize("out_axes", [0, 1, -1, -2])
    def test_out_axes(self, out_axes: int) -> None:
        result = vmap(lambda x: x, out_axes=out_axes)(XS)
        np.testing.assert_array_equal(result, np.stack(list(XS), axis=out_axes))

    def test_trees_of_axes(self) -> None:
        f = vmap(
            lambda p, z: {"sum": p["x"] + p["y"][0], "pair": (z, p["x"])},
            in_axes=({"x": 0, "y": [1]}, None),
            out_axes={"sum": 1, "pair": (None, 0)},
        )
        result = f({"x": XS, "y": [YS.T]}, 5)
        np.testing.assert_array_equal(result["sum"], (XS + YS).T)
        assert result["pair"][0].shape == ()
        np.testing.assert_array_equal(result["pair"][1], XS)

    def test_an_axis_holds_for_everything_below_it(self) -> None:
        f = vmap(lambda p: p["a"] + p["b"][1], in_axes=(1,))
        np.testing.assert_array_equal(f({"a": XS.T, "b": (XS.T, YS.T)}), XS + YS)

    def test_keyword_arguments_are_mapped_along_axis_0(self) -> None:
        np.testing.assert_array_equal(vmap(lambda x, y: x + y, in_axes=(None,))(XS[0], y=YS), XS[0] + YS)

    def test_defaults_are_constants(self) -> None:
        np.testing.assert_array_equal(vmap(scaled)(XS), XS * 3)

    def test_axis_size_alone(self) -> None:
        f = vmap(lambda x: x + 1, None, axis_size=4)
        np.testing.assert_array_equal(f(2), [3, 3, 3, 3])
        np.testing.assert_array_equal(vmap(lambda: np.float32(1), axis_size=2)(), np.ones(2, np.float32))


class TestResults:
    def test_the_structure_is_kept(self) -> None:
        result = vmap(lambda x: {"a": (x, [x * 2]), "p": Point(x, 1)})(XS)
        assert type(result["a"]) is tuple
        assert type(result["a"][1]) is list
        assert type(result["p"]) is Point
        np.testing.assert_array_equal(result["a"][1][0], XS * 2)
        np.testing.assert_array_equal(result["p"].y, [1, 1, 1, 1])

    def test_a_tuple_stays_a_tuple(self) -> None:
        result = vmap(lambda x: (x, x + 1))(XS)
        assert type(result) is tuple
        np.testing.assert_array_equal(result[1], XS + 1)
        assert vmap(lambda x: ())(XS) == ()

    def test_what_ignores_its_input_is_repeated(self) -> None:
        for value in (2, 2.5, True, np.float32(3), np.arange(3)):
            result = vmap(lambda x, value=value: value)(XS)
            expected = np.stack([np.asarray(value)] * 4)
            np.testing.assert_array_equal(result, expected)
            assert result.dtype == expected.dtype

    def test_results_share_memory_with_nothing(self) -> None:
        x = XS.copy()
        constant = np.ones(3)
        a, b, c, d = jit(lambda x: (x, constant, x + 1, x + 1))(x)
        for result in (a, b, c, d):
            assert result.flags.writeable
            result += 100
        np.testing.assert_array_equal(x, XS)
        np.testing.assert_array_equal(constant, np.ones(3))
        np.testing.assert_array_equal(c, XS + 101)
        np.testing.assert_array_equal(d, XS + 101)

    @pytest.mark.parametrize(
        "f", [lambda x: x, lambda x: x.reshape(-1), lambda x: x.T, lambda x: x[1:], lambda x: x[:, None]]
    )
    def test_what_is_a_view_for_numpy_is_a_copy(self, f: Any) -> None:
        x = XS.copy()
        expected = f(XS)
        for call in (jit(f), jit(lambda x: f(x + 0.0))):
            result = call(x)
            np.testing.assert_array_equal(result, expected)
            assert not np.shares_memory(result, x)
            result[...] = -1
        np.testing.assert_array_equal(x, XS)

    @pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint64, np.float32, np.float64])
    def test_dtypes_stay(self, dtype: Any) -> None:
        x = XS.astype(dtype)
        result = vmap(lambda x: x)(x)
        np.testing.assert_array_equal(result, x)
        assert result.dtype == dtype


class TestLists:
    def test_a_list_of_numbers_is_an_array(self) -> None:
        result = vmap(lambda x: x * 2)([[1, 2], [3, 4]])
        np.testing.assert_array_equal(result, [[2, 4], [6, 8]])
        assert result.dtype == np.int64

    def test_a_list_of_arrays_is_a_tree(self) -> None:
        np.testing.assert_array_equal(vmap(lambda p: p[0] - p[1])([XS, YS]), XS - YS)

    def test_within_trees(self) -> None:
        np.testing.assert_array_equal(vmap(lambda p: p["w"] + p["b"])({"w": [1.0, 2.0], "b": [1, 1]}), [2.0, 3.0])


class TestNesting:
    def test_vmap_of_vmap(self) -> None:
        f = vmap(vmap(lambda x, y: x * y, (0, None)), (None, 0))
        np.testing.assert_array_equal(f(np.arange(3), np.arange(4)), np.outer(np.arange(4), np.arange(3)))

    def test_three_deep(self) -> None:
        x = np.arange(24.0).reshape(2, 3, 4)
        np.testing.assert_array_equal(vmap(vmap(vmap(lambda x: x + 1)))(x), x + 1)

    def test_vmap_of_jit_and_jit_of_vmap(self) -> None:
        np.testing.assert_array_equal(vmap(jit(lambda x: x + 1))(XS), XS + 1)
        np.testing.assert_array_equal(jit(vmap(lambda x: x + 1))(XS), XS + 1)

    def test_inside_a_traced_function_with_a_closure(self) -> None:
        @vmap
        def outer(x: Any, y: Any) -> Any:
            return vmap(lambda a: a * 2 + y)(x)

        np.testing.assert_array_equal(outer(XS, YS[:, 0]), XS * 2 + YS[:, :1])

    def test_closure_two_levels_up(self) -> None:
        @vmap
        def outer(x: Any) -> Any:
            return vmap(lambda a: vmap(lambda c: c + a + x[0])(x))(x)

        expected = np.stack([[[c + a + x[0] for c in x] for a in x] for x in XS])
        np.testing.assert_array_equal(outer(XS), expected)

    def test_constants_and_shared_values_inside(self) -> None:
        f = vmap(lambda x: vmap(lambda a, k: a + k, (0, None))([1, 2, 3], x))
        np.testing.assert_array_equal(f(np.arange(2)), [[1, 2, 3], [2, 3, 4]])

    def test_inner_errors_name_the_inner_function(self) -> None:
        def inner(a: Any, b: Any) -> Any:
            return a + b

        with pytest.raises(vtrace.AxesError, match="vmap of inner: the mapped axes have different sizes"):
            vmap(lambda x: vmap(inner)(x, np.ones(7)))(XS)

    def test_a_jit_inside_a_trace_takes_lists(self) -> None:
        np.testing.assert_array_equal(vmap(lambda x: jit(lambda a, b: a + b)(x, [1, 2, 3]))(XS), XS + np.arange(1, 4))


class TestJit:
    def test_python_numbers_take_the_dtype_of_arrays(self) -> None:
        x = np.ones(3, np.float32)
        f = jit(lambda x, k: x * k)
        assert f(x, 2.5).dtype == np.float32
        assert f(x, np.float64(2.5)).dtype == np.float64
        assert jit(lambda a, b: a + b)(1, 2).dtype == np.int64

    def test_numbers_are_arguments_not_constants(self) -> None:
        f = jit(lambda x, k: x * k)
        np.testing.assert_array_equal([f(XS, float(k)) for k in range(5)], [XS * k for k in range(5)])
        assert f.compilations == 1


class TestCache:
    def test_one_compilation_for_every_batch_size(self) -> None:
        f = vmap(lambda x: x + 1)
        for n in (1, 5, 0, 37, 5):
            np.testing.assert_array_equal(f(np.ones((n, 3))), np.full((n, 3), 2.0))
        assert f.compilations == 1

    def test_another_type_is_another_compilation(self) -> None:
        f = vmap(lambda x: x + 1)
        for x in (XS, XS.astype(np.float32), XS[:, :2], [1.0, 2.0]):
            f(x)
        assert f.compilations == 4
        f.cache_clear()
        assert f.compilations == 0
        np.testing.assert_array_equal(f(XS), XS + 1)

    def test_calls_of_other_structures_are_told_apart(self) -> None:
        f = vmap(lambda *args, **kwargs: len(args) + 10 * len(kwargs), axis_size=4)
        for _ in range(2):
            for expected, result in ((0, f()), (10, f(p={})), (1, f(())), (1, f(XS)), (10, f(p=XS)), (1, f((XS, XS)))):
                np.testing.assert_array_equal(result, [expected] * 4)

    def test_many_threads_compile_once(self) -> None:
        f = vmap(lambda x: x + 1)
        results: list[Any] = []
        threads = [threading.Thread(target=lambda: results.append(f(XS))) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert f.compilations == 1
        assert len(results) == 8
        for r in results:
            np.testing.assert_array_equal(r, XS + 1)

    def test_closures_are_constants(self) -> None:
        k = np.ones(3)
        f = vmap(lambda x: x + k)
        f(XS)
        k[:] = 100
        np.testing.assert_array_equal(f(XS), XS + 1)


class TestInspection:
    def test_make_ir_of_a_function_is_one_example(self) -> None:
        graph = make_ir(lambda x, y: x + y)(XS[0], ArrayType(FLOAT64, (3,)))
        assert graph.input_types == (ArrayType(FLOAT64, (3,)),) * 2
        assert [v.name for v in graph.inputs] == ["x", "y"]

    def test_make_ir_of_a_vmap_is_the_batch(self) -> None:
        b = Symbol("b")
        for argument in (XS, "f64[b,3]", ArrayType(FLOAT64, (b, 3))):
            assert make_ir(vmap(lambda x: x + 1))(argument).output_types == (ArrayType(FLOAT64, (b, 3)),)

    def test_inputs_are_named_by_their_place(self) -> None:
        graph = make_ir(lambda params, *rest: params["w"][0] + rest[0])({"w": [XS]}, "f32[4,3]")
        assert [v.name for v in graph.inputs] == ["params_w_0", "rest_0"]
        assert graph.inputs[1].type == ArrayType(FLOAT32, (4, 3))

    def test_every_stage(self) -> None:
        f = vmap(lambda x, y: np.dot(x, y) ** 2)
        stages = f.inspect(XS, YS)
        for graph in (stages.traced, stages.batched, stages.optimized, stages.kernels):
            assert graph == vtrace.ir.parse(str(graph))
        assert f.compilations == 0
        assert "define" in stages.llvm
        assert stages.asm
        text = str(stages)
        assert text.startswith("vmap of <lambda>(x: f64[4,3], y: f64[4,3])\n")
        assert all(f"\n{name}:\n" in text for name in ("traced", "batched", "optimized", "kernels", "report"))
        f(XS, YS)
        assert f.compilations == 1


def test_import_is_cheap() -> None:
    code = (
        "import sys, vtrace; "
        "heavy = {'llvmlite', 'networkx', 'scipy', 'rich', 'numba', 'click', 'matplotlib', 'vtrace.backends'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
