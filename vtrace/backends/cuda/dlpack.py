"""DLPack, the protocol by which array libraries give each other arrays: a C structure in a Python capsule."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.ir.types import DType

CUDA = 2
"""The number of the kind of device."""
_NAME, _USED = b"dltensor", b"used_dltensor"
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

    _fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _Deleter))


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
_raw_is_valid = _api("PyCapsule_IsValid", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
_raw_pointer = _api("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)


def _forget(capsule: int) -> None:
    """A capsule that nobody took is gone. (Its address, not the object: that has no references any more.)"""
    if _raw_is_valid(capsule, _NAME):
        _delete(_raw_pointer(capsule, _NAME))


_destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_forget)


def export(owner: Any, pointer: int, shape: tuple[int, ...], dtype: DType, device: int) -> Any:
    """A capsule for a C-contiguous array; `owner` lives as long as somebody uses it."""
    extents = (ctypes.c_int64 * max(len(shape), 1))(*shape)
    managed = _Managed()
    tensor = managed.tensor
    tensor.data, tensor.device_type, tensor.device_id, tensor.ndim = pointer, CUDA, device, len(shape)
    tensor.code, tensor.bits, tensor.lanes = _KINDS[dtype.kind], 8 * dtype.itemsize, 1
    tensor.shape = ctypes.cast(extents, ctypes.POINTER(ctypes.c_int64))
    managed.deleter = _deleter
    address = ctypes.addressof(managed)
    _ALIVE[address] = (managed, extents, owner)
    return _new(address, _NAME, ctypes.cast(_destructor, ctypes.c_void_p))


class _Taken:
    """Somebody else's structure, given back when it is dropped."""

    def __init__(self, address: int) -> None:
        self._address = address

    def __del__(self) -> None:
        managed = _Managed.from_address(self._address)
        if managed.deleter:
            managed.deleter(self._address)


def take(capsule: Any) -> Imported:
    """What a capsule holds."""
    address = _pointer(capsule, _NAME)
    tensor = _Managed.from_address(address).tensor
    _rename(capsule, _USED)
    keep = _Taken(address)
    kinds = {code: kind for kind, code in _KINDS.items()}
    if tensor.code not in kinds or tensor.lanes != 1:
        raise DTypeError(f"an array with the DLPack type ({tensor.code}, {tensor.bits} bits) is not supported")
    dtype = np.dtype(f"{kinds[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[k] for k in range(tensor.ndim))
    strides = tuple(tensor.strides[k] for k in range(tensor.ndim)) if tensor.strides else None
    return Imported((tensor.data or 0) + tensor.byte_offset, shape, strides, dtype, tensor.device_id, keep)
