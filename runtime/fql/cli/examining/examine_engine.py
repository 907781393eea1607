"""The talk of `fqlc doctor` with a running engine: its health on the metrics port."""

from __future__ import annotations

from fql.cli.asking import ask
from fql.cli.examining.finding import Finding, in_words
from fql.errors import SettingsError
from fql.observe.watch import require_prometheus
from fql.settings.model import Prometheus

EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  (compared, not listened on)


def page_of(settings: Prometheus, page: str) -> str:
    """Where this machine reaches a page of the metrics port."""
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}/{page}"


def metrics(settings: Prometheus | None) -> list[Finding]:
    """Does the engine that these settings describe say that it is ready? Nothing is asked where
    the port is switched off."""
    if settings is None or not settings.enabled:
        return []
    try:
        require_prometheus()
    except SettingsError as problem:
        return [Finding("engine", "problem", in_words(problem))]
    if not settings.port:
        return []
    url = page_of(settings, "ready")
    answer = ask(url)
    if answer is None:
        return [Finding("engine", "warning", f"nobody answers at {url}; is `fqlc run` running?")]
    if answer.is_success:
        return [Finding("engine", "ok", f"the engine at {url} is ready")]
    return [Finding("engine", "problem", f"the engine at {url} is not ready: {answer.text[:200]}")]
