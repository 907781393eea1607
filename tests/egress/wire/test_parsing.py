"""Answers from bytes: what a client may read is read, every part has its limit, and the
connection is reusable only after one plain exchange."""

from __future__ import annotations

from collections.abc import Iterator

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fql.egress.wire.answer import MAX_HEADER_BYTES, MAX_HEADERS, Answer, Limits
from fql.egress.wire.framing import NotHttp
from fql.egress.wire.parsing import MAX_CHUNK_LINE, AnswerParser, whole_answer

LIMITS = Limits(read=100_000, keep=100_000)
OK = b"HTTP/1.1 200 OK\r\n"
TE = b"Transfer-Encoding: chunked\r\n"
CHUNKED = OK + TE + b"\r\n"
TWO = b"2\r\n{}\r\n0\r\n\r\n"


def read(data: bytes, *, step: int | None = None, limits: Limits = LIMITS) -> AnswerParser:
    """What is read of these bytes, given at once or in pieces; then the connection ends."""
    parser = AnswerParser(limits)
    for start in range(0, len(data), step or max(1, len(data))):
        parser.feed(data[start : start + (step or len(data))])
    if not parser.done:
        parser.end()
    return parser


def answer(data: bytes) -> Answer:
    parser = read(data)
    assert parser.done
    return parser.answer()


# Sloppy answers --------------------------------------------------------------------------

SLOPPY = {
    "folded": OK + b"Content-Type: a/b;\r\n\tq=1\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "folded length": OK + b"Content-Length:\r\n 2\r\n\r\n{}",
    "twice": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "twice in one": OK + b"Content-Length: 2, 2\r\n\r\n{}",
    "leading zeros": OK + b"Content-Length: 02\r\nContent-Length: 2\r\n\r\n{}",
    "both": OK + b"Content-Length: 7\r\n" + TE + b"\r\n" + TWO,
    "both, no number": OK
    + b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "LF at the end": OK + b"Content-Length: 2\r\n\n{}",
    "LF in chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "control letter": OK + b"Set-Cookie: a\x01b\x7f\r\nContent-Length: 2\r\n\r\n{}",
    "NUL": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "bare CR": OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "blank before colon": OK + b"Content-Length : 2\r\n\r\n{}",
    "no colon": OK + b"nonsense\r\nContent-Length: 2\r\n\r\n{}",
    "no name": OK + b": x\r\nContent-Length: 2\r\n\r\n{}",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "empty reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}",
    "two blanks": b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "blank lines before": b"\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n{}",
    "1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "1.0 kept": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
    "1.0 chunked": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "1.9": b"HTTP/1.9 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "identity": OK + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "no length": OK + b"\r\n{}",
    "latin-1": OK + b"X: \xe9\r\nContent-Length: 2\r\n\r\n{}",
    "chunk extensions": CHUNKED + b"2 ; a=b;c\r\n{}\r\n0;x\r\n\r\n",
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n",
    "no last line": CHUNKED + b"2\r\n{}\r\n0\r\n",
    "zeros": CHUNKED + b"00000002\r\n{}\r\n000\r\n\r\n",
    "upgrade offered": OK + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
}
TRUSTED = {
    "empty reason", "no reason", "latin-1", "control letter", "chunk extensions", "trailers",
    "zeros", "1.9", "identity", "upgrade offered",
}  # fmt: skip


@pytest.mark.parametrize("name", SLOPPY)
@pytest.mark.parametrize("step", [None, 1, 7])
def test_what_a_client_may_read_is_read(name: str, step: int | None) -> None:
    parser = read(SLOPPY[name], step=step)
    assert parser.done
    assert (parser.answer().status, parser.answer().body) == (200, b"{}")


@pytest.mark.parametrize("name", SLOPPY)
def test_only_a_plain_answer_leaves_the_connection_usable(name: str) -> None:
    assert read(SLOPPY[name]).reusable == (name in TRUSTED)


