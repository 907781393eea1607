"""How long a compile takes: `python -m tests.benchmarks.compile`.

1,000 generated files of 30 lines, from cold, with nothing changed, with one file changed and with a
mistake in one, in a process of their own; twice the files, so that growth is seen; and the start
of the command line.

The bytecode of imports is kept in a folder of the run, as an installation keeps it; without it
(`PYTHONDONTWRITEBYTECODE`, an image without `.pyc` files) Python compiles 13,000 lines at each
start, which has a line of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SHARED = """\
enum Status { pending, paid, shipped, delivered }
type Answer { reference: String  cost: Decimal? }
retry patient { max_attempts: 5, backoff: linear, initial_delay: 1s }
"""

UNIT = '''\
entity Order{n} from "orders_{n}" {{
  id: ID @key
  total: Decimal
  status: Status
  country: String
  note: String?
  created_at: DateTime
}}

"""Tell the carrier when a valuable order of {n} ships."""
observer shipped_{n} {{
  on: Order{n}.update
  when: status.changed() && status == shipped && (total > {n} || country in ["DE", "FR"])
  retry: patient

  webhook label {{
    url: "https://shipping.example.com/labels/{{{{ id }}}}"
    body: {{ order_id: id, total, note: "Order {{{{ id }}}} of {{{{ country }}}}" }}
    response: Answer
  }}
  webhook crm {{
    url: "https://crm.example.com/orders"
    when: country != "US"
    body: {{ id, reference: label.response.reference, note: note ?? "none" }}
  }}
  webhook statistics {{ url: "https://stats.example.com/", body: {{ id, total, at: _timestamp }} }}

  flow {{ label -> [crm, statistics] }}
}}
'''


def generate(folder: Path, count: int) -> None:
    """Write `count` files of 30 lines that use each other's declarations."""
    (folder / "shared.fql").write_text(SHARED)
    for n in range(count):
        (folder / f"unit_{n:05}.fql").write_text(UNIT.format(n=n))


@dataclass(frozen=True)
class Taken:
    """Wall time and CPU time in seconds, and the greatest memory of a process in MB."""

    wall: float
    cpu: float
    memory: float


def _without_bytecode(*arguments: str) -> Taken:
    """The same for a Python that finds no bytecode, not even its own library's, and keeps none."""
    kept = os.environ["PYTHONPYCACHEPREFIX"]
    os.environ |= {"PYTHONPYCACHEPREFIX": kept + "-none", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return taken(*arguments)
    finally:
        os.environ["PYTHONPYCACHEPREFIX"] = kept
        del os.environ["PYTHONDONTWRITEBYTECODE"]


def taken(*arguments: str, times: int = 3, cached: bool = False) -> Taken:
    """What a command line takes, the median of some times; without `cached` all is from cold."""
    return _middle([_once(arguments, cached=cached) for _ in range(times)])


def _changed(file: Path, old: str, new: str, command: tuple[str, ...], code: int = 0) -> Taken:
    """What it takes after an edit of one file, each time another one."""
    text = file.read_text()
    found: list[Taken] = []
    for n in range(3):
        file.write_text(text.replace(old, new.format(n=n)))
        found.append(_once(command, cached=True, code=code))
    file.write_text(text)
    return _middle(found)


def _middle(found: list[Taken]) -> Taken:
    """The median by CPU."""
    return sorted(found, key=lambda t: t.cpu)[len(found) // 2]


def _once(arguments: tuple[str, ...], *, cached: bool, code: int = 0) -> Taken:
    environment = os.environ | ({} if cached else {"FQLC_NO_CACHE": "1"})
    command = [sys.executable, "-m", "fqlc", *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise SystemExit(f"{' '.join(arguments)} failed")
    wall = time.perf_counter() - start
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1_000)


def _line(what: str, found: Taken) -> None:
    print(f"{what:44} {found.wall:8.3f} {found.cpu:8.3f} {found.memory:8.0f}", flush=True)


def main() -> None:
    """Print a table; `--large` adds 10,000 files."""
    counts = (1_000, 2_000, 10_000) if "--large" in sys.argv else (1_000, 2_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FQLC_CACHE_DIR"] = str(folder / "cache")
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        plan = str(folder / "plan.json")
        print(f"{'what':44} {'seconds':>8} {'CPU':>8} {'MB':>8}")
        _line("fqlc --version", taken("--version"))
        one = str(folder / "one.fql")
        Path(one).write_text(SHARED + "".join(UNIT.format(n=n) for n in range(6)))
        _line("fqlc check, 200 lines", taken("check", one, times=9))
        _line("the same without any bytecode", _without_bytecode("check", one))
        for count in counts:
            _project(folder / str(count), count, plan)


def cold(place: Path, count: int) -> Taken:
    """A compile of so many files with nothing known."""
    place.mkdir()
    generate(place, count)
    return taken("compile", "-o", str(place / "plan.json"), str(place), times=1)


def changed_one(place: Path, count: int) -> Taken:
    """A compile after a change of one of so many files; the median of three."""
    place.mkdir()
    generate(place, count)
    os.environ["FQLC_CACHE_DIR"] = str(place / ".cache")
    command = ("compile", "-o", str(place / "plan.json"), str(place))
    _once(command, cached=True)
    return _changed(place / f"unit_{count // 2:05}.fql", '"US"', '"U{n}"', command)


def _project(place: Path, count: int, plan: str) -> None:
    place.mkdir()
    generate(place, count)
    command = ("compile", "-o", plan, str(place))
    what = f"fqlc compile, {count:,} files"
    _line(f"{what}, cold", taken(*command, times=3 if count <= 1_000 else 1))
    _once(command, cached=True)
    _line(f"{what}, nothing changed", taken(*command, cached=True))
    one = place / f"unit_{count // 2:05}.fql"
    _line(f"{what}, one changed", _changed(one, '"US"', '"U{n}"', command))
    _line(f"{what}, a mistake in one", _changed(one, "total,", "totl{n},", command, code=1))


if __name__ == "__main__":
    main()
