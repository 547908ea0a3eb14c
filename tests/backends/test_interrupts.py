"""Ctrl-C while a loop runs that never ends: the signal's exception is raised, and everything goes on working."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, threading, time
import numpy as np, vtrace
from vtrace import lax

def endless(x):
    return lax.while_loop(lambda c: c[0] >= 0, lambda c: (c[0] * 1.5 % 7.0, c[1] + 1), (x, 0))[1]

def endless_inside(x):
    return lax.while_loop(lambda n: n < 10, lambda n: n + 1 + 0 * endless(x), 0)

def endless_around(x):
    def trip(c):
        short = lax.while_loop(lambda n: n < 3, lambda n: n + 1, 0)
        return c * 0.5 + short * lax.fori_loop(0, 1000, lambda i, s: s + i * x, 0.0) % 3.0
    return lax.while_loop(lambda c: c >= 0, trip, x)

def soon():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)

{setup}
x = {argument}
done = f(-abs(x))
for _ in range(2):
    threading.Thread(target=soon).start()
    begin = time.monotonic()
    try:
        f(x)
    except {exception} as error:
        assert str(error) == {text!r}, error
        assert time.monotonic() - begin < 20
    else:
        raise AssertionError("not interrupted")
    assert np.array_equal(f(-abs(x)), done)
print("fine")
"""

CASES = {
    "one example": ("f = vtrace.vmap(endless)", "np.ones(1)"),
    "many": ("f = vtrace.vmap(endless)", "np.ones(20_000)"),
    "the first": ("f = vtrace.vmap(endless)", "np.concatenate([[1.0], -np.ones(20_000)])"),
    "the last": ("f = vtrace.vmap(endless)", "np.concatenate([-np.ones(20_000), [1.0]])"),
    "jit": ("f = vtrace.jit(endless)", "np.float64(1.0)"),
    "a loop within a loop": ("f = vtrace.vmap(endless_inside)", "np.ones(100)"),
    "a loop around loops": ("f = vtrace.vmap(endless_around)", "np.ones(100)"),
}


def run(case: str, threads: int, setup: str = "", exception: str = "KeyboardInterrupt", text: str = "") -> None:
    make, argument = CASES[case]
    program = PROGRAM.format(setup=f"{setup}\n{make}", argument=argument, exception=exception, text=text)
    environment = {**os.environ, "VTRACE_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize(
    ("case", "threads"), [*((case, 3) for case in CASES), ("many", 1), ("jit", 1), ("a loop around loops", 1)]
)
def test_an_endless_loop_is_interrupted(case: str, threads: int) -> None:
    run(case, threads)


def test_the_exception_is_that_of_the_handler() -> None:
    handler = """
def handle(*_):
    raise TimeoutError("too late")
signal.signal(signal.SIGINT, handle)
"""
    run("many", 3, handler, "TimeoutError", "too late")


def test_a_handler_that_raises_nothing_stops_nothing() -> None:
    program = """
import os, signal, threading, time
import numpy as np, vtrace
from vtrace import lax
f = vtrace.vmap(lambda n: lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] * 0.99 + 1), (0, 0.0))[1])
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(f(np.array([1, 2]))))
def soon():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
f(np.array([1]))
n, seconds = 1_000_000, 0.0
while seconds < 1.0:
    n *= 2
    begin = time.monotonic()
    f(np.array([n]))
    seconds = time.monotonic() - begin
threading.Thread(target=soon).start()
assert abs(f(np.array([n]))[0] - 100.0) < 1e-6
assert seen[0].tolist() == [1.0, 1.99]
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "fine\n", done.stderr
