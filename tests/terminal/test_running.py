"""`fqlc run` on a real terminal: its progress, and what two Ctrl-C do."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from fql.testing import MockWebhookServer
from fql.testing.replies import hang

PROGRAM = """\
entity Order {{ id: ID @key }}
observer placed {{ on: Order.insert  webhook tell {{ url: "{url}/a", body: {{ id }} }} }}
"""
EVENT = '{"id": "evt-1", "entity": "Order", "event": "insert", "new": {"id": "1"}}\n'


class Running:
    """A command on a terminal of 80 columns, and what was shown there until now."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fqlc", *arguments], cwd=folder, stdin=theirs, stdout=theirs,
            stderr=theirs, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, args=(ours,))
        self._reader.start()

    def _read(self, ours: int) -> None:
        with os.fdopen(ours, "rb", buffering=0) as stream:
            try:
                while part := stream.read(65_536):
                    self.shown += part.decode()
            except OSError:  # the other side is closed
                return

    def until(self, pattern: str) -> None:
        """Wait until it is shown, whatever the width of the terminal has broken."""
        late = time.monotonic() + 60
        while not re.search(pattern, " ".join(self.shown.split())):
            assert time.monotonic() < late, self.shown
            time.sleep(0.02)

    def end(self) -> int:
        """Its exit code."""
        code = self.process.wait(60)
        self._reader.join(10)
        return code


def test_a_second_interrupt_is_announced_and_ends_at_once(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The receiver never answers, so that a drain would last for its timeout."""
    webhook_server.always(hang())
    (tmp_path / "shop.fql").write_text(PROGRAM.format(url=webhook_server.url))
    (tmp_path / "fql.toml").write_text('[egress]\nallow = ["127.0.0.1/32"]\n')
    (tmp_path / "events.jsonl").write_text(EVENT)
    running = Running(tmp_path, "run", "shop.fql", "--events", "events.jsonl", "--until-idle")
    try:
        running.until("1 event, 1 run: 0 done, 0 dead, 1 left")
        assert "1 left\r" in running.shown, "others on this terminal write over the progress"
        running.process.send_signal(signal.SIGINT)
        running.until("draining: .* a second Ctrl-C or SIGTERM ends at once")
        running.process.send_signal(signal.SIGINT)
        assert running.end() in {130, -signal.SIGINT}
    finally:
        running.process.kill()
        running.end()
    assert "Traceback" not in running.shown
