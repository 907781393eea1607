"""A dead letter replayed by another plan than its own: it fits, or is refused with the path."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.plan.model import Plan
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import plan_of, settings_of

ENTITY = """
entity Order {{ id: ID @key  status: String  total: Decimal  note: String?  {fields} }}
{types}
endpoint shop {{ url: "${{RECEIVER}}" retry: {{ max_attempts: 1 }} }}
"""
FIRST = """
observer placed {
  on: Order.insert
  webhook tell { endpoint: shop path: "/tell" body: { id } }
}
"""


def version(observer: str = FIRST, fields: str = "", types: str = "", entity: str = "") -> Plan:
    return plan_of(observer, entity=entity or ENTITY.format(fields=fields, types=types))


def telling(body: str, **more: str) -> Plan:
    return version(FIRST.replace("{ id }", body), **more)


ROW = {"id": "o1", "status": "7", "total": "1.50", "note": None}


class Story:
    def __init__(self, server: MockWebhookServer, folder: Path) -> None:
        self.server = server
        self.store = f"sqlite:///{folder}/s.db"

    def at_work(self, plan: Plan) -> Runtime:
        return Runtime(
            plan, store=self.store, settings=settings_of(), listeners=(),
            environment={"RECEIVER": self.server.url},
        )  # fmt: skip

    async def dead(self, plan: Plan, event: str = "Order.insert", **rows: object) -> str:
        """One dead letter of this plan; its id. Paths with `ok` are answered well."""
        good = Reply(200, {"id": 7, "name": "n"})
        self.server.always(lambda request: good if "ok" in request.path else 400)
        async with self.at_work(plan) as running:
            await running.emit(event, **(rows or {"new": ROW}))  # type: ignore[arg-type]
            await running.until_idle(20)
            [letter] = await running.client.dead_letters()
        self.server.always(good)
        self.server.clear()
        return letter.dlq_id

    async def replayed(self, by: Plan, dlq_id: str, **how: object) -> tuple[str, list[object]]:
        """Why it was skipped, and the bodies of what was sent."""
        async with self.at_work(by) as running:
            [one] = await running.replay(dlq_id, **how)  # type: ignore[arg-type]
            await running.until_idle(20)
            left = await running.client.dead_letters()
            assert bool(left) == bool(one.skipped), (left, one.skipped)
        return one.skipped, [request.payload for request in self.server.requests]


@pytest.fixture
def story(webhook_server: MockWebhookServer, tmp_path: Path) -> Story:
    return Story(webhook_server, tmp_path)


SHOP = 'endpoint shop { url: "${RECEIVER}" }'
FITS = {
    "the same fields": (telling("{ id, status }"), {"id": "o1", "status": "7"}),
    "a field added that may be null": (
        telling("{ id, added }", fields="added: Int?"), {"id": "o1", "added": None}),
    "a field removed": (
        telling("{ id }", entity="entity Order { id: ID @key }\n" + SHOP), {"id": "o1"}),
    "a field retyped, and what came fits": (
        telling("{ id, status }", entity=ENTITY.format(fields="", types="").replace(
            "status: String", "status: ID")), {"id": "o1", "status": "7"}),
    "a field made nullable": (
        telling("{ id, total }", entity=ENTITY.format(fields="", types="").replace(
            "total: Decimal", "total: Decimal?")), {"id": "o1", "total": "1.50"}),
}  # fmt: skip


@pytest.mark.parametrize("change", FITS)
async def test_what_fits_is_sent_by_the_active_plan(story: Story, change: str) -> None:
    plan, body = FITS[change]
    skipped, sent = await story.replayed(plan, await story.dead(version()))
    assert (skipped, sent) == ("", [body])


def entity(old: str, new: str) -> str:
    return ENTITY.format(fields="", types="").replace(old, new)


MISFITS = {
    "a field added": (telling("{ id, must }", fields="must: Int"), "new.must must be"),
    "a field renamed": (telling("{ id, state }", entity=entity("status", "state")), "new.state"),
    "a field retyped": (
        telling("{ id, status }", entity=entity("status: String", "status: Boolean")),
        'new.status must be true or false, but the text "7" came'),
    "null no longer allowed": (
        telling("{ id, note }", entity=entity("note: String?", "note: String")), "new.note"),
    "an enum without the member": (
        telling("{ id, status }", entity="enum S { a }\n" + entity("status: String", "status: S")),
        "new.status"),
    "another entity": (
        version('entity Customer { id: ID @key }' + FIRST.replace("Order", "Customer")),
        "watches Customer.insert, and not Order.insert"),
    "another kind of event": (
        version(FIRST.replace("Order.insert", "Order.delete")), "watches Order.delete"),
    "no such entity": (
        version(FIRST.replace("Order", "Customer"), entity=entity("Order", "Customer")),
        "watches Customer.insert"),
    "no such action": (version(FIRST.replace("webhook tell", "webhook say")), "no longer has this"),
    "no such observer": (version(FIRST.replace("placed", "other")), "no longer has this"),
    "an action before it whose answer it needs": (
        version("""
