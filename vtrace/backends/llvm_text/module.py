"""Modules, what is in them, and blocks of instructions. `str(module)` is the text that LLVM parses."""

from typing import Any

from vtrace.backends.llvm_text.types import FunctionType, PointerType, Type
from vtrace.backends.llvm_text.values import Constant, Value


class Module:
    """Module(name): functions and variables by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.globals: dict[str, Any] = {}

    def get_global(self, name: str) -> Any:
        """The function or variable of this name; KeyError if there is none."""
        return self.globals[name]

    def __str__(self) -> str:
        return "\n".join(["; " + self.name, *map(str, self.globals.values()), ""])


class GlobalVariable(Value):
    """GlobalVariable(module, type, name): a variable of the module; its value is its address.

    One in another address space than the usual one has its address there cast to a usual one.
    """

    __slots__ = ("align", "content", "global_constant", "initializer", "linkage", "space", "symbol")

    def __init__(self, module: Module, content: Type, name: str, space: int = 0) -> None:
        self.symbol, self.space = f'@"{name}"', space
        here = f"addrspacecast (ptr addrspace({space}) {self.symbol} to ptr)" if space else self.symbol
        super().__init__(PointerType(), here)
        self.content, self.linkage, self.global_constant = content, "", False
        self.align: int | None = None
        self.initializer: Constant | None = None
        module.globals[name] = self

    def __str__(self) -> str:
        kind = "constant" if self.global_constant else "global"
        value = "" if self.initializer is None else self.initializer.ref
        where = f"addrspace({self.space}) " if self.space else ""
        ending = f", align {self.align}" if self.align else ""
        return f"{self.symbol} = {self.linkage} {where}{kind} {self.content.text} {value}{ending}"


class Later:
    """A line of a block whose text is not known yet; as long as that is so, it is an empty one."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = ""

    def __str__(self) -> str:
        return self.text


class Argument(Value):
    """A parameter of a function."""

    __slots__ = ("attributes",)

    def __init__(self, type_: Type, ref: str) -> None:
        super().__init__(type_, ref)
        self.attributes = ""

    def add_attribute(self, attribute: str) -> None:
        self.attributes += f" {attribute}"


class Phi(Value):
    """A value that depends on where control comes from."""

    __slots__ = ("incoming",)

    def __init__(self, type_: Type, ref: str) -> None:
        super().__init__(type_, ref)
        self.incoming: list[str] = []

    def add_incoming(self, value: Value, block: "Block") -> None:
        self.incoming.append(f"[ {value.ref}, {block.ref} ]")

    def __str__(self) -> str:
        return f"  {self.ref} = phi {self.type.text} {', '.join(self.incoming)}"


class Slot(Value):
    """Memory on the stack, for as long as the function runs; `align` in bytes, None for what is natural."""

    __slots__ = ("align", "content")

    def __init__(self, ref: str, content: str) -> None:
        super().__init__(PointerType(), ref)
        self.content = content
        self.align: int | None = None

    def __str__(self) -> str:
        return f"  {self.ref} = alloca {self.content}" + (f", align {self.align}" if self.align else "")


class Branch:
    """The end of a block that goes on with one of two others."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def set_weights(self, weights: list[int]) -> None:
        """How often either is taken, as far as we know."""
        listed = ", ".join(f"i32 {w}" for w in weights)
        self.text += f', !prof !{{!"branch_weights", {listed}}}'

    def __str__(self) -> str:
        return self.text


class Block:
    """Instructions, in the order they run. What is added after the block has its end goes before that end."""

    __slots__ = ("function", "lines", "name", "ref", "terminator")

    def __init__(self, function: "Function", name: str) -> None:
        self.function, self.name, self.ref = function, name, f"%{name}"
        self.lines: list[Any] = []
        """Texts, and values whose text is not final yet."""
        self.terminator: Any = None

    @property
    def is_terminated(self) -> bool:
        return self.terminator is not None


class Function(Value):
    """Function(module, type, name): one without blocks is a declaration."""

    __slots__ = ("args", "attributes", "blocks", "function_type", "linkage", "taken")

    def __init__(self, module: Module, type_: FunctionType, name: str) -> None:
        super().__init__(PointerType(), f'@"{name}"')
        self.function_type, self.linkage = type_, ""
        self.args = [Argument(t, f"%a{n}") for n, t in enumerate(type_.arguments)]
        self.attributes: dict[str, None] = {}
        self.blocks: list[Block] = []
        self.taken = 0
        """Names of registers and blocks given out so far."""
        module.globals[name] = self

    @property
    def is_declaration(self) -> bool:
        return not self.blocks

    def append_basic_block(self, name: str) -> Block:
        """A new block at the end; `name` says what it is for, and gets a number."""
        self.taken += 1
        block = Block(self, f"{name}.{self.taken}")
        self.blocks.append(block)
        return block

    def __str__(self) -> str:
        given = ", ".join(f"{a.type.text}{a.attributes} {a.ref}" for a in self.args)
        head = f"{self.linkage} {self.function_type.result.text} {self.ref}({given})"
        if not self.blocks:
            return f"declare {head}"
        lines = [" ".join([f"define {head}", *self.attributes, "{"])]
        for block in self.blocks:
            lines.append(f"{block.name}:")
            lines += [line if type(line) is str else str(line) for line in block.lines]
            lines.append(str(block.terminator))
        return "\n".join([*lines, "}"])
