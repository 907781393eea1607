"""How long a compile takes: `python -m tests.benchmarks.compile`.

1,000 generated files of 30 lines, from cold, in a process of its own; twice the files, so that
growth is seen; and the start of the command line.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
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


def seconds(*arguments: str) -> float:
    """Wall time of a command line, the best of three."""
    return min(_once(arguments) for _ in range(3))


def _once(arguments: tuple[str, ...]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "fqlc", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print a small table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = str(folder / "plan.json")
        print(f"{'what':34} seconds")
        print(f"{'fqlc --version':34} {seconds('--version'):7.3f}")
        (folder / "one.fql").write_text(SHARED + "".join(UNIT.format(n=n) for n in range(6)))
        print(f"{'fqlc check, 200 lines':34} {seconds('check', str(folder / 'one.fql')):7.3f}")
        for count in (1_000, 2_000):
            place = folder / str(count)
            place.mkdir()
            generate(place, count)
            taken = seconds("compile", "-o", plan, str(place))
            print(f"{f'fqlc compile, {count:,} files, cold':34} {taken:7.3f}")


if __name__ == "__main__":
    main()
