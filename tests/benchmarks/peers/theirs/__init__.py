"""Programs that run in an environment of their own and use nothing of ours."""
