"""Are the functions there that a plan calls?"""

from __future__ import annotations

from fql.actions.functions import Functions
from fql.cli.examining.finding import Finding
from fql.cli.functions import functions_of
from fql.cli.project import Project
from fql.errors import FqlError
from fql.plan.kinds import CALL, has_kind
from fql.plan.model import Plan


def functions(project: Project, plan: Plan) -> list[Finding]:
    """Are the functions of the plan there, and do they take what it calls them with?"""
    if not has_kind(plan, CALL):
        return []
    place = project.settings.project.calls
    if not place:
        text = "the plan calls functions, and `[project] calls` names none: only an application can"
        return [Finding("calls", "warning", f"{text} run it, with `Runtime(calls=...)`")]
    try:
        found = functions_of(project)
        Functions(found).require(plan)
    except FqlError as problem:
        return [Finding("calls", "problem", problem.message)]
    return [Finding("calls", "ok", f"{place} has every function that the plan calls")]
