"""Both outside suites judged, and the published table: `python -m tests.conformance.table`.

The suites are found by FQL_CONFORMANCE, by default `../shared/conformance` beside the project.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import cel, jsonlogic
from tests.conformance.judge import Verdict

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "docs" / "reference" / "conformance.md"
KINDS = ("equal", "rejected statically", "different by decision", "not applicable")


@dataclass(frozen=True, slots=True)
class Judged:
    """One case of a suite and its verdict."""

    suite: str
    file: str
    name: str
    verdict: Verdict


def suites() -> Path | None:
    """The folder of the suites, None where it is absent."""
    given = os.environ.get("FQL_CONFORMANCE")
    folder = Path(given) if given else PROJECT.parent / "shared" / "conformance"
    return folder if (folder / "cel").is_dir() else None


def judged(folder: Path) -> Iterator[Judged]:
    """All cases of both suites."""
    for path in sorted((folder / "cel").glob("*.textproto")):
        for case in cel.cases(path):
            yield Judged("CEL", path.stem, case.name, cel.judge(case))
    root = folder / "jsonlogic"
    for path in sorted(root.rglob("*.json")):
        for rule in jsonlogic.cases(path, root):
            file = str(path.relative_to(root).with_suffix(""))
            yield Judged("JSONLogic", file, rule.name, jsonlogic.judge(rule))


_HEAD = """# Outside suites

The expressions of two other languages, written in ours by a small translator
(`tests/conformance`), compiled by the real compiler, run by generated code and by the tree walker.
`python -m tests.conformance.table` writes this page.

- *equal*: the same value.
- *rejected statically*: the suite expects an error at run time, ours is one at compile time.
- *different by decision*: another value, or a rejection where the other language has a value.
- *not applicable*: the language has no such thing.
"""


def page(cases: list[Judged]) -> str:
    """The published page."""
    text = [_HEAD]
    for suite in ("CEL", "JSONLogic"):
        of_suite = [case for case in cases if case.suite == suite]
        text += [f"## {suite}", "", *_counts(of_suite), "", *_reasons(of_suite), ""]
    return "\n".join(text)


def _counts(cases: list[Judged]) -> list[str]:
    lines = [f"| file | cases | {' | '.join(KINDS)} |", "|---" * (len(KINDS) + 2) + "|"]
    files = sorted({case.file for case in cases})
    rows = [(file, [case for case in cases if case.file == file]) for file in files]
    for name, chosen in [*rows, ("**all**", cases)]:
        counts = Counter(case.verdict.kind for case in chosen)
        cells = [str(counts[kind] or "") for kind in KINDS]  # type: ignore[index]
        lines.append(f"| {name} | {len(chosen)} | {' | '.join(cells)} |")
    return lines


def _reasons(cases: list[Judged]) -> list[str]:
    counts = Counter((c.verdict.kind, c.verdict.reason) for c in cases if c.verdict.reason)
    lines = ["| cases | outcome | why |", "|---|---|---|"]
    for (kind, reason), count in sorted(
        counts.items(), key=lambda item: (KINDS.index(item[0][0]), -item[1], item[0][1])
    ):
        lines.append(f"| {count} | {kind} | {reason.replace('|', chr(92) + '|')} |")
    return lines


def main() -> None:
    """Write the page."""
    folder = suites()
    if folder is None:
        raise SystemExit("the suites are absent: set FQL_CONFORMANCE to their folder")
    PUBLISHED.write_text(page(list(judged(folder))), encoding="utf-8")
    print(f"wrote {PUBLISHED.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
