"""A contract that changes: in the plan, in the cache, in a compile in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.exact.kinds import as_object, as_objects
from fql.exact.reading import read_object
from fqlc.pipeline import compile_project
from fqlc.project.cache import Cache, ContractShelf
from fqlc.project.door import Door
from fqlc.project.files import project_of
from tests.contracts.projects import openapi, plan_of, source

_URL = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}
_BODY = "u: label.response.url"


def _digest(contract: object) -> object:
    plan = plan_of({"a.fql": source(_BODY), "crm.json": contract})
    node = as_objects(as_objects(plan["observers"])[0]["nodes"])[0]
    return as_object(node["contract"])["sha256"], plan["digest"]


def test_the_digest_is_that_of_what_the_operation_reaches() -> None:
    first = _digest(openapi(_URL))
    described = {**_URL, "description": "no", "title": "t"}
    assert _digest(openapi(described, Unused={"type": "string"})) == first
    assert _digest(openapi({**_URL, "maxProperties": 9})) != first


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "a.fql").write_text(source(_BODY))
    _put(tmp_path, '{"$ref": "parts/label.yaml#/L"}')
    (tmp_path / "parts/label.yaml").write_text(
        "L:\n  type: object\n  required: [url]\n  properties: {url: {type: string}}\n"
    )
    return tmp_path


def _put(folder: Path, answer: str) -> None:
    from fql.exact.writing import canonical_json

    (folder / "crm.json").write_bytes(canonical_json(openapi(read_object(answer))))


def _door(folder: Path) -> Door:
    return Door(project_of(["."]), Cache(folder / ".cache", "test"))


def _codes(folder: Path) -> list[str]:
    return [d.code for d in _door(folder).compile().diagnostics]


def _same_as_cold(folder: Path) -> bytes | None:
    warm = _door(folder).compile()
    door = Door(project_of(["."]))
    cold = compile_project(door.sources.roots, door.sources.read, door.sources.surroundings())
    assert warm.plan == cold.plan
    assert warm.diagnostics == cold.diagnostics
    assert {p: s.text for p, s in warm.sources.items()} == {
        p: s.text for p, s in cold.sources.items()
    }
    return warm.plan


def _change(folder: Path) -> None:
    label = folder / "parts/label.yaml"
    label.write_text(label.read_text().replace("url", "uri"))


def _story(folder: Path) -> None:
    """Each step gives what a cold compile gives: unchanged, a part changes and changes back, the
    contract is gone."""
    first = _same_as_cold(folder)
    assert first is not None
    assert _same_as_cold(folder) == first
    _change(folder)
    assert _same_as_cold(folder) is None
    assert "FQL432" in _codes(folder)
    label = folder / "parts/label.yaml"
    label.write_text(label.read_text().replace("uri", "url"))
    assert _same_as_cold(folder) == first
    label.write_text(label.read_text().replace("[url]", "[]"))
    assert _same_as_cold(folder) != first
    label.unlink()
    assert _same_as_cold(folder) is None
    assert "FQL402" in _codes(folder)


def test_a_change_of_any_part_of_a_contract_is_seen(folder: Path) -> None:
    _story(folder)


def test_the_same_in_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fqlc.project.door._WORTH_PARTS", 1)
    _story(folder)


def test_a_warm_compile_reads_the_contract_and_does_not_parse_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _door(folder).compile().plan is not None
    (folder / "b.fql").write_text("let unused = 1\n")

    def fail(*_: object) -> object:
        raise AssertionError("parsed")

    monkeypatch.setattr("fqlc.contracts.reading.documents._parsed", fail)
    assert _door(folder).compile().plan is not None


def test_what_is_on_the_shelf_and_torn_is_nothing(folder: Path) -> None:
    first = _same_as_cold(folder)
    for entry in (folder / ".cache").glob("*.contract"):
        entry.write_bytes(entry.read_bytes()[:-9])
    shelf = ContractShelf(Cache(folder / ".cache", "test"), str(folder))
    assert shelf.load("crm.json") == b""
    assert _same_as_cold(folder) == first


def test_a_contract_outside_the_project_is_not_read(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "fql.toml").write_text("")
    (inner / "a.fql").write_text(source().replace("crm.json", "../crm.json"))
    door = Door(project_of([str(inner)]))
    assert [d.code for d in door.compile().diagnostics] == ["FQL402"]


def test_without_the_extra_the_command_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fqlc.cli.main import run

    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    assert run(["check", "--no-cache", "a.fql"]) == 3
    assert 'pip install "fqlc[contracts]"' in capsys.readouterr().err
    (folder / "a.fql").write_text(source().replace('contract: "crm.json"', ""))
    assert run(["check", "--no-cache", "a.fql"]) == 0
