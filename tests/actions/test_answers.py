"""What the body of an answer says, however the receiver wrote it; the bytes are ours."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fql.actions.port import Outcome
from fql.actions.requests.answers import AnswerReader
from fql.egress.sealing.secrets import Masker
from fql.egress.wire.answer import Answer
from fql.events.intake import Intake
from fql.exact.numbers import JsonNumber
from fql.exact.reading import NotJson, read_foreign
from fql.plan.model import DeclaredType, EntityField, Plan

LIMIT = 2_000
REFUSAL = '{"failed": [{"index": 1, "reason": "no st\u00f6ck"}]}'
GZIP, KIND = {"content-encoding": "gzip"}, {"content-type": "application/json; a=b"}
PLAN = Plan(
    format="fql-plan/1", compiler="0", digest="sha256:0",
    types=(DeclaredType(name="Label", fields=(EntityField(name="n", type="Decimal"),)),),
)  # fmt: skip
INTAKE = Intake(PLAN)


def outcome(
    body: bytes, headers: Mapping[str, str] | None = None, *, truncated: bool = False,
    type_: str | None = None, batch: bool = True, status: int = 200,
) -> Outcome:  # fmt: skip
    """What is made of an answer to a batch of two, or to one event."""

    def check(value: object) -> object:
        return INTAKE.fit_answer(type_ or "JSON?", value)

    reader = AnswerReader(Masker([]), None if batch else check, type_ is not None, batch, LIMIT)
    return reader.read(Answer(status, headers or {}, body, truncated), 0.0, 0, 2)


def deflated(body: bytes) -> bytes:
    """Without the header of zlib, as some send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        (None, bytes), ("identity", bytes), ("", bytes), ("utf-8", bytes), ("UTF-8", bytes),
        ("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress),
        ("deflate", deflated), ("identity, GZIP", gzip.compress),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    ],
)  # fmt: skip
def test_a_refusal_is_understood(encoding: str, coding: str | None, encode: object) -> None:
    assert callable(encode)
    headers = {} if coding is None else {"content-encoding": coding}
    found = outcome(encode(REFUSAL.encode(encoding)), headers)
    assert (found.failure, found.failed_members) == (None, ((1, "no st\u00f6ck"),))


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (REFUSAL.encode("latin-1"), {}, "bytes from"),
        (REFUSAL.replace("1,", "1, \"x\": NaN,").encode(), {}, "NaN is not a JSON number"),
        (REFUSAL.encode() + b"}", {}, "something follows the value"),
        (REFUSAL.encode()[:-1], {}, "a comma is missing"),
        (REFUSAL.encode("utf-16")[:-2], {}, "not JSON"),
        (b'{"deep": ' + b"[" * 300 + b"]" * 300 + b"}", {}, "nested too deeply"),
        (b")]}',\n" + REFUSAL.encode(), KIND, "not JSON"),
        (b"f(" + REFUSAL.encode() + b")", {"content-type": "a/x+json"}, "not JSON"),
        (REFUSAL.encode(), {"content-encoding": "br"}, r"is encoded \(br\)"),
        (REFUSAL.encode(), {"content-encoding": "gzip"}, "not encoded as its header says"),
        (gzip.compress(REFUSAL.encode(), mtime=0)[:-9], GZIP, "not encoded as its header says"),
        (b"x", {"content-encoding": "gzip, gzip, gzip, gzip"}, "is encoded"),
        (gzip.compress(b"[" + b" " * LIMIT + b"]", mtime=0), GZIP, "longer than max_response"),
        (b'{"failed": {"index": 1}}', {}, "`failed` is not a list"),
        (b'{"failed": [{"index": 2}]}', {}, r"failed\[0\].index must be a number from 0 to 1"),
        (b'{"failed": [{"index": "1"}]}', {}, r"failed\[0\].index"),
        (b'{"failed": [1]}', {}, r"failed\[0\].index"),
        (b'{"failed": [{"index": true}]}', {}, r"failed\[0\].index"),
        (b'{"failed": [{"index": 1.5}]}', {}, r"failed\[0\].index"),
    ],
)  # fmt: skip
def test_a_refusal_that_cannot_be_read_is_no_success(
    body: bytes, headers: dict[str, str], words: str
) -> None:
    found = outcome(body, headers)
    assert found.failure == "response"
    assert found.failed_members == ()
    assert re.search(words, found.error), found.error


