"""A receiver to try the examples on: prints every request it gets.

python receiver.py [PORT]      (9999 by default; stop with Ctrl+C)

Where the folder it is started in has an `answers.json`, it answers as that file says: for each
action a list of answers, one for each request. After those, and for all others, it answers 200.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest


def script(file: Path) -> Callable[[ReceivedRequest], Reply]:
    """What is answered to each request, once it is printed."""
    answers = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def respond(request: ReceivedRequest) -> Reply:
        say(line(request))
        waiting = answers.get(request.headers.get("fql-action"), [])
        return Reply(**waiting.pop(0)) if waiting else Reply(200, {})

    return respond


def line(request: ReceivedRequest) -> str:
    """A request as it is printed."""
    action = request.headers.get("fql-action", "?")
    attempt = f"  (attempt {request.attempt})" if request.attempt > 1 else ""
    return f"{action}: {request.method} {request.path} {json.dumps(request.payload)}{attempt}"


def say(text: str) -> None:
    """Write a line in one piece: other processes write to the same place."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Listen and print until Ctrl+C."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9999
    with MockWebhookServer(port=port) as server:
        server.always(script(Path("answers.json")))
        say(f"listening on {server.url}")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            say(f"{server.call_count} requests")


if __name__ == "__main__":
    main()
