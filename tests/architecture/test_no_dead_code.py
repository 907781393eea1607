"""What the product defines is used by the product, or is public, or is named here with its user.

Only names are compared, not what they are bound to: a dead function that is called like a living
one goes unnoticed. A helper whose last caller went is found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("runtime", "compiler", "grammar")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TEMPLATES = sorted((ROOT / "runtime/fql/ui/files").glob("*.html"))
API = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")

KNOWN = {
    "keys_page": "prints a page of the reference",
    "textmate_grammar": "prints the grammar for editors",
    "textmate_text": "documented for editors",
    "FqlLexer": "an entry point of Pygments",
    "FqlConfig": "found by Django",
    "fence": "plays another engine on a store in memory, for tests",
    "callers": "what tests of the metrics port wait for",
    "by_ms": "a field of a lifecycle event, which is logged as it is",
    "slewed_for_s": "a field of a lifecycle event, which is logged as it is",
    "nth": "a field of a request that a test received",
    "check_kind": "documented for those who write kinds of actions",
    "device": "tells files apart, by equality of the whole",
    "format_commands": "called by click",
    "nullable_schema": "called by pydantic",
    "vim_syntax": "prints what Vim colours by", "emacs_mode": "prints what Emacs colours by",
    "end_pos": "read by Lark", "start_pos": "read by Lark",
    **dict.fromkeys(
        ("generate_span_id", "generate_trace_id", "is_trace_id_random"), "called by OpenTelemetry"
    ),
    **dict.fromkeys(
        ("on_message_begin", "on_url", "on_header", "on_headers_complete", "on_body",
         "on_message_complete"),
        "called by httptools",
    ),
    **dict.fromkeys(
        ("optional_access", "import_declaration", "named_type", "list_type", "else_chain",
         "parentheses", "spread"),
        "called by the parser, by names of the grammar",
    ),
}  # fmt: skip
"""Names that nothing of the product reads, each with who does."""


def test_what_is_defined_is_used() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    used = {name for tree in trees.values() for name in _uses(tree)}
    used |= {name for path in TEMPLATES for name in re.findall(r"\w+", path.read_text("utf-8"))}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    own = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    defined = {
        name: f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path, tree in trees.items()
        for name, line in _definitions(tree, own)
    }
    unused = {name: place for name, place in defined.items() if name not in used}
    dead = {name: place for name, place in unused.items() if not re.search(rf"\b{name}\b", API)}
    assert {name: place for name, place in dead.items() if name not in KNOWN} == {}
    assert KNOWN.keys() - defined.keys() == set(), "there is no such thing any more"


def _definitions(node: ast.AST, own: set[str]) -> Iterator[tuple[str, int]]:
    """Functions, classes, methods, constants of modules and fields of classes; but for what a
    decorator or a base class of a library asks for."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not _for_others(child):
                yield child.name, child.lineno
            case ast.ClassDef(name=name, bases=bases):
                yield name, child.lineno
                if all(ast.unparse(base).partition("[")[0] in own | _PLAIN for base in bases):
                    yield from _definitions(child, own)
            case ast.Assign(targets=targets):
                yield from ((name, child.lineno) for target in targets for name in _bound(target))
            case ast.AnnAssign(target=target):
                yield from ((name, child.lineno) for name in _bound(target))


_PLAIN = {"NamedTuple", "Protocol", "Enum", "IntEnum", "StrEnum", "Exception", "object", "Generic"}
"""Bases that call no method by name."""
_OURS = {"property", "staticmethod", "classmethod", "cache", "lru_cache", "cached_property",
         "contextmanager", "asynccontextmanager", "override", "dataclass"}  # fmt: skip
"""Decorators after which a function is still called by us alone."""


def _for_others(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    dunder = function.name.startswith("__") and function.name.endswith("__")
    return dunder or any(_word(each) not in _OURS for each in function.decorator_list)


def _word(node: ast.expr) -> str:
    """The last name of `a.b`, `b(...)` or `b[...]`."""
    match node:
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _word(inner)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _bound(target: ast.expr) -> Iterator[str]:
    names = (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    return (name for name in names if not name.startswith("__"))


_WORD = re.compile(r"\w+")


def _uses(tree: ast.Module) -> Iterator[str]:
    """Names that are read, imported or given by keyword, attributes, and words of short texts, as
    `getattr`, tables of commands and `__all__` have them."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                yield name
            case ast.alias(name=name):
                yield name.rpartition(".")[2]
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if len(text) < 80 and " " not in text:
                yield from _WORD.findall(text)
