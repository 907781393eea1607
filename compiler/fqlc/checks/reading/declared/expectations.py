"""Reading `test` blocks: names, rows, answers and expectations. Everything wrong is FQL381."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from fql.near import nearest, question
from fqlc.checks.describe import quoted
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.checks.reading.declared.given import GivenRows
from fqlc.checks.reading.declared.model import End, Expected, TestModel
from fqlc.checks.reading.declared.report import wrong
from fqlc.checks.reading.declared.rows import NotLiteral, misfit, plain
from fqlc.checks.reading.entries import Found, known_entries, meant_keys, report_blocks
from fqlc.checks.table.answers import answer_misfit, attempts_misfit
from fqlc.checks.table.blocks import TEST
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.names.symbols import EntityInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


def read_tests(program: Program, sink: Sink) -> tuple[TestModel, ...]:
    """All tests that are sound."""
    _titles(program, sink)
    observers = {o.name: o for o in program.observers}
    found = (_Reader(program, observers, b, sink).read() for b in program.project.tests)
    return tuple(test for test in found if test is not None)


_OF_KINDS = {
    "bodies": frozenset({"webhook", "publish"}),
    "subjects": frozenset({"publish"}),
    "arguments": frozenset({"call"}),
}
"""The kinds of actions that have what a key of `expect` tells of."""
_CALLED = {"bodies": "body", "subjects": "subject", "arguments": "arguments"}
_INSTEAD = {"webhook": "`bodies`", "publish": "`bodies` or `subjects`", "call": "`arguments`"}


def _titles(program: Program, sink: Sink) -> None:
    """Tests are distinguished by their titles."""
    first: dict[str, Span] = {}
    for block in program.project.tests:
        if block.title is None:
            continue
        earlier = first.setdefault(block.title.value, block.title.span)
        if earlier is not block.title.span:
            sink.error(
                "FQL381", "two tests have this title", block.title.span, label="taken",
                labels=(Label(earlier, "first used here"),), help=("give one another title",),
            )  # fmt: skip


class _Reader:
    """Reads one test."""

    def __init__(
        self,
        program: Program,
        observers: Mapping[str, ObserverModel],
        block: ast.Block,
        sink: Sink,
    ) -> None:
        self._program = program
        self._observers = observers
        self._block = block
        self._sink = sink

    def read(self) -> TestModel | None:
        found = known_entries(
            [(e.key, e.value) for e in self._block.entries], TEST.keys, "`test`", self._sink
        )
        report_blocks(self._block, TEST, self._sink)
        if not self._complete(found):
            return None
        observer = self._observer(found["observer"].value)
        if observer is None or observer.entity is None or not observer.block.sound:
            return None
        event = self._event(found["event"].value, observer)
        rows = GivenRows(self._program.project, observer, self._block, self._sink)
        old, new = rows.read(found, event)
        respond = self._respond(found.get("respond"), observer)
        expect = self._expect(found["expect"].value, observer)
        if event is None:
            return None
        title = self._block.title.value if self._block.title else ""
        return TestModel(
            title=title,
            block=self._block,
            observer=observer.name,
            entity=observer.entity.name,
            event=event,
            old=old,
            new=new,
            respond=respond,
            expect=expect,
        )

    def _complete(self, found: Mapping[str, Found]) -> bool:
        missing = [k.name for k in TEST.keys if k.required and k.name not in found]
        if missing and self._block.sound:
            wrong(
                self._sink,
                f"a test needs {quoted(missing, 'and')}",
                self._block.header,
                "incomplete",
            )
        return not missing

    # names

    def _name(self, value: ast.Expr, known: Collection[str], what: str) -> str | None:
        if isinstance(value, ast.NameUse) and value.text in known:
            return value.text
        word = value.text if isinstance(value, ast.NameUse) else ""
        close = nearest(word, self._sink.comparable(known))
        help_ = (question(close),) if close else ()
        fix = similar_fix(word, close, value.span)
        shown = f"`{word}`" if word else "this"
        wrong(
            self._sink, f"{shown} is not an {what}", value.span, f"unknown {what}", *help_, fix=fix
        )
        return None

    def _observer(self, value: ast.Expr) -> ObserverModel | None:
        if isinstance(value, ast.NameUse) and self._program.project.unreadable(value.text):
            return None
        symbol = self._program.project.observers
        name = self._name(value, symbol, "observer")
        return self._observers.get(name or "")

    def _event(self, value: ast.Expr, observer: ObserverModel) -> str | None:
        entity = observer.entity.name if observer.entity else ""
        written = ""
        if isinstance(value, ast.MemberAccess) and isinstance(value.of, ast.NameUse):
            written = f"{value.of.text}.{value.name.text}"
        watched = [f"{entity}.{event}" for event in observer.events]
        if written in watched:
            return written.partition(".")[2]
        close = nearest(written, watched)
        wrong(
            self._sink,
            f"`{observer.name}` watches {quoted(watched)}",
            value.span,
            "it would not see this event",
            fix=similar_fix(written, close, value.span),
        )
        return None

    # answers and expectations

    def _respond(
        self, found: Found | None, observer: ObserverModel
    ) -> dict[str, tuple[Mapping[str, object], ...]]:
        answers: dict[str, tuple[Mapping[str, object], ...]] = {}
        for name, value in self._by_action(found, observer):
            items = value.items if isinstance(value, ast.ListLiteral) else (value,)
            read = [self._read_answer(item, found, observer.action(name)) for item in items]
            answers[name] = tuple(answer for answer in read if answer is not None)
        return answers

    def _by_action(
        self, found: Found | None, observer: ObserverModel
    ) -> list[tuple[str, ast.Expr]]:
        if found is None:
            return []
        if not isinstance(found.value, ast.ObjectLiteral):
            wrong(
                self._sink,
                f"`{found.key.name}` must be an object with a key for each action",
                found.value.span,
                "not an object",
            )
            return []
        pairs = []
        for entry in found.value.entries:
            key = entry.key
            if key is None or observer.action(key.text) is None:
                use = ast.NameUse(
                    span=key.span if key else entry.span, text=key.text if key else ""
                )
                self._name(use, observer.graph.names, f"action of `{observer.name}`")
            else:
                pairs.append((key.text, entry.value))
        return pairs

    def _read_answer(
        self, value: ast.Expr, found: Found | None, action: ActionModel | None
    ) -> Mapping[str, object] | None:
        if not isinstance(value, ast.ObjectLiteral) or found is None:
            wrong(
                self._sink,
                "an answer must be an object such as `{ status: 200 }`",
                value.span,
                "not an answer",
            )
            return None
        pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
        entries = known_entries(pairs, found.key.keys, "an answer", self._sink)
        answer = {name: self._literal(entry.value) for name, entry in entries.items()}
        for name, entry in entries.items():
            why = answer_misfit(name, answer[name], entry.value)
            if why is not None:
                wrong(self._sink, why, entry.value.span, "does not fit")
        if action is not None and "body" in entries:
            self._by_contract(action, answer, entries["body"].value.span)
        return answer

    def _by_contract(self, action: ActionModel, answer: Mapping[str, object], span: Span) -> None:
        """A body that is scripted is one that the contract allows."""
        status = answer.get("status", 200)
        if action.contract is None or not isinstance(status, int):
            return
        from fqlc.contracts.answers import Answers
        from fqlc.contracts.judging.answering import broken_by
        from fqlc.contracts.shapes import answered_with

        answers: dict[str, EntityInfo] = {}
        shape = answered_with(action.contract.operation, status)
        if shape is None:
            return
        of = Answers(answers, "").type_of(shape, "answer", "Answer")
        why = misfit(answer["body"], of, replace(self._program.project, answers=answers))
        why = why or broken_by(action.contract.operation, status, answer["body"])
        if why is not None:
            wrong(
                self._sink, f"the contract of `{action.name}` has no such answer: {why}", span,
                "does not fit",
            )  # fmt: skip

    def _literal(self, value: ast.Expr) -> object:
        if isinstance(value, ast.DurationLiteral):
            return value.milliseconds
        try:
            return plain(value)
        except NotLiteral as error:
            wrong(
                self._sink,
                "the values of expectations and answers must be literals",
                error.at.span,
                "not a literal",
            )
            return None

    def _expect(self, value: ast.Expr, observer: ObserverModel) -> Expected:
        key = TEST.key("expect")
        if not isinstance(value, ast.ObjectLiteral) or key is None:
            wrong(
                self._sink,
                "`expect` must be an object such as `{ sent: [a] }`",
                value.span,
                "not an object",
            )
            return Expected()
        pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
        found = known_entries(pairs, key.keys, "`expect`", self._sink)
        if "sent" not in found and "sent" not in meant_keys(pairs, key.keys):
            wrong(self._sink, "`expect` needs `sent`, a list of actions", value.span, "incomplete")
        ends: dict[End, list[str]] = {}
        attempts: dict[str, object] = {}
        parts: dict[str, dict[str, object]] = {}
        for name, entry in found.items():
            if name in get_args(End):
                end = cast("End", name)
                ends[end] = self._actions(entry.value, observer)
                self._one_end(end, ends, entry.value.span)
                continue
            by_action = self._by_action(entry, observer)
            given = {action: self._literal(v) for action, v in by_action}
            if name == "attempts":
                self._counts(by_action)
                attempts = given
            else:
                self._fit_kinds(name, by_action, observer)
                parts[name] = given
        return Expected(ends, attempts, parts)

    def _fit_kinds(
        self, name: str, by_action: Sequence[tuple[str, ast.Expr]], observer: ObserverModel
    ) -> None:
        """What only some kinds of actions have is expected of these alone."""
        kinds = _OF_KINDS.get(name)
        for action, value in by_action:
            model = observer.action(action)
            if kinds is None or model is None or model.kind in kinds:
                continue
            wrong(
                self._sink,
                f"`{action}` is a `{model.kind}`, which has no {_CALLED[name]}",
                value.span,
                "not of this kind",
                f"expect its {_INSTEAD[model.kind]}",
            )

    def _counts(self, by_action: Sequence[tuple[str, ast.Expr]]) -> None:
        for _, value in by_action:
            why = attempts_misfit(value.value if isinstance(value, ast.NumberLiteral) else None)
            if why is not None:
                wrong(self._sink, why, value.span, "does not fit")

    def _one_end(self, name: End, ends: Mapping[End, Sequence[str]], span: Span) -> None:
        """An action is sent or skipped; one that is dead was sent as well."""
        other: End = "sent" if name == "skipped" else "skipped"
        for action in ends[name]:
            if action in ends.get(other, ()):
                wrong(self._sink, f"`{action}` cannot be {name} and {other}", span, "contradictory")

    def _actions(self, value: ast.Expr, observer: ObserverModel) -> list[str]:
        if not isinstance(value, ast.ListLiteral):
            wrong(self._sink, "expected actions must be a list: `[a, b]`", value.span, "not a list")
            return []
        names = observer.graph.names
        what = f"action of `{observer.name}`"
        found = [self._name(item, names, what) for item in value.items]
        return [name for name in found if name is not None]
