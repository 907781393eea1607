"""Every request comes through here: it is asked who it is before a view sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fql.ui import access
from fql.ui.access import HEADERS, LARGEST_FORM, READING, Asked, Refusal, Rules
from fql.ui.logins import SESSION_SECONDS, Logins, Session

Form = Mapping[str, list[str]]
STATIC = "/files/"
"""What is the same for everybody: style and script, which the login page needs as well."""
ENTRY = "/in/"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sees a view: what its forms must hold, whether it may act."""

    form_token: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Door:
    """An ASGI application in front of another one."""

    inner: ASGIApp
    rules: Rules
    logins: Logins

    @property
    def cookie(self) -> str:
        """Two pages on one machine do not log each other out."""
        return f"fql_{self.rules.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._answer(scope, receive, guarded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = str(scope["path"])
        if refusal := access.refused_at_the_door(_asked(scope, headers), self.rules):
            await _told(refusal)(scope, receive, send)
        elif path.startswith(STATIC):
            await self.inner(scope, receive, send)
        elif path == ENTRY and scope["method"] == "POST":
            await self._another_link(headers)(scope, receive, send)
        elif path.startswith(ENTRY):
            await self._enter(path.removeprefix(ENTRY), _by_tls(scope, headers))(
                scope, receive, send
            )
        else:
            await self._admit(scope, headers, receive, send)

    def _another_link(self, headers: Headers) -> Response:
        """For `fqlc ui link`."""
        if self.logins.too_many_wrong():
            return _told(_TOO_MANY)
        code = self.logins.link_for(_bearer(headers))
        return _told(_NOT_YOURS) if code is None else PlainTextResponse(code + "\n")

    def _enter(self, code: str, by_tls: bool) -> Response:
        if self.logins.too_many_wrong():
            return _told(_TOO_MANY)
        cookie = self.logins.enter(code)
        if cookie is None:
            return _told(_USED_UP)
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        # Lax: with Strict a link from a chat would find nobody logged in.
        answer.set_cookie(
            self.cookie, cookie, max_age=int(SESSION_SECONDS), httponly=True, samesite="lax",
            secure=by_tls,
        )  # fmt: skip
        return answer

    async def _admit(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        bearer = _bearer(headers)
        if bearer is not None and self.logins.too_many_wrong():
            await _told(_TOO_MANY)(scope, receive, send)
            return
        by_token = self.logins.is_token(bearer)
        session = self.logins.session(_cookie(headers, self.cookie))
        form: Form | None = {}
        if scope["method"] not in READING:
            form = await _form(receive)
        if form is None:
            await _told(_TOO_LARGE)(scope, receive, send)
            return
        asked = _asked(scope, headers, session=session, by_token=by_token, form=form)
        if refusal := access.refused(asked, self.rules):
            await _told(refusal)(scope, receive, send)
            return
        token = session.form_token if session else ""
        scope["fql.visitor"] = Visitor(token, not self.rules.read_only)
        scope["fql.form"] = form
        await self.inner(scope, receive, send)


def _by_tls(scope: Scope, headers: Headers) -> bool:
    """Whether the browser speaks TLS, perhaps to a proxy that says so. Who lies gets a cookie that
    his browser keeps to itself."""
    return "https" in (scope.get("scheme"), headers.get("x-forwarded-proto"))


def _bearer(headers: Headers) -> str | None:
    return headers.get("authorization", "").removeprefix("Bearer ") or None


_NOT_YOURS = Refusal(HTTPStatus.UNAUTHORIZED, "only the user who runs this page gets a link")
_TOO_MANY = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong logins; wait a minute")
_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a form may have at most {LARGEST_FORM:,} bytes"
)
_USED_UP = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "this link has been used, or is older than ten minutes; `fqlc ui link` prints a new one",
)


def _asked(
    scope: Scope,
    headers: Headers,
    *,
    session: Session | None = None,
    by_token: bool = False,
    form: Form | None = None,
) -> Asked:
    return Asked(
        method=str(scope["method"]),
        path=str(scope["path"]),
        host=headers.get("host", ""),
        scheme=str(scope.get("scheme", "http")),
        origin=headers.get("origin"),
        site=headers.get("sec-fetch-site"),
        known=by_token or session is not None,
        by_token=by_token,
        form_token=(form or {}).get("token", [None])[0],
        expected_token=session.form_token if session else None,
    )


def _cookie(headers: Headers, name: str) -> str | None:
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return jar[name].value if name in jar else None


async def _form(receive: Receive) -> Form | None:
    """What a form holds; None for one that is too large."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_FORM:
            return None
        if not message.get("more_body"):
            return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def _told(refusal: Refusal) -> Response:
    return PlainTextResponse(refusal.message + "\n", refusal.status)
