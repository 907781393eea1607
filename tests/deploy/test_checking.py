"""What CI and pre-commit run is run here, in the project that `fqlc init` writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fqlc.cli.main import run
from tests.deploy.files import ROOT, documents

INSTALL = "pip install --no-deps --require-hashes -r deploy/requirements.lock"


def of_github() -> list[str]:
    (job,) = documents("github.yml")[0]["jobs"].values()
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


def of_gitlab() -> list[str]:
    job = documents("gitlab.yml")[0]["fql"]
    return [*job["before_script"], *job["script"]]


def hooks(text: str) -> dict[str, dict[str, Any]]:
    read = yaml.safe_load(text)
    return {
        one["id"]: one for one in (read if isinstance(read, list) else read["repos"][0]["hooks"])
    }


def own_hooks() -> dict[str, dict[str, Any]]:
    return hooks((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--with", "github,gitlab,pre-commit"]) == 0
    return tmp_path


def test_all_that_is_run_passes_on_a_new_project(project: Path) -> None:
    lines = [*of_github(), *of_gitlab(), *(hook["entry"] for hook in own_hooks().values())]
    commands = [line.partition(" > ")[0] for line in lines if line.startswith("fqlc ")]
    wanted = ["fmt", "check", "test", "compile", "compile --check"]
    assert all(any(line.startswith(f"fqlc {one}") for line in commands) for one in wanted)
    for command in dict.fromkeys(commands):
        assert run([*command.removeprefix("fqlc ").split()]) == 0, command
    assert (project / "fql-tests.xml").exists()


def test_a_diff_against_the_base_branch(project: Path) -> None:
    """The lines of the workflow, in a clone whose last commit changed a webhook."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    clone = project / "clone"
    clone.mkdir()
    (project / "shop.fql").rename(clone / "shop.fql")
    for line in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "base"]):
        subprocess.run([*git, *line], cwd=clone, check=True)
    text = (clone / "shop.fql").read_text()
    (clone / "shop.fql").write_text(text.replace('path: "/books"', 'path: "/ledger"'))
    steps = of_github()
    lines = steps[steps.index('git worktree add --quiet ../base "$BASE"') :][:3]
    script = "\n".join(["set -e", "fqlc compile -o plan.json .", *lines])
    environment = {
        "BASE": "HEAD", "GITHUB_STEP_SUMMARY": "summary.md", "HOME": str(project),
        "PATH": f"{ROOT / '.venv/bin'}:/usr/bin:/bin",
    }  # fmt: skip
    subprocess.run(["bash", "-c", script], cwd=clone, env=environment, check=True)
    summary = (clone / "summary.md").read_text()
    assert "/ledger" in summary
    assert summary.startswith("```text\n")
    assert summary.endswith("```\n")


def test_both_install_from_the_lock() -> None:
    assert INSTALL in of_github()
    assert INSTALL in of_gitlab()


def test_hooks_are_those_that_are_promised() -> None:
    own = own_hooks()
    assert {name: hook["entry"] for name, hook in own.items()} == {
        "fql-fmt": "fqlc fmt",
        "fql-check": "fqlc check .",
        "fql-plan": "fqlc compile --check -o plan.json .",
    }
    assert all(hook["language"] == "python" for hook in own.values())
    assert [name for name, hook in own.items() if hook.get("pass_filenames", True)] == ["fql-fmt"]
    written = documents("pre-commit.yaml")[0]["repos"][0]["hooks"]
    for hook in written:
        assert hook["entry"] == own[hook["id"]]["entry"]
        assert hook["files"] == own[hook["id"]]["files"]
    for name, file in (
        ("fql-check", "a/fql.toml"),
        ("fql-fmt", "a/b.fql"),
        ("fql-plan", "plan.json"),
    ):
        assert re.search(own[name]["files"], file)


def test_fmt_changes_a_file_so_that_the_hook_fails(project: Path) -> None:
    """pre-commit fails when a hook has changed a file."""
    (project / "ugly.fql").write_text("entity   Cat { id:Int @key }\n")
    before = (project / "ugly.fql").read_text()
    run(["fmt", "ugly.fql"])
    assert (project / "ugly.fql").read_text() != before


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", ".github/workflows/fql.yml"),
        ("vendor.gitlab-ci", ".gitlab/fql.yml"),
    ],
)
def test_what_is_written_fits_the_schema_of_its_service(
    project: Path, schema: str, file: str
) -> None:
    """By a tool that knows these schemas; it asks no server."""
    tool = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [tool, "--builtin-schema", schema, project / file], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_of_gitlab_has_what_its_documentation_asks_for(project: Path) -> None:
    (project / "bad.fql").write_text("observer o { on: Nope.insert }\n")
    assert run(["check", "--format", "gitlab", "--output-file", "q.json", "bad.fql"]) == 1
    issue = json.loads((project / "q.json").read_text())[0]
    assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
    assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
