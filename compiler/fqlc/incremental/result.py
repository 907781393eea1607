"""What is found out about units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.suppress import Remark
from fqlc.lower.pieces import Written


@dataclass(frozen=True, slots=True)
class Result:
    """What is true of one unit: findings in it that it causes itself, its comments, the
    declarations it uses as (kind, name), and its piece of the plan if one was asked for."""

    found: tuple[Diagnostic, ...]
    remarks: tuple[Remark, ...]
    uses: tuple[tuple[str, str], ...]
    piece: Written | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of each target by its number, and everything that was found in sight."""

    results: Mapping[int, Result]
    found: tuple[Diagnostic, ...]
