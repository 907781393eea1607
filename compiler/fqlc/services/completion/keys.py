"""Keys that are not yet written, with a snippet of the kind of value that each takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fql.plan.policy.keys import Key, Kind
from fqlc.checks.table.blocks import ACTIONS, BLOCKS
from fqlc.checks.table.keys import BlockKind
from fqlc.services.answers import CompletionItem, What
from fqlc.services.completion.place import Place, escaped
from fqlc.services.knowing.showing import key_text
from fqlc.syntax.tree import ast


def of_block(place: Place, block: ast.Block, kind: BlockKind) -> Iterator[CompletionItem]:
    """The keys of a block, and what can be in it."""
    written = {entry.key.text for entry in block.entries}
    yield from of_keys(place, kind.keys, written)
    for name in kind.blocks:
        yield place.item(
            name, What.KEYWORD, block_snippet(BLOCKS[name]), doc=BLOCKS[name].doc,
            order=1, snippet=True,
        )  # fmt: skip
    if kind.flow and block.flow is None:
        yield place.item("flow", What.KEYWORD, "flow { $1 \\}", order=1, snippet=True)


def of_keys(
    place: Place, keys: Sequence[Key], written: Collection[str]
) -> Iterator[CompletionItem]:
    """Keys of a block or object but those that are written; the required ones first."""
    for key in keys:
        if key.name not in written:
            text = key.name if place.is_followed_by(":") else key_snippet(key)
            yield place.item(
                key.name, What.KEY, text, detail=key.kind.value, doc=key_text(key),
                order=0 if key.required else 1, snippet=True,
            )  # fmt: skip


def key_snippet(key: Key) -> str:
    """`key: value` with a place to type in."""
    return f"{key.name}: {value_snippet(key)}"


def value_snippet(key: Key) -> str:  # noqa: PLR0911 - one line a kind
    """A value of the kind that a key takes."""
    default = escaped(key.default)
    if key.words:
        words = f"${{1|{','.join(key.words)}|}}"
        return f"[{words}]" if key.kind is Kind.WORDS else words
    match key.kind:
        case Kind.TEXT | Kind.SECRETS:
            return '"$1"'
        case Kind.OBJECT | Kind.ROW | Kind.BODY | Kind.ARGUMENTS | Kind.ANSWERS | Kind.BY_ACTION:
            return "{ $1 \\}"
        case Kind.HEADERS:
            return '{ "$1": "$2" \\}'
        case Kind.STATUSES | Kind.NAMES:
            return f"[{escaped(key.default.strip('[]')) or '$1'}]"
        case Kind.BOOLEAN:
            return "${1|true,false|}"
    return f"${{1:{default}}}" if default else "$1"


def block_snippet(kind: BlockKind) -> str:
    """A block of a kind with its required keys. Editors indent its lines as the first one is."""
    named = {"test": ' "${1:title}"'}.get(kind.name, " ${1:name}" if kind.named else "")
    keys = [key for key in kind.keys if key.required]
    if kind.name in ACTIONS and not keys:
        keys = [key for key in kind.keys if key.name == "url"]
    lines = [f"\n  {key.name}: {_numbered(key, number)}" for number, key in enumerate(keys, 2)]
    inside = "".join(lines) or "\n  $0"
    return f"{kind.name}{named} {{{inside}\n\\}}"


def _numbered(key: Key, number: int) -> str:
    """A value whose place to type in has a number of its own."""
    return value_snippet(key).replace("$1", f"${number}").replace("${1", f"${{{number}")
