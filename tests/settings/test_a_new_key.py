"""A new policy is one row, one use and one test: `a_new_key.patch` adds one to a copy of the tree,
and everything else knows it. If the patch no longer applies, make it again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATCH = Path(__file__).with_name("a_new_key.patch")
HOOK = """
entity Order {{ id: ID @key }}
observer placed {{
  on: Order.insert
  webhook tell {{ url: "https://shop.example.com/" {policy} }}
}}
"""
PAGES = """
from fqlc.checks.table.reference import keys_page
from tests.settings.page import page
print(keys_page(), page())
"""


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the new key."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("compiler", "runtime", "grammar", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    applied = subprocess.run(
        ["git", "apply", str(PATCH)], cwd=copy, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, f"make the patch again: {PATCH.name}\n{applied.stderr}"
    return copy


def python(tree: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python with the packages of the copy."""
    roots = [str(tree), *(str(tree / name) for name in ("compiler", "runtime", "grammar"))]
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(roots), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def project(folder: Path, policy: str, toml: str = "") -> Path:
    """A project with a policy in its source, and one in its `fql.toml`."""
    (folder / "a.fql").write_text(HOOK.format(policy=policy), "utf-8")
    (folder / "fql.toml").write_text(toml, "utf-8")
    return folder


def test_it_touches_the_table_one_use_and_one_test() -> None:
    touched = re.findall(r"^\+\+\+ b/(.+)$", PATCH.read_text("utf-8"), re.MULTILINE)
    assert touched == [
        "runtime/fql/plan/policies.py",
        "runtime/fql/plan/policy/table.py",
        "tests/settings/test_retry_keys.py",
    ]


def test_its_effect_is_tested_at_every_level_and_both_lists_know_the_test(patched: Path) -> None:
    tests = ["test_retry_keys.py", "test_every_key.py", "test_every_block_key.py"]
    found = python(
        patched, patched, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k",
        "min_delay or every_key", *(f"tests/settings/{name}" for name in tests),
    )  # fmt: skip
    assert found.returncode == 0, found.stdout
    assert "passed" in found.stdout


def test_source_and_settings_take_it_and_explain_shows_it(patched: Path, tmp_path: Path) -> None:
    words = ("-m", "fqlc", "explain", "--action", "placed")
    for policy, toml, says in (
        ("", "", r"retry\.min_delay +0s +\(default\)"),
        ("", '[webhooks.retry]\nmin_delay = "2s"', r"retry\.min_delay +2s +\(fql\.toml\)"),
        ("retry: { min_delay: 90ms }", "", r"retry\.min_delay +90ms +\(action tell\)"),
    ):
        found = python(patched, project(tmp_path, policy, toml), *words)
        assert re.search(says, found.stdout), found.stdout + found.stderr


@pytest.mark.parametrize(
    ("policy", "toml", "says"),
    [
        ("retry: { min_delay: 8d }", "", "`min_delay` is out of range: it must be at most `7d`"),
        ("retry: { min_delay: 5 }", "", "`min_delay` takes a duration such as `5s`, not a number"),
        ("", '[webhooks.retry]\nmin_delay = "8d"', "min_delay: 8d is outside 0s to 7d"),
    ],
)
def test_both_refuse_what_is_out_of_range(
    patched: Path, tmp_path: Path, policy: str, toml: str, says: str
) -> None:
    found = python(patched, project(tmp_path, policy, toml), "-m", "fqlc", "check")
    assert found.returncode != 0
    assert says in found.stdout + found.stderr


def test_both_pages_of_the_reference_show_it(patched: Path) -> None:
    pages = python(patched, patched, "-c", PAGES).stdout
    assert "| `retry.min_delay` | a duration such as `5s` |  | `0s` | `0s` to `7d` |" in pages
    assert '| `min_delay` | duration | `"0s"` | 0s to 7d | The shortest delay. |' in pages
