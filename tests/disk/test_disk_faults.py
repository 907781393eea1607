"""A disk that fails under a running engine: nothing that was accepted is lost, nothing that was
refused is half there, and work goes on by itself when the disk is well again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fql.errors import StoreError, StoreFull
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.disk import vfs
from tests.disk.cuts import cut
from tests.disk.story import STORE, BusyStore, Story, check_ledger, runtime, tell
from tests.disk.vfs import Disk, Op

pytestmark = pytest.mark.skipif(
    not vfs.in_reach(), reason="this Python hides its SQLite: no disk can be put below it"
)
RATES = {"sync": 0.25, "write": 0.08, "read": 0.04, "truncate": 1.0}
"""How often operations fail; there are few syncs and fewer truncations."""
FAULTS = {
    "a sync fails": ("sync", vfs.IOERR_FSYNC),
    "a write fails half way": ("write", vfs.IOERR_WRITE),
    "the disk is full": ("write", vfs.FULL),
    "a read fails": ("read", vfs.IOERR_READ),
    "the file cannot be cut": ("truncate", vfs.IOERR_TRUNCATE),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause between tries is there for people's disks."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.005)


@dataclass
class Flaw:
    """Operations of one kind fail now and then."""

    kind: str
    code: int
    seed: int
    failed: int = 0
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def __call__(self, op: Op) -> int:
        if op.kind != self.kind or self.random.random() >= RATES[op.kind]:
            return vfs.OK
        self.failed += 1
        return self.code


async def endured(folder: Path, name: str, seed: int) -> Story:
    """A story on a disk with a flaw. Its ledger is as on any other."""
    folder.mkdir()
    flaw = Flaw(*FAULTS[name], seed)
    story = await tell(folder, 24, seed, flaw)
    assert flaw.failed, "the test must do something"
    check_ledger(story.sent, [], len(story.promised))
    again = [one for one in story.sent if one.request.headers.get("fql-redelivery")]
    assert not again, "no crash happened, so nothing was sent again"
    return story


@pytest.mark.parametrize("name", FAULTS)
async def test_work_goes_on_when_the_disk_is_well_again(tmp_path: Path, name: str) -> None:
    await endured(tmp_path / "live", name, seed=3)


@pytest.mark.parametrize("name", ["a sync fails", "a write fails half way"])
async def test_the_power_goes_on_a_disk_that_fails(tmp_path: Path, name: str) -> None:
    """What a failed sync left in the dark never counts, whatever of it reached the disk."""
    story = await endured(tmp_path / "live", name, seed=4)
    for seed in range(6):
        await cut(story, tmp_path / f"cut{seed}", seed)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FAULTS)
async def test_work_goes_on_after_many_faults(tmp_path: Path, name: str) -> None:
    """25 stories, and four cuts of each."""
    for seed in range(25):
        story = await endured(tmp_path / str(seed), name, seed)
        for number in range(4):
            await cut(story, tmp_path / f"{seed}-{number}", 4 * seed + number)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("the disk is full", StoreFull, "no space is left for the store"),
        ("a sync fails", StoreError, "cannot be used: disk I/O error"),
    ],
)
async def test_who_emits_is_told_what_is_wrong(
    tmp_path: Path, webhook_server: MockWebhookServer, name: str, kind: type[StoreError], words: str
) -> None:
    """One sentence that names the file; what was refused is not there."""
    operation, code = FAULTS[name]
    with Disk(tmp_path) as disk:
        async with runtime(BusyStore(tmp_path / STORE), webhook_server) as running:
            disk.fault = lambda op: code if op.kind == operation else vfs.OK
            with pytest.raises(kind, match=words) as refused:
                await running.emit("Order.insert", new=order(1))
            assert str(tmp_path / STORE) in refused.value.message
            disk.fault = vfs.none
            assert await running.client.runs() == []
