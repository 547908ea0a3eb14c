"""Random programs of branches and loops: as a batch they do what plain Python does for each example."""

import numpy as np
from hypothesis import HealthCheck, given, settings

import vtrace
from tests.lax.oracle import floats, integers, once
from tests.lax.programs import Plain, Program, Traced, programs, run
from vtrace.ir import evaluate, parse, verify
from vtrace.passes.fuse import fuse, is_fused
from vtrace.passes.pipeline import PASSES, optimize

X, V, K = floats(low=-1, high=1)[:9], floats(3, low=-1, high=1)[:9], integers(0, 7)[:9]

some = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@some
@given(programs())
def test_a_batch_is_a_loop_of_plain_python(program: Program) -> None:
    got = vtrace.vmap(lambda *state: run(program, Traced, state))(X, V, K)
    for n in range(len(X)):
        wanted = run(program, Plain, (X[n], V[n], K[n]))
        for g, w in zip(got, wanted, strict=True):
            assert g.dtype == np.asarray(w).dtype
            np.testing.assert_allclose(g[n], w, rtol=1e-9, atol=1e-12)


@some
@given(programs())
def test_bits_do_not_depend_on_the_batch(program: Program) -> None:
    f = vtrace.vmap(lambda *state: run(program, Traced, state))
    whole = f(X, V, K)
    for part in (slice(3, 4), slice(2, 9), slice(None, None, -1)):
        for all_examples, some_examples in zip(whole, f(X[part], V[part], K[part]), strict=True):
            np.testing.assert_array_equal(all_examples[part], some_examples)


@once
@some
@given(programs())
def test_every_pass_keeps_the_meaning(program: Program) -> None:
    graph = vtrace.make_ir(vtrace.vmap(lambda *state: run(program, Traced, state)))("f64[b]", "f64[b,3]", "i64[b]")
    verify(graph)
    assert parse(str(graph)) == graph
    inputs = X[:3], V[:3], K[:3]
    expected = evaluate(graph, *inputs)
    fused = fuse(optimize(graph))
    verify(fused, allowed=is_fused)
    for after in [*(p(graph) for p in PASSES.values()), fused]:
        verify(after)
        for got, wanted in zip(evaluate(after, *inputs), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


@once
@some
@given(programs())
def test_optimizing_twice_is_optimizing_once(program: Program) -> None:
    graph = optimize(vtrace.make_ir(lambda *state: run(program, Traced, state))("f64[]", "f64[3]", "i64[]"))
    assert optimize(graph) == graph
