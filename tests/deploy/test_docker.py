"""The steps of the Dockerfile, played in a folder: what it copies is there, what it runs works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fqlc.cli.main import run
from tests.deploy.files import ROOT, Step, assigned, moved, steps, stored

STEPS = steps(stored("Dockerfile"))


def named(name: str) -> list[str]:
    return [step.text for step in STEPS if step.name == name]


def test_what_an_image_must_hold() -> None:
    assert len(named("FROM")) == 2
    assert named("USER") == ["10001:10001"]
    assert named("VOLUME") == ["/var/lib/fql"]
    (health,) = named("HEALTHCHECK")
    assert health.endswith('CMD ["fqlc", "health"]')
    assert "--uid 10001" in " ".join(named("RUN"))
    assert "--stop-timeout 35" in stored("Dockerfile")
    assert "pip" not in [word for text in named("RUN")[2:] for word in text.split()]


class Machine:
    """A folder in place of `/`, on which the steps of both stages are played."""

    def __init__(self, root: Path, context: Path, *, installs: bool) -> None:
        self.root, self.context, self.installs = root, context, installs
        self.folder = root
        self.environment = dict(os.environ)
        self.programs = root / "opt/fql/bin"

    def play(self, step: Step) -> None:
        """One instruction; those that only describe the image change nothing."""
        played = {"WORKDIR": self.enter, "COPY": self.copy, "RUN": self.run, "ENV": self.set}
        if step.name in played:
            played[step.name](step.text)

    def place(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

    def enter(self, path: str) -> None:
        self.folder = self.place(path)
        self.folder.mkdir(parents=True, exist_ok=True)

    def set(self, text: str) -> None:
        self.environment |= {
            name: moved(value, self.root, self.programs) for name, value in assigned(text).items()
        }

    def copy(self, text: str) -> None:
        words = text.split()
        staged = words[0] == "--from=build"
        *sources, target = words[1:] if staged else words
        to = self.place(target)
        for source in sources:
            found = self.place(source) if staged else self.context / source
            assert found.exists(), source
            if found.is_dir():
                if found != to:
                    shutil.copytree(found, to, dirs_exist_ok=True, symlinks=True)
            else:
                to.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, to / found.name)

    def run(self, text: str) -> None:
        """Users are not made here: the rest is run as it is written."""
        commands = [one.strip() for one in text.split(" && ")]
        for command in commands:
            program = command.split()[0]
            if program in {"groupadd", "useradd"}:
                continue
            if not self.installs and (program == "pip" or "-m venv" in command):
                self.borrow()
                continue
            line = moved(command.replace("-o fql -g fql", ""), self.root, self.programs)
            done = subprocess.run(
                line.split(), cwd=self.folder, env=self.environment,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, (line, done.stdout, done.stderr)

    def borrow(self) -> None:
        """The environment of the tests, for the one that pip would fill."""
        place = self.root / "opt/fql"
        if not place.exists():
            place.parent.mkdir(parents=True)
            place.symlink_to(sys.prefix)


def project(tmp_path: Path) -> Path:
    context = tmp_path / "project"
    (context / "wheels").mkdir(parents=True)
    assert run(["init", "--with", "docker", str(context)]) == 0
    return context


def built(tmp_path: Path, *, installs: bool) -> Machine:
    machine = Machine(tmp_path / "root", project(tmp_path), installs=installs)
    machine.root.mkdir()
    if installs:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d",
             str(machine.context / "wheels")],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
    for step in STEPS:
        machine.play(step)
    return machine


def works(machine: Machine) -> None:
    """The command of the image handles all events there are, on the store of the image."""
    assert machine.folder == machine.root / "app"
    (command,) = [text for text in named("CMD") if text.startswith("[")]
    assert command == '["run", "plan.json"]'
    done = subprocess.run(
        [machine.programs / "fqlc", "run", "plan.json", "--until-idle"], cwd=machine.folder,
        env=machine.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (machine.root / "var/lib/fql/fql.db").exists()


def test_the_steps_are_played(tmp_path: Path) -> None:
    """With the environment of the tests in place of the one that pip fills."""
    works(built(tmp_path, installs=False))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_steps_are_played_with_the_lock(tmp_path: Path) -> None:
    """A minute: pip installs the lock and the wheel, and nothing else is needed."""
    machine = built(tmp_path, installs=True)
    works(machine)
    size = sum(p.lstat().st_size for p in (machine.root / "opt/fql").rglob("*"))
    assert size < 120_000_000, size
