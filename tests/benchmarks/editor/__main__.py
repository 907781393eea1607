"""How long an editor waits for `fqlc lsp` while a declaration is typed letter by letter: in 200 and
in 2,000 lines, and in a project of 1,000 files. Through the process, its pipes and JSON, as an
editor meets it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

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


def declarations(number: int) -> str:
    """Ten lines."""
    return (
        f'entity Order{number} from "orders_{number}" {{\n  id: ID @key\n  total: Decimal\n}}\n'
        f"observer o{number} {{\n  on: Order{number}.insert\n  when: total > {number}\n"
        f'  webhook w {{ url: "https://example.com/{{{{ id }}}}" }}\n}}\n\n'
    )


def measure(lines: int, files: int) -> str:
    """Type, and ask after each letter; the p95 of each request, and what the process costs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
        text = "".join(declarations(n) for n in range(lines // 10))
        for number in range(1, files):
            file = folder / f"f{number}.fql"
            file.write_text(declarations(100_000 + number), "utf-8")
        (folder / "shop.fql").write_text(text, "utf-8")
        with Raw(folder) as raw:
            return _typed(raw, (folder / "shop.fql").as_uri(), text)


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


def _at(uri: str, line: int, column: int) -> dict[str, object]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _p95(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.95)]


def main() -> None:
    for lines, files in ((200, 1), (2_000, 1), (2_000, 1_000)):
        print(f"{lines:,} lines, {files:,} files: {measure(lines, files)}", flush=True)


if __name__ == "__main__":
    main()
