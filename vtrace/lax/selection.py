"""`select` and `select_n`: every case is computed, one is taken, element by element."""

from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, DTypeError, ShapeError
from vtrace.frontend.control.leaf import check_leaf, leaf_type
from vtrace.frontend.source import at_user_line


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """`np.where(pred, on_true, on_false)` for cases of one shape; `pred` has it too, or is a scalar.

    >>> import numpy as np
    >>> select(np.array([True, False]), np.array([1, 2]), np.array([3, 4]))
    array([1, 4])
    """
    return _select("select", pred, {"on_false": on_false, "on_true": on_true})


def select_n(which: Any, *cases: Any) -> Any:
    """`cases[which]`, element by element; the cases have one shape, and `which` has it too, or is a scalar.

    `which` is an integer, or a bool for two cases: False takes the first. An index outside takes the nearest case.

    >>> import numpy as np
    >>> select_n(np.array([2, 0, 1]), np.array([1, 2, 3]), np.array([10, 20, 30]), np.array([100, 200, 300]))
    array([100,   2,  30])
    """
    if not cases:
        raise ArgumentError(f"{at_user_line()}: select_n: there must be at least one case")
    return _select("select_n", which, {f"cases[{n}]": case for n, case in enumerate(cases)})


def _select(what: str, which: Any, cases: dict[str, Any]) -> Any:
    for name, value in cases.items():
        check_leaf(value, what, name)
    check_leaf(which, what, "the choice")
    types = {name: leaf_type(value).type for name, value in cases.items()}
    chooser = leaf_type(which).type
    shape = next(iter(types.values())).shape
    if any(t.shape != shape for t in types.values()) or chooser.shape not in ((), shape):
        lines = "".join(f"\n  {name} is {type}" for name, type in {**types, "the choice": chooser}.items())
        raise ShapeError(f"{at_user_line()}: {what}: the cases must have one shape, and the choice too:{lines}")
    if chooser.dtype.kind not in ("b" if len(cases) == 2 and what == "select" else "biu"):
        raise DTypeError(f"{at_user_line()}: {what}: the choice must be {_kinds(what)}, got {chooser}")
    if chooser.dtype.kind == "b" and len(cases) != 2:
        raise DTypeError(f"{at_user_line()}: {what}: a bool chooses between two cases, got {len(cases)}")
    first, *others = cases.values()
    result = np.asarray(first) if chooser.rank == 0 and not others else first
    for n, case in enumerate(others, start=1):
        result = np.where(which if chooser.dtype.kind == "b" else np.greater_equal(which, n), case, result)
    return result


def _kinds(what: str) -> str:
    return "a bool" if what == "select" else "an integer or a bool"
