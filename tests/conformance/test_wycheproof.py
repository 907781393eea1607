"""Wycheproof: valid vectors are accepted, invalid ones refused, and nothing else is raised."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conformance.wycheproof import ALGORITHMS, Vector, vectors

ABSENT = "the vectors of Wycheproof are absent: set FQL_CONFORMANCE to their folder"


@pytest.fixture(scope="module")
def found() -> list[Vector]:
    """All vectors, judged; anything but a refusal in words would be raised here."""
    judged = vectors()
    if judged is None:
        pytest.skip(ABSENT)
    return judged


def test_no_vector_is_wrong(found: list[Vector]) -> None:
    assert [vector for vector in found if vector.outcome == "wrong"] == []


def test_what_applies_is_put_to_the_test(found: list[Vector]) -> None:
    """Nothing hides behind "not offered": these numbers are those of the files."""
    counts = Counter((vector.file, vector.outcome) for vector in found)
    for file, accepted, refused in (("aes_gcm", 30, 15), ("hmac_sha256", 30, 50)):
        assert counts[file, "accepted"] >= accepted
        assert counts[file, "refused"] >= refused
    assert (counts["ed25519", "accepted"], counts["ed25519", "refused"]) == (88, 63)
    assert {v.reason for v in found if v.file == "json_web_encryption"} == {ALGORITHMS}
