"""Where NATS is, from the addresses that people write. Pure; nothing here needs nats-py.

User and password are taken out of the addresses: the servers of a cluster tell each other's
addresses without them. An address that is shown holds neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from fql.errors import SettingsError, masked_urls

EXAMPLE = "nats://host:4222"
PORT = 4222
LONGEST_NAME = 200

_ADDRESS = re.compile(
    r"(?P<scheme>nats|tls)://(?:(?P<user>[^:/?#\s]+)(?::(?P<password>[^/?#\s]*))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Broker:
    """The servers of one NATS, and who comes in: a user with a password, or a token, or nobody.
    `secure`: a server
    that does not speak TLS is told nothing."""

    urls: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    secure: bool = False

    @property
    def shown(self) -> str:
        """What people may see of it."""
        return ", ".join(self.urls)


def broker_at(urls: Sequence[str]) -> Broker:
    """The servers of these addresses. Raises SettingsError for what is not such an address."""
    problem = brokers_problem(urls)
    if problem:
        raise SettingsError(problem, hint=f"write it as {EXAMPLE}")
    parts = [found for url in urls if (found := _ADDRESS.fullmatch(url))]
    known = next((part for part in parts if part["user"]), parts[0])
    user, password = unquote(known["user"] or ""), known["password"]
    plain = tuple(
        f"{part['scheme'].lower()}://{part['host']}:{part['port'] or PORT}" for part in parts
    )
    secure = parts[0]["scheme"].lower() == "tls"
    if password is None:
        return Broker(plain, token=user, secure=secure)
    return Broker(plain, user=user, password=unquote(password), secure=secure)


def brokers_problem(urls: Sequence[str]) -> str:
    """What is wrong with the addresses of one NATS, or nothing."""
    if not urls:
        return f"an address is missing: {EXAMPLE}"
    if problem := next(filter(None, map(_problem, urls)), ""):
        return problem
    parts = [found for url in urls if (found := _ADDRESS.fullmatch(url))]
    if len({part["scheme"].lower() for part in parts}) > 1:
        return "some of the addresses begin with tls:// and others with nats://: give one of both"
    if len({(part["user"], part["password"]) for part in parts if part["user"]}) > 1:
        return "the addresses name several users: all servers of one NATS know the same ones"
    return ""


def is_file(credentials: str) -> bool:
    """Whether credentials are the path of a file, and not what is in one."""
    return bool(credentials) and "\n" not in credentials and "BEGIN" not in credentials


def name_problem(name: str) -> str:
    """Why no stream or bucket can be called so, or nothing."""
    if name and not re.search(r"[\s\0.*>/\\$]", name) and len(name) <= LONGEST_NAME:
        return ""
    return (
        f"{name!r} cannot be the name of a stream: write 1 to {LONGEST_NAME} characters without"
        " blanks and none of . * > / \\ $"
    )


def pattern_problem(pattern: str) -> str:
    """Why these cannot be subjects of messages, with `*` for one token and `>` for the rest, or
    nothing."""
    tokens = pattern.split(".")
    if re.search(r"[\s\0]", pattern) or not all(tokens):
        return f"{pattern!r} is not a subject: it has a blank, or a token of it is empty"
    if any(len(token) > 1 and re.search("[*>]", token) for token in tokens):
        return f"{pattern!r} is not a subject: `*` and `>` are whole tokens"
    return f"{pattern!r} is not a subject: `>` is the last token" if ">" in tokens[:-1] else ""


def _problem(url: str) -> str:
    shown = masked_urls(url)
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("nats", "tls"):
        return f"{shown!r} is not an address of NATS, which begins with nats:// or tls://"
    if re.search(r"[\s\0,]", url):
        return f"{shown!r} holds a blank or a comma; several addresses are a list of texts"
    found = _ADDRESS.fullmatch(url)
    if found and int(found["port"] or PORT) in range(1, 65_536):
        return ""
    if re.search(r"[?#]|/.", rest):
        return (
            f"{shown!r} holds more than a host and a port; a `/`, `?` or `#` in a password is"
            " written %2F, %3F, %23"
        )
    return f"{shown!r} does not name a host, or its port is not a number"
