"""Whether what a database has of capture is what a plan needs: a judgement from facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fql.outbox.state import Status

Wanted = Literal["required", "optional"]
INSTALL = "run `fqlc capture install` with this plan"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`trouble` says why changes are lost or read wrongly, or nothing; `advice` what is out of
    date and does no harm yet. `stale` means that the triggers are another plan's. `captured` holds
    for each table whether its changes come."""

    trouble: str = ""
    advice: str = ""
    stale: bool = False
    captured: Mapping[str, bool] = field(default_factory=dict)


def judged(found: Status, triggers: Wanted) -> Judgement:
    """What a status means. With `optional`, missing triggers are not a fault: the application
    writes its events with `fql.outbox.emit`."""
    required = triggers == "required"
    stale, missing = found.named("differs"), found.named("missing")
    disabled = found.named("disabled")
    faults = [*_about_tables(found, required=required)]
    if stale:
        faults.append(
            f"the triggers {', '.join(stale)} were made for another plan, so they do not supply"
            " what this one needs"
        )
    if missing and required:
        tables = sorted({t.table for t in found.triggers if t.state == "missing"})
        faults.append(f"no triggers on {', '.join(tables)} (missing: {', '.join(missing)})")
    if disabled and required:
        faults.append(f"the triggers {', '.join(disabled)} are disabled")
    behind = found.named("behind")
    advice = f"the triggers {', '.join(behind)} are out of date" if behind else ""
    if found.younger:
        advice += f" (triggers of the application fire before them: {', '.join(found.younger)})"
    return Judgement("; ".join(faults), advice, bool(stale), _captured(found, required=required))


def installed_again(found: Judgement, made: Sequence[str]) -> str:
    """The words for triggers that were `found` wrong and have been installed again."""
    text = f"triggers were out of step with the plan; installed again: {', '.join(made) or 'none'}"
    return f"{text}; what was changed before that may be missing" if found.trouble else text


def _about_tables(found: Status, *, required: bool) -> list[str]:
    if found.tables in ("newer", "foreign"):
        return list(found.problems)
    faults = list(found.problems) if required else []
    wanted = any(trigger.state != "obsolete" for trigger in found.triggers)
    if found.tables == "older":
        faults.append("the outbox is one of an older version of fqlc")
    elif found.tables != "current" and wanted and required:
        faults.append(
            "there is no outbox" if found.tables == "none" else "the outbox is incomplete"
        )
    return faults


def _captured(found: Status, *, required: bool) -> dict[str, bool]:
    lost = {"missing", "differs", "disabled"} if required else {"differs"}
    captured: dict[str, bool] = {}
    for trigger in found.triggers:
        if trigger.state != "obsolete":
            captured[trigger.table] = (
                captured.get(trigger.table, True) and trigger.state not in lost
            )
    if required:
        captured |= dict.fromkeys(found.uncaptured, False)
    if found.tables in ("newer", "foreign", "older"):
        captured = dict.fromkeys(captured, False)
    return captured
