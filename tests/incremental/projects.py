"""Projects that change: declarations in variants, spread over files and edited at random."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from tests.incremental.declarations import VARIANTS

OPTIONAL = frozenset(
    {"trial", "second_trial", "restock", "ship", "base", "notes", "namesakes", "more_defaults"}
)
"""What may be missing."""

LATER = frozenset({"namesakes", "more_defaults", "second_trial"})
"""What is missing at first."""

DRESSES = ("plain", "windows", "mark", "tight", "indented")
"""How a file is written: its line ends, a byte order mark, no line end at the end, and one space
before everything."""

FILES = ("main.fql", "shared/a.fql", "shared/b.fql")
MOST_STEPS = 12
BLANKS = (
    "", "\n\n", "\t\n", "# a note\n", "# it's \"one\n\n", "# fql: allow FQL207 why not\n",
    "# fql: allow FQL332, FQL371 ours\n", "# fql: allow FQL341 so\n", '"""What is to be said."""\n',
)  # fmt: skip


@dataclass
class Story:
    """A project and the hand that edits it."""

    chance: random.Random
    chosen: dict[str, int] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=lambda: list(VARIANTS))
    blanks: dict[str, str] = field(default_factory=dict)
    dress: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in VARIANTS:
            self.chosen[name] = -1 if name in LATER else 0
            self.place[name] = self.chance.choice(FILES)

    def edit(self) -> None:
        """Change one thing: a variant, a place, the order, blank lines and comments, a part
        missing or back again, the dress of a file."""
        name = self.chance.choice(self.order)
        match self.chance.randrange(7):
            case 0 | 1:
                self.chosen[name] = self.chance.randrange(len(VARIANTS[name]))
            case 2:
                self.place[name] = self.chance.choice(FILES)
            case 3:
                self.chance.shuffle(self.order)
            case 4:
                self.blanks[name] = self.chance.choice(BLANKS)
            case 5 if name in OPTIONAL:
                self.chosen[name] = -1 if self.chosen[name] >= 0 else 0
            case 6:
                self.dress[self.chance.choice(FILES)] = self.chance.choice(DRESSES)

    @property
    def is_plain(self) -> bool:
        """False where a declaration may begin elsewhere than in the first column."""
        return "indented" not in self.dress.values()

    def files(self) -> dict[str, bytes]:
        """The files as they are now. The first one imports the others."""
        texts = dict.fromkeys(FILES, "")
        texts["main.fql"] = 'import "shared/a.fql"\nimport "shared/b.fql"\n'
        for name in self.order:
            if self.chosen[name] >= 0:
                text = VARIANTS[name][self.chosen[name]]
                texts[self.place[name]] += f"{self.blanks.get(name, '')}{text}\n"
        return {path: _dressed(text, self.dress.get(path, "")) for path, text in texts.items()}


def _dressed(text: str, dress: str) -> bytes:
    match dress:
        case "windows":
            return text.replace("\n", "\r\n").encode()
        case "mark":
            return text.encode("utf-8-sig")
        case "tight":
            return text.rstrip().encode()
        case "indented":
            return re.sub(r"^(?=\w)", " ", text, flags=re.MULTILINE).encode()
    return text.encode()
