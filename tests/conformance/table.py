"""Both outside suites judged, and the published table: `python -m tests.conformance.table`.

The suites are found by FQL_CONFORMANCE, by default `../shared/conformance` beside the project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import cel, jsonlogic
from tests.conformance.folder import PROJECT, suites
from tests.conformance.judge import Verdict
from tests.conformance.wycheproof import OUTCOMES, Vector, vectors

PUBLISHED = PROJECT / "docs" / "reference" / "conformance.md"
KINDS = ("equal", "rejected statically", "different by decision", "not applicable")


@dataclass(frozen=True, slots=True)
class Judged:
    """One case of a suite and its verdict."""

    suite: str
    file: str
    name: str
    verdict: Verdict


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


_HEAD = """# Suites of other languages

The expressions in the test suites of two other languages, translated into ours by a small program
(`tests/conformance`), compiled by the real compiler, and run by generated code and by the tree
walker.
`python -m tests.conformance.table` writes this page.

- *equal*: ours gives the same value.
- *rejected statically*: the suite expects an error at run time, and our compiler reports it.
- *different by decision*: ours gives another value, or refuses what has a value in the other
  language.
- *not applicable*: our language has no such thing.
"""

_WYCHEPROOF = """\
## Wycheproof

The vectors of Project Wycheproof for the algorithms of signatures and payload encryption, tried on
the functions that users call (`tests/conformance/wycheproof.py`).

- *accepted*: valid, and the signature is genuine or the payload is decrypted.
- *refused*: invalid, and the answer is False or NotDecrypted, never another exception.
- *not offered*: sizes and algorithms that are not supported; they are refused too, valid or not.
"""


def page(cases: list[Judged], vectors: list[Vector]) -> str:
    """The published page."""
    text = [_HEAD]
    for suite in ("CEL", "JSONLogic"):
        of_suite = [case for case in cases if case.suite == suite]
        text += [f"## {suite}", "", *_counts(of_suite), "", *_reasons(of_suite), ""]
    text += [_WYCHEPROOF, *_vector_rows(vectors), ""]
    return "\n".join(text)


def _vector_rows(vectors: list[Vector]) -> Iterator[str]:
    yield f"| file | vectors | {' | '.join(OUTCOMES)} | why not |"
    yield "|---" * (len(OUTCOMES) + 3) + "|"
    for file in dict.fromkeys(vector.file for vector in vectors):
        chosen = [vector for vector in vectors if vector.file == file]
        counts = Counter(vector.outcome for vector in chosen)
        cells = [str(counts[outcome] or "") for outcome in OUTCOMES]
        reasons = "; ".join(sorted({vector.reason for vector in chosen if vector.reason}))
        yield f"| {file} | {len(chosen)} | {' | '.join(cells)} | {reasons} |"


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
    folder, known = suites(), vectors()
    if folder is None or known is None:
        raise SystemExit("the suites are absent: set FQL_CONFORMANCE to their folder")
    PUBLISHED.write_text(page(list(judged(folder)), known), encoding="utf-8")
    print(f"wrote {PUBLISHED.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
