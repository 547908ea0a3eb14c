"""What docs/numpy.md says is so: calls that work give what NumPy gives, and calls that are refused say what to do."""

import warnings
from inspect import ismodule
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.coverage.operands import BATCH, OPERANDS, function_of, is_there, operands_of, run
from tests.coverage.page import page
from tests.coverage.table import ENTRIES, NOT_FOR_ARRAYS, Entry
from vtrace import ConcretizationError, MissingAttributeError, VTraceError, vmap

WORKING = {e.name: e for e in ENTRIES if e.calls and is_there(e)}


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::numpy.exceptions.ComplexWarning"
)


def expected(call: str) -> Any:
    """The stacked results of NumPy."""
    examples = ({n: np.array(OPERANDS[n][at]) for n in operands_of(call)} for at in range(BATCH))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([np.asarray(run(call, operands)) for operands in examples])


def mapped(calls: tuple[str, ...]) -> list[Any]:
    """The results of the calls, as one mapped program."""
    names = sorted({n for call in calls for n in operands_of(call)} or {"x"})

    def program(*values: Any) -> list[Any]:
        # every call has arrays of its own, as it may assign to them
        return [run(call, {n: v.copy() for n, v in zip(names, values, strict=True)}) for call in calls]

    return list(vmap(program)(*(OPERANDS[n] for n in names)))


def complaint(call: str, got: Any, tolerance: float) -> str:
    """What is different, or an empty string."""
    wanted = expected(call)
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return f"{call}: {got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}"
    if wanted.dtype.kind not in "fc":
        tolerance = 0
    elif np.finfo(wanted.dtype).bits == 32:
        tolerance = max(tolerance, 1e-5)
    if not np.allclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True):
        return f"{call}: {got.tolist()}, not {wanted.tolist()}"
    return ""


@pytest.mark.parametrize("name", WORKING)
def test_what_works(name: str) -> None:
    entry = WORKING[name]
    results = zip(entry.calls, mapped(entry.calls), strict=True)
    assert [c for call, got in results if (c := complaint(call, np.asarray(got), entry.tolerance))] == []


REFUSED = [(e, call) for e in ENTRIES if is_there(e) for call in e.refused]


@pytest.mark.parametrize(("entry", "call"), REFUSED, ids=[call for _, call in REFUSED])
def test_what_is_refused(entry: Entry, call: str) -> None:
    with pytest.raises(VTraceError) as caught:
        vmap(function_of(call))(*(OPERANDS[n] for n in operands_of(call)))
    assert str(caught.value).startswith("<call>:1 (<module>): ")
    if not entry.calls:
        # NumPy says that a value was asked for, and in C not who asks
        unnamed = isinstance(caught.value, ConcretizationError | MissingAttributeError)
        assert unnamed or entry.name.rpartition(".")[2] in str(caught.value)


def test_every_name_of_numpy_is_in_the_table() -> None:
    names = {e.name for e in ENTRIES} | NOT_FOR_ARRAYS
    missing = []
    for module, prefix in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft")):
        for name in dir(module):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = getattr(module, name)
            is_type = isinstance(value, type) and issubclass(value, np.generic | BaseException)
            if not (name.startswith("_") or ismodule(value) or is_type or f"{prefix}.{name}" in names):
                missing.append(f"{prefix}.{name}")
    assert missing == []


def test_every_method_of_ndarray_is_in_the_table() -> None:
    names = {e.name for e in ENTRIES}
    assert [n for n in dir(np.ndarray) if not n.startswith("_") and f"ndarray.{n}" not in names] == []


def test_no_name_is_there_twice() -> None:
    names = [e.name for e in ENTRIES]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_the_page_is_up_to_date() -> None:
    path = Path(__file__).parents[2] / "docs" / "numpy.md"
    assert path.read_text(encoding="utf-8") == page(), "run `python -m tests.coverage.page > docs/numpy.md`"
