"""Events by HTTP."""
