"""How we prove to a receiver who we are. Everything fails closed: no credential, no request."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from fql.egress.retry_after import retry_after_ms
from fql.egress.settings import AuthSettings
from fql.egress.wire.answer import Answer
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.tls import TlsSettings
from fql.errors import SettingsError
from fql.exact.reading import NotJson, read_foreign
from fql.plan.web.headers import name_problem, value_problem
from fql.plan.web.urls import UrlParts, UrlProblem, parse_literal_url

Headers = tuple[tuple[str, str], ...]

DEFAULT_LIFE = 300.0
"""Seconds that a token is used whose answer does not say how long it holds."""
LONGEST_LIFE = 86_400
"""Seconds after which a token is replaced, whatever its answer says."""
EARLY = 30.0
"""Seconds before its end at which a token is replaced."""

MASKED_TOKENS = 8
"""Tokens of a client that an answer may still repeat."""

REFUSALS = frozenset(
    {
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope",
    }
)  # fmt: skip
"""What a token server may say of a request that it refuses (RFC 6749, section 5.2)."""

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "bearer": ("token",),
    "basic": ("username", "password"),
    "header": ("header", "value"),
    "oauth2": ("token_url", "client_id", "client_secret"),
    "mtls": ("certificate",),
}


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client of the client-credentials grant (RFC 6749, section 4.4)."""

    token_url: UrlParts
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """What auth adds to a request: fixed headers, a TLS identity, a token to be fetched."""

    headers: Headers = ()
    tls: TlsSettings = field(default_factory=TlsSettings)
    oauth: OAuthClient | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that it sets; nobody else may."""
        own = () if self.oauth is None else ("Authorization",)
        return (*(name for name, _ in self.headers), *own)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be masked: the values of its headers, with and without their scheme, and a
        client's secret as it goes to its token server."""
        values = [value for _, value in self.headers]
        if self.oauth is not None:
            values += [_pair(self.oauth), quote_plus(self.oauth.client_secret)]
        return (*values, *(value.partition(" ")[2] for value in values))


def auth_of(settings: AuthSettings | None) -> Auth:
    """Make the settings ready to use. Raises SettingsError where a value is missing or bad."""
    if settings is None:
        return Auth()
    values = settings.values
    _check(settings)
    match settings.type:
        case "bearer":
            return Auth(_header("Authorization", f"Bearer {values['token']}"))
        case "basic":
            return Auth(_header("Authorization", _basic(values["username"], values["password"])))
        case "header":
            return Auth(_header(values["header"], values["value"]))
        case "oauth2":
            return Auth(oauth=_oauth(values))
        case _:
            ca, password = values.get("ca"), values.get("password")
            identity = TlsSettings(values["certificate"], values.get("key"), password, ca)
            return Auth(tls=identity)


def _check(settings: AuthSettings) -> None:
    needs = _NEEDS.get(settings.type)
    if needs is None:
        raise SettingsError(
            f"there is no auth type {settings.type}", hint=f"use one of {', '.join(_NEEDS)}"
        )
    missing = [name for name in needs if not settings.values.get(name)]
    if missing:
        raise SettingsError(
            f"auth of type {settings.type} lacks {', '.join(missing)}",
            hint="a request without its credential is never sent",
        )


def _header(name: str, value: str) -> Headers:
    problem = name_problem(name)
    if problem:
        raise SettingsError(f"auth.header cannot be {name!r}: {problem}", hint="name another one")
    if value_problem(value):
        raise SettingsError(
            f"the credential for the header {name!r} has characters that no header can hold",
            hint="check the value for a line break",
        )
    return ((name, value),)


def _basic(username: str, password: str) -> str:
    if ":" in username:
        raise SettingsError(
            "the username of auth contains a colon", hint="basic auth allows none in a username"
        )
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode("ascii")


def _oauth(values: Mapping[str, str]) -> OAuthClient:
    try:
        url = parse_literal_url(values["token_url"])
    except UrlProblem as problem:
        raise SettingsError(f"auth.token_url cannot be used: {problem}", hint="") from problem
    return OAuthClient(url, values["client_id"], values["client_secret"], values.get("scope"))