observer placed {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/reserve" body: { id } response: Reservation }
  webhook tell { endpoint: shop path: "/tell" body: { id, r: reserve.response.id } }
}""", types="type Reservation { id: Int }"), "it needs the answer of reserve"),
}  # fmt: skip


@pytest.mark.parametrize("change", MISFITS)
async def test_what_does_not_fit_is_refused_with_its_path(story: Story, change: str) -> None:
    plan, words = MISFITS[change]
    dlq_id = await story.dead(version())
    skipped, sent = await story.replayed(plan, dlq_id)
    assert words in skipped
    assert "--plan original" in skipped
    assert sent == []
    skipped, sent = await story.replayed(plan, dlq_id, plan="original")
    assert (skipped, sent) == ("", [{"id": "o1"}])


@pytest.mark.parametrize("change", MISFITS)
async def test_the_engine_refuses_it_as_well(
    story: Story, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A command may have been written while another plan was active."""
    dlq_id = await story.dead(version())
    async with story.at_work(version()) as running:
        store, client = running._store, running.client
        run = (await client.runs())[0].run
    plan, _ = MISFITS[change]
    async with story.at_work(plan) as running:
        store = running._store
        body = f'{{"letter":"{dlq_id}","run":{int(run[4:], 16)},"node":"tell"}}'
        await store.append([("replay", body.encode())], 1)
        await running.until_idle(20)
        [letter] = await running.client.dead_letters()
        assert letter.state == "dead"
    assert "was not carried out" in caplog.text
    assert '"7"' not in caplog.text, "a log quotes no row"
    assert story.server.requests == []


async def test_a_replay_that_waits_is_checked_again_when_the_plan_changes(story: Story) -> None:
    """Between the command and its time another plan became active: dead with words, not sent. What
    waits for longer than a second is in the store, and checked when its time has come."""
    dlq_id = await story.dead(version())
    misfit = MISFITS["a field added"][0]
    async with story.at_work(version()) as running:
        await running.replay(dlq_id, delay="1200ms")
        await asyncio.sleep(0.2)
        await running.reload(misfit)
        await running.until_idle(20)
        [letter] = await running.client.dead_letters()
        assert (letter.state, letter.error_class) == ("dead", "evaluation")
        assert "new.must" in letter.reason
    assert story.server.requests == []


async def test_a_replay_that_waits_is_checked_again_at_the_start(story: Story) -> None:
    dlq_id = await story.dead(version())
    async with story.at_work(version()) as running:
        await running.replay(dlq_id, delay="0.4s")
        await asyncio.sleep(0.2)
    async with story.at_work(MISFITS["a field added"][0]) as running:
        await running.until_idle(20)
        [letter] = await running.client.dead_letters()
        assert (letter.state, letter.error_class) == ("dead", "evaluation")
    assert story.server.requests == []


CHAIN = """
observer placed {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/ok/reserve" body: { id } response: R }
  webhook tell { endpoint: shop path: "/tell" body: { id, r: reserve.response.id } }
  webhook last { endpoint: shop path: "/last" body: { r: reserve.response.id } }
}
"""
BEFORE = "type R { id: Int, name: String }"


async def test_answers_are_checked_against_the_plan_they_go_to(story: Story) -> None:
    dlq_id = await story.dead(version(CHAIN, types=BEFORE))
    other = version(CHAIN, types="type R { id: Boolean, name: String }")
    skipped, sent = await story.replayed(other, dlq_id)
    assert "the answer of reserve does not fit the active plan: response.id" in skipped
    assert sent == []
    skipped, sent = await story.replayed(version(CHAIN, types="type R { id: ID }"), dlq_id)
    assert (skipped, sent) == ("", [{"id": "o1", "r": 7}, {"r": 7}])


READ_LATER = CHAIN.replace("/ok/reserve", "/reserve")


UNREAD = READ_LATER.replace("response: R", "").replace("reserve.response.id", "id")


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (
            version(READ_LATER.replace("response: R", "").replace("reserve.response.id", "id")),
            "as R",
        ),
        (version(READ_LATER, types="type R { id: Int }"), "response.name"),
    ],
)
async def test_what_later_actions_read_must_be_kept(story: Story, then: Plan, words: str) -> None:
    """The run goes on by its own plan after the replayed action."""
    text = READ_LATER.replace("{ r: reserve", "{ n: reserve.response.name, r: reserve")
    dlq_id = await story.dead(version(text, types=BEFORE))
    skipped, _ = await story.replayed(then, dlq_id)
    assert "the actions that follow read the answer of reserve" in skipped
    assert words in skipped


