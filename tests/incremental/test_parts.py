"""What a compile in parts works out again, and what it keeps."""

from __future__ import annotations

import random

import pytest

from fqlc.checks import catalogue
from fqlc.checks.model import Program, Surroundings
from fqlc.diagnostics.sink import Sink
from fqlc.incremental.answer import answer
from fqlc.incremental.compile import Assembled
from fqlc.incremental.job import job_of
from fqlc.incremental.kept import Kept
from fqlc.incremental.layout import lay_out
from fqlc.pipeline import compile_project
from fqlc.syntax.reading.split import split
from tests.incremental.projects import Story
from tests.incremental.test_same_answer import assert_same, in_parts

ROOTS = ["main.fql"]
_NOTHING = Surroundings()
ENTITY = "entity Order { id: ID @key  total: Int }\n"


def observer(name: str, more: str = "") -> str:
    """An observer of orders."""
    return (
        f"observer {name} {{\n  on: Order.insert\n  webhook tell_{name} {{\n"
        f'    url: "https://x.example.com/"\n    {more}\n  }}\n}}\n'
    )


TEST = """\
test {} {{
  observer: one
  event: Order.insert
  new: {{ id: "1", total: 3 }}
  expect: {{ sent: [tell_one] }}
}}
"""


def compiled(text: str, known: Kept | None = None) -> Assembled:
    """A project of one file, in parts."""
    done = in_parts({"main.fql": text.encode()}, ROOTS, known)
    assert done is not None
    return done


def worked_out(before: str, after: str) -> int:
    """How many declarations are worked out when one text becomes another."""
    return compiled(after, compiled(before).kept).worked_out


BASE = ENTITY + "let most = 5\n" + observer("one") + observer("two", "body: { id, most }")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", 0),
        ("webhook tell_one {", "webhook say_one {", 1),
        ("let most = 5", "let most = 6", 2),
        ("total: Int", "total: Int?", 3),
        ("entity Order", "# A note above.\n\nentity Order", 1),
        ("observer two", "\n\n\n\nobserver two", 1),
        ("let most", "defaults { timeout: 3s }\nlet most", 5),
        ("let most", "enum Level { low, high }\nlet most", 1),
    ],
)
def test_only_what_leans_on_a_change_is_worked_out(old: str, new: str, expected: int) -> None:
    assert worked_out(BASE, BASE.replace(old, new, 1)) == expected


def test_a_new_name_reaches_all_who_may_mean_it() -> None:
    """`most` is no name for the first observer until it says so."""
    text = ENTITY + observer("one", 'body: { id, most: "few" }')
    assert worked_out(text, text + "let most = 5\n") == 2


def test_a_name_spelt_by_escapes_is_seen() -> None:
    """`\\u{6d}ost` in a template is `most`, a tab before a name is no letter of it."""
    first = observer("one", 'body: { id, text: "{{ \\u{6d}ost }}" }')
    second = observer("two", 'body: { id, text: "a{{\\tmost }}" }')
    text = ENTITY + "let most = 5\n" + first + second
    assert worked_out(text, text.replace("= 5", "= 6")) == 3


