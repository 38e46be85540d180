"""Where this stage's routers stand under the API."""

from importlib import import_module

from ninja import NinjaAPI

from annotations.api import (
    agreement,
    datasets,
    evaluations,
    exports,
    failure_modes,
    golds,
    imports,
    judge_runs,
    judges,
    pass_rate,
    resolve,
    reviewers,
    rollouts,
    rubrics,
    second_opinion,
    send,
    shadow,
    slices,
)


def add_routers(api: NinjaAPI) -> None:
    """Add the routers of this stage."""
    import_module("annotations.api.projects")  # adds to the router of projects
    api.add_router("/projects", rubrics.router)
    api.add_router("/projects", imports.router)
    api.add_router("/projects", agreement.router)
    api.add_router("/projects", second_opinion.router)
    api.add_router("/projects", pass_rate.router)
    api.add_router("/projects", golds.router)
    api.add_router("/projects", reviewers.router)
    api.add_router("/projects", judges.router)
    api.add_router("/projects", judge_runs.router)
    api.add_router("", judge_runs.by_id)
    api.add_router("/projects", failure_modes.router)
    api.add_router("/projects", datasets.router)
    api.add_router("", evaluations.router)
    api.add_router("/projects", slices.router)
    api.add_router("/projects", shadow.router)
    api.add_router("", rollouts.router)
    api.add_router("", resolve.router)
    api.add_router("", exports.router)
    api.add_router("", send.router)
