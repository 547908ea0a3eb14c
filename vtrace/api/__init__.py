"""What users call: `vmap`, `jit`, `make_ir`. The only layer that puts frontend, passes and backends together."""

from vtrace.api.debugging import check_nans as check_nans
from vtrace.api.debugging import disable_jit as disable_jit
from vtrace.api.forecast import MemoryForecast as MemoryForecast
from vtrace.api.function import Function as Function
from vtrace.api.inspection import Inspection as Inspection
from vtrace.api.transforms import jit as jit
from vtrace.api.transforms import make_ir as make_ir
from vtrace.api.transforms import vmap as vmap