def _pair(client: OAuthClient) -> str:
    """RFC 6749, section 2.3.1: both are form-encoded before they are put together."""
    return f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"


@dataclass(slots=True)
class _Token:
    value: str
    until: float


Post = Callable[[UrlParts, Headers, bytes], Awaitable[Answer]]
"""Makes one POST on the one egress path."""


class Tokens:
    """Access tokens by client, fetched once however many requests wait for one."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        """`clock` gives seconds that only go forward, `wall` unix seconds."""
        self._clock = clock
        self._wall = wall
        self._tokens: dict[OAuthClient, _Token] = {}
        self._latest: dict[OAuthClient, tuple[str, ...]] = {}
        self._locks: dict[OAuthClient, asyncio.Lock] = {}

    async def header(
        self, client: OAuthClient, post: Post, refused: str | None = None
    ) -> tuple[Headers, str]:
        """The `Authorization` header, and the token in it. A token that a receiver `refused` is
        dropped first, unless another request has replaced it already. Raises SendFailed."""
        if refused is not None:
            self.forget(client, refused)
        token = self._known(client)
        if token is None:
            async with self._locks.setdefault(client, asyncio.Lock()):
                token = self._known(client) or await self._fetch(client, post)
        return (("Authorization", f"Bearer {token.value}"),), token.value

    def forget(self, client: OAuthClient, refused: str) -> None:
        """Drop a token that a receiver refused, unless another one is in use already."""
        if self.current(client) == refused:
            del self._tokens[client]

    def current(self, client: OAuthClient) -> str | None:
        """The token that is in use, or None."""
        token = self._tokens.get(client)
        return None if token is None else token.value

    def latest(self, client: OAuthClient) -> tuple[str, ...]:
        """The tokens that came last, whether they are still in use or not: they must be masked."""
        return self._latest.get(client, ())

    def _known(self, client: OAuthClient) -> _Token | None:
        token = self._tokens.get(client)
        return token if token is not None and token.until > self._clock() else None

    async def _fetch(self, client: OAuthClient, post: Post) -> _Token:
        form = {"grant_type": "client_credentials"}
        if client.scope:
            form["scope"] = client.scope
        headers = (
            ("Authorization", "Basic " + b64encode(_pair(client).encode()).decode("ascii")),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        )
        answer = await post(client.token_url, headers, urlencode(form).encode())
        token = self._read_token(client, answer)
        self._tokens[client] = token
        self._latest[client] = (*self.latest(client), token.value)[-MASKED_TOKENS:]
        return token

    def _read_token(self, client: OAuthClient, answer: Answer) -> _Token:
        where = f"the token server {client.token_url.host}"
        if not 200 <= answer.status <= 299:
            final = 400 <= answer.status < 500 and answer.status not in {408, 429}
            said = f"{where} said {answer.status}{_refusal(answer)}"
            told = answer.headers
            wish = retry_after_ms(told.get("retry-after"), self._wall(), told.get("date"))
            raise SendFailed("request" if final else "protocol", said, retry_after=wish)
        content = _content(answer)
        value = content.get("access_token")
        if not isinstance(value, str) or not value or value_problem(value):
            raise SendFailed("protocol", f"{where} gave no token")
        seconds = min(_life(content.get("expires_in")), LONGEST_LIFE)
        return _Token(value, self._clock() + max(seconds - EARLY, 1.0))


def _life(value: object) -> float:
    """Seconds that a token holds; some servers give them as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_LIFE
    return min(value, LONGEST_LIFE)


def _content(answer: Answer) -> dict[str, object]:
    try:
        content = read_foreign(answer.body, floats=True)
    except NotJson:
        return {}
    return content if isinstance(content, dict) else {}


def _refusal(answer: Answer) -> str:
    """The reason in the words of the standard; no other word of a body is repeated."""
    error = _content(answer).get("error")
    return f" ({error})" if isinstance(error, str) and error in REFUSALS else ""
