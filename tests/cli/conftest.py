"""What the tests of the command line share."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from vtrace.cli import main


class Output(NamedTuple):
    """What one command did."""

    status: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Output]:
    """Run the command line in this process."""

    def run(*arguments: str) -> Output:
        status = main(arguments)
        captured = capsys.readouterr()
        return Output(status, captured.out, captured.err)

    return run
