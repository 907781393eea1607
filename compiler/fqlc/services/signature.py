"""Help with the arguments of the method or filter that is being called."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.language.functions import Function
from fqlc.services.answers import Signature, SignatureHelp, What
from fqlc.services.basis.trace import Heard, Trace
from fqlc.services.knowing.showing import functions, parameters, signature
from fqlc.services.probing.lexical import around
from fqlc.services.probing.probe import probe
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText
from fqlc.syntax.tree import ast
from fqlc.types.calls import CHANGES, operand_fits
from fqlc.types.report import bare
from fqlc.types.values.items import LIST_METHODS


def signature_help(snapshot: Snapshot, path: str, offset: int) -> SignatureHelp | None:
    """The forms of the call that an offset is in the parentheses of; None elsewhere."""
    source = snapshot.source(path)
    opened = None if source is None else _opened(source, offset)
    if opened is None or source is None:
        return None
    opener, parameter = opened
    name = _name_before(source.text, opener)
    if not name:
        return None
    read = probe(snapshot, path, opener - 1)
    heard = read.heard if read is not None else None
    forms = tuple(_forms(name, heard, read.trace if read is not None else Trace()))
    if not forms:
        return None
    active = next((i for i, f in enumerate(forms) if len(f.parameters) > parameter), len(forms) - 1)
    return SignatureHelp(forms, active, parameter)


def _opened(source: SourceText, offset: int) -> tuple[int, int] | None:
    """Where the innermost parenthesis around an offset is, and how many commas are after it."""
    place = around(source.text, offset)
    if place.in_comment or not 0 <= offset <= len(source.text):
        return None
    depth, commas, position = 0, 0, offset
    start = place.token[1] if place.in_text and place.token else place.part[0]
    quoted = ""
    while position > start:
        position -= 1
        sign = source.text[position]
        if quoted or sign in "\"'":
            quoted = "" if sign == quoted else quoted or sign
        elif sign in ")]}":
            depth += 1
        elif sign in "([{":
            if depth == 0:
                return (position, commas) if sign == "(" else None
            depth -= 1
        elif sign == "," and depth == 0:
            commas += 1
    return None


def _name_before(text: str, opener: int) -> str:
    start = opener
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:opener]


def _forms(name: str, heard: Heard | None, trace: Trace) -> Iterator[Signature]:
    """The forms that fit the value before the dot; all of them where that is not known."""
    template = heard is not None and heard.scope.template
    found = functions(name, What.FILTER if template else What.METHOD)
    of = _operand(heard, trace)
    if heard is not None and of is not None:
        fitting = [f for f in found if operand_fits(f, of.value.type.required(), heard.scope)]
        found = tuple(fitting) or found
    yield from map(_signature, found)
    if not found and not template:
        yield from _special(name)
    if name == "default" and template:
        yield _one_form("default(value)", "what is put there instead of null")


def _operand(heard: Heard | None, trace: Trace) -> Heard | None:
    """The value before the dot."""
    written = heard.written if heard is not None else None
    if isinstance(written, ast.CallOf):
        written = written.callee
    return trace.at(bare(written.of)) if isinstance(written, ast.MemberAccess) else None


def _special(name: str) -> Iterator[Signature]:
    """What the language has beside the table of functions."""
    if name in LIST_METHODS:
        yield _one_form(f"{name}(x, ...)", "a name for each item, and what is asked of it")
    elif CHANGES.get(name):
        yield _one_form(f"{name}(value)", "an update changed it, and this is the value")
    elif name == "case":
        yield _one_form("case({ member: value, else: value })", "a value for each member")


def _signature(function: Function) -> Signature:
    label = signature(function)
    places, position = [], label.index("(") + 1
    for parameter in parameters(function):
        places.append((position, position + len(parameter)))
        position += len(parameter) + len(", ")
    return Signature(label, function.doc, tuple(places))


def _one_form(label: str, doc: str) -> Signature:
    """A form that is written out here: its arguments are between the parentheses."""
    start, end = label.index("(") + 1, len(label) - 1
    places, position = [], start
    for part in label[start:end].split(", ") if "{" not in label else [label[start:end]]:
        places.append((position, position + len(part)))
        position += len(part) + len(", ")
    return Signature(label, doc, tuple(places))
