"""What may be left on a disk when the power goes: what was synced, and anything of the rest.

Of each write that no sync of its file followed, every sector of 512 bytes may be there, be missing,
be zero or be garbage; a file may be as long as its lost writes made it. A file that was deleted may
be there again until its folder is synced, which SQLite does at the first sync of a journal or WAL
that it opened. What a sync that failed was to save may never reach the disk, however many syncs
succeed after it: systems forget that they still have to write it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.disk.vfs import Op

SECTOR = 512
WAYS = ("lost", "kept", "cut", "zeros", "garbage", "mixed")
"""What becomes of unsynced writes."""


@dataclass
class _File:
    """What is certain, and what was done since."""

    data: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)
    forgotten: int = 0
    opened: bool = False
    deleted: bool = False

    def settle(self, rng: random.Random) -> None:
        """All that waits is on the disk now, but what a failed sync made the system forget."""
        for place, op in enumerate(self.pending):
            if place >= self.forgotten or rng.random() < 0.5:
                _apply(self.data, op)
        self.pending, self.forgotten = [], 0


def _apply(data: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del data[op.offset :]
        return
    if len(data) < op.offset:
        data.extend(bytes(op.offset - len(data)))
    data[op.offset : op.offset + len(op.data)] = op.data


def left_over(ops: Sequence[Op], rng: random.Random, way: str) -> dict[Path, bytes]:
    """The files after the power went right behind `ops`."""
    files: dict[Path, _File] = {}
    for op in ops:
        file = files.setdefault(op.path, _File())
        if op.kind == "open":
            file.opened = True
        elif op.kind == "delete":
            file.deleted = True
        elif op.kind == "failed sync":
            file.forgotten = len(file.pending)
        elif op.kind == "sync":
            file.settle(rng)
            if file.opened and op.path.name.endswith(("-wal", "-journal")):
                _sync_folder(files)
            file.opened = False
        else:
            if file.deleted:  # a new file of the same name
                files[op.path] = file = _File()
            file.pending.append(op)
    left = {path: file for path, file in files.items() if not file.deleted or rng.random() < 0.5}
    return {path: _after(file, rng, way) for path, file in left.items()}


def _sync_folder(files: dict[Path, _File]) -> None:
    for path in [path for path, file in files.items() if file.deleted]:
        del files[path]


def _after(file: _File, rng: random.Random, way: str) -> bytes:
    data = bytearray(file.data)
    ops = file.pending
    if way == "lost":
        return bytes(data)
    if way == "cut" and ops:
        count = rng.randrange(len(ops))
        last = ops[count]
        torn = last.data[: rng.randrange(len(last.data) + 1)]
        ops = [*ops[:count], Op(last.kind, last.path, last.offset, torn)]
    for op in ops:
        if op.kind == "truncate" and way in ("kept", "cut"):
            _apply(data, op)
        elif op.kind == "write":
            _apply(data, op if way in ("kept", "cut") else _spoilt(op, data, rng, way))
    return bytes(data)


def _spoilt(op: Op, before: bytearray, rng: random.Random, way: str) -> Op:
    """The same write with some of its sectors spoilt."""
    found = bytearray(op.data)
    for begin in range(0, len(found), SECTOR):
        size = min(SECTOR, len(found) - begin)
        fate = rng.choice(("kept", "lost", "zeros", "garbage")) if way == "mixed" else way
        place = op.offset + begin
        old = bytes(before[place : place + size]).ljust(size, b"\0")
        found[begin : begin + size] = {
            "kept": op.data[begin : begin + size], "lost": old,
            "zeros": bytes(size), "garbage": rng.randbytes(size),
        }[fate]  # fmt: skip
    return Op("write", op.path, op.offset, bytes(found))
