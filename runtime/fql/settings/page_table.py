"""`[ui]` of `fql.toml`: the page."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fql.settings.policies import Table
from fql.settings.values import Listen, Tokens, Words


class Ui(Table):
    """The page that `fqlc ui` serves."""

    listen: Listen = Field(
        "127.0.0.1:8787",
        description="address to listen on; one that other machines reach needs `token` and `hosts`",
    )
    token: Tokens = Field(
        (),
        description="what a program sends as `Authorization: Bearer`; with a list, any"
        " of its tokens is accepted",
    )
    hosts: Words = Field(
        (), description='names under which a proxy serves the page, such as "fql.example.com"'
    )
    read_only: bool = Field(False, description="show everything, but allow no changes")
    payloads: Literal["masked", "all", "none"] = Field(
        "masked", description="rows and answers: without what is `@sensitive`, whole, not at all"
    )
    page_size: Annotated[int, Field(ge=1, le=500)] = Field(
        50, description="entries on one page of a list"
    )
