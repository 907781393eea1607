"""`fqlc import` as tests call it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from fql.app import Runtime
from fql.plan.stored.codec import read_plan
from fql.settings.files import read_file
from fql.testing import MockWebhookServer
from fqlc import compile_paths
from fqlc.cli.main import fqlc


def ran(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `fqlc import`."""
    found = CliRunner().invoke(fqlc, ["import", *arguments], catch_exceptions=False)
    return found.exit_code, found.stdout, found.stderr


def imported(*arguments: str) -> str:
    """What it writes to standard output."""
    code, out, err = ran(*arguments)
    assert code == 0, err
    return out


def observed(text: str) -> str:
    """The same program with an observer that sends each new row of each entity as it is."""
    names = re.findall(r"^entity (\w+)", text, re.MULTILINE)
    tells = (
        f"observer tell_{n} {{ on: {n}.insert webhook tell_all {{ endpoint: there }} }}"
        for n in names
    )
    return "\n".join([text, 'endpoint there { url: "${THERE}" accepts: [sensitive] }', *tells])


async def delivered(
    text: str, place: Path, server: MockWebhookServer, fill: Callable[[], object]
) -> tuple[list[object], list[str]]:
    """Capture an imported program's tables (`place` has its `fql.toml`), `fill` them, and run: the
    new rows that were sent, and why others became dead letters."""
    program = place / "shop.fql"
    program.write_text(observed(text), encoding="utf-8")
    settings = str(place / "fql.toml")
    done = CliRunner().invoke(
        fqlc, ["capture", "install", str(program), "--settings", settings], catch_exceptions=False
    )
    assert done.exit_code == 0, done.stderr
    assert "warning" not in done.stderr
    fill()
    plan = read_plan(compile_paths([program], settings=settings).plan_or_raise())
    found = read_file(place / "fql.toml")
    async with Runtime(
        plan, settings=found, store="memory:", environment={"THERE": server.url}
    ) as running:
        await running.until_idle(30)
        letters = await running.client.dead_letters()
    sent = [one.payload for one in server.requests]
    return sent, [letter.reason for letter in letters]
