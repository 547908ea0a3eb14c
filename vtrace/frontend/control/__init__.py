"""Capture of control flow: the user's functions become sub-graphs, what they read from outside becomes operands.

`vtrace.lax` gives these their public names; they work on tracers, inside of a trace.
"""

from vtrace.frontend.control.branches import branch as branch
from vtrace.frontend.control.loops import scan as scan
from vtrace.frontend.control.loops import while_loop as while_loop
