"""What can be computed: importing this package fills the registry of primitives."""

from vtrace.ops import argreduce as argreduce
from vtrace.ops import arithmetic as arithmetic
from vtrace.ops import assembly as assembly
from vtrace.ops import bitcast as bitcast
from vtrace.ops import comparison as comparison
from vtrace.ops import contraction as contraction
from vtrace.ops import control as control
from vtrace.ops import debug_print as debug_print
from vtrace.ops import division as division
from vtrace.ops import half_power as half_power
from vtrace.ops import indexing as indexing
from vtrace.ops import kernel as kernel
from vtrace.ops import logic as logic
from vtrace.ops import matmul as matmul
from vtrace.ops import movement as movement
from vtrace.ops import power as power
from vtrace.ops import reduction as reduction
from vtrace.ops import reshape as reshape
from vtrace.ops import rounding as rounding
from vtrace.ops import scan as scan
from vtrace.ops import scatter as scatter
from vtrace.ops import selection as selection
from vtrace.ops import threefry as threefry
from vtrace.ops import transcendental as transcendental
from vtrace.ops import uniform_to_normal as uniform_to_normal
from vtrace.ops import windows as windows
