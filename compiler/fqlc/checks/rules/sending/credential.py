"""FQL322: a literal that looks like a credential. The value is masked in the message."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.credentials import credential_in
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk


def check(program: Program, sink: Sink) -> None:
    """Look at every text of every block; texts of `test` blocks are made up."""
    for file in program.project.files:
        for declaration in file.declarations:
            if isinstance(declaration, ast.Block) and declaration.kind.text != "test":
                for text in _texts_of_block(declaration):
                    _judge(text, sink)


def _judge(text: ast.StringLiteral, sink: Sink) -> None:
    found = credential_in(text.value)
    if found is not None:
        sink.error(
            "FQL322",
            f"this text looks like {found.what}: `{_masked(found.text)}`",
            text.inside(found.start, found.start + len(found.text)),
            label="a secret does not belong in a source file",
            help=(
                'take it from the environment: `"${NAME}"`',
                "a secret that was committed is no longer secret: replace it",
            ),
        )


def _masked(text: str) -> str:
    return f"{text[:4]}{'*' * 6}"


def _texts_of_block(block: ast.Block) -> Iterator[ast.StringLiteral]:
    for node in walk(block):
        if isinstance(node, ast.StringLiteral):
            yield node
