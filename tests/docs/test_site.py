"""The site builds with --strict and asks nobody: its pages load from themselves alone."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.site import ROOT, build, copied

pytestmark = pytest.mark.timeout(400)  # five seconds of CPU, on a machine that others use too
LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "embed": "src", "object": "data",
}  # fmt: skip
LOADING = {"stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch",
           "icon", "manifest"}  # fmt: skip
FOREIGN = re.compile(r"^(?:https?:)?//")
IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """What a page loads by itself, and where its links lead."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in LOADED:
            self.loaded.append(given.get(LOADED[tag], ""))
        if tag == "link" and LOADING & set(given.get("rel", "").split()):
            self.loaded.append(given.get("href", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


@dataclass(frozen=True, slots=True)
class Site:
    """What was built, each page read once."""

    folder: Path
    pages: dict[Path, Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    copied(folder / ".site/pages")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    html = folder / ".site/html"
    return Site(html, {file: Page(file) for file in html.rglob("*.html")})


def test_no_page_loads_anything_from_elsewhere(site: Site) -> None:
    foreign = {
        (page.name, address)
        for page, read in site.pages.items()
        for address in read.loaded
        if FOREIGN.match(address)
    }
    assert foreign == set()
    styles = {
        (style.name, address)
        for style in site.folder.rglob("*.css")
        for address in IN_STYLES.findall(style.read_text(encoding="utf-8"))
    }
    assert styles == set()


def test_every_link_leads_to_something_in_the_site(site: Site) -> None:
    dead = set()
    for page, read in site.pages.items():
        if page.name == "404.html":
            continue  # it is served anywhere, and its links start at the root
        for link in read.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            found = page.parent / unquote(parts.path)
            if not (found.is_file() or (found / "index.html").is_file()):
                dead.add((page.relative_to(site.folder).as_posix(), link))
    assert dead == set()
