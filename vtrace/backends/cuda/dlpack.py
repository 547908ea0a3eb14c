"""DLPack, the protocol by which array libraries give each other arrays: a C structure in a Python capsule.

There are two of these structures, that of before version 1 and that of versions 1.x, and both are in use.
"""

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.ir.types import DType

CUDA = 2
"""The number of the kind of device."""
VERSION = (1, 0)
"""The newest version that is understood."""
IS_COPIED = 2
"""The flag of an array that was copied for the consumer."""
_KINDS = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}


class _Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    """DLManagedTensor."""

    name, used = b"dltensor", b"used_dltensor"
    _fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _Deleter))


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    name, used = b"dltensor_versioned", b"used_dltensor_versioned"
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", _Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    )


_Capsuled = _Managed | _Versioned


@dataclass(frozen=True)
class Imported:
    """What a capsule says of an array; it is the producer's memory as long as this lives."""

    pointer: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    """In elements."""
    dtype: DType
    device: int
    keep: Any


_ALIVE: dict[int, Any] = {}
"""What exported arrays need, by the address of their structure, until the consumer is done."""


def _delete(address: int) -> None:
    _ALIVE.pop(address, None)


_deleter = _Deleter(_delete)


def _api(name: str, result: Any, *arguments: Any) -> Any:
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


_new = _api("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_pointer = _api("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_rename = _api("PyCapsule_SetName", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
_is_valid = _api("PyCapsule_IsValid", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
_raw_is_valid = _api("PyCapsule_IsValid", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
_raw_pointer = _api("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)


def _forget(capsule: int) -> None:
    """A capsule that nobody took is gone. (Its address, not the object: that has no references any more.)"""
    for name in (_Managed.name, _Versioned.name):
        if _raw_is_valid(capsule, name):
            _delete(_raw_pointer(capsule, name))


_destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_forget)


def export(
    owner: Any, pointer: int, shape: tuple[int, ...], dtype: DType, device: int, versioned: bool = False, flags: int = 0
) -> Any:
    """A capsule for a C-contiguous array; `owner` lives as long as somebody uses it."""
    extents = (ctypes.c_int64 * (2 * len(shape)))(*shape, *(math.prod(shape[k + 1 :]) for k in range(len(shape))))
    managed: _Capsuled = _Versioned(*VERSION, flags=flags) if versioned else _Managed()
    tensor = managed.tensor
    tensor.data, tensor.device_type, tensor.device_id, tensor.ndim = pointer, CUDA, device, len(shape)
    tensor.code, tensor.bits, tensor.lanes = _KINDS[dtype.kind], 8 * dtype.itemsize, 1
    first = ctypes.addressof(extents)
    tensor.shape, tensor.strides = (ctypes.cast(first + 8 * n, ctypes.POINTER(ctypes.c_int64)) for n in (0, len(shape)))
    managed.deleter = _deleter
    address = ctypes.addressof(managed)
    _ALIVE[address] = (managed, extents, owner)
    return _new(address, managed.name, ctypes.cast(_destructor, ctypes.c_void_p))


class _Taken:
    """Somebody else's structure, given back when it is dropped: when `before` has returned."""

    def __init__(self, managed: _Capsuled, before: Callable[[], None]) -> None:
        self._managed, self._before = managed, before

    def __del__(self) -> None:
        if self._managed.deleter:
            self._before()
            self._managed.deleter(ctypes.addressof(self._managed))


def take(capsule: Any, before_deletion: Callable[[], None] = lambda: None) -> Imported:
    """What a capsule holds.

    Raises BufferError for a version of the protocol that is not known, DTypeError for a dtype that NumPy does not have.
    """
    kind = _Versioned if _is_valid(capsule, _Versioned.name) else _Managed
    managed: _Capsuled = kind.from_address(_pointer(capsule, kind.name))
    _rename(capsule, kind.used)
    keep, tensor = _Taken(managed, before_deletion), managed.tensor
    if isinstance(managed, _Versioned) and managed.major > VERSION[0]:
        raise BufferError(f"an array comes by DLPack {managed.major}.{managed.minor}, of which 1 is the newest known")
    kinds = {code: kind for kind, code in _KINDS.items()}
    if tensor.code not in kinds or tensor.lanes != 1:
        raise DTypeError(f"an array with the DLPack type ({tensor.code}, {tensor.bits} bits) is not supported")
    dtype = np.dtype(f"{kinds[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[k] for k in range(tensor.ndim))
    strides = tuple(tensor.strides[k] for k in range(tensor.ndim)) if tensor.strides else None
    return Imported((tensor.data or 0) + tensor.byte_offset, shape, strides, dtype, tensor.device_id, keep)
