"""The structures of DLPack are those that NumPy's C code makes and reads, and its rules are kept."""

import gc
import subprocess
import sys
import weakref
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import CapsuleArray, sent
from vtrace.backends.cuda import dlpack
from vtrace.ir.types import Array

ROWS = np.arange(12.0).reshape(4, 3)
DTYPES = [np.bool_, np.int8, np.uint16, np.int32, np.uint64, np.float32, np.float64, np.complex64, np.complex128]
CPU = 1
BOTH = [False, True]


class OnHost:
    """A capsule of ours, of memory of the host, as NumPy takes it."""

    def __init__(self, array: Array, versioned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dlpack, "CUDA", CPU)
        self._array, self._versioned = array, versioned

    def __dlpack__(self, **_: Any) -> Any:
        a = self._array
        return dlpack.export(a, a.__array_interface__["data"][0], a.shape, a.dtype, 0, self._versioned)

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU, 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("versioned", BOTH)
@pytest.mark.parametrize("shape", [(4, 3), (5,), (), (2, 0, 3)])
def test_numpy_reads_what_we_export(dtype, versioned, shape, monkeypatch) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    seen = np.from_dlpack(OnHost(array, versioned, monkeypatch))
    assert (seen.dtype, seen.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(seen, array)
    assert array.size == 0 or np.shares_memory(seen, array)
    alive = weakref.ref(array)
    del array
    assert alive() is not None
    del seen
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("version", [None, (1, 0)])
def test_we_read_what_numpy_exports(dtype, version) -> None:
    array = np.arange(24).reshape(4, 6).astype(dtype)
    alive = weakref.ref(array)
    view = array[1:, ::2].T
    given: list[str] = []
    taken = dlpack.take(view.__dlpack__(max_version=version), lambda: given.append("before"))
    assert (taken.pointer, taken.shape) == (view.__array_interface__["data"][0], view.shape)
    assert (taken.dtype, taken.device) == (array.dtype, 0)
    assert taken.strides == tuple(s // array.itemsize for s in view.strides)
    del array, view
    assert alive() is not None
    assert not given
    del taken
    assert alive() is None
    assert given == ["before"]


def test_a_capsule_of_a_later_version_is_refused() -> None:
    array = np.ones(3)
    capsule = array.__dlpack__(max_version=(1, 0))
    dlpack._Versioned.from_address(dlpack._pointer(capsule, b"dltensor_versioned")).major = 2
    with pytest.raises(BufferError, match=r"DLPack 2\.\d+, of which 1 is the newest known"):
        dlpack.take(capsule)
    assert sys.getrefcount(array) == 2, "it was given back"


@pytest.mark.parametrize(
    ("version", "name"), [(None, "dltensor"), ((0, 8), "dltensor"), ((1, 3), "dltensor_versioned")]
)
def test_which_structure_a_consumer_is_given(gpu: FakeDriver, version, name) -> None:
    capsule = sent(ROWS).__dlpack__(max_version=version, copy=True)
    assert f'"{name}"' in repr(capsule)
    if "versioned" in name:
        managed = dlpack._Versioned.from_address(dlpack._pointer(capsule, name.encode()))
        assert (managed.major, managed.minor, managed.flags) == (1, 0, dlpack.IS_COPIED)


@pytest.mark.parametrize("named", ["torch", "jax"])
def test_memory_goes_back_to_its_library_when_it_was_read(gpu: FakeDriver, named, monkeypatch) -> None:
    """At once to PyTorch, whose memory is used again in order; to others when the work is done."""
    monkeypatch.setattr(CapsuleArray, "__module__", f"{named}.anything")
    waits = gpu.count("cuStreamSynchronize")
    result = vtrace.vmap(np.sum)(CapsuleArray(ROWS))
    gc.collect()
    assert gpu.count("cuStreamSynchronize") == waits + (named == "jax") + 1, "one of them sent the array"
    np.testing.assert_array_equal(result.get(), ROWS.sum(1))


def test_the_device_of_the_array_is_current_where_it_is_asked_for(gpu: FakeDriver) -> None:
    """PyTorch gives no arrays of another device than the current one."""

    class Strict(CapsuleArray):
        def __dlpack__(self, *, stream: Any = None) -> Any:
            assert gpu.contexts[-1:] == [1]
            return super().__dlpack__(stream=stream)

    given = Strict(ROWS)
    given.resident = sent(ROWS, 1)
    np.testing.assert_array_equal(vtrace.vmap(np.sum)(given).get(), ROWS.sum(1))


def test_consumers_may_outlive_the_interpreters_modules() -> None:
    """An array that NumPy holds to the very end: the interpreter clears its builtins last."""
    text = """
import builtins
import numpy as np
from vtrace.backends.cuda import dlpack
dlpack.CUDA = 1
class Source:
    def __dlpack__(self, **_):
        array = np.ones(1000)
        return dlpack.export(array, array.__array_interface__["data"][0], array.shape, array.dtype, 0)
    def __dlpack_device__(self):
        return 1, 0
builtins.kept = np.from_dlpack(Source())
del Source, dlpack
print("done")
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
