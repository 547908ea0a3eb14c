"""What the tour says, in the order in which a newcomer asks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import vtrace
from vtrace.demo.chart import save_svg, text_chart
from vtrace.demo.examples import batched_dot, custom_dot, mm, naive_custom_dot
from vtrace.demo.timing import measure, table

Say = Callable[[str], None]

SIZES = (100, 1000, 5000, 10000)
QUICK_SIZES = (10, 100)

X = np.array([[2, 2, 2], [3, 3, 3]])
Y = np.array([[4, 4, 4], [5, 5, 5]])


def tour(say: Say, picture: Path, quick: bool = False) -> None:
    """Print the tour through `say`, and write the timing chart to `picture` if matplotlib is there."""
    _one_example(say)
    _the_batch(say)
    _in_axes(say)
    _nesting(say)
    _timing(say, picture, QUICK_SIZES if quick else SIZES)


def _title(say: Say, text: str) -> None:
    say(f"\n# {text}\n")


def _one_example(say: Say) -> None:
    _title(say, "A function of one example")
    say("def custom_dot(x, y):\n    return np.dot(x, y) ** 2\n")
    say(f"custom_dot([2, 2, 2], [4, 4, 4])  ->  {custom_dot(X[0], Y[0])}\n")
    say("It does not take a batch. NumPy and vtrace.jit agree about X and Y of shape (2, 3):\n")
    for name, function in (("NumPy", custom_dot), ("vtrace", vtrace.jit(custom_dot))):
        try:
            function(X, Y)
        except ValueError as error:
            say(f"{name + ':':8}{type(error).__name__}: {error}")


def _the_batch(say: Say) -> None:
    _title(say, "vtrace.vmap makes it a function of a batch")
    stages = batched_dot.inspect("i64[b,3]", "i64[b,3]")
    say(f"traced, for one example:\n{stages.traced}\n")
    say(f"batched, for any number b of them:\n{stages.batched}\n")
    say("batched_dot = vtrace.vmap(custom_dot, in_axes=[0, 0])")
    say(f"batched_dot(X, Y)  ->  {batched_dot(X, Y).tolist()}\n")
    say("The loop it replaces gives the same, by itself and compiled by vtrace.jit:")
    say(f"naive_custom_dot(X, Y)  ->  {naive_custom_dot(X, Y).tolist()}")
    say(f"vtrace.jit(naive_custom_dot)(X, Y)  ->  {vtrace.jit(naive_custom_dot)(X, Y).tolist()}")


def _in_axes(say: Say) -> None:
    _title(say, "in_axes says which axis is the batch")
    a, b, c = 3, 4, 5
    rng = np.random.default_rng(0)
    cases = (
        ("[b,a], [b,a]", (0, 0), (b, a), (b, a), "[a], [a] -> []"),
        ("[a,b], [a,b]", (1, 1), (a, b), (a, b), "[a], [a] -> []"),
        ("[a,b], [b,c]", (None, 1), (a, b), (b, c), "[a,b], [b] -> [a]"),
    )
    say(f"a, b, c = {a}, {b}, {c}\n")
    say(f"{'arguments':16}{'in_axes':12}{'one example':20}result")
    for arguments, in_axes, left, right, example in cases:
        result = vtrace.vmap(custom_dot, in_axes)(rng.random(left), rng.random(right))
        say(f"{arguments:16}{in_axes!s:12}{example:20}{result.shape}")


def _nesting(say: Say) -> None:
    _title(say, "vmap nests, and the whole is optimised")
    say("vv = lambda x, y: np.dot(x, y)           # ([a], [a]) -> []")
    say("mv = vtrace.vmap(vv, (0, None), 0)       # ([b,a], [a]) -> [b]")
    say("mm = vtrace.vmap(mv, (None, 1), 1)       # ([b,a], [a,c]) -> [b,c]\n")
    rng = np.random.default_rng(0)
    left, right = rng.random((200, 100)), rng.random((100, 300))
    stages = mm.inspect(left, right)
    say(f"traced, for one column of the second argument:\n{stages.traced}\n")
    say(f"optimized, for all columns: ONE matrix product\n{stages.optimized}\n")
    say(f"np.allclose(mm(A, B), A @ B)  ->  {np.allclose(mm(left, right), left @ right)}")


def _timing(say: Say, picture: Path, sizes: tuple[int, ...]) -> None:
    _title(say, "custom_dot on [n, n] arrays: a loop in Python against vmap")
    timings = measure(sizes, say)
    say(table(timings))
    say("\n" + text_chart(timings))
    if save_svg(timings, picture):
        say(f"\nThe chart is in {picture}")
    else:
        say("\nFor the chart as a picture: pip install 'vtrace[plot]'")
