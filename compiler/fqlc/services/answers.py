"""The answers of the services: frozen data, no protocol.

Places are `Span`s and offsets in characters of `SourceText.text` (LF line ends, no byte order
mark). Texts to insert have LF line ends. A place is a `Span`, a change an `Edit` of
`fqlc.diagnostics.model`: there is no second form of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fqlc.diagnostics.model import Diagnostic, Edit
from fqlc.source.text import Span


class What(StrEnum):
    """What a name is: of items, symbols and tokens."""

    ACTION = "action"
    ATTRIBUTE = "attribute"
    BUILT_IN = "built-in"
    CODE = "code"
    COMMENT = "comment"
    DEFAULTS = "defaults"
    ENDPOINT = "endpoint"
    ENTITY = "entity"
    ENUM = "enum"
    ENVIRONMENT = "environment"
    EVENT = "event"
    FIELD = "field"
    FILE = "file"
    FILTER = "filter"
    FUNCTION = "function"
    HEADER = "header"
    KEY = "key"
    KEYWORD = "keyword"
    LET = "let"
    MEMBER = "member"
    METHOD = "method"
    NUMBER = "number"
    OBSERVER = "observer"
    OPERATOR = "operator"
    PROPERTY = "property"
    RETRY = "retry"
    STRING = "string"
    TEST = "test"
    TYPE = "type"
    VALUE = "value"
    VARIABLE = "variable"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Hover:
    """What is known of the name at a place, in Markdown."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class CompletionItem:
    """One way to go on. `edit` replaces what is written of it already; where `snippet` is set its
    text has `$1`, `${1:word}` and `$0` in it, and `\\`, `$` and `}` escaped. `detail` is a type or
    a kind in a few words, `doc` Markdown. Items are sorted by `order`, then `label`."""

    label: str
    what: What
    edit: Edit
    detail: str = ""
    doc: str = ""
    order: int = 0
    snippet: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One form of a method or filter. `parameters` are stretches of `label`."""

    label: str
    doc: str
    parameters: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """The forms of the call at a place; `active` is the form, `parameter` its parameter."""

    signatures: tuple[Signature, ...]
    active: int
    parameter: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where a name leads: `origin` is the name at the place, `name` that of the declaration, and
    `whole` the declaration."""

    origin: Span
    name: Span
    whole: Span


@dataclass(frozen=True, slots=True)
class Highlight:
    """A place of the same name in a file; `written` where it is declared."""

    span: Span
    written: bool


@dataclass(frozen=True, slots=True)
class Renameable:
    """The name at a place that can be renamed."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Renaming:
    """The edits of a rename, over files. `notes` say what a reader of the preview must know."""

    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot be done, in a sentence."""

    reason: str


class ActionKind(StrEnum):
    """The kinds of code actions, by their names in the protocol."""

    QUICK_FIX = "quickfix"
    EXTRACT = "refactor.extract"
    REWRITE = "refactor.rewrite"
    FIX_ALL = "source.fixAll.fql"


@dataclass(frozen=True, slots=True)
class CodeAction:
    """A change that is offered. `solves` are the findings it answers; `preferred` is what a key
    for "the fix" applies."""

    title: str
    kind: ActionKind
    edits: tuple[Edit, ...]
    solves: tuple[Diagnostic, ...] = ()
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declaration in the outline of a file, with what is in it."""

    name: str
    what: What
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundSymbol:
    """A declaration of the project that was searched for; `inside` names what it belongs to."""

    name: str
    what: What
    inside: str
    span: Span


class Modifier(StrEnum):
    """What a token is besides."""

    DECLARATION = "declaration"
    SENSITIVE = "sensitive"
    SECRET = "secret"  # noqa: S105 - a word of the protocol


@dataclass(frozen=True, slots=True)
class Token:
    """A coloured stretch of one line. Tokens are in order and share nothing."""

    start: int
    end: int
    what: What
    modifiers: frozenset[Modifier] = frozenset()


class HintKind(StrEnum):
    """The kinds of hints, each of which can be turned off."""

    TYPES = "types"
    RETRY = "retry"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Hint:
    """A few words shown after an offset, not part of the text."""

    offset: int
    text: str
    kind: HintKind


class FoldKind(StrEnum):
    """What is folded."""

    REGION = "region"
    COMMENT = "comment"
    IMPORTS = "imports"


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch over several lines that can be folded away."""

    start: int
    end: int
    kind: FoldKind


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch that leads elsewhere: `target` is a url, or the path of a file of the project, by
    the name that the snapshot knows it by."""

    span: Span
    target: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic as editors show it; `unnecessary` for what can be removed, `deprecated` for what
    has a newer form."""

    diagnostic: Diagnostic
    unnecessary: bool = False
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong in a file, the first of it; `more` were left out."""

    findings: tuple[Finding, ...]
    more: int = 0
