"""Every test here runs twice: as machine code, and in the interpreter."""

from collections.abc import Iterator

import pytest

import vtrace


@pytest.fixture(autouse=True, params=["compiled", "interpreted"])
def mode(request: pytest.FixtureRequest) -> Iterator[str]:
    """How programs are run."""
    with vtrace.disable_jit(request.param == "interpreted"):
        yield request.param