def test_a_refusal_longer_than_the_limit_is_no_success() -> None:
    found = outcome(REFUSAL.encode() + b" " * LIMIT, truncated=True)
    assert (found.failure, found.error) == ("response", "the answer is longer than max_response")


@pytest.mark.parametrize(
    ("body", "headers", "truncated"),
    [
        (b"", {}, False),
        (b"", {"content-type": "application/json", "content-encoding": "gzip"}, False),
        (b" \r\n", {"content-type": "application/json"}, False),
        (b"OK", {"content-type": "text/plain"}, False),
        (b"<html>", {}, False),
        (b"<html>" + b" " * LIMIT, {}, True),
        (gzip.compress(b"OK", mtime=0), {"content-encoding": "gzip"}, False),
        (b"\x89PNG\xff\xfe", {}, False),
        (b"null", {}, False),
        (b"[]", {}, False),
        (b'{"failed": []}', {}, False),
        (b'{"failed": null}', {}, False),
        (b'{"failed": false}', {}, False),
        (b'{"ok": 2}', {}, False),
    ],
)
def test_an_answer_that_refuses_nobody_is_a_success(
    body: bytes, headers: dict[str, str], truncated: bool
) -> None:
    found = outcome(body, headers, truncated=truncated)
    assert (found.failure, found.failed_members) == (None, ())


@pytest.mark.parametrize("status", [199, 300, 400, 500])
def test_only_the_body_of_a_success_is_read(status: int) -> None:
    assert outcome(b"{", status=status).failure is None


def test_the_first_of_a_doubled_index_counts() -> None:
    body = b'{"failed": [{"index": 1}, {"index": 0, "reason": 7}, {"index": 1, "reason": "again"}]}'
    assert outcome(body).failed_members == ((0, "refused"), (1, "refused"))


def test_answers_that_are_read_later_are_exact() -> None:
    """With and without a type."""
    big = 10**29 + 1
    body = f'{{"n": 1.10, "big": {big}}}'.encode()
    assert outcome(body, batch=False).answer == {"n": JsonNumber("1.10"), "big": big}
    found = outcome(f'{{"n": {big}}}'.encode(), batch=False, type_="Label").answer
    assert found == {"n": big}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"n": 1', "not JSON"),
        (b'{"n": ' + b"9" * 1_001 + b"}", "response.n must be a JSON value"),
        (b'{"n":' * 120 + b"1" + b"}" * 120, "nested at most 100 levels deep"),
    ],
)
def test_an_untyped_answer_is_bounded_and_never_null_without_a_word(
    body: bytes, words: str
) -> None:
    found = outcome(body, batch=False)
    assert found.failure == "response"
    assert words in found.error


def test_an_untyped_answer_that_does_not_claim_to_be_json_is_null() -> None:
    assert outcome(b"thanks", batch=False)[:3] == (200, None, "")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=60), st.text('{}[]":,failed0 ', max_size=40).map(str.encode)),
    st.sampled_from(["", "gzip", "deflate", "br", "utf-8"]),
    st.sampled_from(["", "application/json", "text/plain"]),
    st.booleans(),
)
def test_any_bytes_are_an_outcome(body: bytes, coding: str, kind: str, packed: bool) -> None:
    """Nothing raises, and an object is either understood or no success."""
    sent = gzip.compress(body) if packed and coding == "gzip" else body
    found = outcome(sent, {"content-encoding": coding, "content-type": kind})
    assert found.failure in {None, "response"}
    try:
        said = read_foreign(body)
    except NotJson:
        return
    if isinstance(said, dict) and said.get("failed") and sent is body and coding in {"", "utf-8"}:
        assert found.failure or found.failed_members
