"""`/dead`: what was given up, and what becomes of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fql.client import Client
from fql.errors import UsageError
from fql.exact.reading import NotJson, read_json
from fql.exact.writing import write_json
from fql.letters import CLASSES, RATE, Bounds, Choice, Foreseen, Replayed, Wanted
from fql.store.shown import DeadLetter
from fql.ui.desk import (
    Desk,
    arrived,
    back,
    desk_of,
    form_of,
    listed,
    newest_of,
    one,
    wants_json,
)
from fql.ui.door import Form
from fql.ui.filters import AFTER, LETTERS, choice_of, filters_of, link, place_of
from fql.ui.payload.stored import hidden_letters
from fql.ui.present import words
from fql.ui.present.progress import progress_of
from fql.ui.present.state import GROUPS

ASK_TWICE = 100
"""Above this many, discarding asks for the number to be typed."""
MOST = 10_000
BEGUN = "bulk"
"""The replay that was asked for just now."""
LOOKED_AT = 20
"""Replays that are looked at, the newest."""
LIST = "the dead letters"


async def dead(request: Request) -> Response:
    """The newest that fit the filter, and how many there are of each action."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), (*LETTERS, AFTER, BEGUN))
    last, begun = place_of(given.pop(AFTER, "")), given.pop(BEGUN, "")
    ask, size, choice = await desk.asking(request), desk.page_size, choice_of(given)
    found = await ask.main(LIST, lambda it: it.dead_letters_after(last, size + 1, **choice))
    page = found[:size]
    letters = await ask.main(
        LIST, lambda client: hidden_letters(desk.shelf, client, desk.payloads, page)
    )
    if wants_json(request):
        return listed([letter.as_json() for letter in letters])
    names = [] if last else [letter.dlq_id for letter in page]
    return await desk.page(
        request, "dead", letters=letters, wanted=given, classes=CLASSES,
        exported=link("/dead/export", given), older=_older(found, given, size),
        plan=await desk.plan(ask),
        groups=await ask.some(GROUPS, lambda client: client.dead_letter_groups()),
        number=await ask.part(
            "how many match", lambda client: _number(client, choice), None
        ),
        bulks=progress_of(
            await ask.some("replays", lambda client: client.bulks(limit=LOOKED_AT)),
            desk.wall(), begun,
        ),
        newest=newest_of(names), more=arrived(request, names),
    )  # fmt: skip


async def export(request: Request) -> Response:
    """All that fit the filter, as JSON lines, page by page."""
    desk = desk_of(request)
    given = filters_of(request.query_params.multi_items(), LETTERS)
    client = await desk.commander()
    pages = client.dead_letter_pages(**choice_of(given))

    async def lines() -> AsyncIterator[bytes]:
        async for page in pages:
            for letter in await hidden_letters(desk.shelf, client, desk.payloads, page):
                yield write_json(letter.as_json()) + b"\n"

    name = {"content-disposition": 'attachment; filename="dead-letters.jsonl"'}
    return StreamingResponse(lines(), media_type="application/jsonl", headers=name)


async def _number(client: Client, choice: Choice) -> int | None:
    return await client.dead_letter_number(**choice)


def _older(letters: list[DeadLetter], given: Mapping[str, str], size: int) -> str:
    if len(letters) <= size:
        return ""
    last = letters[size - 1]
    return link("/dead", given, after=f"{words.instant(last.failed_at)}.{last.dlq_id}")


async def letter(request: Request) -> Response:
    """One of them, with all that is known about it."""
    desk = desk_of(request)
    ask = await desk.asking(request)
    found = await ask.needed(lambda client: client.dead_letter(request.path_params["id"]))
    if found is None:
        return await desk.page(
            request, "gone", 410,
            text="This dead letter is no longer open: it was replayed, discarded or removed.",
        )  # fmt: skip
    (shown,) = await ask.needed(
        lambda client: hidden_letters(desk.shelf, client, desk.payloads, [found])
    )
    if wants_json(request):
        return listed([shown.as_json()])
    behind = await ask.some("what waits for it", lambda it: _behind(desk, it, found))
    return await desk.page(request, "letter", letter=shown, behind=behind)


async def _behind(desk: Desk, client: Client, letter: DeadLetter) -> list[str]:
    """The actions of its run that wait for it, directly or not."""
    runs = await client.runs(ids=[letter.run]) if letter.run else []
    plan = await desk.shelf.of(client, runs[0].plan) if runs else None
    observer = (
        next((o for o in plan.observers if o.name == letter.observer), None) if plan else None
    )
    if observer is None:
        return []
    after = {letter.action}
    for _ in observer.nodes:
        after |= {edge.to for edge in observer.edges if edge.source in after}
    return [n["name"] for n in runs[0].nodes if n["name"] in after and n["state"] == "waiting"]


