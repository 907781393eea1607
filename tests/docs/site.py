"""The site of the documentation: `make docs` writes it to `.site/html`, without a network.

The pages of the repository are copied, and what their links mean there is brought into the site: a
folder is its README or a list of its pages, and what is not in the site loses its link.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / ".site"
FOLDERS = ("docs", "examples")
FILES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE")
LINK = re.compile(r"(?<!!)\[([^\]\[]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")
LEFT_OUT = shutil.ignore_patterns("*.db*", "*.plan.json", "plan.json", "__pycache__", "broker")


def copied(pages: Path) -> None:
    """All pages, as the site has them."""
    shutil.rmtree(pages.parent, ignore_errors=True)
    pages.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, pages / name, ignore=LEFT_OUT)
    for name in FILES:
        shutil.copy(ROOT / name, pages / name)
    (pages / "README.md").rename(pages / "index.md")
    for page in sorted(pages.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        page.write_text(LINK.sub(partial(linked, page, pages), text), encoding="utf-8")
    for folder in ("docs/decisions", "docs/runbooks"):
        (pages / folder / "index.md").write_text(listed(pages / folder), encoding="utf-8")


def linked(page: Path, pages: Path, link: re.Match[str]) -> str:
    """A link of a page, as the site needs it."""
    text, target, part = link[1], link[2], link[3] or ""
    found = Path(os.path.normpath(page.parent / target))
    if found.is_dir():
        name = "README.md" if (found / "README.md").exists() else "index.md"
        return f"[{text}]({target.rstrip('/')}/{name})"
    if found == pages / "README.md":
        return f"[{text}]({os.path.relpath(pages / 'index.md', page.parent)}{part})"
    return link[0] if found.exists() and pages in found.parents else text


def listed(folder: Path) -> str:
    """A page of links to the pages of a folder."""
    pages = [page for page in sorted(folder.glob("*.md")) if page.name != "index.md"]
    titles = {page.name: page.read_text(encoding="utf-8").partition("\n")[0] for page in pages}
    rows = (f"- [{title.lstrip('# ')}]({name})" for name, title in titles.items())
    return f"# {folder.name.capitalize()}\n\n" + "\n".join(rows) + "\n"


def build(root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Build the pages in `.site/pages` of a folder that has `mkdocs.yml`."""
    program = Path(sys.executable).with_name("zensical")
    return subprocess.run(
        [str(program), "build", "--strict", "--clean"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


def main() -> int:
    """Copy and build."""
    copied(SITE / "pages")
    done = build()
    sys.stdout.write(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
