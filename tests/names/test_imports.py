"""Imports: relative to the file, each file once, rings and missing files reported."""

from __future__ import annotations

from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.names.imports import load_project


def load(files: dict[str, str], *roots: str) -> tuple[list[str], tuple[Diagnostic, ...]]:
    """The paths in the order read, and what was reported."""
    sink = Sink()

    def read(path: str) -> bytes | None:
        text = files.get(path)
        return None if text is None else text.encode()

    return [file.path for file in load_project(roots, read, sink)], sink.found


def test_imports_are_relative_to_the_file_that_names_them() -> None:
    """Also upwards."""
    files = {
        "shop/main.fql": 'import "parts/a.fql"',
        "shop/parts/a.fql": 'import "../../shared.fql"',
        "shared.fql": "enum E { a }",
    }
    paths, found = load(files, "shop/main.fql")
    assert (paths, found) == (["shop/main.fql", "shop/parts/a.fql", "shared.fql"], ())


def test_a_file_is_read_once_however_it_is_reached() -> None:
    """As a root, twice by import, and by another spelling of its path."""
    files = {
        "a.fql": 'import "c.fql"',
        "b.fql": 'import "./c.fql"\nimport "x/../c.fql"',
        "c.fql": "enum E { a }",
    }
    paths, found = load(files, "a.fql", "b.fql", "./c.fql")
    assert (sorted(paths), found) == (["a.fql", "b.fql", "c.fql"], ())


def test_a_missing_import_is_reported_where_it_is_written() -> None:
    """With the path that was looked for."""
    _, found = load({"shop/a.fql": 'import "b.fql"'}, "shop/a.fql")
    assert [d.code for d in found] == ["FQL111"]
    assert "shop/b.fql" in found[0].label
    assert (found[0].span.start, found[0].span.end) == (7, 14)


def test_a_missing_root_and_a_binary_file_are_reported() -> None:
    """FQL110; the rest is still read."""
    paths, found = load({"a.fql": "\0\0", "b.fql": "enum E { a }"}, "a.fql", "b.fql", "none.fql")
    assert [d.code for d in found] == ["FQL110", "FQL110"]
    assert paths == ["b.fql"]


def test_a_ring_of_imports_is_shown_as_a_path() -> None:
    """Once, at the import that closes it, with the others labelled."""
    files = {"a.fql": 'import "b.fql"', "b.fql": 'import "c.fql"', "c.fql": 'import "a.fql"'}
    paths, found = load(files, "a.fql")
    assert [d.code for d in found] == ["FQL111"]
    assert "`a.fql` -> `b.fql` -> `c.fql` -> `a.fql`" in found[0].message
    assert len(found[0].labels) == 2
    assert sorted(paths) == ["a.fql", "b.fql", "c.fql"]


def test_a_file_that_imports_itself_is_a_ring() -> None:
    """The shortest one."""
    _, found = load({"a.fql": 'import "a.fql"'}, "a.fql")
    assert [d.code for d in found] == ["FQL111"]


def test_a_long_chain_of_imports_needs_no_stack() -> None:
    """Two thousand files, one importing the next."""
    files = {f"{i}.fql": f'import "{i + 1}.fql"' for i in range(2000)}
    files["2000.fql"] = "enum E { a }"
    paths, found = load(files, "0.fql")
    assert (len(paths), found) == (2001, ())
