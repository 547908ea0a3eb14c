"""From Python to a graph: tracers, NumPy's protocols, and the tables from NumPy's functions to primitives."""

from vtrace.frontend import assignment as assignment
from vtrace.frontend import complexes as complexes
from vtrace.frontend import einsum as einsum
from vtrace.frontend import numpy_complex as numpy_complex
from vtrace.frontend import numpy_counting as numpy_counting
from vtrace.frontend import numpy_creation as numpy_creation
from vtrace.frontend import numpy_derived as numpy_derived
from vtrace.frontend import numpy_elementwise as numpy_elementwise
from vtrace.frontend import numpy_fft as numpy_fft
from vtrace.frontend import numpy_interp as numpy_interp
from vtrace.frontend import numpy_linalg as numpy_linalg
from vtrace.frontend import numpy_matrices as numpy_matrices
from vtrace.frontend import numpy_movement as numpy_movement
from vtrace.frontend import numpy_quantiles as numpy_quantiles
from vtrace.frontend import numpy_ranks as numpy_ranks
from vtrace.frontend import numpy_reduction as numpy_reduction
from vtrace.frontend import numpy_searching as numpy_searching
from vtrace.frontend import numpy_selection as numpy_selection
from vtrace.frontend import numpy_sorting as numpy_sorting
from vtrace.frontend import numpy_tensors as numpy_tensors
from vtrace.frontend import sliding as sliding
