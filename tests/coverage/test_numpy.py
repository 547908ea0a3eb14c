"""What docs/numpy.md says is so: calls that work give what NumPy gives, and calls that are refused say what to do."""

import warnings
from typing import Any

import numpy as np
import pytest

from tests.coverage.entry import BATCH, OPERANDS, Entry, function_of, mentions, operands_of, run
from tests.coverage.table import ENTRIES
from vtrace import VTraceError, vmap

WORKING = {e.name: e for e in ENTRIES if e.calls}


def expected(call: str) -> Any:
    """The stacked results of NumPy."""
    examples = ({n: np.array(OPERANDS[n][at]) for n in operands_of(call)} for at in range(BATCH))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([np.asarray(run(call, operands)) for operands in examples])


def complaint(call: str, entry: Entry) -> str:
    """What is different, or an empty string."""
    names = operands_of(call)
    wanted = expected(call)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            if names:
                got = vmap(function_of(call))(*(OPERANDS[n] for n in names))
            else:
                got = vmap(lambda _: run(call, {}))(np.zeros(BATCH))
    except Exception as error:
        return f"{call}: {type(error).__name__}: {error}"
    got = np.asarray(got)
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return f"{call}: {got.dtype}{got.shape}, not {wanted.dtype}{wanted.shape}"
    tolerance = max(entry.tolerance, 1e-5 if np.finfo(wanted.dtype).bits == 32 else 0) if wanted.dtype.kind in "fc" else 0
    if not np.allclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True):
        return f"{call}: {got.tolist()}, not {wanted.tolist()}"
    return ""


@pytest.mark.parametrize("name", WORKING)
def test_what_works(name: str) -> None:
    entry = WORKING[name]
    assert [c for call in entry.calls if (c := complaint(call, entry))] == []


@pytest.mark.parametrize("name", WORKING)
def test_calls_are_of_the_function(name: str) -> None:
    assert [call for call in WORKING[name].calls if not mentions(WORKING[name], call)] == []
