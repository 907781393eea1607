"""Commands that a person starts, and files that are no sources but count."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import MODEL, SHOP
from tests.lsp.editor import Editor, editing

TEST = """
test "a label" {
  observer: order_shipped
  event: Order.update
  old: { id: "o1", status: open, total: 200, customer: "c" }
  new: { id: "o1", status: shipped, total: 200, customer: "c" }
  expect: { sent: [label] }
}
"""
EVENT = (
    '{"entity": "Order", "event": "update", "id": "e1",'
    ' "old": {"id": "o1", "status": "open", "total": 200, "customer": "c"},'
    ' "new": {"id": "o1", "status": "shipped", "total": 200, "customer": "c"}}'
)


async def run(editor: Editor, command: str, *arguments: str) -> dict[str, object]:
    asked = types.ExecuteCommandParams(command, [editor.uri("shop.fql"), *arguments])
    found = await editor.client.workspace_execute_command_async(asked)
    return found if isinstance(found, dict) else vars(found)


async def test_commands_work_on_what_is_saved(shop: Path) -> None:
    (shop / "shop.fql").write_text(SHOP + TEST, "utf-8")
    async with editing(shop) as editor:
        editor.open("shop.fql")
        done = await run(editor, "fql.runTest", "a label")
        assert done["passed"] is True, done
        assert [m.message for m in editor.client.messages] == ["the test 'a label': passed"]
        told = await run(editor, "fql.explainEvent", EVENT)
        assert "order_shipped" in str(told["output"])
        drawn = await run(editor, "fql.showGraph", "order_shipped")
        page = Path(str(drawn["uri"]).removeprefix("file://"))
        assert b"order_shipped" in page.read_bytes()
        with pytest.raises(JsonRpcException, match="no observer"):
            await run(editor, "fql.showGraph", "nobody")
        editor.type("shop.fql", (0, 0, 0, 0, "# new\n"))
        with pytest.raises(JsonRpcException, match="save it first"):
            await run(editor, "fql.runTest")


CONTRACT = """\
openapi: 3.1.0
info: {title: Carrier, version: "1"}
servers: [{url: "https://carrier.example.com"}]
paths:
  /labels:
    post:
      operationId: make
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [customer]
              properties: {customer: {type: TYPE}}
      responses: {"200": {description: made}}
"""
PROGRAM = """\
endpoint carrier { contract: "carrier.yaml" url: "https://carrier.example.com" }
observer sent {
  on: Order.insert
  webhook label { endpoint: carrier path: "/labels" body: { customer } }
}
"""


async def test_a_contract_that_changes_is_read_again(shop: Path) -> None:
    (shop / "shop.fql").write_text(f'import "model.fql"\n{PROGRAM}', "utf-8")
    (shop / "model.fql").write_text(MODEL, "utf-8")
    (shop / "carrier.yaml").write_text(CONTRACT.replace("TYPE", "string"), "utf-8")
    async with editing(shop) as editor:
        editor.open("shop.fql")
        before = [d for d in await editor.told("shop.fql", 1) if str(d.code).startswith("FQL4")]
        (shop / "carrier.yaml").write_text(CONTRACT.replace("TYPE", "integer"), "utf-8")
        editor.changed_on_disk("carrier.yaml")
        after = (await editor.told_next("shop.fql")).diagnostics
        assert before == []
        assert any(str(d.code).startswith("FQL4") for d in after)
