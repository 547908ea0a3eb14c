"""`scipy.fft` on traced arrays. SciPy asks the backends that are registered with it before its own.

Imported by a trace once SciPy's module is there, so that tracing alone does not import SciPy.
"""

from collections.abc import Callable
from typing import Any

import scipy.fft

from vtrace.errors import UnsupportedError
from vtrace.frontend import numpy_fft
from vtrace.frontend.source import at_user_line
from vtrace.frontend.tracer import Tracer

_HANDLERS: dict[str, Callable[..., Any]] = {
    name: getattr(numpy_fft, name)
    for name in (
        "fft", "ifft", "rfft", "irfft", "hfft", "ihfft",
        "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn",
    )
}  # fmt: skip
_WITHOUT_MEANING = ("overwrite_x", "workers", "plan")
"""Options of SciPy's functions about how they are to compute."""


class TracingBackend:
    """What SciPy is given; calls without a traced array are left to others."""

    __ua_domain__ = "numpy.scipy.fft"

    @staticmethod
    def __ua_function__(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not (isinstance(args[0], Tracer) if args else isinstance(kwargs.get("x"), Tracer)):
            return NotImplemented
        name = method.__name__
        if name not in _HANDLERS:
            raise UnsupportedError(f"{at_user_line()}: scipy.fft.{name} is not supported on traced arrays")
        options = {k: v for k, v in kwargs.items() if k not in _WITHOUT_MEANING}
        if "x" in options:
            args = (options.pop("x"), *args)
        return _HANDLERS[name](*args[:4], **options)  # the fifth one and those after it have no meaning here


scipy.fft.register_backend(TracingBackend)
