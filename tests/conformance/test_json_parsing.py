"""The reader of JSON against the files of JSONTestSuite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fql.exact.reading import NotJson, read_foreign, read_json
from fql.exact.writing import write_json
from tests.conformance.folder import suites

FOLDER = (suites() or Path("absent")) / "json_parsing"
FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.skipif(not FILES, reason="the files of JSONTestSuite are absent")
def test_all_files_are_there() -> None:
    assert len(FILES) == 318


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("read", [read_json, read_foreign])
def test_a_file_is_read_or_refused(file: Path, read: Callable[[bytes], object]) -> None:
    """`y_` is read, `n_` is refused, `i_` is either; what is read can be written and read back."""
    data, wanted = file.read_bytes(), file.name[0]
    try:
        value = read(data)
    except NotJson as refused:
        assert wanted != "y", refused
        assert str(refused)
    else:
        assert wanted != "n"
        assert read(write_json(value)) == value
