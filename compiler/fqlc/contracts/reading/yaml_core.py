"""YAML as JSON values, by the core schema of YAML 1.2: `no`, `on` and `2020-01-01` are texts. Merge
keys (`<<`), which YAML 1.1 had and people still write, are followed.

PyYAML splits the text; what its scalars mean is decided here. Aliases share what they name, so a
few lines cannot become gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import InvalidOperation
from typing import TYPE_CHECKING, cast

from fql.exact.numbers import JsonNumber

if TYPE_CHECKING:
    from yaml.events import Event

DEEPEST = 200
"""Levels of lists and objects."""

MOST_MERGED = 1_000_000
"""Keys that merge keys bring, over a whole text."""

MERGE = "<<"

Marks = dict[int, dict[str | int, tuple[int, int]]]
"""For each object and list, by its identity, the characters of each key or item in the text."""


class NotYaml(ValueError):
    """A text that is not YAML, or more than this reader takes. `at` are characters of the text."""

    def __init__(self, said: str, at: tuple[int, int] = (0, 0)) -> None:
        super().__init__(said)
        self.at = at


def read_yaml(text: str) -> tuple[object, Marks]:
    """The value of a text, and where its parts are. Raises NotYaml."""
    yaml_error, events = _events(text)
    builder = _Builder()
    try:
        for event in events:
            builder.take(event)
    except yaml_error as error:
        raise _in_our_words(error) from None
    return builder.result()


def _events(text: str) -> tuple[type[Exception], Iterator[Event]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.YAMLError, cast("Callable[..., Iterator[Event]]", yaml.parse)(text, loader)


def _in_our_words(error: Exception) -> NotYaml:
    mark = getattr(error, "problem_mark", None)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    said = " ".join(said.split())[:200]
    if mark is None:
        return NotYaml(said)
    return NotYaml(f"{said} (line {mark.line + 1})", (mark.index, mark.index + 1))


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not come. `key` waits for its value."""

    value: dict[str, object] | list[object]
    anchor: str | None
    marks: dict[str | int, tuple[int, int]] = field(default_factory=dict)
    key: str | None = None
    merge: tuple[int, int] | None = None
    """Where its merge key is written."""
    merged: list[object] = field(default_factory=list)
    """The value of that, once it has come."""

    @property
    def waits(self) -> bool:
        """True where a key waits for its value."""
        return self.key is not None or (self.merge is not None and not self.merged)


