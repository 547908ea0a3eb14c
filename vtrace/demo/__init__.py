"""The tour that `vtrace demo` gives: an error, the IR before and after batching, in_axes, nesting, the timing chart."""

from vtrace.demo.tour import tour as tour
