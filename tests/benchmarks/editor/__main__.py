"""How long an editor waits for `fqlc lsp` while a declaration is typed letter by letter: in 200 and
in 2,000 lines, and in a project of 1,000 files; and while a whole check runs. Through the process,
its pipes and JSON, as an editor meets it. `--beside` measures the last alone."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from tests.lsp.raw import Raw

TYPED = """
observer typed {
  on: Order0.update
  when: total > 5
  webhook w { url: "https://a.b" }
}
"""
ASKED = ("completion", "hover", "documentSymbol", "semanticTokens/full")
BESIDE = (*ASKED, "references", "formatting")
ROUNDS = 8
"""Times that each is asked while a check runs."""


def declarations(number: int) -> str:
    """Ten lines."""
    return (
        f'entity Order{number} from "orders_{number}" {{\n  id: ID @key\n  total: Decimal\n}}\n'
        f"observer o{number} {{\n  on: Order{number}.insert\n  when: total > {number}\n"
        f'  webhook w {{ url: "https://example.com/{{{{ id }}}}" }}\n}}\n\n'
    )


def measure(lines: int, files: int, *, beside: bool = False) -> str:
    """Type, and ask after each letter, or save and ask; the p95 of each request, and what the
    process costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
        text = "".join(declarations(n) for n in range(lines // 10))
        for number in range(1, files):
            file = folder / f"f{number}.fql"
            file.write_text(declarations(100_000 + number), "utf-8")
        (folder / "shop.fql").write_text(text, "utf-8")
        with Raw(folder) as raw:
            uri = (folder / "shop.fql").as_uri()
            return _beside(raw, uri, text) if beside else _typed(raw, uri, text)


def _typed(raw: Raw, uri: str, text: str) -> str:
    raw.start()
    begun = time.perf_counter()
    raw.open(uri, text)
    raw.ask("textDocument/hover", _at(uri, 0, 8))
    first = time.perf_counter() - begun
    taken: dict[str, list[float]] = {method: [] for method in ASKED}
    line, column = text.count("\n"), 0
    for version, letter in enumerate(TYPED, 2):
        place = {"line": line, "character": column}
        change = {"range": {"start": place, "end": place}, "text": letter}
        about = {"uri": uri, "version": version}
        raw.tell("textDocument/didChange", {"textDocument": about, "contentChanges": [change]})
        line, column = (line + 1, 0) if letter == "\n" else (line, column + 1)
        for method in ASKED:
            start = time.perf_counter()
            raw.ask(f"textDocument/{method}", _at(uri, line, column))
            taken[method].append(time.perf_counter() - start)
    process = psutil.Process(raw.process.pid)
    memory = process.memory_info().rss / 1e6
    while raw.ask("textDocument/hover", _at(uri, 0, 8)) and process.cpu_percent(1.0) > 5:
        pass
    used = sum(process.cpu_times()[:2])
    time.sleep(5)
    idle = (sum(process.cpu_times()[:2]) - used) / 5
    parts = [f"{method} {_p95(found) * 1e3:.0f} ms" for method, found in taken.items()]
    return f"first answer {first:.1f} s; p95: {', '.join(parts)}; {memory:.0f} MB; idle {idle:.1%}"


def _beside(raw: Raw, uri: str, text: str) -> str:
    """Ask while a check runs: each save begins one, which takes longer than the answer. Counted is
    also what the server works until it answers, its check included: on a machine that does nothing
    else that is how long one waits, whatever this one does."""
    raw.start()
    raw.open(uri, text)
    about = {"textDocument": {"uri": uri}}
    style = {"tabSize": 2, "insertSpaces": True}
    more = {"options": style, "context": {"includeDeclaration": True}}
    raw.ask("textDocument/documentSymbol", about)
    taken: dict[str, list[float]] = {method: [] for method in BESIDE}
    worked: dict[str, list[float]] = {method: [] for method in BESIDE}
    for number in range(ROUNDS):
        for method in BESIDE:
            raw.tell("textDocument/didSave", about)
            time.sleep(0.1)
            start, work = time.perf_counter(), _work(raw.process.pid)
            raw.ask(f"textDocument/{method}", {**_at(uri, 10 * number, 8), **more})
            taken[method].append(time.perf_counter() - start)
            worked[method].append(_work(raw.process.pid) - work)
    parts = [
        f"{method} {_p95(taken[method]) * 1e3:.0f} ms ({median(work) * 1e3:.0f} and"
        f" {_p95(work) * 1e3:.0f} ms of work)"
        for method, work in worked.items()
    ]
    memory = psutil.Process(raw.process.pid).memory_info().rss / 1e6
    return f"p95 beside a check (median and p95 of work): {', '.join(parts)}; {memory:.0f} MB"


def _work(process: int) -> float:
    """Seconds that all threads of a process have worked."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def _at(uri: str, line: int, column: int) -> dict[str, object]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _p95(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.95)]


def main() -> None:
    for lines, files in () if "--beside" in sys.argv else ((200, 1), (2_000, 1), (2_000, 1_000)):
        print(f"{lines:,} lines, {files:,} files: {measure(lines, files)}", flush=True)
    print(f"2,000 lines, 1,000 files: {measure(2_000, 1_000, beside=True)}", flush=True)


if __name__ == "__main__":
    main()
