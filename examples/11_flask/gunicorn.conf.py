"""gunicorn reads this file by itself. The runtime starts after the fork: one that was started
before has its thread in the parent alone, and each call of a child raises an error that says so."""

from typing import Any

from fql import blocking, load_plan

workers = 2
preload_app = True  # imports the application once; nothing of it may start a runtime
graceful_timeout = 35  # [webhooks.dispatch] drain (25s), and 10 s more


def post_worker_init(worker: Any) -> None:
    """In the worker, once the application is there."""
    runtime = blocking.Runtime(load_plan("plan.json"), settings="fql.toml")
    worker.app.wsgi().extensions["fql"] = runtime.__enter__()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """In the worker, after its last request: drain."""
    runtime = worker.app.wsgi().extensions.get("fql")
    if runtime is not None:
        runtime.__exit__(None, None, None)
