"""A receiver to try things on: prints every webhook, and fails now and then to show a retry."""

import itertools
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9080
COUNT = itertools.count(1)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = 503 if next(COUNT) % 4 == 0 else 200
        print(status, self.path, body, "attempt", self.headers["fql-attempt"], flush=True)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing besides the line above."""


try:
    print(f"listening on http://127.0.0.1:{PORT}, stop with Ctrl-C", flush=True)
    HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
except KeyboardInterrupt:
    pass
