"""Commands that look take from `fql.toml` what they need, and import little."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.app.plans import order, plan_of, settings_of

from fql import blocking
from fql.cli.glance import TABLES, seen
from fql.cli.project import find_project
from fql.errors import FqlError
from fql.settings.model import Settings
from fql.testing import MockWebhookServer

SETTINGS = (
    "",
    '[store]\nurl = "sqlite:///var/orders.db"\nkeep_runs = "12h"\n',
    '[store]\nurl = "sqlite:////srv/orders.db"\n[project]\nname = "shop"\n',
    '[store]\nurl = "postgresql://me@db/shop"\nengines = "single"\n[project]\nname = "shop"\n',
    '[store]\nurl = "postgresql://me@db/shop"\nschema = "Odd"\n',
    '[store]\nurl = "postgresql://me@db/shop"\nschema = "orders"\n',
    '[store]\nurl = "sqlite:///${FOLDER}/a.db"\n',
    '[store]\nurl = "nats://n:4222"\n[nats]\nurl = "nats://n:4222"\ncredentials = "a.creds"\n',
    '[store]\nurll = "sqlite:///a.db"\n',
    "[store]\nurl = 3\n",
    '[stroe]\nurl = "sqlite:///a.db"\n',
    "store = 1\n",
    "[store\n",
    '[webhooks.dlq]\ntable = "letters"\n',
    "[observability.prometheus]\n",
    '[observability.prometheus]\nport = 9191\nhost = "0.0.0.0"\nnamespace = "shop"\n',
    "[observability.prometheus]\nenabled = false\n",
    "[observability.prometheus]\nport = 70000\n",
    '[observability.prometheus]\nport = "9090"\n',
    '[observability.prometheus]\nhost = "${HOST}"\nnamespace = "Shop"\n',
    "[observability.logging]\n",
)


def shown(port: object) -> object:
    return port and [getattr(port, name) for name in ("enabled", "host", "port", "namespace")]


@pytest.mark.parametrize("text", SETTINGS)
@pytest.mark.parametrize("store", [None, "sqlite:///other.db"])
def test_a_glance_sees_what_the_whole_reading_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, store: str | None
) -> None:
    """Or raises what that raises."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOLDER", "somewhere")
    monkeypatch.delenv("HOST", raising=False)
    file = tmp_path / "fql.toml"
    file.write_text(text)
    try:
        project = find_project(str(file)).resolved()
        place, port = project.store_place(store), project.settings.observability.prometheus
    except FqlError as problem:
        with pytest.raises(type(problem)) as told:
            seen(store, str(file))
        assert (told.value.message, told.value.hint) == (problem.message, problem.hint)
        return
    found = seen(store, str(file))
    if place.database.kind != "nats":  # elsewhere they open nothing
        place = replace(place, credentials="")
    assert (found.place, shown(found.port)) == (place, shown(port))


def test_a_glance_knows_every_key_of_the_tables_that_it_looks_into() -> None:
    schema = Settings.model_json_schema(by_alias=True)
    for path, keys in TABLES.items():
        table = schema
        for part in filter(None, path.split(".")):
            found = table["properties"][part]
            named = found.get("anyOf", [found])[0]
            table = schema["$defs"][named["$ref"].rpartition("/")[2]]
        assert set(table["properties"]) == keys, path


LOOKS = """
import sys
from fqlc.cli.main import run

for command in (["status"], ["health"], ["dlq", "list"], ["dlq", "stats"], ["dlq", "bulks"],
                ["runs"], ["trace", sys.argv[1]], ["resume", "nobody"]):
    run(command)
print(*sys.modules)
"""
HEAVY = ("pydantic", "httpx", "nats", "psycopg", "jinja2", "lark", "starlette", "re2", "anyio",
         "fql.settings.model", "fql.plan.model", "fql.app", "fql.actions", "fql.egress",
         "fql.expressions", "fql.intake", "fql.sql", "fql.observe.watch", "fql.engine.core.step",
         "fqlc.project", "fqlc.checks")  # fmt: skip
MOST_MODULES = 120
"""Of ours, for all of these commands. Each costs a millisecond or two."""


def test_commands_that_look_at_a_store_import_little(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """No models of plans and settings, no engine: on call, they answer at once."""
    with blocking.Runtime(
        plan_of(), store=f"sqlite:///{tmp_path}/fql.db", settings=settings_of(),
        environment={"RECEIVER": webhook_server.url},
    ) as runtime:  # fmt: skip
        runtime.emit("Order.insert", new=order(1), id="evt-1")
        runtime.until_idle(30)
    (tmp_path / "fql.toml").write_text("[observability.prometheus]\nport = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, "evt-1"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "run_" in done.stdout
    names = done.stdout.splitlines()[-1].split()
    assert [name for name in names if name.startswith(HEAVY)] == []
    ours = [name for name in names if name.partition(".")[0] in ("fql", "fqlc")]
    assert len(ours) <= MOST_MODULES, ours
