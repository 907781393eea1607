"""That a contract is meant to judge a webhook, and cannot. Light: most programs have no contract."""

from __future__ import annotations

from enum import Enum


class Unusable(Enum):
    """Why there is no operation was reported, so what is answered is not known."""

    REPORTED = "reported"
