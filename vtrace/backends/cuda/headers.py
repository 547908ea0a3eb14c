"""What is used of CUDA's C headers, cuda.h and cublas_api.h, by the names and types that it has there.

The tests have a C compiler compare all of it with the headers of CUDA 12 and 13.
"""

import ctypes
from typing import Any

CU_STREAM_LEGACY, CU_STREAM_PER_THREAD = 1, 2
CU_EVENT_DISABLE_TIMING = 2
CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16
CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 75, 76
CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115
CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4
CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9
CU_JIT_INPUT_PTX = 1
CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 5, 6
CU_LAUNCH_PARAM_END, CU_LAUNCH_PARAM_BUFFER_POINTER, CU_LAUNCH_PARAM_BUFFER_SIZE = 0, 1, 2

CUDA_ERROR_OUT_OF_MEMORY, CUDA_ERROR_NO_DEVICE = 2, 100
CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_MISALIGNED_ADDRESS, CUDA_ERROR_LAUNCH_FAILED = 700, 716, 719

CUBLAS_OP_N, CUBLAS_OP_T = 0, 1
CUDA_R_32F, CUDA_R_64F = 0, 1
CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_64F = 68, 70
CUBLAS_GEMM_DEFAULT = -1
CUBLAS_STATUS_NOT_INITIALIZED = 1

DRIVER = {
    "cuInit": "unsigned int",
    "cuDriverGetVersion": "int *",
    "cuDeviceGetCount": "int *",
    "cuDeviceGet": "CUdevice *, int",
    "cuDeviceGetName": "char *, int, CUdevice",
    "cuDeviceGetAttribute": "int *, CUdevice_attribute, CUdevice",
    "cuDeviceGetDefaultMemPool": "CUmemoryPool *, CUdevice",
    "cuMemPoolSetAttribute": "CUmemoryPool, CUmemPool_attribute, void *",
    "cuDevicePrimaryCtxRetain": "CUcontext *, CUdevice",
    "cuCtxPushCurrent_v2": "CUcontext",
    "cuCtxPopCurrent_v2": "CUcontext *",
    "cuPointerGetAttribute": "void *, CUpointer_attribute, CUdeviceptr",
    "cuModuleLoadData": "CUmodule *, const void *",
    "cuModuleGetFunction": "CUfunction *, CUmodule, const char *",
    "cuLinkCreate_v2": "unsigned int, CUjit_option *, void **, CUlinkState *",
    "cuLinkAddData_v2": (
        "CUlinkState, CUjitInputType, void *, size_t, const char *, unsigned int, CUjit_option *, void **"
    ),
    "cuLinkComplete": "CUlinkState, void **, size_t *",
    "cuLinkDestroy": "CUlinkState",
    "cuLaunchKernel": (
        "CUfunction, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, "
        "CUstream, void **, void **"
    ),
    "cuMemAllocAsync": "CUdeviceptr *, size_t, CUstream",
    "cuMemFreeAsync": "CUdeviceptr, CUstream",
    "cuMemAlloc_v2": "CUdeviceptr *, size_t",
    "cuMemFree_v2": "CUdeviceptr",
    "cuMemcpyHtoDAsync_v2": "CUdeviceptr, const void *, size_t, CUstream",
    "cuMemcpyDtoHAsync_v2": "void *, CUdeviceptr, size_t, CUstream",
    "cuMemcpyDtoDAsync_v2": "CUdeviceptr, CUdeviceptr, size_t, CUstream",
    "cuMemsetD8Async": "CUdeviceptr, unsigned char, size_t, CUstream",
    "cuStreamSynchronize": "CUstream",
    "cuEventCreate": "CUevent *, unsigned int",
    "cuEventRecord": "CUevent, CUstream",
    "cuStreamWaitEvent": "CUstream, CUevent, unsigned int",
    "cuEventDestroy_v2": "CUevent",
    "cuGetErrorName": "CUresult, const char **",
    "cuGetErrorString": "CUresult, const char **",
}
"""The driver's functions, with the types of their arguments. All of them return a CUresult."""

CUBLAS = {
    "cublasCreate_v2": "cublasHandle_t *",
    "cublasSetStream_v2": "cublasHandle_t, cudaStream_t",
    "cublasGemmStridedBatchedEx": (
        "cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void *, "
        "const void *, cudaDataType, int, long long int, const void *, cudaDataType, int, long long int, "
        "const void *, void *, cudaDataType, int, long long int, int, cublasComputeType_t, cublasGemmAlgo_t"
    ),
}
"""Those of cuBLAS, which return a cublasStatus_t."""

TYPES: dict[str, Any] = {
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "unsigned char": ctypes.c_ubyte,
    "long long int": ctypes.c_longlong,
    "size_t": ctypes.c_size_t,
    "const char *": ctypes.c_char_p,
    "CUdevice": ctypes.c_int,
    **dict.fromkeys(
        ("CUresult", "CUdevice_attribute", "CUmemPool_attribute", "CUpointer_attribute", "CUjitInputType"), ctypes.c_int
    ),
    **dict.fromkeys(("cublasOperation_t", "cudaDataType", "cublasComputeType_t", "cublasGemmAlgo_t"), ctypes.c_int),
}
"""How ctypes passes numbers and text. Everything else is an address: pointers, memory of a device, handles."""


def declare(function: Any, arguments: str) -> None:
    """Tell ctypes what a function takes and that it returns a status."""
    function.argtypes = [TYPES.get(type_, ctypes.c_void_p) for type_ in arguments.split(", ")]
    function.restype = ctypes.c_int
