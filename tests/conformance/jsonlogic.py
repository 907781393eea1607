"""The JSONLogic suite: its rules written in our notation, and each case judged.

Takes any file of the form of `suites` of github.com/json-logic/compat-tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.conformance.cel import RESERVED, quoted
from tests.conformance.judge import (
    Data,
    NotApplicable,
    Rejected,
    Verdict,
    evaluated,
    rejection,
    same_value,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One test of the suite."""

    name: str
    rule: Any
    data: Any
    expected: Any
    fails: bool


def cases(path: Path, root: Path) -> Iterator[Case]:
    """The tests of a file; texts between them are headings."""
    for number, test in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        if isinstance(test, dict):
            name = f"{path.relative_to(root).with_suffix('')}/{number}"
            yield Case(name, test["rule"], test.get("data"), test.get("result"), "error" in test)


def judge(case: Case) -> Verdict:
    """Translate, evaluate, compare."""
    try:
        data = _Declarations().data(case.data)
        expression = _Rule(data).write(case.rule)
    except NotApplicable as reason:
        return Verdict("not applicable", str(reason))
    ours = evaluated(expression, data)
    if isinstance(ours, Rejected):
        if case.fails:
            return Verdict("rejected statically", "an error found before anything runs")
        return rejection(ours, _REJECTIONS)
    if case.fails:
        return _failing(ours)
    if same_value(ours, case.expected):
        return Verdict("equal")
    return _difference(case, ours)


_REJECTIONS: tuple[tuple[str, str], ...] = (
    (r"`(==|!=|<|<=|>|>=|in|not in)` does not work", "values of different types are not compared"),
    (r"works? on|does not work", "nothing is taken for a number or a Boolean that is not one"),
    (r"null", "a value that may be null must be handled first"),
    (r"no field|unknown|is not a field", "unknown names are faults"),
    (r"has no (method|field|member)", "unknown names are faults"),
    (r"empty list", "an empty list has no type"),
    (r"no type", "a value without a type"),
    (r"Boolean", "nothing is taken for a Boolean that is not one"),
)


def _failing(ours: object) -> Verdict:
    if ours is None:
        return Verdict("different by decision", "division by zero is null, not an error")
    if isinstance(ours, bool):
        return Verdict("different by decision", "lists of one type are compared item by item")
    return Verdict("wrong", f"expected an error, got {ours!r}")


def _difference(case: Case, ours: object) -> Verdict:
    text = json.dumps(case.rule)
    if "null" in text:
        return Verdict("different by decision", "null equals nothing but null")
    if '"all"' in text and ours is True:
        return Verdict("different by decision", "`all` of an empty list is true, as in logic")
    if '"%"' in text:
        return Verdict("different by decision", "`%` has the divisor's sign")
    return Verdict("wrong", f"expected {case.expected!r}, got {ours!r}")


# Data ------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


@dataclass(slots=True)
class _Declarations:
    """Types made from the shape of the data."""

    types: list[str] = field(default_factory=list)

    def data(self, value: Any) -> Data:
        """The row of a case."""
        if value is None or value == []:
            return Data({})
        if not isinstance(value, dict):
            raise NotApplicable("data that is not an object")
        fields = {self._name(name): (self._type(item), item) for name, item in value.items()}
        return Data(fields, "\n".join(self.types))

    def _name(self, name: str) -> str:
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise NotApplicable("keys that are not names")
        return name

    def _type(self, value: Any) -> str:
        if value is None:
            return "String?"
        if isinstance(value, dict):
            return self._declare(value)
        if isinstance(value, list):
            return self._list(value)
        scalars = {bool: "Boolean", int: "Int", float: "Float", str: "String"}
        return scalars[type(value)]

    def _list(self, value: list[Any]) -> str:
        if any(isinstance(item, dict | list) for item in value):
            raise NotApplicable("lists of objects or lists as data")
        types = {self._type(item) for item in value}
        if len(types) > 1:
            raise NotApplicable("lists of different types")
        return f"[{next(iter(types), 'Int')}]"

    def _declare(self, value: dict[str, Any]) -> str:
        fields = " ".join(f"{self._name(n)}: {self._type(v)}" for n, v in value.items())
        if not fields:
            raise NotApplicable("objects without keys")
        name = f"Shape{len(self.types)}"
        self.types.append(f"type {name} {{ {fields} }}")
        return name


# Rules -----------------------------------------------------------------------

_COMPARISONS = {"==": "==", "===": "==", "!=": "!=", "!==": "!=", "<": "<", "<=": "<=",
                ">": ">", ">=": ">="}  # fmt: skip
_CHAINS = {"and": "&&", "or": "||", "+": "+", "*": "*", "-": "-", "/": "/", "%": "%", "??": "??"}
_ABSENT = {
    "map": "lists are tested, not built", "filter": "lists are tested, not built",
    "reduce": "lists are tested, not built", "merge": "lists are tested, not built",
    "substr": "substrings", "cat": "texts are joined with a template",
    "max": "`min` and `max`", "min": "`min` and `max`",
    "missing": "fields always exist, their values may be null",
    "missing_some": "fields always exist, their values may be null",
    "exists": "fields always exist, their values may be null",
    "try": "there are no exceptions", "throw": "there are no exceptions", "log": "no output",
    "preserve": "data read as a rule",
}  # fmt: skip


