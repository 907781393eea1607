"""What the last compile of the same sources gave, kept in a folder: its answer, and for larger
projects what it found out about each declaration (`fqlc.incremental`).

An entry belongs to a set of roots, a settings file, a working folder and a compiler; it counts only
while every file that the compile asked for has the same bytes, or is still missing. So the answer
of the cache is the answer of the compiler, byte for byte. Anything odd with an entry (torn,
foreign, unreadable) makes it no entry. Data only: nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from fql.exact.kinds import as_a, as_list, as_object, as_objects
from fql.exact.light import light_text, read_lightly
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.stored import dump_diagnostic, load_diagnostic
from fqlc.source.text import SourceText, Span

Read = Callable[[str], bytes | None]

_LIBRARIES = ("lark", "jinja2", "networkx", "pydantic", "orjson")
"""What the compiler is built on: another version of one may say something else."""

_KEY, _KEY_BYTES = "key", 32

MOST_ENTRIES = 200
"""Entries of a folder; beyond, the oldest go."""

What = Literal[".parts", ".contract"]
_ENTRY = re.compile(r"[0-9a-f]{64}(?:\.parts|\.contract)?(?:\.\d+)?|names-[0-9a-f]{64}(?:\.\d+)?")
"""The name of an entry, and of one that a process is writing or was killed over."""


@dataclass(frozen=True)
class Compiled(Compilation):
    """What commands need of a compile. `plan` is None where there are errors, or where nobody
    asked for it. `files` is every file that was asked for, missing ones and the settings too."""

    files: tuple[str, ...] = ()


class Recorder:
    """Reads files and remembers what it gave, None included."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.data: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; the same ones however often it is asked."""
        if path not in self.data:
            self.data[path] = self._read(path)
        return self.data[path]


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries of one folder, made by one compiler (`maker` names its code)."""

    folder: Path
    maker: str

    def load(self, key: Sequence[str], read: Read, *, plan: bool) -> Compiled | None:
        """The entry of a key if it is still true, with a plan if one is asked for."""
        try:
            with self._entry_file(key).open("rb") as file:
                entry = _Entry(file, self._secret())
                files = as_object(entry.header["files"])
                texts = _unchanged(files, read)
                if texts is None:
                    return None
                stored = entry.content()
            diagnostics = as_objects(entry.header["diagnostics"])
            found = Compiled(
                stored or None,
                tuple(load_diagnostic(d, _span_at) for d in diagnostics),
                texts,
                tuple(files),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return found if found.plan is not None or found.has_errors or not plan else None

    def save(self, key: Sequence[str], recorder: Recorder, found: Compiled) -> None:
        """Keep a result. A folder that cannot be written to is not a reason to fail."""
        files = {
            path: None if data is None else [_digest(data), path in found.sources]
            for path, data in recorder.data.items()
        }
        diagnostics = [dump_diagnostic(d, _place_of) for d in found.diagnostics]
        header = {"files": files, "diagnostics": diagnostics}
        self._write_entry(
            self._entry_file(key), lambda secret: _sealed(header, found.plan or b"", secret)
        )

    def load_parts(self, key: Sequence[str], what: What = ".parts") -> bytes:
        """What was kept of single declarations of a key, or of a contract; empty when there is
        nothing."""
        try:
            with self._entry_file(key, what).open("rb") as file:
                return _Entry(file, self._secret()).content()
        except (OSError, ValueError):
            return b""

    def save_parts(self, key: Sequence[str], parts: bytes, what: What = ".parts") -> None:
        """Keep what is known of single declarations, or of a contract."""
        self._write_entry(self._entry_file(key, what), lambda secret: _sealed({}, parts, secret))

    def load_named(self, key: str) -> bytes:
        """What any version of the compiler has kept under a key. Raises OSError, ValueError where
        there is nothing."""
        with (self.folder / f"names-{key}").open("rb") as file:
            return _Entry(file, self._secret()).content()

    def save_named(self, key: str, content: bytes) -> None:
        """Keep something that other versions of the compiler may read."""
        place = self.folder / f"names-{key}"
        self._write_entry(place, lambda secret: _sealed({}, content, secret))

    def _secret(self) -> bytes:
        """The key that entries are sealed with, known to this user alone: what somebody else has
        put into the folder is not an entry. Raises OSError where there is none, or it is not
        ours."""
        with (self.folder / _KEY).open("rb") as file:
            found = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
                raise PermissionError("the key of the cache can be read by other users")
            return file.read(_KEY_BYTES)

    def _own_secret(self) -> bytes:
        """The key; made where there is none."""
        with suppress(FileExistsError):
            made = os.open(self.folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as file:
                file.write(os.urandom(_KEY_BYTES))
        return self._secret()

    def _write_entry(self, place: Path, seal: Callable[[bytes], Iterable[bytes]]) -> None:
        beside = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError, ValueError):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with beside.open("wb") as file:
                    file.writelines(seal(self._own_secret()))
                beside.replace(place)
            finally:
                beside.unlink(missing_ok=True)
            self._tidy()

    def _entry_file(self, key: Sequence[str], what: What | Literal[""] = "") -> Path:
        return self.folder / (_digest(light_text([self.maker, *key]).encode()) + what)

    def _tidy(self) -> None:
        """Only what bears the name of an entry is ours to remove, whatever folder was chosen."""
        ours = [e for e in os.scandir(self.folder) if _ENTRY.fullmatch(e.name)]
        entries = [(e.stat().st_mtime_ns, e.path) for e in ours]
        for _, path in sorted(entries)[: max(0, len(entries) - MOST_ENTRIES)]:
            Path(path).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class ContractShelf:
    """What was found out about contracts, as entries of the cache. `here` is the folder that
    their paths are seen from."""

    cache: Cache
    here: str

    def load(self, contract: str) -> bytes:
        """What was kept; empty for nothing."""
        return self.cache.load_parts([self.here, contract], ".contract")

    def save(self, contract: str, data: bytes) -> None:
        """Keep it, if the folder can be written to."""
        self.cache.save_parts([self.here, contract], data, ".contract")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mac(secret: bytes, body: bytes) -> str:
    if len(secret) != _KEY_BYTES:
        raise ValueError("no key")
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def _sealed(header: Mapping[str, object], content: bytes, secret: bytes) -> Iterator[bytes]:
    first = light_text({**header, "content": _digest(content)}).encode()
    return iter((_mac(secret, first).encode(), b"\n", first, b"\n", content))


class _Entry:
    """An entry that is open: its header is looked at first, and its content only if somebody still
    wants that."""

    def __init__(self, file: IO[bytes], secret: bytes) -> None:
        """Raises ValueError where the seal says that something is amiss."""
        digest, first = file.readline().rstrip(b"\n"), file.readline().rstrip(b"\n")
        if not hmac.compare_digest(digest, _mac(secret, first).encode()):
            raise ValueError("torn")
        self._file = file
        self.header = as_object(read_lightly(first))

    def content(self) -> bytes:
        """What is after the header. Raises ValueError where that is torn."""
        found = self._file.read()
        if _digest(found) != self.header["content"]:
            raise ValueError("torn")
        return found


def _unchanged(files: Mapping[str, object], read: Read) -> dict[str, SourceText] | None:
    """The texts, or None when a file is not what it was."""
    texts = {}
    for path, known in files.items():
        data = read(path)
        if data is None or known is None:
            if data is not known:
                return None
            continue
        digest, readable = as_list(known)
        if _digest(data) != digest:
            return None
        if readable:
            texts[path] = SourceText(path, data.decode("utf-8"))
    return texts


def _span_at(at: Sequence[object]) -> Span:
    path, start, end = at
    return Span(as_a(str, path), as_a(int, start), as_a(int, end))


def _place_of(span: Span) -> list[str | int]:
    return [span.path, span.start, span.end]


# By whom ------------------------------------------------------------


def maker(version: str) -> str:
    """A name for this very compiler: version, Python, the code of the packages that it is, and
    the versions of the libraries that it uses."""
    seen = hashlib.sha256(f"{version} {sys.version}".encode())
    for folder in _packages():
        for line in sorted(_stamps(folder)):
            seen.update(line.encode("utf-8", "replace"))
    seen.update(" ".join(sorted(_installed())).encode("utf-8", "replace"))
    return seen.hexdigest()


def _installed() -> set[str]:
    """Names and versions of what is installed beside the libraries that have a say in answers."""
    places = {Path(folder).parent for name in _LIBRARIES for folder in _folders(name)}
    return {e.name for place in places for e in os.scandir(place) if e.name.endswith(".dist-info")}


def _packages() -> Iterator[str]:
    """The folders of compiler, grammar and plan."""
    for name, below in (("fqlc", ""), ("fql_grammar", ""), ("fql", "plan")):
        for folder in _folders(name):
            yield str(Path(folder, below))


def _folders(name: str) -> Sequence[str]:
    """The folders of a package, found without importing it."""
    spec = importlib.util.find_spec(name)
    return (spec.submodule_search_locations if spec else None) or ()


def _stamps(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _stamps(entry.path)
        else:
            at = entry.stat()
            yield f"{entry.path} {at.st_size} {at.st_mtime_ns}\n"
