"""A folder with a small program, and a way to run commands in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fqlc.cli.main import run
from tests.published import hold

SHOP = """\
entity Order { id: ID @key  total: Decimal  status: String }

observer order_created {
  on: Order.insert
  when: total > 100
  webhook warehouse { url: "https://w.example.com/orders/{{ id }}", body: { id, total } }
}
"""


@dataclass(frozen=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder; it is the working folder too."""
    (tmp_path / "shop.fql").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def fqlc(shop: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""

    def command(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        hold(arguments, captured.out)
        return Ran(code, captured.out, captured.err)

    return command