@dataclass(slots=True)
class _Rule:
    """Writes rules as fql, every operation in parentheses."""

    data: Data
    variables: list[str] = field(default_factory=list)

    def write(self, rule: Any) -> str:
        """The rule in fql. Raises NotApplicable."""
        if isinstance(rule, dict):
            if len(rule) != 1:
                raise NotApplicable("objects as values")
            ((name, given),) = rule.items()
            return self._operation(name, given if isinstance(given, list) else [given])
        if isinstance(rule, list):
            return "[" + ", ".join(map(self.write, rule)) + "]"
        if isinstance(rule, str):
            return quoted(rule)
        if isinstance(rule, float):
            return f"({rule!r})" if "e" not in repr(rule) else f"({rule:f})"
        return json.dumps(rule)

    def _choice(self, given: list[Any]) -> str:
        """Conditions and values in turn, and what is left; without it null."""
        if len(given) < 2:
            raise NotApplicable("operators with another number of operands")
        test, value = self.write(given[0]), self.write(given[1])
        rest = given[2:]
        other = "null" if not rest else self.write(rest[0])
        if len(rest) > 1:
            other = self._choice(rest)
        return f"(if {test} then {value} else {other})"

    def _operation(self, name: str, given: list[Any]) -> str:
        if name in ("var", "val"):
            return self._variable(name, given)
        if name in _COMPARISONS:
            return self._comparison(_COMPARISONS[name], given)
        if name in _CHAINS:
            return self._chain(_CHAINS[name], given)
        if name in ("if", "?:"):
            return self._choice(given)
        writer = _WRITERS.get(name)
        if writer is None:
            raise NotApplicable(_ABSENT.get(name, f"the operator `{name}`"))
        return writer(self, given)

    def _comparison(self, sign: str, given: list[Any]) -> str:
        if len(given) < 2:
            raise NotApplicable("operators with another number of operands")
        values = [self.write(item) for item in given]
        pairs = pairwise(values)
        return "(" + " && ".join(f"({a} {sign} {b})" for a, b in pairs) + ")"

    def _chain(self, sign: str, given: list[Any]) -> str:
        if sign == "-" and len(given) == 1:
            return f"(-({self.write(given[0])}))"
        if len(given) < 2:
            raise NotApplicable("operators with another number of operands")
        written = [self.write(item) for item in given]
        result = written[0]
        for item in written[1:]:
            result = f"({result} {sign} {item})"
        return result

    def negation(self, given: list[Any]) -> str:
        """`!`."""
        if len(given) != 1:
            raise NotApplicable("operators with another number of operands")
        return f"(!({self.write(given[0])}))"

    def double_negation(self, given: list[Any]) -> str:
        """`!!`."""
        return f"(!({self.negation(given)}))"

    def membership(self, given: list[Any]) -> str:
        """`in`, for texts and lists."""
        if len(given) != 2:
            raise NotApplicable("operators with another number of operands")
        left, right = self.write(given[0]), self.write(given[1])
        if isinstance(given[1], str):
            return f"{right}.contains({left})"
        return f"({left} in {right})"

    def quantifier(self, given: list[Any], word: str, sign: str = "") -> str:
        """`some`, `all`, `none`."""
        if len(given) != 2:
            raise NotApplicable("operators with another number of operands")
        of = self.write(given[0])
        name = f"item{len(self.variables)}"
        self.variables.append(name)
        body = self.write(given[1])
        self.variables.pop()
        return f"({sign}{of}.{word}({name}, {body}))"

    def _variable(self, name: str, given: list[Any]) -> str:
        default = given[1:] if name == "var" else []
        path = given[:1] if name == "var" else given
        if any(isinstance(step, dict | list) for step in path):
            raise NotApplicable("computed names, and steps out of a scope")
        steps = ".".join(str(step) for step in path).split(".") if path != [""] else []
        if not steps or steps == [""] or path in ([], [None]):
            return self._whole()
        if self.variables:
            steps = [self.variables[-1], *steps]
        elif steps[0] not in self.data.fields:
            raise NotApplicable("names that the data does not have")
        if not all(_NAME.fullmatch(step) for step in steps):
            raise NotApplicable("positions in lists")
        written = ".".join(steps)
        return f"({written} ?? {self.write(default[0])})" if default else written

    def _whole(self) -> str:
        if not self.variables:
            raise NotApplicable("the data as a whole")
        return self.variables[-1]


_WRITERS: Mapping[str, Callable[[_Rule, list[Any]], str]] = {
    "!": _Rule.negation,
    "!!": _Rule.double_negation,
    "in": _Rule.membership,
    "some": lambda rule, given: rule.quantifier(given, "any"),
    "all": lambda rule, given: rule.quantifier(given, "all"),
    "none": lambda rule, given: rule.quantifier(given, "any", "!"),
}
