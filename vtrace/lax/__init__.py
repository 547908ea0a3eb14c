"""Structured control flow with JAX's names: `from vtrace import lax`.

Inside a function that `vmap` or `jit` traces these become branches and loops of the compiled program; under `vmap`
every example runs its own. Called on NumPy arrays outside of any trace, they are the Python loops and branches they
stand for.
"""

from vtrace.lax.associative import associative_scan as associative_scan
from vtrace.lax.branches import cond as cond
from vtrace.lax.branches import switch as switch
from vtrace.lax.cumulative import cumlogsumexp as cumlogsumexp
from vtrace.lax.cumulative import cummax as cummax
from vtrace.lax.cumulative import cummin as cummin
from vtrace.lax.cumulative import cumprod as cumprod
from vtrace.lax.cumulative import cumsum as cumsum
from vtrace.lax.debugging import debug_print as debug_print
from vtrace.lax.scans import map as map
from vtrace.lax.scans import scan as scan
from vtrace.lax.segments import segment_max as segment_max
from vtrace.lax.segments import segment_min as segment_min
from vtrace.lax.segments import segment_prod as segment_prod
from vtrace.lax.segments import segment_sum as segment_sum
from vtrace.lax.selection import select as select
from vtrace.lax.selection import select_n as select_n
from vtrace.lax.slicing import dynamic_index_in_dim as dynamic_index_in_dim
from vtrace.lax.slicing import dynamic_slice as dynamic_slice
from vtrace.lax.slicing import dynamic_slice_in_dim as dynamic_slice_in_dim
from vtrace.lax.slicing import dynamic_update_index_in_dim as dynamic_update_index_in_dim
from vtrace.lax.slicing import dynamic_update_slice as dynamic_update_slice
from vtrace.lax.slicing import dynamic_update_slice_in_dim as dynamic_update_slice_in_dim
from vtrace.lax.sorting import sort as sort
from vtrace.lax.sorting import top_k as top_k
from vtrace.lax.while_loops import fori_loop as fori_loop
from vtrace.lax.while_loops import while_loop as while_loop
from vtrace.lax.windowed import conv as conv
from vtrace.lax.windowed import conv_general_dilated as conv_general_dilated
from vtrace.lax.windowed import reduce_window as reduce_window