async def test_an_answer_that_its_run_cannot_read_is_dead_with_words(story: Story) -> None:
    dlq_id = await story.dead(version(READ_LATER, types=BEFORE))
    other = version(READ_LATER, types="type R { id: String, name: String }")
    async with story.at_work(other) as running:
        story.server.always(Reply(200, {"id": "seven", "name": "n"}))
        await running.replay(dlq_id)
        await running.until_idle(20)
        [letter] = await running.client.dead_letters()
    assert "response.id must be" in letter.reason
    assert len(story.server.requests) == 1


async def test_a_response_is_checked_against_the_plan_of_the_run(story: Story) -> None:
    dlq_id = await story.dead(version(READ_LATER, types=BEFORE))
    plan = version(READ_LATER, types=BEFORE)
    async with story.at_work(plan) as running:
        for wrong in ({"id": "x", "name": "n"}, {"id": 1}, [1], 123456789012345678901234567890):
            [one] = await running.replay(dlq_id, response=wrong)
            assert "the response does not fit: response" in one.skipped
        [one] = await running.replay(dlq_id, response={"id": 10**30, "name": "n"})
        assert one.skipped == ""
        await running.until_idle(20)
    assert story.server.requests[0].payload == {"id": "o1", "r": 10**30}


UPDATES = """
observer placed {
  on: Order.update
  when: total > 1
  webhook tell { endpoint: shop path: "/tell" body: BODY }
}
"""


async def test_old_values_that_the_active_plan_needs_must_be_there(story: Story) -> None:
    plain = version(UPDATES.replace("BODY", "{ id }"))
    dlq_id = await story.dead(plain, "Order.update", new=ROW)
    needs = version(UPDATES.replace("BODY", "{ id, was: status.old }"))
    skipped, _ = await story.replayed(needs, dlq_id)
    assert "old must be" in skipped
    other = UPDATES.replace("BODY", "{ id }") + UPDATES.replace("placed", "second").replace(
        "BODY", "{ id, was: status.old }"
    )
    skipped, sent = await story.replayed(version(other), dlq_id)
    assert (skipped, sent) == ("", [{"id": "o1"}]), "what another observer needs is not missed"


async def test_a_batched_action_after_the_dead_one(story: Story) -> None:
    """The replay completes, and what follows waits in a buffer of the run's own plan."""
    text = FIRST.replace(
        "body: { id } }",
        'body: { id } }\n  webhook many { endpoint: shop path: "/ok/many"'
        " body: { all: each { id } } batch: { size: 10, timeout: 1h } }",
    )
    dlq_id = await story.dead(version(text))
    other = version(text.replace("body: { id }", "body: { id, status }"))
    for _ in range(2):
        async with story.at_work(other) as running:
            await running.replay(dlq_id)
            await running.until_idle(20)
            assert [run.state for run in await running.client.runs()] == ["done"]
    assert [request.path for request in story.server.requests] == ["/tell", "/ok/many"]


async def test_a_replayed_member_of_a_batch_goes_by_the_active_plan(story: Story) -> None:
    """Batched then, and not any more; and the other way round."""
    batched = FIRST.replace(
        "body: { id }", "body: { all: each { id } } batch: { size: 1, timeout: 1h }"
    )
    dlq_id = await story.dead(version(batched))
    assert await story.replayed(version(), dlq_id) == ("", [{"id": "o1"}])
    dlq_id = await story.dead(version())
    assert await story.replayed(version(batched), dlq_id) == ("", [{"all": [{"id": "o1"}]}])


async def test_attempts_of_a_batch_are_those_of_its_members(story: Story) -> None:
    """While it is tried, when it is done, and after it was sent again."""
    text = FIRST.replace(
        "body: { id }",
        "body: { all: each { id } } batch: { size: 1, timeout: 1h }"
        " retry: { max_attempts: 5, initial_delay: 1s, jitter: none }",
    )
    story.server.reply(503, path="/tell")
    async with story.at_work(version(text)) as running:
        receipt = await running.emit("Order.insert", new=ROW)
        await asyncio.sleep(0.4)
        [run] = await running.client.runs()
        assert [node["attempts"] for node in run.nodes] == [1]
        await running.until_idle(20)
        [run] = await running.client.runs()
        assert [node["attempts"] for node in run.nodes] == [2]
        await running.client.resend(receipt.runs[0])
        await running.client.wait_taken()
        await running.until_idle(20)
        [run] = await running.client.runs()
        assert [node["attempts"] for node in run.nodes] == [3]
        trace = await running.client.trace(receipt.runs[0])
        assert sorted(one.number for one in trace.attempts[receipt.runs[0]]) == [1, 2, 3]
    assert [request.attempt for request in story.server.requests] == [1, 2, 3]
