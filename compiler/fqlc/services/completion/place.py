"""The place that is completed, and how items for it are made."""

from __future__ import annotations

from dataclasses import dataclass

from fqlc.diagnostics.model import Edit
from fqlc.services.answers import CompletionItem, What
from fqlc.services.probing.lexical import Around
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the newest text of a file."""

    snapshot: Snapshot
    path: str
    around: Around

    def is_followed_by(self, sign: str) -> bool:
        """True where a sign is after the word already, so that it need not be written."""
        return self.around.text[self.around.word[1] :].lstrip(" \t").startswith(sign)

    def item(
        self,
        label: str,
        what: What,
        text: str | None = None,
        *,
        detail: str = "",
        doc: str = "",
        order: int = 0,
        snippet: bool = False,
        start: int | None = None,
    ) -> CompletionItem:
        """An item that replaces the word at the place, from `start` on where that is before it."""
        first, last = self.around.word
        span = Span(self.path, first if start is None else start, last)
        edit = Edit(span, label if text is None else text)
        return CompletionItem(
            label, what, edit, detail=detail, doc=doc, order=order, snippet=snippet
        )


def escaped(text: str) -> str:
    """A text as a snippet that is just that."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
