"""The floor plan holds: import contracts, lean imports, a pure compile, no traces of a machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    """Run Python code in a fresh interpreter and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_contracts() -> None:
    """The doors of `.importlinter` are kept; an undeclared room fails as well."""
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_runtime_imports_no_compiler() -> None:
    """An application that imports fql loads neither the compiler nor its libraries."""
    out = run(
        "import sys, fql; fql.Runtime, fql.load_plan\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules}"
        " & {'fqlc', 'lark', 'networkx', 'graphviz', 'jinja2', 'click'}))"
    )
    assert out.strip() == "[]"


def test_version_loads_little() -> None:
    """`fqlc --version` must stay below 100 ms: it loads nothing heavy."""
    out = run(
        "import sys\nfrom fqlc.__main__ import main\nsys.argv = ['fqlc', '--version']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'lark', 'pydantic', 'networkx', 'httpx', 'jinja2', 'graphviz', 'asyncio'}\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & heavy))"
    )
    assert out.splitlines()[-1] == "[]", out


def test_check_loads_no_graph_or_http_library() -> None:
    """`fqlc check` loads only what it needs."""
    out = run(
        "import sys, fqlc\nfqlc.compile_text('entity A { id: ID @key }')\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules}"
        " & {'httpx', 'graphviz', 'asyncio', 'cryptography'}))"
    )
    assert out.strip() == "[]"


def test_compile_is_pure() -> None:
    """Compiling a text opens no file, no socket, starts no process and reads no environment."""
    out = run(
        "import sys, fqlc\n"
        "text = 'entity A { id: ID @key n: Int? }\\n'"
        " 'observer o { on: A.insert when: n != null'"
        " ' webhook w { url: \"https://example.com/{{ id }}\" } }'\n"
        "fqlc.compile_text(text)  # first use imports what it needs\n"
        "seen = []\n"
        "def hook(event, args):\n"
        "    if event.split('.')[0] in ('open', 'socket', 'subprocess', 'os'):\n"
        "        seen.append((event, args))\n"
        "sys.addaudithook(hook)\n"
        "assert fqlc.compile_text(text).plan\n"
        "print(seen)"
    )
    assert out.strip() == "[]"


@pytest.mark.parametrize("pattern", [r"/(root|work|Users)/", r"/home/\w+/", r"\bpypi\.org\b"])
def test_no_traces_of_a_machine(pattern: str) -> None:
    """No tracked file holds an absolute path of somebody's machine or an index address."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout: what is tracked is not known")
    found = [
        name
        for name in tracked.stdout.split("\0")
        if name and Path(name).name != Path(__file__).name and (ROOT / name).is_file()
        if re.search(pattern, (ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


BULKHEADS = {
    "fql/engine/program/bulkhead.py",
    "fql/engine/loop/cycles.py",
    "fql/engine/loop/engine.py",
    "fql/engine/loop/senders.py",
    "fql/engine/loop/session.py",
    "fql/engine/process/keeping.py",
    "fql/engine/process/leading.py",
}
"""Where an exception of any kind becomes the end of one item (decision 0046)."""
FOREIGN = {"fql/actions/calls/call.py", "fql/actions/calls/kind.py", "fql/cli/functions.py"}
"""Where code of the application or of another package runs, which may raise all (decision 0159)."""


def test_any_exception_is_caught_in_bulkheads_only() -> None:
    """Everywhere else in the runtime the exception that is caught is named."""
    runtime = ROOT / "runtime"
    found = {
        path.relative_to(runtime).as_posix()
        for path in runtime.rglob("*.py")
        if "testing" not in path.parts
        and re.search(
            r"except( \(?Exception[^)]*\)?)?( as \w+)?:|suppress\(Exception\)", path.read_text()
        )
    }
    assert found == BULKHEADS | FOREIGN
