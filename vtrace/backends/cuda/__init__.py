"""From a fused graph to kernels for NVIDIA GPUs. Nothing of CUDA is looked for before an array is to go to one."""

from vtrace.backends.cuda.array import DeviceArray as DeviceArray
from vtrace.backends.cuda.device import gpu as gpu
from vtrace.backends.cuda.device import wait_for as wait_for
from vtrace.backends.cuda.executable import DeviceExecutable as DeviceExecutable
from vtrace.backends.cuda.executable import compile_for_device as compile_for_device
from vtrace.backends.cuda.foreign import adopt as adopt
from vtrace.backends.cuda.foreign import find as find
