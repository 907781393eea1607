"""The tables of `[contracts.NAME]`."""

from __future__ import annotations

from pydantic import Field

from fql.settings.policies import Table


class ContractSource(Table):
    """Where `fqlc contract` fetches the contract of the endpoint NAME."""

    source: str = Field(description="the url of the OpenAPI document, which may hold `${NAME}`")
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="headers of the request, whose values may hold `${NAME}`",
    )
