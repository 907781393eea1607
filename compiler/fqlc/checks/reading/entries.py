"""The entries of a block or object against the keys of the table: FQL203, 204 and 205."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from fql.near import nearest, question
from fql.plan.policy.keys import Key
from fqlc.checks.reading.other_words import INSTEAD, OTHER_WORDS
from fqlc.checks.table.blocks import ACTIONS, BLOCKS, WEBHOOK
from fqlc.checks.table.keys import BlockKind
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True)
class Found:
    """An entry with the key of the table that it sets."""

    key: Key
    name: ast.Name
    value: ast.Expr


def block_entries(block: ast.Block, kind: BlockKind, sink: Sink) -> dict[str, Found]:
    """The entries of a block by key. Missing keys are reported only where the block is sound."""
    pairs = [(e.key, e.value) for e in block.entries]
    found = known_entries(pairs, kind.keys, f"`{kind.name}`", sink)
    if block.sound:
        meant = meant_keys(pairs, kind.keys)
        keys = [key for key in kind.keys if key.name not in meant]
        report_missing(keys, found, block.header, f"this `{kind.name}`", sink)
    report_blocks(block, kind, sink)
    return found


def known_entries(
    pairs: Iterable[tuple[ast.Name, ast.Expr]], keys: Sequence[Key], where: str, sink: Sink
) -> dict[str, Found]:
    """The entries by key; reports those that are unknown or written twice. A misspelt key is read
    as the one that was meant, unless that is there as well."""
    by_name = {k.name: k for k in keys}
    found: dict[str, Found] = {}
    misspelt: list[Found] = []
    pairs = list(pairs)
    written = {name.text for name, _ in pairs}
    for name, value in pairs:
        key = by_name.get(name.text)
        if key is None:
            meant = _unknown(name, value, list(by_name), where, written, sink)
            misspelt.extend([Found(by_name[meant], name, value)] if meant else [])
        elif name.text in found:
            _twice(name, found[name.text].name, sink)
        else:
            found[name.text] = Found(key, name, value)
    for entry in misspelt:
        found.setdefault(entry.key.name, entry)
    return found


def meant_keys(pairs: Iterable[tuple[ast.Name, ast.Expr]], keys: Sequence[Key]) -> frozenset[str]:
    """Keys that unknown ones were probably meant to be: they are misspelt, not missing."""
    names = [key.name for key in keys]
    meant: set[str] = set()
    for name, value in pairs:
        if name.text not in names:
            meant.add(nearest(name.text, names) or _other_word(name.text, names))
            if isinstance(value, ast.StringLiteral) and value.value.startswith(_URLS):
                meant.add("url")
    return frozenset(meant - {""})


def _other_word(name: str, known: Collection[str]) -> str:
    """The key of this place that another system calls so; empty when there is none."""
    return next((word for word in OTHER_WORDS.get(name, ()) if word in known), "")


_URLS = ("http://", "https://", "${")


def _twice(name: ast.Name, first: ast.Name, sink: Sink) -> None:
    sink.error(
        "FQL203",
        f"the key `{name.text}` is written twice",
        name.span,
        label="written again here",
        labels=(Label(first.span, "first written here"),),
        help=("remove one of them",),
    )


def _unknown(  # noqa: PLR0917 - an entry and its place
    name: ast.Name,
    value: ast.Expr,
    known: list[str],
    where: str,
    written: Collection[str],
    sink: Sink,
) -> str | None:
    """Report an unknown key; gives the one that it is a misspelling of. One that is `written` as
    well is named, but nothing is put in its place."""
    other = _other_word(name.text, known)
    close = nearest(name.text, known) or other
    elsewhere = sorted(b.name for b in BLOCKS.values() if b.key(name.text))
    help_: tuple[str, ...] = ()
    if close:
        help_ = (f"this key is called `{close}`" if close == other else question(close),)
    elif elsewhere:
        places = " and ".join(f"`{b}`" for b in elsewhere)
        help_ = (f"`{name.text}` is a key of {places}",)
        if where.strip("`") in ACTIONS:
            keys = ", ".join(f"`{k}`" for k in sorted(known))
            help_ = (*help_, f"the keys of {where} are {keys}")
    else:
        help_ = (f"the keys here are {', '.join(f'`{k}`' for k in sorted(known))}",)
    if name.text in INSTEAD:
        help_ = (INSTEAD[name.text],)
    sink.error(
        "FQL204",
        f"{where} has no key `{name.text}`",
        name.span,
        label="unknown key",
        help=help_,
        fix=similar_fix(name.text, close, name.span) if close not in written else None,
        covers=None if close else name.span.to(value.span),
    )
    return close if close != other else None


def report_missing(
    keys: Sequence[Key], found: dict[str, Found], span: Span, what: str, sink: Sink
) -> None:
    """FQL205 for each required key that is not there."""
    for key in keys:
        if key.required and key.name not in found:
            sink.error(
                "FQL205",
                f"{what} needs the key `{key.name}`",
                span,
                label=f"`{key.name}` is missing",
                help=(f"`{key.name}` takes {key.kind.value}",),
            )


def report_blocks(block: ast.Block, kind: BlockKind, sink: Sink) -> None:
    """FQL204 for blocks and flows that may not be in this one."""
    for child in block.blocks:
        if child.kind.text not in kind.blocks:
            _unknown_block(child, kind, sink)
    if block.flow is not None and not kind.flow:
        sink.error("FQL204", f"`{kind.name}` has no `flow`", block.flow.span, label="not here")


def is_meant(child: ast.Block, kind: BlockKind) -> bool:
    """True for a block that may be in this one, also where the word for it is misspelt."""
    word = child.kind.text
    return word in kind.blocks or (
        kind.key(word) is None and nearest(word, kind.blocks) is not None
    )


def _unknown_block(child: ast.Block, kind: BlockKind, sink: Sink) -> None:
    name = child.kind.text
    close = nearest(name, kind.blocks)
    help_: tuple[str, ...] = ()
    fix = None
    if kind.key(name) is not None:
        help_ = (f"`{name}` is a key: write `{name}: {{ ... }}`",)
        at = Span(child.kind.span.path, child.kind.span.end, child.kind.span.end)
        fix = Fix((Edit(at, ":"),)) if child.name is None else None
    elif close:
        help_ = (question(close),)
        fix = similar_fix(name, close, child.kind.span)
    elif kind.blocks:
        help_ = (f"blocks here are {', '.join(f'`{b}`' for b in kind.blocks)}",)
    sink.error(
        "FQL204",
        f"`{kind.name}` has no block `{name}`",
        child.kind.span,
        label="unknown kind of block",
        help=help_,
        fix=fix,
        covers=None if is_meant(child, kind) else child.span,
    )


def action_kind(block: ast.Block) -> BlockKind:
    """The kind of an action; of a misspelt word the one that was meant."""
    word = block.kind.text
    return ACTIONS.get(word) or ACTIONS.get(nearest(word, ACTIONS) or "") or WEBHOOK


def is_read_in_full(block: ast.Block) -> bool:
    """True where all keys of an action could be read, and none of them is unknown: what is not
    there was not meant."""
    kind = action_kind(block)
    return block.sound and all(kind.key(entry.key.text) is not None for entry in block.entries)
