"""LLVM's types. There is one object for each, whose text is made once: types are compared by `is`."""

from abc import abstractmethod
from typing import Any, ClassVar, Self


class Type:
    """Any type; `text` is how LLVM writes it."""

    _known: ClassVar[dict[Any, Any]] = {}
    text: str

    def __new__(cls, *parts: Any) -> Self:
        key = (cls, *parts) if cls is not FunctionType else (cls, parts[0], *parts[1])
        if (known := Type._known.get(key)) is None:
            known = Type._known[key] = super().__new__(cls)
            known._make(*parts)
        return known

    @abstractmethod
    def _make(self, *parts: Any) -> None:
        """Set what the type consists of, and its text."""

    def __str__(self) -> str:
        return self.text


class VoidType(Type):
    """What a function gives that gives nothing."""

    def _make(self, *parts: Any) -> None:
        self.text = "void"


class IntType(Type):
    """IntType(width): integers of so many bits."""

    width: int

    def _make(self, *parts: Any) -> None:
        (self.width,) = parts
        self.text = f"i{self.width}"


class FloatType(Type):
    """Floats of 32 bits."""

    def _make(self, *parts: Any) -> None:
        self.text = "float"


class DoubleType(Type):
    """Floats of 64 bits."""

    def _make(self, *parts: Any) -> None:
        self.text = "double"


class PointerType(Type):
    """Addresses, of whatever it is."""

    def _make(self, *parts: Any) -> None:
        self.text = "ptr"


class VectorType(Type):
    """VectorType(element, count): lanes."""

    element: Type
    count: int

    def _make(self, *parts: Any) -> None:
        self.element, self.count = parts
        self.text = f"<{self.count} x {self.element.text}>"


class ArrayType(Type):
    """ArrayType(element, count): elements in memory."""

    element: Type
    count: int

    def _make(self, *parts: Any) -> None:
        self.element, self.count = parts
        self.text = f"[{self.count} x {self.element.text}]"


class FunctionType(Type):
    """FunctionType(result, arguments)."""

    result: Type
    arguments: tuple[Type, ...]

    def _make(self, *parts: Any) -> None:
        self.result, self.arguments = parts[0], tuple(parts[1])
        self.text = f"{self.result.text} ({', '.join(a.text for a in self.arguments)})"