class _Builder:
    """Builds the value while the events come."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._named: dict[str, object] = {}
        self._marks: Marks = {}
        self._documents: list[object] = []
        self._brought = 0

    def result(self) -> tuple[object, Marks]:
        if not self._documents:
            raise NotYaml("it is empty")
        return self._documents[0], self._marks

    def take(self, event: Event) -> None:
        made = _TAKEN.get(type(event).__name__)
        if made is not None:
            made(self, event)

    def scalar(self, event: Event) -> None:
        value = _scalar(event)
        here = self._open[-1] if self._open else None
        if here is not None and isinstance(here.value, dict) and not here.waits:
            self._key(here, event)
        else:
            self._add(value, event, event.anchor)

    def _key(self, here: _Open, event: Event) -> None:
        name, at = str(event.value), _at(event)
        if name == MERGE and event.implicit[0]:
            if here.merge is not None:
                raise NotYaml("two merge keys: write one with a list, `<<: [*a, *b]`", at)
            here.merge = at
            return
        if name in here.marks:
            raise NotYaml(f"the key `{name[:80]}` is written twice", at)
        here.key = name
        here.marks[name] = at

    def alias(self, event: Event) -> None:
        name = str(event.anchor)
        if any(one.anchor == name for one in self._open):
            raise NotYaml(f"the alias `*{name[:80]}` is within what it names", _at(event))
        if name not in self._named:
            raise NotYaml(f"nothing is called `&{name[:80]}` before this", _at(event))
        self._add(self._named[name], event, None)

    def begin(self, event: Event) -> None:
        if len(self._open) >= DEEPEST:
            raise NotYaml(f"it nests more than {DEEPEST} deep", _at(event))
        value: dict[str, object] | list[object]
        value = {} if type(event).__name__ == "MappingStartEvent" else []
        _known_tag(event)
        self._add(value, event, None)
        self._open.append(_Open(value, event.anchor))

    def end(self, _event: Event) -> None:
        done = self._open.pop()
        if isinstance(done.value, dict) and done.merge is not None:
            self._bring(done.value, done, done.merge)
        self._marks[id(done.value)] = done.marks
        if done.anchor:
            self._named[done.anchor] = done.value

    def _bring(self, into: dict[str, object], done: _Open, at: tuple[int, int]) -> None:
        """Put in the keys that a merge key brings: those of one object, or of several of which the
        first counts most. Keys that are written win."""
        (named,) = done.merged
        for one in named if isinstance(named, list) else [named]:
            if not isinstance(one, dict):
                raise NotYaml("a merge key (`<<`) takes an object, or a list of them", at)
            marks = self._marks[id(one)]
            for key in [key for key in one if key not in into]:
                into[key], done.marks[key] = one[key], marks[key]
            self._brought += len(one)
            if self._brought > MOST_MERGED:
                raise NotYaml(f"its merge keys (`<<`) bring more than {MOST_MERGED:,} keys", at)

    def _add(self, value: object, event: Event, anchor: str | None) -> None:
        if anchor:
            self._named[anchor] = value
        if not self._open:
            if self._documents:
                raise NotYaml("it holds more than one document", _at(event))
            self._documents.append(value)
            return
        here = self._open[-1]
        if isinstance(here.value, list):
            here.marks[len(here.value)] = _at(event)
            here.value.append(value)
        elif here.key is not None:
            here.value[here.key] = value
            here.key = None
        elif here.waits:
            here.merged.append(value)
        else:
            raise NotYaml("a key must be a text", _at(event))


_TAKEN: dict[str, Callable[[_Builder, Event], None]] = {
    "ScalarEvent": _Builder.scalar,
    "AliasEvent": _Builder.alias,
    "MappingStartEvent": _Builder.begin,
    "SequenceStartEvent": _Builder.begin,
    "MappingEndEvent": _Builder.end,
    "SequenceEndEvent": _Builder.end,
}


def _at(event: Event) -> tuple[int, int]:
    return event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1)


# Scalars ---------------------------------------------------------------------

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_POINTED = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 4_300


def _scalar(event: Event) -> object:
    """What a scalar stands for: plain ones by their looks, quoted ones as texts, tagged ones by
    their tag."""
    tag, text = event.tag, str(event.value)
    if tag is None or tag == "!":
        return _untagged(text, event) if event.implicit[0] and tag is None else text
    if tag == f"{_TAG}str":
        return text
    if tag in (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", f"{_TAG}null"):
        value = _untagged(text, event)
        if not isinstance(value, str):
            return value
    raise NotYaml(f"the tag `{str(tag)[:80]}` does not fit here", _at(event))


def _known_tag(event: Event) -> None:
    if event.tag not in (None, "!", f"{_TAG}map", f"{_TAG}seq"):
        raise NotYaml(f"the tag `{str(event.tag)[:80]}` is not one of JSON", _at(event))


def _untagged(text: str, event: Event) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _ENDLESS.fullmatch(text):
        raise NotYaml(f"`{text}` is not a number of JSON", _at(event))
    if _POINTED.fullmatch(text) or _WHOLE.fullmatch(text):
        return _number(text, event)
    return text


def _number(text: str, event: Event) -> object:
    if len(text) > _MOST_DIGITS:
        raise NotYaml(f"a number has more than {_MOST_DIGITS:,} digits", _at(event))
    if _WHOLE.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    try:
        return JsonNumber(text)
    except InvalidOperation:
        raise NotYaml("a number has an exponent that is too large", _at(event)) from None
