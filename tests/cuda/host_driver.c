/* The driver's functions in C, by CUDA's own header, on the memory of the host. There is one kernel: a + 1 of float64.
   Handles are addresses of more than 32 bits, and every argument that comes in is looked at. */
#include <cuda.h>
#include <stdlib.h>
#include <string.h>

#define HANDLE(n) ((void *)(0x7f0000000000ULL + (n)))
#define IS(condition) if (!(condition)) return CUDA_ERROR_INVALID_VALUE
enum { CONTEXT = 16, POOL = 32, MODULE = 48, FUNCTION = 64, LINK = 80, EVENT = 96 };
static CUstream const ours = CU_STREAM_LEGACY;
static char linked[] = "machine code";
static int current, alive;

CUresult cuInit(unsigned int flags) { IS(flags == 0); return CUDA_SUCCESS; }
CUresult cuDriverGetVersion(int *out) { *out = 12030; return CUDA_SUCCESS; }
CUresult cuDeviceGetCount(int *out) { *out = 1; return CUDA_SUCCESS; }
CUresult cuDeviceGet(CUdevice *out, int number) { IS(number == 0); *out = 5; return CUDA_SUCCESS; }
CUresult cuDeviceGetName(char *out, int size, CUdevice device) {
    IS(device == 5 && size > 8);
    strcpy(out, "host");
    return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int *out, CUdevice_attribute what, CUdevice device) {
    IS(device == 5);
    switch (what) {
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *out = 3; return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *out = 8; return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *out = 6; return CUDA_SUCCESS;
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: *out = getenv("NO_POOLS") == NULL; return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
    }
}
CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *out, CUdevice device) {
    IS(device == 5 && getenv("NO_POOLS") == NULL);
    *out = HANDLE(POOL);
    return CUDA_SUCCESS;
}
CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute what, void *value) {
    IS(pool == HANDLE(POOL) && what == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD && *(cuuint64_t *)value == UINT64_MAX);
    return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *out, CUdevice device) {
    IS(device == 5);
    *out = HANDLE(CONTEXT);
    return CUDA_SUCCESS;
}
CUresult cuCtxPushCurrent_v2(CUcontext context) { IS(context == HANDLE(CONTEXT)); ++current; return CUDA_SUCCESS; }
CUresult cuCtxPopCurrent_v2(CUcontext *out) { IS(current-- > 0); *out = HANDLE(CONTEXT); return CUDA_SUCCESS; }
CUresult cuPointerGetAttribute(void *out, CUpointer_attribute what, CUdeviceptr pointer) {
    IS(what == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL && pointer > UINT32_MAX);
    *(int *)out = 0;
    return CUDA_SUCCESS;
}
CUresult cuLinkCreate_v2(unsigned int count, CUjit_option *options, void **values, CUlinkState *out) {
    IS(current && count == 2 && options[0] == CU_JIT_ERROR_LOG_BUFFER);
    IS(options[1] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES && (size_t)values[1] >= 256);
    memset(values[0], 0, (size_t)values[1]);
    strcpy(values[0], "what the assembler says");
    *out = HANDLE(LINK);
    return CUDA_SUCCESS;
}
CUresult cuLinkAddData_v2(CUlinkState state, CUjitInputType kind, void *data, size_t size, const char *name,
                          unsigned int count, CUjit_option *options, void **values) {
    IS(state == HANDLE(LINK) && kind == CU_JIT_INPUT_PTX && strlen(data) + 1 == size && strlen(name) > 0);
    IS(count == 0 && options == NULL && values == NULL && strstr(data, ".visible .entry kernel(") != NULL);
    return getenv("BAD_PTX") == NULL ? CUDA_SUCCESS : CUDA_ERROR_INVALID_PTX;
}
CUresult cuLinkComplete(CUlinkState state, void **image, size_t *size) {
    IS(state == HANDLE(LINK));
    *image = linked, *size = sizeof linked;
    return CUDA_SUCCESS;
}
CUresult cuLinkDestroy(CUlinkState state) { IS(state == HANDLE(LINK)); return CUDA_SUCCESS; }
CUresult cuModuleLoadData(CUmodule *out, const void *image) {
    IS(current && memcmp(image, linked, sizeof linked) == 0);
    *out = HANDLE(MODULE);
    return CUDA_SUCCESS;
}
CUresult cuModuleGetFunction(CUfunction *out, CUmodule module, const char *name) {
    IS(module == HANDLE(MODULE) && strcmp(name, "kernel") == 0);
    *out = HANDLE(FUNCTION);
    return CUDA_SUCCESS;
}
CUresult cuLaunchKernel(CUfunction function, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                        unsigned int by, unsigned int bz, unsigned int shared, CUstream stream, void **parameters,
                        void **extra) {
    struct { double *in, *out; void *record; long long batch, start, stop; void *scratch; } *given = NULL;
    size_t size = 0;
    IS(current && function == HANDLE(FUNCTION) && gx > 0 && gy == 1 && gz == 1 && bx == 256 && by == 1 && bz == 1);
    IS(shared == 0 && stream == ours && parameters == NULL);
    for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
        if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) given = extra[1];
        else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) size = *(size_t *)extra[1];
        else return CUDA_ERROR_INVALID_VALUE;
    }
    IS(given != NULL && size == sizeof *given && given->start == 0 && given->stop == given->batch);
    for (long long i = 0; i < given->stop; ++i) given->out[i] = given->in[i] + 1;
    return CUDA_SUCCESS;
}
CUresult cuMemAlloc_v2(CUdeviceptr *out, size_t size) {
    IS(current && size > 0);
    if (size >> 40) return CUDA_ERROR_OUT_OF_MEMORY;
    *out = (CUdeviceptr)malloc(size);
    ++alive;
    return CUDA_SUCCESS;
}
CUresult cuMemFree_v2(CUdeviceptr pointer) { IS(current); free((void *)pointer); --alive; return CUDA_SUCCESS; }
CUresult cuMemAllocAsync(CUdeviceptr *out, size_t size, CUstream stream) {
    IS(stream == ours && getenv("NO_POOLS") == NULL);
    return cuMemAlloc_v2(out, size);
}
CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) { IS(stream == ours); return cuMemFree_v2(pointer); }
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size, CUstream stream) {
    IS(current && stream == ours);
    memcpy((void *)to, from, size);
    return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream stream) {
    IS(current && stream == ours);
    memcpy(to, (void *)from, size);
    return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream) {
    IS(current && stream == ours);
    memcpy((void *)to, (void *)from, size);
    return CUDA_SUCCESS;
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t size, CUstream stream) {
    IS(current && stream == ours);
    memset((void *)to, value, size);
    return CUDA_SUCCESS;
}
CUresult cuStreamSynchronize(CUstream stream) { IS(current && stream == ours); return CUDA_SUCCESS; }
CUresult cuEventCreate(CUevent *out, unsigned int flags) {
    IS(current && flags == CU_EVENT_DISABLE_TIMING);
    *out = HANDLE(EVENT);
    return CUDA_SUCCESS;
}
CUresult cuEventRecord(CUevent event, CUstream stream) { IS(event == HANDLE(EVENT) && stream); return CUDA_SUCCESS; }
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags) {
    IS(event == HANDLE(EVENT) && stream && flags == 0);
    return CUDA_SUCCESS;
}
CUresult cuEventDestroy_v2(CUevent event) { IS(event == HANDLE(EVENT)); return CUDA_SUCCESS; }
CUresult cuGetErrorName(CUresult status, const char **out) {
    *out = status == CUDA_ERROR_OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_INVALID_SOMETHING";
    return CUDA_SUCCESS;
}
CUresult cuGetErrorString(CUresult status, const char **out) { *out = "of the host"; return CUDA_SUCCESS; }

/* How many allocations have not been given back, and how deep the stack of contexts is. */
int count_alive(void) { return alive; }
int count_contexts(void) { return current; }
