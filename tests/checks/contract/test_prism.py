"""Prism was sent every case, and said what the compiler says. `make oracles` asks it again."""

from __future__ import annotations

import pytest

from fql.exact.reading import read_object
from fql.exact.writing import write_json
from tests.oracles.prism.shop import CASES, HERE, Case

VERDICTS = read_object((HERE / "verdicts.json").read_bytes())


def test_every_case_has_a_verdict() -> None:
    assert list(VERDICTS) == [case.name for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_the_compiler_finds_what_prism_refuses(case: Case) -> None:
    verdict = VERDICTS[case.name]
    assert isinstance(verdict, dict)
    assert tuple(d.code for d in case.found()) == case.codes
    assert verdict["status"] == (422 if case.codes else 201)
    assert read_object(write_json(case.request())) == verdict["request"], "run: make oracles"