async def replay(request: Request) -> Response:
    """First what it would do, then, once that is confirmed, do it: those that are ticked at once,
    all that fit a filter as one bulk."""
    desk, form = desk_of(request), form_of(request)
    client = await desk.commander()
    given, ids = _given(form), form.get("id", [])
    confirmed = one(form, "confirm") == "yes"
    wanted = _wanted(form, given, ids, confirmed)
    if ids:
        asked = _asked(await client.replay_these(ids, **wanted))
    elif confirmed:
        bulk = await client.start_bulk(_bounds(form), form=one(form, "form"), **wanted)
        return back(request, link("/dead", given, bulk=bulk))
    else:
        asked = _foreseen(await client.foresee(**wanted))
    if confirmed:
        return back(request, "/dead" if len(ids) != 1 else f"/dead/{ids[0]}")
    return await desk.page(
        request, "replay", ids=ids, wanted=given, rate=_rate(form), asked=asked,
        force=one(form, "force") == "yes", form=uuid.uuid4().hex,
        takes=int(1000 * asked.total / _rate(form)), ways=_ways(form),
    )  # fmt: skip


def _wanted(form: Form, given: Mapping[str, str], ids: list[str], confirmed: bool) -> Wanted:
    """A replay as the form says it."""
    choice, ways = choice_of(given), _ways(form)
    wanted = Wanted(
        filter=choice.get("filter"), failed_after=choice.get("failed_after"),
        failed_before=choice.get("failed_before"), all=not given and not ids,
        dry_run=not confirmed, force=one(form, "force") == "yes",
        plan="original" if ways["plan"] == "original" else "active", delay=ways["delay"] or None,
    )  # fmt: skip
    if ways["response"]:
        wanted["response"] = _answer(ways["response"])
    elif len(ids) != 1:
        wanted["rate"] = _rate(form)
    return wanted


def _ways(form: Form) -> dict[str, str]:
    """How else than by itself a dead letter is replayed."""
    return {name: one(form, name).strip() for name in ("delay", "plan", "response")}


def _answer(text: str) -> object:
    try:
        return read_json(text.encode())
    except NotJson as problem:
        raise UsageError(f"the answer that is supplied is not JSON: {problem}") from None


def _bounds(form: Form) -> Bounds:
    """What the dry run has counted, as its form sends it back. Raises UsageError."""
    newest, total = place_of(one(form, "newest")), one(form, "total")
    if newest is None or not (total.isascii() and total.isdecimal() and len(total) < 18):
        raise UsageError(
            "choose which dead letters to replay, and confirm the number",
            hint="tick some, or use a filter",
        )
    return Bounds(int(total), newest)


async def stop(request: Request) -> Response:
    """Let a replay mark no more; what is marked goes on."""
    await (await desk_of(request).commander()).stop_bulk(one(form_of(request), "bulk"))
    return back(request, "/dead")


async def discard(request: Request) -> Response:
    """The same for giving up; more than a hundred want their number typed."""
    desk, form = desk_of(request), form_of(request)
    client = await desk.commander()
    given, ids = _given(form), form.get("id", [])
    letters = await _chosen(client, given, ids)
    number = str(len(letters))
    typed = one(form, "typed").replace(",", "")
    if one(form, "confirm") == "yes" and (len(letters) <= ASK_TWICE or typed == number):
        if letters:
            await client.discard([each.dlq_id for each in letters])
        return back(request, "/dead")
    return await desk.page(
        request, "discard", ids=ids, wanted=given, number=len(letters),
        ask_twice=len(letters) > ASK_TWICE, newest=_after_newest(letters),
    )  # fmt: skip


async def _chosen(client: Client, given: Mapping[str, str], ids: list[str]) -> list[DeadLetter]:
    if not given and not ids:
        raise UsageError("choose which dead letters to discard", hint="tick some, or use a filter")
    return await client.dead_letters(ids=ids, **choice_of(given, None if ids else MOST))


def _given(form: Form) -> dict[str, str]:
    return filters_of(((name, one(form, name)) for name in LETTERS), LETTERS)


def _rate(form: Form) -> float:
    text = one(form, "rate")
    try:
        return float(text) if text else RATE
    except ValueError:
        raise UsageError(f"{text!r} is not a number of replays per second") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a replay would do: how many of each action, and how many not, for which reason."""

    sent: list[tuple[str, int]]
    skipped: list[tuple[str, int]]
    total: int
    newest: str = ""
    hosts: tuple[tuple[str, int], ...] = ()


def _foreseen(found: Foreseen) -> Answer:
    newest = "" if found.bounds is None else "{}.{}".format(*found.bounds.newest)
    sent, skipped = list(found.actions.items()), list(found.skipped.items())
    return Answer(sent, skipped, found.total, newest, tuple(found.receivers.items()))


def _asked(replayed: list[Replayed]) -> Answer:
    skipped = Counter(each.skipped for each in replayed if each.skipped)
    sent = Counter(
        f"{each.letter.observer}.{each.letter.action}" for each in replayed if not each.skipped
    )
    return Answer(sent.most_common(), skipped.most_common(), sent.total())


def _after_newest(letters: list[DeadLetter]) -> str:
    """A bound: what fails after the question is not in the answer."""
    newest = max((letter.failed_at for letter in letters), default="")
    return words.later(newest) if newest else ""
