"""`MockWebhookServer`: a real receiver on a loopback port that remembers what it got.

with MockWebhookServer() as server:
    server.expect_call(url="/orders", method="POST")
    ...                                   # send to server.url
    assert server.wait_for(1)
    assert server.all_expectations_met()
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from fql.egress.sealing.verify import verify
from fql.plan.web.urls import parse_literal_url
from fql.testing.http_server import HttpServer, Received
from fql.testing.received import Expectation, ReceivedRequest
from fql.testing.replies import Reply, act, whole

Respond = Callable[[ReceivedRequest], Reply | int]


class MockWebhookServer:
    """A receiver for tests. Use it as a context manager; port 0 takes a free one.

    `verify` is a secret (or several): each request's signature is checked by `scheme`, and a
    request that is not genuine is answered with 401. `header` and `timestamp_header` are other
    names of the scheme's headers.

    It listens at `host`, which is loopback, and speaks TLS with the context `tls`.

    An exception in a function given to `always` is raised again where the test looks: by
    `wait_for`, `all_expectations_met` and at the end of the context.
    """

    def __init__(
        self, port: int = 0, *, verify: str | Sequence[str] | None = None,
        scheme: str = "standard", header: str | None = None, timestamp_header: str | None = None,
        tls: ssl.SSLContext | None = None, host: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        self._secrets = (verify,) if isinstance(verify, str) else tuple(verify or ())
        self._scheme = scheme
        self._headers = (header, timestamp_header)
        self._server = HttpServer(self._behave, port=port, tls=tls, host=host)
        self._changed = threading.Condition()
        self._requests: list[ReceivedRequest] = []
        self._expectations: list[Expectation] = []
        self._unexpected: list[ReceivedRequest] = []
        self._scripts: dict[str | None, deque[Reply]] = {}
        self._default: Reply | Respond = Reply()
        self._acting: set[asyncio.Task[None]] = set()
        self._failed: Exception | None = None

    # Life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stop()
        if error is None:
            self._raise_failed()

    def start(self) -> None:
        """Listen. Raises OSError for a taken port."""
        self._server.open()

    def stop(self) -> None:
        """Drop every connection and release the port. What came stays readable."""
        self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def url(self) -> str:
        """Scheme, host and port, such as `http://127.0.0.1:40123`."""
        scheme = "https" if self._server.tls else "http"
        host = f"[{self._server.host}]" if ":" in self._server.host else self._server.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        return self._server.connections

    # What came

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Everything that came, in order."""
        with self._changed:
            return list(self._requests)

    @property
    def called(self) -> bool:
        """True once a request came."""
        return self.call_count > 0

    @property
    def call_count(self) -> int:
        """How many requests came."""
        with self._changed:
            return len(self._requests)

    @property
    def last_payload(self) -> object:
        """The body of the latest request as JSON; None before any, or where it is not JSON."""
        with self._changed:
            return self._requests[-1].payload if self._requests else None

    @property
    def ledger(self) -> list[tuple[str, int, float]]:
        """Key, attempt and time (seconds of a clock that only goes forward) of each request."""
        return [(request.key, request.attempt, request.at) for request in self.requests]

    def wait_for(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until `count` requests came, at most `timeout` seconds. True if they did."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._requests) >= count, timeout)
        self._raise_failed()
        return came

    async def arrived(self, count: int, timeout: float = 5.0) -> bool:  # noqa: ASYNC109
        """`wait_for` for tests on an event loop: `count` requests, `timeout` seconds."""
        return await asyncio.to_thread(self.wait_for, count, timeout)

    def clear(self) -> None:
        """Forget what came, what was unexpected and how often expected calls were made; scripts
        and expectations stay."""
        with self._changed:
            self._requests.clear()
            self._unexpected.clear()
            for expectation in self._expectations:
                expectation.calls = 0

    # What is expected

    def expect_call(
        self, url: str | None = None, method: str | None = None, *, payload: object = None,
        headers: Mapping[str, str] | None = None, times: int | None = None,
        reply: Reply | int | None = None,
    ) -> Expectation:  # fmt: skip
        """Expect a call, with this `method` and these `headers` where they are given. `url` is a
        path or a whole url; the objects that come may have more keys than those of `payload`;
        `times` None means at least once. `reply` is the answer to the next call that fits. Raises
        ValueError for a url that no request can have."""
        if url is not None and "://" in url:
            parse_literal_url(url)
        expectation = Expectation(url, method, payload, headers or {}, times)
        if reply is not None:
            expectation.replies.append(_as_reply(reply))
        with self._changed:
            self._expectations.append(expectation)
        return expectation

    def all_expectations_met(self) -> bool:
        """True if each expected call came as often as expected; other calls are `unexpected`."""
        self._raise_failed()
        with self._changed:
            return all(expectation.met for expectation in self._expectations)

    def unmet(self) -> list[Expectation]:
        """The expected calls that did not come as often as expected."""
        with self._changed:
            found = [expectation for expectation in self._expectations if not expectation.met]
            for expectation in found:
                expectation.instead = tuple(self._unexpected)
            return found

    @property
    def unexpected(self) -> list[ReceivedRequest]:
        """Requests that fitted no expectation, where there are any expectations."""
        with self._changed:
            return list(self._unexpected)

    # What it answers

    def reply(self, *replies: Reply | int, path: str | None = None) -> None:
        """Answer the next requests (to a `path`, or to any) with these `replies` in turn, each a
        Reply or a status; then as `always` says."""
        with self._changed:
            script = self._scripts.setdefault(path, deque())
            script.extend(_as_reply(reply) for reply in replies)

    def always(self, reply: Reply | int | Respond) -> None:
        """Answer with this `reply`, a Reply or a status, when no other reply is left. A function
        gets each request; it runs on the server's thread."""
        with self._changed:
            self._default = reply if callable(reply) else _as_reply(reply)

    def _behave(self, received: Received, transport: asyncio.Transport) -> None:
        request = self._record(received)
        reply = self._choose(request)
        if reply.fault is None and not reply.delay:
            transport.write(whole(reply))
            return
        task = asyncio.get_running_loop().create_task(act(reply, transport))
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    def _record(self, received: Received) -> ReceivedRequest:
        request = ReceivedRequest(
            received.method, received.target, received.headers, received.body, received.at,
            self._genuine(received),
        )  # fmt: skip
        with self._changed:
            self._requests.append(request)
            self._count(request)
            self._changed.notify_all()
        return request

    def _count(self, request: ReceivedRequest) -> None:
        fitting = [e for e in self._expectations if e.fits(request)]
        for expectation in fitting:
            expectation.calls += 1
        if self._expectations and not fitting:
            self._unexpected.append(request)

    def _genuine(self, received: Received) -> bool | None:
        if not self._secrets:
            return None
        header, stamp = self._headers
        return verify(
            received.raw_headers, received.body, self._secrets, scheme=self._scheme,
            tolerance=300, now=time.time(), header=header, timestamp_header=stamp,
        )  # fmt: skip

    def _choose(self, request: ReceivedRequest) -> Reply:
        if request.genuine is False:
            return Reply(401, {"error": "the signature is not genuine"})
        with self._changed:
            for expectation in self._expectations:
                if expectation.replies and expectation.fits(request):
                    return expectation.replies.popleft()
            for path in (request.path.partition("?")[0], None):
                script = self._scripts.get(path)
                if script:
                    return script.popleft()
            default = self._default
        return default if isinstance(default, Reply) else self._asked(default, request)

    def _asked(self, respond: Respond, request: ReceivedRequest) -> Reply:
        """What the test's function answers. Its fault is kept for the test, as it happens on the
        server's thread; the sender gets 500."""
        try:
            return _as_reply(respond(request))
        except Exception as error:  # noqa: BLE001 - whatever a test's function raises is the test's
            with self._changed:
                self._failed = self._failed or error
            return Reply(500, {"error": f"the test's function failed: {error!r}"})

    def _raise_failed(self) -> None:
        with self._changed:
            failed, self._failed = self._failed, None
        if failed is not None:
            raise failed


def _as_reply(reply: Reply | int) -> Reply:
    """The reply that is meant. Raises TypeError for anything else."""
    if isinstance(reply, Reply):
        return reply
    if isinstance(reply, int) and not isinstance(reply, bool):
        return Reply(status=reply)
    raise TypeError(f"a reply must be a Reply or a status, not {reply!r}")
