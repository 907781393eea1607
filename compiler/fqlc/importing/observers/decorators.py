"""The decorator form: `@observer(...)` and `@type` of Python files, read and never executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fqlc.importing.declarations import Field, Group, Row
from fqlc.importing.failures import ImportFailed
from fqlc.importing.files import read_bytes
from fqlc.importing.naming import field_name
from fqlc.importing.observers.annotations import guessed, type_of
from fqlc.importing.observers.drafts import (
    Action,
    Drafts,
    NotWritten,
    Observer,
    action_name,
    condition,
    duration,
    literal,
    names_in_condition,
    names_in_texts,
    text,
)
from fqlc.importing.observers.literals import Constants, NotLiteral, constants_of, value_of

_KNOWN = ("entity", "event", "condition", "retry", "actions", "name", "description")
_OF_WEBHOOK = (
    "url", "method", "headers", "body", "condition", "batch", "retry", "timeout", "encryption",
)  # fmt: skip


def read_decorators(paths: Sequence[Path], *, bare: bool) -> Drafts:
    """What the files declare. Raises SourceMissing, ImportFailed for what is not Python."""
    modules = [_Module(str(path), _parsed(path), bare=bare) for path in paths]
    observers = [one for module in modules for one in module.observers()]
    rows = {row.name: row for module in modules for row in module.entities()}
    remarks = []
    for name in dict.fromkeys(one.entity for one in observers):
        if name not in rows:
            reads = sorted({n for one in observers if one.entity == name for n in one.reads})
            fields = tuple(
                Field(n, guessed(n), n, key=n == "id")
                for n in ["id"] * ("id" in reads) + [n for n in reads if n != "id"]
            )
            rows[name] = Row(name, fields, "", notes=(f"no class {name}: its types are guessed",))
            remarks.append(f"there is no class {name}: the types of its fields are guessed")
    problems = [problem for module in modules for problem in module.problems]
    groups = tuple(Group(row) for row in rows.values())
    return Drafts(groups, tuple(observers), tuple(problems), tuple(remarks))


def _parsed(path: Path) -> ast.Module:
    data = read_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path}:{line}" if line else str(path)
        said = getattr(error, "msg", None) or "it is nested too deeply"
        raise ImportFailed(f"{where} is not Python: {said}", "nothing of it was executed") from None


@dataclass(slots=True)
class _Module:
    """One file."""

    path: str
    tree: ast.Module
    bare: bool
    problems: list[str] = field(default_factory=list)

    def entities(self) -> Iterator[Row]:
        """The classes with `@type`."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and any(
                _called(d) == "type" for d in node.decorator_list
            ):
                fields = (one for one in node.body if isinstance(one, ast.AnnAssign))
                made = tuple(_field(one) for one in fields if isinstance(one.target, ast.Name))
                yield Row(field_name(node.name), made, "", ast.get_docstring(node) or "")

    def observers(self) -> Iterator[Observer]:
        """The functions with `@observer(...)`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and _called(decorator.func) == "observer":
                        yield _Reader(self, constants_of(self.tree)).observer(node, decorator)


def _called(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _field(node: ast.AnnAssign) -> Field:
    name = node.target.id if isinstance(node.target, ast.Name) else ""
    return Field(field_name(name), type_of(node.annotation), name, key=name == "id")


class _Reader:
    """Reads one observer; what is not literal becomes a note and a problem."""

    def __init__(self, module: _Module, constants: Constants) -> None:
        self._module = module
        self._constants = constants
        self._reads: set[str] = set()

    def observer(self, node: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> Observer:
        notes: list[str] = []
        given = {one.arg: one.value for one in call.keywords if one.arg}
        self._refuse_unknown(given, _KNOWN, notes, call)
        entity = self._taken(given, "entity", notes, str) or "Unknown"
        events = self._taken(given, "event", notes, _events) or "insert"
        on = ", ".join(f"{field_name(entity)}.{event}" for event in events.split())
        entries = [("on", f"[{on}]" if "," in on else on)]
        if when := self._taken(given, "condition", notes, self._condition):
            entries.append(("when", when))
        if retry := self._taken(given, "retry", notes, _retry):
            entries.append(("retry", retry))
        actions = tuple(self._actions(given.get("actions"), notes))
        return Observer(
            name=field_name(node.name),
            entity=field_name(entity),
            entries=tuple(entries),
            actions=actions,
            doc=ast.get_docstring(node) or "",
            notes=tuple(notes),
            reads=frozenset(self._reads),
        )

    def _actions(self, node: ast.expr | None, notes: list[str]) -> Iterator[Action]:
        taken: set[str] = set(self._reads)
        if not isinstance(node, ast.List | ast.Tuple):
            if node is not None:
                self._note(node, "actions", notes)
            return
        for one in node.elts:
            if isinstance(one, ast.Call) and _called(one.func) == "webhook":
                action = self._webhook(one, taken)
                taken.add(action.name)
                yield action
            else:
                self._note(one, "an action", notes)

    def _webhook(self, call: ast.Call, taken: set[str]) -> Action:
        notes: list[str] = []
        given = {one.arg: one.value for one in call.keywords if one.arg}
        if call.args:
            given.setdefault("url", call.args[0])
        self._refuse_unknown(given, _OF_WEBHOOK, notes, call)
        batched = "batch" in given
        ways: Mapping[str, tuple[str, Callable[[object], str]]] = {
            "url": ("url", self._quoted), "method": ("method", lambda v: str(v).upper()),
            "headers": ("headers", self._value), "condition": ("when", self._condition),
            "batch": ("batch", _batch), "retry": ("retry", _retry),
            "timeout": ("timeout", duration), "encryption": ("encryption", _encryption),
            "body": ("body", lambda v: self._value(v, each=batched)),
        }  # fmt: skip
        entries = []
        for key, (ours, way) in ways.items():
            if found := self._taken(given, key, notes, way):
                entries.append((ours, found))
        url = self._literal(given["url"]) if "url" in given else ""
        return Action(action_name(str(url), taken | self._reads), tuple(entries), tuple(notes))

    def _literal(self, node: ast.expr) -> object:
        try:
            return value_of(node, self._constants)
        except NotLiteral:
            return ""

    def _taken(
        self, given: Mapping[str, ast.expr], key: str, notes: list[str],
        way: Callable[[object], str],
    ) -> str:  # fmt: skip
        """The value of a key as it is written, or nothing."""
        node = given.get(key)
        if node is None:
            return ""
        try:
            return way(value_of(node, self._constants))
        except NotLiteral:
            self._note(node, key, notes)
        except NotWritten as error:
            self._note(node, key, notes, str(error))
        return ""

    def _note(self, node: ast.expr, key: str, notes: list[str], reason: str = "") -> None:
        shown = " ".join(ast.unparse(node).split())
        shown = shown if len(shown) <= 60 else shown[:60] + "..."
        said = reason or f"`{key}={shown}` is not a literal"
        notes.append(f"{self._module.path}:{node.lineno}: {said}")
        self._module.problems.append(f"{self._module.path}:{node.lineno}: {said}")

    def _refuse_unknown(
        self, given: Mapping[str, ast.expr], known: Sequence[str], notes: list[str], call: ast.Call
    ) -> None:
        for key, node in given.items():
            if key not in known:
                self._note(node, key, notes, f"`{key}` is not known")
        for one in call.keywords:
            if one.arg is None:
                self._note(one.value, "**", notes)

    # Values -------------------------------------------------------------------------------

    def _quoted(self, value: object) -> str:
        self._reads |= names_in_texts(value)
        return text(str(value))

    def _value(self, value: object, *, each: bool = False) -> str:
        self._reads |= names_in_texts(value)
        return literal(value, bare=self._module.bare, each=each)

    def _condition(self, value: object) -> str:
        found = condition(str(value))
        self._reads |= names_in_condition(found) if found else set()
        return found


def _events(value: object) -> str:
    given = value if isinstance(value, list) else str(value).replace("|", ",").split(",")
    found = [str(one).strip().lower() for one in given]
    if not found or set(found) - {"insert", "update", "delete"}:
        raise NotWritten(f"the event {value!r} is not INSERT, UPDATE or DELETE")
    return " ".join(dict.fromkeys(found))


def _retry(value: object) -> str:
    if not isinstance(value, Mapping):
        raise NotWritten(f"retry={value!r} is not an object")
    pairs = [f"{key}: {_retry_value(str(key), one)}" for key, one in value.items()]
    return f"{{ {', '.join(pairs)} }}"


def _retry_value(key: str, value: object) -> str:
    if key in ("initial_delay", "max_delay", "max_elapsed", "retry_after_max"):
        return duration(value)
    if key in ("backoff", "jitter") and str(value).isidentifier():
        return str(value)
    if key in ("max_attempts", "multiplier", "retry_on", "dont_retry_on"):
        return literal(value)
    raise NotWritten(f"`{key}` of retry is not known")


def _batch(value: object) -> str:
    if not isinstance(value, Mapping) or set(value) - {"size", "timeout"}:
        raise NotWritten(f"batch={value!r} is not size and timeout")
    found = [f"size: {literal(value['size'])}"] if "size" in value else []
    found += [f"timeout: {duration(value['timeout'])}"] if "timeout" in value else []
    return f"{{ {', '.join(found)} }}"


def _encryption(value: object) -> str:
    if not isinstance(value, Mapping) or set(value) - {
        "enabled",
        "algorithm",
        "key",
        "fields",
        "kid",
    }:
        raise NotWritten("`encryption` has a key that is not known")
    if value.get("enabled") is False:
        return ""
    if value.get("algorithm", "AES-256-GCM") != "AES-256-GCM":
        raise NotWritten(f"encryption with {value['algorithm']!r} is not offered")
    kept = {key: value[key] for key in ("key", "kid") if key in value}
    pairs = [f"{key}: {literal(one)}" for key, one in kept.items()]
    fields = value.get("fields")
    pairs += [f"fields: [{', '.join(map(str, fields))}]"] if isinstance(fields, list) else []
    return f"{{ {', '.join(pairs)} }}"
