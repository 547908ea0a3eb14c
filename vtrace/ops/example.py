"""Which example the interpreter is running: what a message about it calls it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_RUNNING: ContextVar[tuple[int, ...]] = ContextVar("vtrace_running_example", default=())


@contextmanager
def running_example(number: int) -> Iterator[None]:
    """Within this context, example `number` of a batch is run; of a batch within an example, if there is one around."""
    token = _RUNNING.set((*_RUNNING.get(), number))
    try:
        yield
    finally:
        _RUNNING.reset(token)


def example_name() -> str:
    """`example 3`, or `example 3, 1` for example 1 of the batch within example 3; nothing outside of a batch."""
    numbers = _RUNNING.get()
    return f"example {', '.join(map(str, numbers))}" if numbers else ""
