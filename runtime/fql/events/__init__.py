"""Events: what happened, checked against the plan, and their identity."""
