"""A snapshot while somebody types: places are carried over, and broken declarations remembered."""

from __future__ import annotations

import gc
import random

from fqlc.services.answers import Refusal
from fqlc.services.basis.drift import Drift
from fqlc.services.completion.complete import complete
from fqlc.services.hover import hover
from fqlc.services.renaming.rename import rename
from fqlc.services.snapshot import over, take_snapshot
from fqlc.source.text import Span
from tests.services.programs import faulty, some, sound

SOUND = """entity E { id: ID @key, name: String }
enum Colour { red, green }
observer o { on: E.insert when: name == "a" webhook w { url: "https://a.example.com" } }
"""


def test_a_declaration_that_cannot_be_read_keeps_its_fields() -> None:
    """For completion and hover; renaming is refused, and says because of what."""
    files = {"a.fql": SOUND.encode()}
    before = take_snapshot(["a.fql"], files.get)
    broken = SOUND.replace("entity E { id: ID @key, name: String }", "entity E { id: : ID }")
    files["a.fql"] = broken.encode()
    now = take_snapshot(["a.fql"], files.get, before=before)
    place = broken.index("name ==")
    labels = {item.label for item in complete(now, "a.fql", place)}
    assert {"id", "name"} <= labels
    found = rename(now, "a.fql", broken.index("o { on"), "p")
    assert not isinstance(found, Refusal)
    refused = rename(now, "a.fql", broken.index("E.insert"), "F")
    assert isinstance(refused, Refusal) and "`E`" in refused.reason
    assert hover(now, "a.fql", broken.index("E.insert")) is not None
    again = take_snapshot(["a.fql"], {"a.fql": broken.encode()}.get, before=now)
    assert again.kept.rows.keys() == {"E"}


def test_an_observer_that_cannot_be_read_keeps_its_actions() -> None:
    """For its flow, and for the tests of it."""
    files = {"a.fql": SOUND.encode()}
    before = take_snapshot(["a.fql"], files.get)
    broken = SOUND.replace(
        'webhook w { url: "https://a.example.com" } }', "webhook w { url: : } flow"
    )
    broken += 'test "t" { observer: o event: E.insert expect: { sent: [] } }\n'
    now = take_snapshot(["a.fql"], {"a.fql": broken.encode()}.get, before=before)
    found = complete(now, "a.fql", broken.index("sent: [") + len("sent: ["))
    assert "w" in {item.label for item in found}


def test_nothing_is_renamed_in_a_text_that_has_changed() -> None:
    """Its edits would be those of the text as it was checked."""
    snapshot = take_snapshot(["a.fql"], {"a.fql": SOUND.encode()}.get)
    place = SOUND.index("E {")
    assert not isinstance(rename(snapshot, "a.fql", place, "F"), Refusal)
    typed = snapshot.typed("a.fql", "# new\n" + SOUND)
    found = rename(typed, "a.fql", place, "F")
    assert isinstance(found, Refusal) and "has changed" in found.reason


def test_open_texts_count_more_than_files() -> None:
    """What is open is read in place of the file."""
    read = over({"a.fql": b"let a = 1\n", "b.fql": b"let b = 2\n"}.get, {"a.fql": "let c = 3\n"})
    snapshot = take_snapshot(["a.fql", "b.fql"], read)
    assert set(snapshot.program.project.lets) == {"c", "b"}


def test_places_are_carried_over_any_edits() -> None:
    """A place that is still there holds the same text, and the way back leads to where it was."""
    rng = random.Random(1)
    for _ in range(200):
        text = "# " + "".join(rng.choices("ab ", k=30))
        snapshot = take_snapshot(["a.fql"], {"a.fql": text.encode()}.get)
        newest = text
        for _ in range(rng.randint(1, 4)):
            at = rng.randint(0, len(newest))
            end = min(len(newest), at + rng.choice((0, 0, 1, 5)))
            newest = newest[:at] + "".join(rng.choices("ab ", k=rng.randint(0, 4))) + newest[end:]
            snapshot = snapshot.typed("a.fql", newest)
        for start in range(len(text)):
            span = snapshot.now(Span("a.fql", start, start + 1))
            if span is not None and span.end - span.start == 1:
                assert newest[span.start] == text[start]
                assert snapshot.then("a.fql", span.start) == start
        assert snapshot.typed("a.fql", text).is_current()


def test_the_drift_of_equal_texts_moves_nothing() -> None:
    """And one of a text that was emptied leaves no place."""
    same = Drift.between("abc", "abc")
    assert same.ahead(Span("a", 1, 2)) == Span("a", 1, 2)
    assert Drift.between("abc", "").ahead(Span("a", 1, 2)) is None


def test_a_check_leaves_no_ring_of_ours() -> None:
    """Neither the check nor its answer: rings of a large project would have to be looked for while
    everybody waits."""
    for program in [*some(sound(), 8, 7), *some(faulty(), 12, 7)]:
        program.snapshot()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            snapshot = program.snapshot()
            snapshot.index.read_all(lambda: None)
            del snapshot
            gc.collect()
            modules = {type(left).__module__.partition(".")[0] for left in gc.garbage}
            assert not modules & {"fql", "fqlc", "fql_grammar"}, program.name
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
