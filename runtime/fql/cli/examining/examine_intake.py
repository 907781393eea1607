"""What `fqlc doctor` says about HTTP sources: who can reach them, and how their tokens are."""

from __future__ import annotations

from collections.abc import Iterator

from fql.cli.examining.finding import Finding
from fql.plan.environment import references_in
from fql.plan.web.addresses import is_this_host
from fql.settings.model import Settings
from fql.settings.source_tables import HttpSource
from fql.settings.values import host_and_port

SHORT = 16
"""Characters below which a token can be guessed."""
PROXY = "a proxy that speaks TLS must be before it, or the token is read on the way"


def intakes(settings: Settings) -> list[Finding]:
    """Each HTTP source. Nothing is asked: whether it listens is the engine's to say."""
    return [
        finding
        for name, table in settings.sources.items()
        if isinstance(table, HttpSource)
        for finding in _examined(name, table)
    ]


def _examined(name: str, table: HttpSource) -> Iterator[Finding]:
    subject = f"source {name}"
    if any(references_in(table.listen)) or any(references_in(list(table.token))):
        return  # a name without a value is told of elsewhere
    short = sum(len(token) < SHORT for token in table.token)
    if short:
        words = "the token is" if len(table.token) == 1 else f"{short} of the tokens are"
        yield Finding(subject, "warning", f"{words} shorter than {SHORT} characters; "
                      "`openssl rand -hex 32` makes a good one")  # fmt: skip
    host, _ = host_and_port(table.listen)
    if is_this_host(host):
        where = f"POST /events at {table.listen}, for this machine alone"
        yield Finding(subject, "ok", where)
    else:
        others = f"other machines reach {table.listen}"
        yield Finding(subject, "warning", f"{others}: {PROXY}")