def test_folded_headers_are_joined() -> None:
    assert answer(SLOPPY["folded"]).headers == {"content-type": "a/b; q=1"}


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (OK + b"Content-Length: 2\r\n\r\n{}", True),
        (OK + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}", False),
        (OK + b"Content-Length: 2\r\nConnection: x, Close\r\n\r\n{}", False),
        (OK + b"Content-Length: 2\r\nConnection: x\r\nConnection: close\r\n\r\n{}", False),
        (OK + b"Content-Length: 2\r\n\r\n{}\r\n", False),
        (OK + b"Content-Length: 2\r\n\r\n{}" + OK, False),
        (CHUNKED + b"0\r\n\r\nX", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", False),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", False),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", False),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", True),
        (b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_what_may_follow(data: bytes, reusable: bool) -> None:
    parser = read(data)
    assert parser.done
    assert parser.reusable is reusable
    assert (whole_answer(data, LIMITS) is None) or reusable


# Interim answers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 C\r\nConnection: close\r\nRetry-After: 9\r\nContent-Encoding: br\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [None, 1])
def test_headers_of_interim_answers_do_not_leak(interim: bytes, step: int | None) -> None:
    parser = read(interim * 2 + OK + b"Content-Type: a/b\r\nContent-Length: 2\r\n\r\n{}", step=step)
    assert parser.answer() == Answer(200, {"content-type": "a/b"}, b"{}")
    ended = read(interim + OK + b"\r\n{}", step=step)
    assert ended.answer() == Answer(200, {}, b"{}")


# Transfer codings -----------------------------------------------------------------------


def test_other_transfer_codings_are_those_of_the_body() -> None:
    coded = (
        OK + b"Transfer-Encoding: gzip, chunked\r\nContent-Encoding: br\r\n\r\n2\r\nxy\r\n0\r\n\r\n"
    )
    assert answer(coded) == Answer(200, {"content-encoding": "br, gzip"}, b"xy")
    ended = read(OK + b"Transfer-Encoding: gzip\r\n\r\nxy")
    assert ended.answer() == Answer(200, {"content-encoding": "gzip"}, b"xy")


# Limits ---------------------------------------------------------------------------------


def repeated(start: bytes, part: bytes, end: bytes = b"") -> Iterator[bytes]:
    """An answer without end."""
    yield start
    for _ in range(10_000_000 // len(part)):
        yield part
    yield end


ENDLESS = {
    "status line": (b"HTTP/1.1 200 ", b"x" * 100),
    "header": (OK + b"X: ", b"y" * 100),
    "headers": (OK, b"X: y\r\n"),
    "folded": (OK + b"X: y\r\n", b" z\r\n"),
    "blank lines": (b"", b"\r\n"),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim headers": (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"),
    "chunk size": (CHUNKED, b"0"),
    "chunk extension": (CHUNKED + b"1;", b"a=b;"),
    "chunk extensions": (CHUNKED, b"1;" + b"a" * 500 + b"\r\nx\r\n"),
    "blank chunk size": (CHUNKED, b" "),
    "trailer": (CHUNKED + b"0\r\nX: ", b"y" * 100),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_every_part_has_an_end(name: str) -> None:
    """What never ends is refused within a few times the limit of headers."""
    parser, taken = AnswerParser(LIMITS), 0
    with pytest.raises(NotHttp):
        for part in repeated(*ENDLESS[name]):
            taken += len(part)
            parser.feed(part)
            assert not parser.done
    assert taken <= 2 * MAX_HEADER_BYTES


@pytest.mark.parametrize("head", [OK + b"\r\n", OK + b"Content-Length: 99999999\r\n\r\n", CHUNKED])
def test_a_long_body_ends_at_the_limit(head: bytes) -> None:
    parser, taken = AnswerParser(Limits(read=50_000, keep=1_000)), 0
    parts = iter(
        repeated(head, b"400\r\n" + b"x" * 1_024 + b"\r\n" if head is CHUNKED else b"x" * 1_000)
    )
    while not parser.done:
        part = next(parts)
        taken += len(part)
        parser.feed(part)
    assert taken < 60_000
    assert (len(parser.answer().body), parser.answer().truncated) == (1_000, True)
    assert not parser.reusable


def test_tiny_chunks_are_read() -> None:
    """A letter a chunk is odd, and no attack."""
    body = b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    assert answer(CHUNKED + body).body == b"x" * 50_000


def test_limits_are_exact() -> None:
    fill = b"y" * (MAX_HEADER_BYTES - len(OK + b"X: \r\nContent-Length: 0\r\n\r\n"))
    assert answer(OK + b"X: " + fill + b"\r\nContent-Length: 0\r\n\r\n").status == 200
    with pytest.raises(NotHttp, match="headers do not end"):
        read(OK + b"X: y" + fill + b"\r\nContent-Length: 0\r\n\r\n")
    most = b"X: y\r\n" * (MAX_HEADERS - 1) + b"Content-Length: 0\r\n"
    assert answer(OK + most + b"\r\n").status == 200
    with pytest.raises(NotHttp, match="too many headers"):
        read(OK + b"X: y\r\n" + most + b"\r\n")
    assert answer(CHUNKED + b"0;" + b"x" * (MAX_CHUNK_LINE - 4) + b"\r\n\r\n").status == 200
    with pytest.raises(NotHttp, match="size of a chunk does not end"):
        read(CHUNKED + b"0;" + b"x" * (MAX_CHUNK_LINE - 3) + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"HTTP/2 200\r\n\r\n", "does not begin with HTTP/1"),
        (b"HTTQ", "does not begin with HTTP/1"),
        (b"\x15\x03\x01\x00\x02", "does not begin with HTTP/1"),
        (b"HTTP/1.1 OK\r\n\r\n", "status line is not valid"),
        (b"HTTP/1.1 000 Zero\r\n\r\n", "status line is not valid"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "switches protocols"),
        (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "length is not a number"),
        (OK + b"Content-Length: -1\r\n\r\n", "length is not a number"),
        (OK + b"Content-Length: +1\r\n\r\n", "length is not a number"),
        (OK + b"Content-Length: 1_0\r\n\r\n", "length is not a number"),
        (OK + "Content-Length: \u00b2\r\n\r\n".encode(), "length is not a number"),
        (OK + b"Content-Length: 0x2\r\n\r\n{}", "length is not a number"),
        (OK + b"Content-Length:\r\n\r\n{}", "length is not a number"),
        (OK + b"Content-Length: 9999999999999999999\r\n\r\n", "length is not a number"),
        (CHUNKED + b"zz\r\n", "a chunk has no size"),
        (CHUNKED + b"{}", "a chunk has no size"),
        (CHUNKED + b"-2\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"+2\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"0x2\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"2 3\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"00000000000000002\r\n{}\r\n", "a chunk has no size"),
        (CHUNKED + b"2\r\n{}x\r\n", "longer than its size"),
        (CHUNKED + b"2\r\n{}0\r\n\r\n", "longer than its size"),
    ],
)
@pytest.mark.parametrize("step", [None, 1])
def test_what_no_client_reads(data: bytes, problem: str, step: int | None) -> None:
    with pytest.raises(NotHttp, match=problem):
        read(data, step=step)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"HTTP/1.1 200 OK\r\nX", OK, OK + b"Content-Length: 2\r\n\r\n{", CHUNKED,
        CHUNKED + b"2\r\n{}", CHUNKED + b"2\r\n{}\r\n", CHUNKED + b"2\r\n{",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)  # fmt: skip
