"""What end-to-end tests share: the installed command as a process, a receiver with scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict, deque
from pathlib import Path

from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.published import hold

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FQLC = Path(sys.executable).with_name("fqlc")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def environment(server: MockWebhookServer | None) -> dict[str, str]:
    """The environment of a child process: the receiver's url and a secret."""
    extra = {"WAREHOUSE_SECRET": SECRET, "NO_COLOR": "1"}
    return os.environ | extra | ({"RECEIVER": server.url} if server else {})


def fqlc(*arguments: str, cwd: Path, server: MockWebhookServer | None = None, code: int = 0) -> str:
    """Run the installed command; its exit code must be `code`. Returns standard output."""
    result = subprocess.run(
        [FQLC, *arguments], cwd=cwd, env=environment(server),
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert result.returncode == code, (arguments, result.returncode, result.stdout, result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    hold(arguments, result.stdout)
    return result.stdout


def script(server: MockWebhookServer, path: Path) -> None:
    """Let the receiver answer by action, as `answers.json` says; then 200."""
    answers: dict[str, deque[dict[str, object]]] = defaultdict(deque)
    if path.exists():
        for action, replies in json.loads(path.read_text(encoding="utf-8")).items():
            answers[action].extend(replies)

    def respond(request: ReceivedRequest) -> Reply:
        waiting = answers[request.headers.get("fql-action", "")]
        reply = waiting.popleft() if waiting else {}
        return Reply(status=int(str(reply.get("status", 200))), body=reply.get("body", {}))

    server.always(respond)


def calls(server: MockWebhookServer) -> list[dict[str, object]]:
    """What came, in the form of `expected.jsonl`."""
    return [
        {"action": r.headers["fql-action"], "method": r.method, "path": r.path, "body": r.payload}
        for r in server.requests
    ]


def lines(path: Path) -> list[dict[str, object]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
