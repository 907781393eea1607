"""Where exported documents go: a file, or a folder with one for each endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fql.terminal.lines import problem
from fqlc.cli.shared.writing import write_whole
from fqlc.project.errors import CommandError, SurroundingsError

_LEFT = "describes no endpoint that is sent to"


@dataclass(frozen=True, slots=True)
class Target:
    """A file or folder by the name that was given. `ending` is that of the files in a folder;
    `complete` says that a folder is to hold what is written now and nothing else of the kind."""

    name: str
    ending: str
    complete: bool = True

    @property
    def is_folder(self) -> bool:
        """Whether a folder is meant: it is there, or its name ends with a slash."""
        place = Path(self.name)
        return place.is_dir() or (self.name.endswith("/") and not place.is_file())

    def write(self, files: Mapping[str, bytes]) -> list[str]:
        """Write the documents; those that changed. Raises SurroundingsError."""
        written = []
        for path, content in self._placed(files).items():
            if _read(path) != content:
                self._make_folder(path)
                write_whole(str(path), content)
                written.append(str(path))
        for path in self._left_over(files):
            problem("warning", f"{path} {_LEFT}", "remove it")
        return written

    def compare(self, files: Mapping[str, bytes]) -> None:
        """Raises CommandError where something is not as it would be written."""
        stale = []
        for path, content in self._placed(files).items():
            found = _read(path)
            if found != content:
                stale.append(f"{path} {'does not exist' if found is None else 'is stale'}")
        stale += [
            f"{path} describes no endpoint that is sent to" for path in self._left_over(files)
        ]
        if stale:
            raise CommandError("; ".join(stale), "run without --check, and remove what is left")

    def _placed(self, files: Mapping[str, bytes]) -> dict[Path, bytes]:
        return {Path(self.name) / name if name else Path(self.name): files[name] for name in files}

    def _left_over(self, files: Mapping[str, bytes]) -> list[Path]:
        folder = Path(self.name)
        if not self.complete or "" in files or not folder.is_dir():
            return []
        return sorted(p for p in folder.glob(f"*{self.ending}") if p.name not in files)

    def _make_folder(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f"{path.parent} cannot be made: {error.strerror}"
            raise SurroundingsError(text) from None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SurroundingsError(f"{path} cannot be read: {error.strerror}") from None