@pytest.fixture
def blaming(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that warns at a named policy because of who uses it with nine attempts."""

    def blame(program: Program, sink: Sink) -> None:
        users = [(o.name, a.settings) for o in program.observers for a in o.actions]
        users += [(e.name, e.settings) for e in program.endpoints.values()]
        for name, settings in users:
            attempts = settings.get("retry.max_attempts")
            delay = settings.get("retry.initial_delay")
            if attempts and delay and delay.span and attempts.value == 9:
                sink.warning("FQL341", f"nine of them in {name}", delay.span)

    monkeypatch.setattr(catalogue, "RULES", (*catalogue.RULES, blame))


POLICY = "retry patient { initial_delay: 2s }\n"


@pytest.mark.usefixtures("blaming")
@pytest.mark.parametrize(
    "cause",
    [
        observer("one", "retry: { ...patient, max_attempts: 9 }"),
        'endpoint depot { url: "https://d.example.com"  retry: { ...patient, max_attempts: 9 } }\n'
        + observer("one").replace('url: "https://x.example.com/"', 'endpoint: depot  path: "/"'),
    ],
)
def test_a_finding_at_a_declaration_goes_with_the_one_that_brought_it_about(cause: str) -> None:
    """The policy says nothing wrong itself, and another observer uses it as well."""
    other = observer("two", "retry: patient")
    text = ENTITY + POLICY + cause + other
    first = compiled(text)
    assert [d.code for d in first.compilation.diagnostics] == ["FQL341"]
    again = compiled(text, first.kept)
    assert again.compilation.diagnostics == first.compilation.diagnostics
    mended = text.replace("max_attempts: 9", "max_attempts: 8")
    assert compiled(mended, again.kept).compilation.diagnostics == ()
    assert (
        compiled(text, compiled(mended).kept).compilation.diagnostics
        == first.compilation.diagnostics
    )


def test_what_an_endpoint_says_of_itself_is_kept() -> None:
    """A warning at an endpoint costs its users nothing."""
    endpoint = 'endpoint depot { url: "http://depot.example.com" }\n'
    text = (
        ENTITY
        + endpoint
        + observer("one").replace('url: "https://x.example.com/"', 'endpoint: depot  path: "/"')
    )
    first = compiled(text)
    assert {d.code for d in first.compilation.diagnostics} == {"FQL332"}
    again = compiled(text, first.kept)
    assert again.worked_out == 0
    assert again.compilation.diagnostics == first.compilation.diagnostics


def test_a_plan_is_made_where_only_a_check_is_known() -> None:
    files = {"main.fql": BASE.encode()}
    checked = in_parts(files, ROOTS, with_plan=False)
    assert checked is not None
    assert checked.compilation.plan is None
    assert compiled(BASE, checked.kept).compilation.plan == compiled(BASE).compilation.plan


def test_an_import_in_a_comment_imports_nothing() -> None:
    """Nor does one in a text: the plan tells of the files that were read."""
    files = {"main.fql": f'# import "other.fql"\n{BASE}'.encode(), "other.fql": b"let other = 1\n"}
    done = in_parts(files, ROOTS)
    assert done is not None
    assert_same(done, files, ROOTS)
    assert list(done.compilation.sources) == ROOTS


@pytest.mark.parametrize("text", ['import "other.fql"\n', "import 'other.fql' # ours\n"])
def test_imports_in_either_quotes(text: str) -> None:
    files = {"main.fql": f"{text}{BASE}".encode(), "other.fql": b"let other = 1\n"}
    done = in_parts(files, ROOTS)
    assert done is not None
    assert_same(done, files, ROOTS)
    assert set(done.compilation.sources) == {"main.fql", "other.fql"}


@pytest.mark.parametrize(
    "text",
    [
        "entity Order { id: ID @key }\nentity Order { id: ID @key }\n",
        'import "missing.fql"\n',
        'import "main.fql"\n',
        "entity { id: ID @key }\n",
        'test "one" { }\ntest "one" { }\n',
        "test 'one' { }\n# twice\ntest \"one\" { }\n",
        "observer one {\n",
        '"""\nentity Order {\n',
    ],
)
def test_what_is_no_plain_project_has_no_answer_in_parts(text: str) -> None:
    assert in_parts({"main.fql": text.encode()}, ROOTS) is None


@pytest.mark.parametrize(
    ("there", "added"),
    [
        (TEST.format('"it is told"'), TEST.format("'it is told'")),
        ("enum Level { low, high }\n", "type Level { low: Int }\n"),
        (observer("three"), observer("three", "body: { id }")),
    ],
)
def test_a_name_taken_by_a_declaration_that_is_known(there: str, added: str) -> None:
    """Each is sound by itself, and only one of them is worked out."""
    before = compiled(BASE + there)
    assert compiled(BASE + added).compilation.plan
    files = {"main.fql": (BASE + there + added).encode()}
    assert in_parts(files, ROOTS, before.kept) is None


def test_declarations_that_share_a_line_are_noticed() -> None:
    """The cut misses the second one; what was read tells."""
    assert in_parts({"main.fql": (ENTITY.strip() + " let most = 5\n").encode()}, ROOTS) is None


def test_every_place_is_where_it_was() -> None:
    """A job blanks out what it does not need and moves nothing."""
    story = Story(random.Random(4))
    files = story.files()
    layout = lay_out(ROOTS, files.get, "")
    assert layout is not None
    for number, unit in enumerate(layout.units):
        job = job_of(layout, [number], _NOTHING, with_plan=False)
        text = job.texts()[unit.path]
        assert text[unit.part.start : unit.part.end] == unit.text
        assert text[: unit.part.start].count("\n") == unit.part.line - 1


def test_errors_have_no_answer_in_parts() -> None:
    files = {"main.fql": (ENTITY + observer("one", "body: idd")).encode()}
    layout = lay_out(ROOTS, files.get, "")
    assert layout is not None
    assert answer(job_of(layout, range(len(layout.units)), _NOTHING, with_plan=True)) is None


@pytest.mark.parametrize(
    "text",
    [
        "entity Order { id: ID @key\ndefaults : String } defaults { timeout: 20s }\n",
        "let one = 1 let two = 2\n",
    ],
)
def test_a_declaration_that_is_not_in_the_part_that_promised_it(text: str) -> None:
    """Even where as many of each kind were promised."""
    assert in_parts({"main.fql": text.encode()}, ROOTS) is None


def test_a_comment_ends_with_its_line_of_whatever_kind() -> None:
    text = '# it\r"""All of it."""\rlet most = 5\n"""No\nentity Order {}\n"""\nlet few = 1\n'
    assert [part.name for part in split(text)] == ["", "few"]


def test_a_second_byte_order_mark_is_no_mark() -> None:
    files = {"main.fql": b"\xef\xbb\xbf\xef\xbb\xbf\n" + BASE.encode()}
    assert compile_project(ROOTS, files.get).plan is None
    assert in_parts(files, ROOTS) is None
