"""What the desk makes of files that come, change and go, without a process around it."""

from __future__ import annotations

import weakref
from pathlib import Path

from lsprotocol import types

from fqlc.lsp.desk import Desk
from fqlc.lsp.places import View
from fqlc.lsp.projects import Place
from fqlc.lsp.session import Published
from fqlc.lsp.words.showing import Manner, shown
from fqlc.services.findings import MOST_FINDINGS, findings
from tests.lsp.conftest import MODEL, SHOP
from tests.lsp.test_commands import CONTRACT, PROGRAM
from tests.lsp.texts import change

BAD = 'entity A from "a" { id: Nothing @key }\n'


class Office:
    """A desk, and what it has told of each file, last."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, dict[str, list[str]]()
        self.counts: dict[str, int] = {}
        self.faults: list[Exception] = []
        self.desk = Desk(self._publish, lambda _, error: self.faults.append(error))

    def _publish(self, view: View, news: tuple[Published, ...]) -> None:
        for one in news:
            name = one.uri.removeprefix(self.folder.as_uri() + "/")
            self.last[name] = [f.diagnostic.code for f in one.findings.findings]
            self.counts[name] = self.counts.get(name, 0) + 1

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str) -> None:
        self.desk.open(self.uri(name), 1, (self.folder / name).read_text("utf-8"))

    async def codes(self, name: str, of: str | None = None) -> list[str]:
        """What is told of a file, or of another one, when all is checked."""
        self.desk.hurry(self.uri(name))
        await self.desk.here(self.uri(name), self.desk.documents, current=True)
        assert self.faults == []
        return self.last.get(of or name, [])

    def seen(self, *names: str) -> None:
        self.desk.seen_on_disk([Place.of(self.uri(name)) for name in names])

    async def shown(self, name: str) -> list[types.Diagnostic]:
        """What an editor with all features shows of a file."""
        await self.codes(name)
        here = await self.desk.here(self.uri(name), self.desk.documents, current=True)
        found = findings(here.snapshot, here.path)
        return shown(here.view, found, Manner(related=True, tags=True))


async def test_a_file_that_is_deleted_and_comes_back(shop: Path) -> None:
    office = Office(shop)
    office.open("shop.fql")
    assert await office.codes("shop.fql") == []
    (shop / "model.fql").unlink()
    office.seen("model.fql")
    assert "FQL111" in await office.codes("shop.fql")
    (shop / "model.fql").write_text(MODEL, "utf-8")
    office.seen("model.fql")
    assert await office.codes("shop.fql") == []


async def test_without_settings_a_file_is_checked_with_what_it_imports(shop: Path) -> None:
    """And with nothing else."""
    (shop / "fql.toml").unlink()
    (shop / "other.fql").write_text(BAD, "utf-8")
    office = Office(shop)
    office.open("shop.fql")
    assert await office.codes("shop.fql") == []
    assert "other.fql" not in office.last
    (shop / "model.fql").write_text(MODEL.replace("Decimal", "Nothing"), "utf-8")
    office.seen("model.fql")
    assert "FQL202" in await office.codes("shop.fql", of="model.fql")


async def test_settings_that_come_change_and_go_are_followed(shop: Path) -> None:
    (shop / "other.fql").write_text(BAD, "utf-8")
    office = Office(shop)
    office.open("shop.fql")
    assert "FQL202" in await office.codes("shop.fql", of="other.fql")
    (shop / "fql.toml").write_text('[project]\nname = "shop"\nexclude = ["other.fql"]\n', "utf-8")
    office.seen("fql.toml")
    assert await office.codes("shop.fql", of="other.fql") == []
    (shop / "fql.toml").unlink()
    office.seen("fql.toml")
    assert await office.codes("shop.fql") == []
    assert office.desk.projects() == (f"{office.uri('shop.fql')} alone",)
    (shop / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    office.seen("fql.toml")
    assert "FQL202" in await office.codes("shop.fql", of="other.fql")


async def test_a_change_in_one_project_says_nothing_of_another(shop: Path) -> None:
    for name in ("a", "b"):
        (shop / name).mkdir()
        (shop / name / "fql.toml").write_text(f'[project]\nname = "{name}"\n', "utf-8")
        (shop / name / "model.fql").write_text(MODEL, "utf-8")
        (shop / name / "shop.fql").write_text(SHOP, "utf-8")
    office = Office(shop)
    for name in ("a/shop.fql", "b/shop.fql", "b/model.fql"):
        office.open(name)
        assert await office.codes(name) == []
    assert len(office.desk.projects()) == 2
    before = dict(office.counts)
    office.desk.change(office.uri("b/model.fql"), 2, [change(4, 9, 4, 16, "Nothing")])
    assert "FQL202" in await office.codes("b/model.fql")
    assert office.counts.get("a/shop.fql") == before.get("a/shop.fql")
    assert office.last["a/shop.fql"] == []


async def test_of_very_many_problems_a_thousand_are_shown_and_the_others_counted(
    shop: Path,
) -> None:
    more = 7
    fields = "".join(f"  f{n}: Nothing\n" for n in range(MOST_FINDINGS + more))
    (shop / "shop.fql").write_text(f'entity A from "a" {{\n  id: ID @key\n{fields}}}\n', "utf-8")
    office = Office(shop)
    office.open("shop.fql")
    *told, last = await office.shown("shop.fql")
    assert len(told) == MOST_FINDINGS
    assert last.code is None and last.severity == types.DiagnosticSeverity.Information
    found = office.desk.views()[0].snapshot.diagnostics
    total = len([d for d in found if d.span.path.endswith("shop.fql")])
    assert last.message.startswith(f"{total - MOST_FINDINGS} more problem")


async def test_what_a_contract_has_a_newer_form_of_is_struck_through(shop: Path) -> None:
    old = CONTRACT.replace("operationId: make", "operationId: make\n      deprecated: true")
    (shop / "carrier.yaml").write_text(old.replace("TYPE", "string"), "utf-8")
    (shop / "shop.fql").write_text(f'import "model.fql"\n{PROGRAM}', "utf-8")
    office = Office(shop)
    office.open("shop.fql")
    tags = {d.code: d.tags for d in await office.shown("shop.fql")}
    assert tags["FQL417"] == [types.DiagnosticTag.Deprecated]


async def test_a_check_holds_nothing_of_the_one_before(shop: Path) -> None:
    office = Office(shop)
    office.open("shop.fql")
    await office.codes("shop.fql")
    first = weakref.ref(office.desk.views()[0].checkup.snapshot)
    for version in (2, 3):
        office.desk.change(office.uri("shop.fql"), version, [change(0, 0, 0, 0, "# new\n")])
        await office.codes("shop.fql")
    assert first() is None
