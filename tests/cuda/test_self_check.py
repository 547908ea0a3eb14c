"""The checks that come before anything is believed of a GPU: they pass on the fake device, and see what is wrong."""

import dataclasses
import re

import numpy as np
import pytest

from benchmarks import cuda
from tests.cuda.fake_driver import FakeDriver
from vtrace.backends.cuda.tools import modules
from vtrace.cli import self_check
from vtrace.cli.info import gather
from vtrace.cli.self_check import CHECKS
from vtrace.errors import AxesError

FEW = CHECKS[:1]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.name)
def test_checks_pass(gpu: FakeDriver, check: self_check.Check) -> None:
    check.run()
    assert gpu.count("cuLaunchKernel") + gpu.count("cublasGemmStridedBatchedEx") > 0


def test_every_kind_of_kernel_is_among_them() -> None:
    reports, texts = [], []
    for check in CHECKS:
        stages = check.program("cuda").inspect(*check.arguments(np.random.default_rng(0)))
        reports.append(stages.report)
        texts += modules(stages.ptx)
    kinds = re.findall(r"kernel \d+: (\w+ layout|updates: [^\n]*)", "\n".join(reports))
    assert {k.split(",")[0] for k in kinds if "layout" in k} == {
        f"{n} layout" for n in ("flat", "thread", "warp", "block")
    }
    assert len({k for k in kinds if "updates" in k}) >= 4
    for instruction in ("bar.sync", "bar.warp.sync", "shfl.sync.bfly", "atom.", ".shared", ".local", "ld.global.nc.v4"):
        assert any(instruction in t for t in texts), instruction


def test_what_is_wrong_is_told(
    gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = dataclasses.replace(FEW[0], name="what is broken", arguments=lambda rng: (rng.random(0), rng.random(1)))
    monkeypatch.setattr(self_check, "CHECKS", (*FEW, broken))
    ((check, error),) = self_check.failures()
    assert (check, type(error)) == (broken, AxesError)
    assert any(line.startswith("cuda:1 the check of what is broken fails: ") for line in gather(True)["gpu"])
    monkeypatch.setattr(cuda, "measure", lambda: pytest.fail("nothing is measured"))
    assert cuda.main() == 1
    assert "the check of what is broken fails" in capsys.readouterr().err


def test_wrong_numbers_are_seen(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    program = self_check.Check.program
    monkeypatch.setattr(
        self_check.Check, "program", lambda self, device: lambda x: program(self, device)(x) + (device != "cpu")
    )
    monkeypatch.setattr(self_check, "CHECKS", FEW)
    ((_, error),) = self_check.failures()
    assert "Not equal to tolerance" in str(error)


def test_info_tells_that_all_is_well(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "CHECKS", FEW)
    assert {f"cuda:{n} all 1 checks passed" for n in range(2)} <= set(gather(True)["gpu"])
