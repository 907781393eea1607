"""A receiver to try the examples on: prints every request it gets.

python receiver.py [PORT]      (9999 by default; stop with Ctrl+C)
"""

import json
import sys
import time

from fql.testing import MockWebhookServer


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9999
    with MockWebhookServer(port=port) as server:
        print(f"listening on {server.url}", flush=True)
        seen = 0
        try:
            while True:
                time.sleep(0.1)
                for request in server.requests[seen:]:
                    seen += 1
                    action = request.headers.get("fql-action", "?")
                    print(
                        f"{action}: {request.method} {request.path} {json.dumps(request.payload)}"
                    )
                    sys.stdout.flush()
        except KeyboardInterrupt:
            print(f"{seen} requests")


if __name__ == "__main__":
    main()
