"""Kernels on several threads: from several Python threads at once, after a fork, and interrupted."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import vtrace
from vtrace.backends import threads

N = 200_000


@pytest.fixture(autouse=True)
def three_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pool of three, whatever this machine has; the former one is put back."""
    former, threads._pool = threads._pool, None
    monkeypatch.setattr(threads, "thread_count", lambda: 3)
    yield
    threads._pool = former


@pytest.fixture
def f() -> vtrace.Function:
    return vtrace.vmap(lambda x: np.sin(x) * x + 1.0)


def wanted(x: np.ndarray) -> np.ndarray:
    return np.sin(x) * x + 1.0


def test_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    try:
        for text, number in (
            ("3", 3),
            ("1", 1),
            ("0", len(os.sched_getaffinity(0))),
            ("", len(os.sched_getaffinity(0))),
        ):
            threads.thread_count.cache_clear()
            monkeypatch.setenv("VTRACE_NUM_THREADS", text)
            assert threads.thread_count() == number
        for text in ("many", "-1", "1.5", "99999"):
            threads.thread_count.cache_clear()
            monkeypatch.setenv("VTRACE_NUM_THREADS", text)
            with pytest.raises(
                vtrace.UsageError, match=f"VTRACE_NUM_THREADS is '{text}'; it takes a number up to 1024"
            ):
                threads.thread_count()
    finally:
        threads.thread_count.cache_clear()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 12_345, N, N + 1])
def test_bits_do_not_depend_on_the_threads(f: vtrace.Function, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(-50.0, 50.0, size)
    shared = f(x)
    monkeypatch.setattr(threads, "thread_count", lambda: 1)
    np.testing.assert_array_equal(shared, f(x))


def test_calls_from_several_python_threads(f: vtrace.Function) -> None:
    def work(seed: int) -> bool:
        x = np.random.default_rng(seed).random(N)
        first = f(x)
        return np.allclose(first, wanted(x)) and all(np.array_equal(f(x), first) for _ in range(20))

    with ThreadPoolExecutor(6) as executor:
        assert all(executor.map(work, range(6)))


def test_first_calls_from_several_python_threads_compile_once() -> None:
    g = vtrace.vmap(lambda x: np.cos(x) + 2.0)
    barrier = threading.Barrier(6)
    x = np.linspace(0.0, 9.0, N)

    def work(_: int) -> np.ndarray:
        barrier.wait()
        return g(x)

    with ThreadPoolExecutor(6) as executor:
        for result in executor.map(work, range(6)):
            np.testing.assert_allclose(result, np.cos(x) + 2.0)
    assert g.compilations == 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns where threads run
def test_a_forked_child_computes(f: vtrace.Function) -> None:
    x = np.linspace(0.0, 9.0, N)
    before = f(x)
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            f(x)

    other = threading.Thread(target=keep_busy)
    other.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:  # pragma: no cover
                signal.alarm(20)
                good = np.array_equal(f(x), before)
                good = good and np.array_equal(vtrace.vmap(lambda x: x - 1.0)(x), x - 1.0)  # compiles, too
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        other.join()
    np.testing.assert_array_equal(f(x), before)


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, vtrace
f = vtrace.vmap(lambda x: np.sin(x) * x)
x = np.linspace(0.0, 9.0, 400_000)
first = f(x)
stop = armed = False
def handle(*_):
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt
signal.signal(signal.SIGINT, handle)
def interrupt():
    while not stop:
        time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGINT)
def ask():
    global armed
    armed = True
    while True:
        f(x)
        f(x[:4])
caught = 0
other = threading.Thread(target=interrupt, daemon=True)
other.start()
while caught < 40:
    try:
        ask()
    except KeyboardInterrupt:
        caught += 1
stop = True
other.join()
assert np.array_equal(f(x), first)
print("fine")
"""


def test_interrupts_leave_everything_intact() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "fine\n", done.stderr


def test_workers_leave_signals_alone(f: vtrace.Function) -> None:
    f(np.ones(N))
    lines = [line for task in Path("/proc/self/task").iterdir() for line in (task / "status").read_text().split("\n")]
    masks = [int(line.split()[1], 16) for line in lines if line.startswith("SigBlk")]
    blocked = [m for m in masks if m & (1 << (signal.SIGINT - 1))]
    assert len(blocked) >= 2
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize(("length", "lanes"), [(16, 32), (64, 32), (300, 16), (1000, 48), (70_000, 48), (7, 1)])
def test_blocks_are_whole_vectors(length: int, lanes: int) -> None:
    """A block of a few examples would take as long as one of all lanes."""
    seen: list[tuple[int, int]] = []
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    note = prototype(lambda _, start, stop: seen.append((start, stop)))
    address = ctypes.cast(note, ctypes.c_void_p).value
    assert address is not None
    threads.run(note, address, 0, length, 1e6, 0, lanes)
    seen.sort()
    assert [start for start, _ in seen] == [0, *(stop for _, stop in seen[:-1])]
    assert seen[-1][1] == length
    assert all(start % lanes == 0 for start, _ in seen)
    assert len(seen) == 1 or length > lanes
