"""PTX text, as LLVM writes it, to functions of decoded instructions."""

import re
from dataclasses import dataclass, field

import numpy as np

WIDTHS = {"b8": 1, "u8": 1, "s8": 1, "b16": 2, "u16": 2, "s16": 2, "b32": 4, "u32": 4, "s32": 4, "f32": 4}
WIDTHS |= {"b64": 8, "u64": 8, "s64": 8, "f64": 8}
"""The bytes of a type."""
SYNCHRONISING = ("bar", "barrier", "shfl")
"""Instructions at which threads wait for each other; each is a block of its own."""
_ENDS = ("bra", "ret", "exit", *SYNCHRONISING)


@dataclass(frozen=True)
class Instruction:
    """One instruction: `operation` is its name split at the dots."""

    operation: tuple[str, ...]
    operands: tuple[str, ...]
    predicate: str | None = None
    negated: bool = False
    callee: str = ""
    """Of a call, whose operands are the parameters; the results are the first `results` of them."""
    results: int = 0
    used: int = -1
    """Which bytes of what is loaded are used: a bit each."""


@dataclass
class Function:
    """A kernel, or a function that kernels call."""

    name: str
    parameters: list[tuple[str, str]]
    """(name, type)"""
    returns: list[tuple[str, str]]
    registers: dict[str, str] = field(default_factory=dict)
    """The type of the registers with a prefix: %rd is b64."""
    depot: int = 0
    """Bytes of local memory."""
    blocks: list[list[Instruction]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    """The number of the block at a label."""

    def register_type(self, name: str) -> str:
        """The type of a register."""
        return self.registers[name.rstrip("0123456789")]


@dataclass
class Module:
    """All of a PTX file."""

    functions: dict[str, Function]
    constants: dict[str, bytes]
    """Global variables with their content."""
    shared: dict[str, int]
    """Offsets of shared variables."""
    shared_bytes: int


def parse(text: str) -> Module:
    """The module of a PTX file."""
    text = re.sub(r"//[^\n]*", "", text)
    module = Module({}, {}, {}, 0)
    for match in re.finditer(r"\.global \.align \d+ \.(\w+) ([\w$]+)\[(\d+)\] = \{([^}]*)\};", text):
        type_, name, _, values = match.groups()
        numbers = [int(v) for v in values.split(",")]
        module.constants[name] = np.array(numbers, f"u{WIDTHS[type_]}").tobytes()
    for match in re.finditer(r"\.shared \.align (\d+) \.b8 ([\w$]+)\[(\d+)\];", text):
        align, name, size = int(match[1]), match[2], int(match[3])
        start = -(-module.shared_bytes // align) * align
        module.shared[name], module.shared_bytes = start, start + size
    pattern = r"\.(entry|func)\s+(?:\(([^)]*)\)\s*)?([\w$]+)\s*\(([^)]*)\)[^;{]*\{(.*?)\n\}"
    for match in re.finditer(pattern, text, re.S):
        function = Function(match[3], _parameters(match[4]), _parameters(match[2] or ""))
        _body(function, match[5])
        module.functions[function.name] = function
    return module


def _parameters(text: str) -> list[tuple[str, str]]:
    found = re.findall(r"\.param\s+\.(\w+)[^,]*?([\w$]+)\s*(?:,|$)", text.strip())
    return [(name, type_) for type_, name in found]


def _body(function: Function, text: str) -> None:
    block: list[Instruction] = []
    used = -1
    function.blocks.append(block)
    for statement in _statements(text):
        if statement.endswith(":"):
            block = []
            function.blocks.append(block)
            function.labels[statement[:-1]] = len(function.blocks) - 1
        elif statement.startswith(".reg"):
            match = re.match(r"\.reg \.(\w+)\s+(%[A-Za-z]+)", statement)
            assert match is not None, statement
            function.registers[match[2]] = match[1]
        elif statement.startswith(".local"):
            function.depot = int(statement[statement.index("[") + 1 : -1])
        elif statement.startswith('.pragma "used_bytes_mask'):
            used = int(statement.split()[-1].strip('"'), 0)
        elif not statement.startswith("."):
            instruction, used = _instruction(statement, used), -1
            first, last = instruction.operation[0] in SYNCHRONISING, instruction.operation[0] in _ENDS
            if first and block:
                block = []
                function.blocks.append(block)
            block.append(instruction)
            if last:
                block = []
                function.blocks.append(block)


def _statements(text: str) -> list[str]:
    """Labels, directives and instructions; the braces around a call mean nothing here."""
    text = re.sub(r"(?m)^\s*[{}]\s*$", "", text)
    text = re.sub(r"(?m)^([\w$]+:)", r"\1;", text)
    return [" ".join(p.split()) for p in text.split(";") if p.strip()]


def _instruction(statement: str, used: int) -> Instruction:
    match = re.match(r"(?:@(!?)(%\w+) )?([\w.]+)(?: (.*))?$", statement)
    assert match is not None, statement
    negated, predicate, operation, rest = match.groups()
    parts = tuple(operation.split("."))
    if parts[0] == "call":
        call = re.match(r"(?:\(([^)]*)\), )?([\w$]+)(?:, \(([^)]*)\))?", rest)
        assert call is not None, statement
        results = [r.strip() for r in (call[1] or "").split(",") if r.strip()]
        given = [p.strip() for p in (call[3] or "").split(",") if p.strip()]
        return Instruction(parts, (*results, *given), callee=call[2], results=len(results))
    operands = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*", rest or "")
    return Instruction(parts, tuple(o.strip() for o in operands), predicate, negated == "!", used=used)
