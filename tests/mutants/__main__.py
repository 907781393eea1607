"""The table of planted faults: `python -m tests.mutants`, with the lines as they are now."""

from __future__ import annotations

from tests.mutants.tables import ROOMS

for room, mutants in ROOMS.items():
    print(f"\n## {room}\n\n| fault | file, line | found by |\n|---|---|---|")
    for one in mutants:
        print(f"| {one.fault} | `{one.path}:{one.line}` | `{one.test}` |")
