"""What functions give outside of a trace, where there are no traced arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.frontend.trace import current_frame
from vtrace.frontend.translation import as_ours


def results_of(name: str, function: Callable[..., tuple[Any, ...]], *args: Any) -> tuple[Any, ...]:
    """What `function` gives for the arguments of `vtrace.numpy.<name>`: outside of a trace, NumPy arrays."""
    with as_ours(f"vtrace.numpy.{name}"):
        results = function(*args)
    return results if current_frame() is not None else tuple(np.array(r.constant()) for r in results)
