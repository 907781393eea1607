"""The CEL suite: its notation parsed and written in ours, and each case judged.

Takes any file of the form of `tests/simple/testdata` of github.com/google/cel-spec.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.conformance import textproto
from tests.conformance.judge import (
    Data,
    NotApplicable,
    Rejected,
    Verdict,
    evaluated,
    rejection,
    same_value,
)

RESERVED = frozenset(
    ["true", "false", "null", "in", "not", "each", "else", "IN", "NOT", "AND", "OR"]
)

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)"""
    r"""|(?P<text>[rRbB]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))"""
    r"""|(?P<number>0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+u?)"""
    r"""|(?P<name>[A-Za-z_]\w*|`[^`]*`)|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_OVER_ITEMS = {"exists": "any", "all": "all", "filter": "filter", "map": "map"}
_METHODS = {
    "startsWith": "starts_with", "endsWith": "ends_with", "contains": "contains",
    "matches": "matches", "size": "length", "lowerAscii": "lower", "upperAscii": "upper",
    "trim": "trim", "replace": "replace",
}  # fmt: skip
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))


@dataclass(frozen=True, slots=True)
class Case:
    """One test of the suite."""

    name: str
    expression: str
    message: textproto.Message


def cases(path: Path) -> Iterator[Case]:
    """The tests of a file."""
    for section in textproto.read(path.read_text(encoding="utf-8")).get("section", []):
        for test in section.get("test", []):
            name = f"{path.stem}/{section['name'][0]}/{test['name'][0]}"
            yield Case(name, test["expr"][0], test)


def judge(case: Case) -> Verdict:
    """Translate, evaluate, compare."""
    try:
        data = _bindings(case.message)
        expression = Translator(case.expression, set(data.fields)).translate()
        expected = _expected(case.message)
    except NotApplicable as reason:
        return Verdict("not applicable", str(reason))
    return _compared(case, evaluated(expression, data), expected)


def _compared(case: Case, ours: object, expected: object) -> Verdict:
    fails = isinstance(expected, Failure)
    if isinstance(ours, Rejected):
        if fails or "disable_check" in case.message:
            return Verdict("rejected statically", "an error found before anything runs")
        return rejection(ours, _REJECTIONS)
    if fails:
        message = "divide" if "/ 0" in case.expression else str(expected)
        return _error_reason(message, ours)
    if same_value(ours, expected) and not _nulls(ours, expected):
        return Verdict("equal")
    return _difference(case, ours, expected)


def _nulls(ours: object, expected: object) -> bool:
    return (ours is None) != (expected is None)


class Failure(str):
    """The suite expects an error with this message."""

    __slots__ = ()


# Reasons ---------------------------------------------------------------------

_REJECTIONS: tuple[tuple[str, str], ...] = (
    (r"`\+` does not work on `String`", "texts are joined with a template"),
    (r"does not work on `\[|on `\[", "lists are read with `any`, `all`, `length` and `in` only"),
    (r"`(==|!=|<|<=|>|>=|in|not in)` does not work", "values of different types are not compared"),
    (r"does not work on", "values of different types do not mix"),
    (r"null", "a value that may be null must be handled first"),
    (r"index|\[", "an index is for JSON only"),
    (r"empty list", "an empty list has no type"),
    (r"has no method", "there is no such conversion"),
    (r"constant|literal", "a literal where a value of the row is meant"),
)


_ERRORS: tuple[tuple[str, str], ...] = (
    (r"divi|modulus", "division by zero is null, not an error"),
    (r"overflow|range|negative|offset", "whole numbers have no bound"),
    (r"key|field|index|invalid_argument", "what JSON does not hold is null, not an error"),
    (r"overload", "division by zero is null, not an error"),
)


def _error_reason(message: str, ours: object) -> Verdict:
    for pattern, reason in _ERRORS:
        if re.search(pattern, message):
            return Verdict("different by decision", reason)
    return Verdict("wrong", f"expected the error {message!r}, got {ours!r}")


def _difference(case: Case, ours: object, expected: object) -> Verdict:
    if isinstance(expected, float) and not math.isfinite(expected):
        return Verdict("different by decision", "floats saturate; division by zero is null")
    if "/" in case.expression:
        return Verdict("different by decision", "`/` of whole numbers is an exact Decimal")
    if "%" in case.expression:
        return Verdict("different by decision", "`%` has the divisor's sign")
    return Verdict("wrong", f"expected {expected!r}, got {ours!r}")


# Values ----------------------------------------------------------------------

_SCALARS: dict[str, tuple[str, Callable[[str], object]]] = {
    "int64_value": ("Int", int),
    "double_value": ("Float", float),
    "string_value": ("String", str),
    "bool_value": ("Boolean", lambda word: word == "true"),
}


def _expected(message: textproto.Message) -> object:
    if "eval_error" in message or "any_eval_errors" in message:
        errors = (message.get("eval_error") or [{}])[0].get("errors", [{}])
        return Failure(errors[0].get("message", ["error"])[0])
    if "value" in message:
        return _value(message["value"][0])[1]
    if "typed_result" in message:
        raise NotApplicable("a test of CEL's type checker")
    return True  # the suite's default


def _value(message: textproto.Message) -> tuple[str, object]:
    for name, (type_, read) in _SCALARS.items():
        if name in message:
            return type_, read(message[name][0])
    if "list_value" in message:
        return _list(message["list_value"][0])
    if "null_value" in message:
        return "JSON?", None
    kind = next(iter(message), "nothing").removesuffix("_value")
    raise NotApplicable(_OTHER_VALUES.get(kind, kind))


_OTHER_VALUES = {
    "uint64": "unsigned numbers",
    "bytes": "bytes",
    "map": "maps",
    "type": "types as values",
    "object": "protocol messages",
    "enum": "protocol messages",
}


def _list(message: textproto.Message) -> tuple[str, object]:
    items = [_value(item) for item in message.get("values", [])]
    types = {type_ for type_, _ in items}
    if len(types) > 1:
        raise NotApplicable("lists of different types")
    return f"[{next(iter(types), 'Int')}]", [value for _, value in items]


def _bindings(message: textproto.Message) -> Data:
    fields = {}
    for binding in message.get("bindings", []):
        name = binding["key"][0]
        if name in RESERVED:
            continue  # CEL ignores such a binding as well
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise NotApplicable("names with dots (containers)")
        if "value" not in binding["value"][0]:
            raise NotApplicable("a binding to an error or an unknown")
        fields[name] = _value(binding["value"][0]["value"][0])
    return Data(fields)


# Notation --------------------------------------------------------------------


class Translator:
    """A recursive descent over CEL's grammar that writes fql, every operation in parentheses."""

    def __init__(self, source: str, names: set[str]) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0
        self._names = set(names)

    def translate(self) -> str:
        """The expression in fql. Raises NotApplicable."""
        result = self._conditional()
        if self._at < len(self._tokens):
            raise NotApplicable("notation of CEL's own")
        return result

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise NotApplicable("notation of CEL's own")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, sign: str) -> bool:
        if self._peek() == sign:
            self._at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise NotApplicable("notation of CEL's own")

    def _conditional(self) -> str:
        result = self._level(0)
        if not self._take("?"):
            return result
        value = self._conditional()
        self._need(":")
        return f"(if {result} then {value} else {self._conditional()})"

    def _level(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            sign = self._next()[1]
            left = f"({left} {sign} {self._level(level + 1)})"
        return left

    def _unary(self) -> str:
        if self._take("!"):
            return f"(!({self._unary()}))"
        if self._take("-"):
            return f"(-{self._unary()})"
        return self._postfix(self._atom())

    def _postfix(self, of: str) -> str:
        while True:
            if self._take("."):
                if self._take("?"):
                    raise NotApplicable("optional values")
                of = self._method(of)
            elif self._take("["):
                if self._take("?"):
                    raise NotApplicable("optional values")
                of = f"{of}[{self._conditional()}]"
                self._need("]")
            elif self._peek() == "{":
                raise NotApplicable("protocol messages")
            else:
                return of

    def _method(self, of: str) -> str:
        kind, name = self._next()
        if kind != "name" or name.startswith("`"):
            raise NotApplicable("notation of CEL's own")
        if self._peek() != "(":
            return f"{of}.{name}"
        self._need("(")
        if name in _OVER_ITEMS:
            return self._quantifier(of, name)
        if name not in _METHODS:
            raise NotApplicable(f"the function `{name}`")
        return f"{of}.{_METHODS[name]}({', '.join(self._arguments(')'))})"

    def _quantifier(self, of: str, name: str) -> str:
        variable = self._next()[1]
        if not self._take(","):
            raise NotApplicable("notation of CEL's own")
        hidden = variable in self._names
        self._names.add(variable)
        body = self._conditional()
        if self._take(","):
            raise NotApplicable("quantifiers over index and value")
        if not hidden:
            self._names.discard(variable)
        self._need(")")
        return f"{of}.{_OVER_ITEMS[name]}({variable}, {body})"

    def _arguments(self, end: str) -> list[str]:
        found: list[str] = []
        while not self._take(end):
            if self._take("?"):
                raise NotApplicable("optional values")
            found.append(self._conditional())
            if self._peek() != end:
                self._need(",")
        return found

    def _atom(self) -> str:
        kind, text = self._next()
        if kind == "number":
            return _number(text)
        if kind == "text":
            return _text(text)
        if kind == "name":
            return self._name(text)
        if text == "(":
            inner = self._conditional()
            self._need(")")
            return f"({inner})"
        if text == "[":
            return f"[{', '.join(self._arguments(']'))}]"
        raise NotApplicable("maps" if text == "{" else "notation of CEL's own")

    def _name(self, name: str) -> str:
        if name in ("true", "false", "null"):
            return name
        if self._peek() == "(":
            return self._function(name)
        if name not in self._names:
            raise NotApplicable(_unknown(name))
        return name

    def _function(self, name: str) -> str:
        self._need("(")
        if name == "size":
            (of,) = self._arguments(")")
            return f"{of}.length()"
        if name == "double":
            (of,) = self._arguments(")")
            return f"{of}.to_float()"
        words = {"dyn": "dynamic types", "type": "types as values", "bytes": "bytes",
                 "has": "`has`: fields always exist, their values may be null",
                 "uint": "unsigned numbers"}  # fmt: skip
        raise NotApplicable(words.get(name, f"the function `{name}`"))


_UNKNOWN: dict[str, str] = {
    "optional": "optional values",
    "math": "the extension `math`",
    "cel": "the extension `bindings`",
    "google": "protocol messages",
    **dict.fromkeys(
        ("int", "uint", "double", "string", "bytes", "bool", "list", "map", "null_type", "type"),
        "types as values",
    ),
}


def _unknown(name: str) -> str:
    capital = "protocol messages" if name[0].isupper() else "names that are not bound"
    return _UNKNOWN.get(name, capital)


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise NotApplicable("notation of CEL's own")
        if match.lastgroup != "blank":
            yield str(match.lastgroup), match.group()
        position = match.end()


def _number(text: str) -> str:
    if text.endswith("u"):
        raise NotApplicable("unsigned numbers")
    if text.startswith("0x"):
        return str(int(text, 16))
    if "." not in text and "e" not in text.lower():
        return text
    plain = format(Decimal(text), "f")
    return plain if "." in plain else f"{plain}.0"


def _text(literal: str) -> str:
    prefix = literal[: min(literal.find(q) for q in "'\"" if q in literal)].lower()
    if "b" in prefix:
        raise NotApplicable("bytes")
    body = literal[len(prefix) :]
    quote = 3 if body[:3] in ('"""', "'''") else 1
    inner = body[quote:-quote]
    return quoted(inner if "r" in prefix else _ESCAPE.sub(_letter, inner))


def _letter(match: re.Match[str]) -> str:
    two, short, long, octal, letter = match.groups()
    if letter:
        return _ESCAPES.get(letter, letter)
    return chr(int(octal, 8) if octal else int(two or short or long, 16))


def quoted(text: str) -> str:
    """A text literal of fql."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise NotApplicable("texts that are not Unicode")
    plain = re.compile(r"[^\w ]", re.ASCII)
    return '"' + plain.sub(lambda m: f"\\u{{{ord(m.group()):X}}}", text) + '"'