def test_an_answer_that_is_cut_is_none(data: bytes) -> None:
    assert not read(data).done


# Agreement ------------------------------------------------------------------------------


class Proven:
    """What a parser in C, used by many, makes of an answer."""

    def __init__(self, data: bytes) -> None:
        self.body, self.done, self.reusable = b"", False, False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.feed_data(data)
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """Called for a stretch of the body."""
        self.body += data

    def on_message_complete(self) -> None:
        """Called at the end."""
        self.done = True
        self.reusable = bool(self._parser.should_keep_alive())


tokens = st.text("abcXYZ019!#$%&'*+.^_`|~-", min_size=1, max_size=8).map(str.encode)
header_values = st.binary(max_size=20).map(lambda v: bytes(c for c in v if c > 31 and c != 127))
FRAMING = (b"content-length", b"transfer-encoding", b"connection")
names = st.sampled_from([b"Content-Type", b"date", b"Server", b"retry-after", b"CONTENT-ENCODING"])
headers = st.lists(
    st.tuples(st.one_of(names, tokens.filter(lambda n: n.lower() not in FRAMING)), header_values),
    max_size=6,
)
connections = st.sampled_from([b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n"])
statuses = st.sampled_from([200, 201, 202, 204, 301, 304, 400, 404, 429, 500, 503, 599])


@st.composite
def plain_answers(draw: st.DrawFn) -> bytes:
    """Answers as the standard wants them."""
    status, body = draw(statuses), draw(st.binary(max_size=60))
    fields = b"".join(b"%b: %b\r\n" % field for field in draw(headers))
    head = b"HTTP/1.1 %d %b\r\n" % (status, draw(tokens)) + fields + draw(connections)
    if status in (204, 304):
        return head + b"\r\n"
    if draw(st.booleans()):
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
    parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


@settings(max_examples=300, deadline=None)
@given(plain_answers(), st.integers(1, 40))
def test_plain_answers_are_read_as_everybody_reads_them(data: bytes, step: int) -> None:
    proven, ours, cut = Proven(data), read(data), read(data, step=step)
    assert proven.done
    assert ours.done
    assert (ours.answer().status, ours.answer().body) == (proven.status, proven.body)
    assert ours.reusable == proven.reusable
    assert (cut.answer(), cut.reusable) == (ours.answer(), ours.reusable)
    quick = whole_answer(data, LIMITS)
    assert quick is None or (quick == ours.answer() and ours.reusable)


pieces = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 N\r\n", b"HTTP/1.1 100 C\r\n", b"HTTP/1.1 500 E\n",
        b"HTTP/1.0 200 OK\r\n", b"Content-Length: 2\r\n", b"Content-Length: 3\r\n", b"\r\n", b"\n",
        b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: gzip\r\n", b" folded\r\n", b"{}",
        b"2\r\n{}\r\n", b"0\r\n\r\n", b"Connection: close\r\n", b"X : y\r\n", b"\r", b"\0", b"2;",
        b"Date: x\r\n", b"Content-Encoding: gzip\r\n", b"abc\r\n",
    ]
)  # fmt: skip
shuffled = st.lists(st.one_of(pieces, st.binary(max_size=5)), max_size=14).map(b"".join)


def outcome(data: bytes, step: int | None) -> object:
    try:
        parser = read(data, step=step)
    except NotHttp as refused:
        return str(refused)
    return (parser.answer(), parser.reusable) if parser.done else "cut"


@settings(max_examples=600, deadline=None)
@given(shuffled, st.integers(1, 9))
def test_any_bytes_are_an_answer_or_refused_however_they_are_cut(data: bytes, step: int) -> None:
    """What was done before more bytes came stays so; else nothing depends on the cuts."""
    whole, cut = outcome(data, None), outcome(data, step)
    if isinstance(whole, tuple) and isinstance(cut, tuple):
        assert whole[0] == cut[0]
    else:
        assert whole == cut
    quick = whole_answer(data, LIMITS)
    assert quick is None or whole == (quick, True)
