"""Python functions over ranges on our threads: every item once, errors come through, nothing stays behind."""

import gc
import weakref

import numpy as np
import pytest

from vtrace.backends import threads
from vtrace.backends.library import LIBRARY

LONG = 1e8
"""Nanoseconds for an item for which several threads are worth it."""


@pytest.mark.parametrize("length", [1, 2, 3, 100])
@pytest.mark.parametrize("nanoseconds", [1.0, LONG])
def test_every_item_is_done_once(length: int, nanoseconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "thread_count", lambda: 2)
    done = np.zeros(length, np.int64)

    def part(start: int, stop: int) -> None:
        done[start:stop] += 1

    LIBRARY.share(part, length, nanoseconds)
    assert (done == 1).all()


def test_an_error_in_a_part_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "thread_count", lambda: 2)

    def part(start: int, stop: int) -> None:
        if stop == 50:
            raise KeyError(start)

    with pytest.raises(KeyError):
        LIBRARY.share(part, 50, LONG)


def test_arrays_are_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "thread_count", lambda: 2)
    gc.disable()
    try:
        x = np.zeros(8)
        seen = weakref.ref(x)
        LIBRARY.share(lambda a, b, x=x: x[a:b].fill(1), 8, LONG)  # type: ignore[misc]
        del x
        assert seen() is None
    finally:
        gc.enable()
