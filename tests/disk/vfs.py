"""A disk below the product's own SQLite: it notes each write and sync, and fails where it is told.

SQLite reaches files through a table of functions, its VFS. `Disk` registers a copy of the usual
one in this process, through ctypes, in which a few functions look at what passes before the real
ones do it. The store under test knows nothing of it: it opens files as always, with the library
that `sqlite3` uses anyway. Structures and numbers are those of `sqlite3.h`.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

OK = 0
FULL = 13
IOERR_READ = 266
IOERR_SHORT = 522
IOERR_WRITE = 778
IOERR_FSYNC = 1034
IOERR_TRUNCATE = 1546

_METHODS = (
    "close", "read", "write", "truncate", "sync", "size", "lock", "unlock", "reserved", "control",
    "sector", "traits", "shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch",
)  # fmt: skip


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`."""

    _fields_ = [("version", c_int), *((name, c_void_p) for name in _METHODS)]


class _File(ctypes.Structure):
    """The head of every `sqlite3_file`."""

    _fields_ = [("methods", POINTER(_Methods))]


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = [
        ("version", c_int), ("file_size", c_int), ("longest", c_int), ("next", c_void_p),
        ("name", c_char_p), ("data", c_void_p), ("open", c_void_p), ("delete", c_void_p),
        *((f"other{number}", c_void_p) for number in range(13)),
    ]  # fmt: skip


# Names are addresses here: SQLite keeps them, so the very same must be handed on.
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_MOVE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


def in_reach() -> bool:
    """Whether this Python's SQLite is a library whose functions can be called. One that is built
    into the interpreter may hide them."""
    return hasattr(ctypes.CDLL(_sqlite3.__file__), "sqlite3_vfs_register")


@dataclass(frozen=True, slots=True)
class Op:
    """One thing that was done to a file: `open`, `write`, `truncate` (to `offset`), `sync`,
    `failed sync` or `delete`; a fault is also asked about each `read`."""

    kind: str
    path: Path
    offset: int = 0
    data: bytes = b""


Fault = Callable[[Op], int]
"""Looks at what is about to happen and gives a result code of SQLite, 0 for none. A write that
fails leaves its first half behind."""


def none(_: Op) -> int:
    """A disk in good health."""
    return OK


@dataclass
class Disk:
    """Watches the files below `folder` while it is entered; connections must be closed before the
    end. `ops` is all that was done, in order."""

    folder: Path
    fault: Fault = none
    ops: list[Op] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._library = ctypes.CDLL(_sqlite3.__file__)
        self._paths: dict[int, Path] = {}
        self._tables: dict[int, _Methods] = {}
        self._kept: list[Any] = []

    def __enter__(self) -> Self:
        find = self._library.sqlite3_vfs_find
        find.restype, find.argtypes = POINTER(_Vfs), [c_char_p]
        self._real = find(None)
        self._vfs = _Vfs.from_buffer_copy(self._real.contents)
        self._vfs.name, self._vfs.next = b"fql-disk", None
        self._vfs.open = self._keep(_OPEN(self._open))
        self._vfs.delete = self._keep(_DELETE(self._delete))
        self._register(self._vfs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._register(self._real.contents)
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))
        assert kind is not None or not self._paths, "connections outlive their disk"

    def _register(self, vfs: _Vfs) -> None:
        self._library.sqlite3_vfs_register(ctypes.byref(vfs), 1)

    def _keep(self, function: Any) -> Any:
        self._kept.append(function)
        return ctypes.cast(function, c_void_p)

    def _do(self, op: Op, real: Callable[[], int]) -> int:
        """Fail, or do it and note it. SQLite holds a lock around what it does to one file, so the
        order of notes is that of the disk."""
        code = self.fault(op)
        if code != OK:
            if op.kind == "sync":
                self.ops.append(Op("failed sync", op.path))
            return code
        code = int(real())
        if code == OK and op.kind != "read":
            self.ops.append(op)
        return code

    # What SQLite calls.

    def _open(self, vfs: int, name: int | None, file: Any, flags: int, out: int) -> int:
        code = int(_OPEN(self._real.contents.open)(vfs, name, file, flags, out))
        path = None if name is None else _path(name)
        if code == OK and path is not None and path.is_relative_to(self.folder):
            real = file.contents.methods
            self._paths[ctypes.addressof(file.contents)] = path
            self.ops.append(Op("open", path))
            file.contents.methods = ctypes.pointer(self._watched(real.contents))
        return code

    def _watched(self, real: _Methods) -> _Methods:
        known = self._tables.get(ctypes.addressof(real))
        if known is None:
            known = _Methods.from_buffer_copy(real)
            for name, kind, make in (
                ("close", _CLOSE, self._closing), ("read", _MOVE, self._reading),
                ("write", _MOVE, self._writing), ("truncate", _TRUNCATE, self._truncating),
                ("sync", _SYNC, self._syncing),
            ):  # fmt: skip
                call = kind(getattr(real, name))
                setattr(known, name, self._keep(kind(make(call))))
            self._tables[ctypes.addressof(real)] = known
        return known

    def _closing(self, real: Any) -> Any:
        def close(file: int) -> int:
            self._paths.pop(file)
            return int(real(file))

        return close

    def _reading(self, real: Any) -> Any:
        def read(file: int, buffer: int, amount: int, offset: int) -> int:
            op = Op("read", self._paths[file], offset)
            return self._do(op, lambda: real(file, buffer, amount, offset))

        return read

    def _writing(self, real: Any) -> Any:
        def write(file: int, buffer: int, amount: int, offset: int) -> int:
            op = Op("write", self._paths[file], offset, ctypes.string_at(buffer, amount))
            code = self._do(op, lambda: real(file, buffer, amount, offset))
            if code != OK and amount > 1 and real(file, buffer, amount // 2, offset) == OK:
                self.ops.append(Op("write", op.path, offset, op.data[: amount // 2]))
            return code

        return write

    def _truncating(self, real: Any) -> Any:
        def truncate(file: int, size: int) -> int:
            op = Op("truncate", self._paths[file], size)
            return self._do(op, lambda: real(file, size))

        return truncate

    def _syncing(self, real: Any) -> Any:
        def sync(file: int, flags: int) -> int:
            return self._do(Op("sync", self._paths[file]), lambda: real(file, flags))

        return sync

    def _delete(self, vfs: int, name: int, sync_folder: int) -> int:
        def real() -> int:
            return int(_DELETE(self._real.contents.delete)(vfs, name, sync_folder))

        path = _path(name)
        return self._do(Op("delete", path), real) if self._mine(path) else real()

    def _mine(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)


def _path(name: int) -> Path:
    return Path(ctypes.string_at(name).decode())
