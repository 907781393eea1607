"""Bytes of a file to its text, or FQL110."""

from __future__ import annotations

from fqlc.diagnostics.sink import Sink
from fqlc.source.files import LONGEST_SOURCE
from fqlc.source.text import SourceText, Span


def read_source(path_label: str, data: bytes, sink: Sink) -> SourceText | None:
    """The text of a file known as `path_label`. FQL110 and None when it has more than 5 MB, is
    not UTF-8, or holds a NUL byte as only binary files do. Any line ends will do."""
    if len(data) > LONGEST_SOURCE:
        _refuse(
            path_label, sink,
            f"`{path_label}` is too large: it has more than {LONGEST_SOURCE:,} bytes",
            "split it and `import` the parts",
        )  # fmt: skip
        return None
    if (place := data.find(b"\0")) >= 0:
        _refuse(
            path_label, sink,
            f"`{path_label}` is not a text file: byte {place + 1:,} is NUL",
            "name text files that hold fql source",
        )  # fmt: skip
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(
            path_label, sink,
            f"`{path_label}` is not UTF-8: byte {error.start + 1:,} is 0x{data[error.start]:02x}",
            "save the file as UTF-8",
        )  # fmt: skip
        return None
    return SourceText(path_label, text)


def _refuse(path: str, sink: Sink, message: str, advice: str) -> None:
    sink.error("FQL110", message, Span(path, 0, 0), help=(advice,))
