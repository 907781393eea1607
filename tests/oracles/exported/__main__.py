"""`python -m tests.oracles.exported`: ask Spectral and openapi-typescript; keep what they say."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fql.exact.writing import pretty_json
from tests.oracles.exported.documents import PROGRAMS, VERDICTS, digest, documents
from tests.oracles.node import NoNode, installed

PACKAGES = {
    "spectral": "@stoplight/spectral-cli@6.16.3",
    "openapi-typescript": "openapi-typescript@7.13.0",
    "tsc": "typescript@5.9.3",
}


def main() -> int:
    """Renew the verdicts; 1 where one is not as it must be."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            judges = Judges.installed_in(Path(folder))
        except NoNode as problem:
            print(problem)
            return 3
        found = {name: judges.verdict(text) for name, text in documents().items()}
    VERDICTS.write_bytes(pretty_json(found))
    wrong = [name for name, verdict in found.items() if is_wrong(name, verdict)]
    print(f"{len(found)} verdicts, {len(wrong)} of them wrong: {', '.join(wrong)}")
    return 1 if wrong else 0


def is_wrong(name: str, verdict: dict[str, object]) -> bool:
    """Sound documents are taken by both; of a broken one Spectral says so."""
    if name in PROGRAMS:
        return (verdict["spectral"], verdict["typescript"]) != ([], "good")
    return verdict["spectral"] == []


@dataclass(frozen=True, slots=True)
class Judges:
    """The programs by their names, in a folder where documents are put for them."""

    programs: dict[str, Path]
    folder: Path

    @staticmethod
    def installed_in(folder: Path) -> Judges:
        """Raises NoNode."""
        programs = {
            name: installed(folder / name, package, name) for name, package in PACKAGES.items()
        }
        return Judges(programs, folder)

    def verdict(self, document: bytes) -> dict[str, object]:
        """What they say of a document."""
        (self.folder / "document.json").write_bytes(document)
        return {
            "sha256": digest(document),
            "spectral": self._errors(),
            "typescript": self._types(),
        }

    def _errors(self) -> list[str]:
        """Errors of the ruleset `oas`; what it only warns of is a matter of taste."""
        rules = self.folder / ".spectral.yaml"
        rules.write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
        done = self._run("spectral", "lint", "document.json", "-f", "json", "--quiet")
        errors = [one for one in json.loads(done.stdout or "[]") if one["severity"] == 0]
        return sorted({f"{one['code']}: {'.'.join(map(str, one['path']))}" for one in errors})

    def _types(self) -> str:
        """Whether types can be made of it, and whether TypeScript takes these."""
        if self._run("openapi-typescript", "document.json", "-o", "x.ts").returncode:
            return "refused"
        taken = self._run("tsc", "--noEmit", "--strict", "x.ts").returncode == 0
        return "good" if taken else "bad types"

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs[name], *arguments], capture_output=True, text=True, check=False,
            timeout=300, cwd=self.folder,
        )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
