"""Judges that run here over the API: providers, judges, frozen versions, runs, online judging, attacks, budgets."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from annotations.api.judge_run_bodies import (
    AnchorsIn,
    AttackOut,
    BudgetsIn,
    BudgetsOut,
    EstimateOfRunOut,
    JudgeIn,
    JudgeList,
    JudgeOut,
    JudgeVersionOut,
    OnlineIn,
    OnlineOut,
    ProviderFields,
    ProviderIn,
    ProviderList,
    ProviderOut,
    ResumeIn,
    RunCreated,
    RunIn,
    RunList,
    RunOut,
    TestIn,
    TestOut,
    VersionDetail,
    VersionIn,
)
from annotations.judges.attacks import find_attacks, start_attacks
from annotations.judges.estimate import estimate_run
from annotations.judges.online import set_online
from annotations.judges.pairs import get_judge_version
from annotations.judges.providers import change_provider, create_provider, keys_set, list_providers, test_provider
from annotations.judges.runs import (
    authorize_run,
    get_progress,
    list_runs,
    resume_run,
    start_anchor_run,
    start_run,
    stop_run,
)
from annotations.judges.spending import get_spending, in_usd, set_budgets
from annotations.judges.versions import Choice, create_judge, create_version, get_judge, list_judges
from annotations.models import JudgeProvider
from annotations.quality.asked import get_question
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Judges"])
by_id = Router(tags=["Judges"])


def _provider_out(row: JudgeProvider) -> ProviderOut:
    return ProviderOut.of(row, api_key_set=bool(keys_set(row.project_id, [row.name])))


@router.post("/{slug}/providers", response={201: ProviderOut}, summary="Add a provider", operation_id="post_provider")
def post_provider(request: HttpRequest, slug: str, body: ProviderIn) -> Status[ProviderOut]:
    """Add a provider for the project's judges. Its key is written once and never read again."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROVIDERS)
    return Status(201, _provider_out(create_provider(access, body.spec(body.name), now=timezone.now())))


@router.get("/{slug}/providers", response=ProviderList, summary="List providers", operation_id="get_providers")
def get_providers(request: HttpRequest, slug: str) -> ProviderList:
    """List the project's providers, without their keys."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    rows = list_providers(access.project.pk)
    with_key = keys_set(access.project.pk, [row.name for row in rows])
    return ProviderList(results=[ProviderOut.of(row, api_key_set=row.name in with_key) for row in rows])


@router.patch(
    "/{slug}/providers/{name}", response=ProviderOut, summary="Change a provider", operation_id="patch_provider"
)
def patch_provider(request: HttpRequest, slug: str, name: str, body: ProviderFields) -> ProviderOut:
    """Set address, key, prices and limits anew; without `api_key` and `api_key_env` a stored key stays."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROVIDERS)
    return _provider_out(change_provider(access, name, body.spec(name), now=timezone.now()))


@router.post(
    "/{slug}/providers/{name}/test", response=TestOut, summary="Try a provider", operation_id="post_provider_test"
)
def post_test(request: HttpRequest, slug: str, name: str, body: TestIn | None = None) -> TestOut:
    """Ask a provider for one word; it costs a few tokens."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROVIDERS)
    found = test_provider(access, name, model=(body or TestIn()).model, now=timezone.now())
    return TestOut(ok=found.ok, message=found.message, latency_ms=found.latency_ms)


@router.post("/{slug}/judges", response={201: JudgeOut}, summary="Make a judge", operation_id="post_judge")
def post_judge(request: HttpRequest, slug: str, body: JudgeIn) -> Status[JudgeOut]:
    """Make a judge that answers these questions of the rubric; what it asks whom is said by its versions."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    made = create_judge(access, name=body.name, questions=body.questions, now=timezone.now())
    return Status(201, JudgeOut(name=made.name, kind=made.kind, questions=made.questions, versions=[]))


@router.get("/{slug}/judges", response=JudgeList, summary="List judges", operation_id="get_judges")
def get_judges(request: HttpRequest, slug: str) -> JudgeList:
    """List the project's judges with their versions, imported ones too."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    judges = [
        JudgeOut(name=judge.name, kind=judge.kind, questions=judge.questions, versions=versions)
        for judge, versions in list_judges(access.project)
    ]
    return JudgeList(results=judges)


@router.post(
    "/{slug}/judges/{path:judge}/versions",
    response={201: JudgeVersionOut},
    summary="Freeze a version",
    operation_id="post_judge_version",
)
def post_version(request: HttpRequest, slug: str, judge: str, body: VersionIn) -> Status[JudgeVersionOut]:
    """Freeze a version: prompt, model, parameters, examples, and the rubric's questions and guidelines as they are."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    made = create_version(
        access,
        get_judge(access.project, judge),
        first=Choice(body.provider, body.model),
        prompt=body.prompt,
        params=body.params,
        fallback=body.fallbacks(),
        cascade=body.cascade.cascade(body.model) if body.cascade else None,
        examples_from=body.examples_from,
        examples=body.examples,
        now=timezone.now(),
    )
    return Status(201, JudgeVersionOut(version=made.version))


@router.post(
    "/{slug}/judges/{path:judge}/versions/{path:version}/runs",
    response={202: RunCreated},
    summary="Run a version",
    operation_id="post_judge_run",
)
def post_run(
    request: HttpRequest, slug: str, judge: str, version: str, body: RunIn | None = None
) -> Status[RunCreated]:
    """Judge the items that a filter finds, or a sample of them, in the background."""
    body = body or RunIn()
    access, found = _version(request, slug, judge, version, Action.EDIT_JUDGES)
    run = start_run(access, found, where=body.where, sample=body.sample, budget_usd=body.budget_usd, now=timezone.now())
    return Status(202, RunCreated(id=run.pk))


@router.post(
    "/{slug}/judges/{path:judge}/versions/{path:version}/estimate",
    response=EstimateOfRunOut,
    summary="Estimate a run",
    operation_id="post_judge_estimate",
)
def post_estimate(
    request: HttpRequest, slug: str, judge: str, version: str, body: RunIn | None = None
) -> EstimateOfRunOut:
    """Say what a run would cost and how long it would take, without beginning it."""
    body = body or RunIn()
    access, found = _version(request, slug, judge, version, Action.SEE_JUDGES)
    return EstimateOfRunOut.from_orm(estimate_run(access.project, found, where=body.where, sample=body.sample))


@router.post(
    "/{slug}/judges/{path:judge}/versions/{path:version}/attacks",
    response={202: AttackOut},
    summary="Attack a version",
    operation_id="post_judge_attacks",
)
def post_attacks(request: HttpRequest, slug: str, judge: str, version: str) -> Status[Any]:
    """Run the attack suite against a version, in the background: worthless outputs that try to be passed."""
    access, found = _version(request, slug, judge, version, Action.EDIT_JUDGES)
    start_attacks(access, found, now=timezone.now())
    report = find_attacks(found)
    return Status(202, AttackOut.of(report) if report else None)


@router.put(
    "/{slug}/judges/{path:judge}/versions/{path:version}/online",
    response=OnlineOut,
    summary="Judge what comes in",
    operation_id="put_judge_online",
)
def put_online(request: HttpRequest, slug: str, judge: str, version: str, body: OnlineIn) -> OnlineOut:
    """Have a version judge a share of the items that come in from now on, within a budget a day; or stop that."""
    access, found = _version(request, slug, judge, version, Action.EDIT_JUDGES)
    row = set_online(
        access,
        found,
        enabled=body.enabled,
        rate=body.rate,
        where=body.where,
        day_usd=body.budget_usd_per_day,
        now=timezone.now(),
    )
    return OnlineOut(enabled=row.enabled, rate=row.rate, where=row.where, budget_usd_per_day=in_usd(row.day_nusd))


@router.post(
    "/{slug}/judges/{path:judge}/versions/{path:version}/anchors",
    response={202: RunCreated},
    summary="Ask about the anchors again",
    operation_id="post_judge_anchors",
)
def post_anchors(
    request: HttpRequest, slug: str, judge: str, version: str, body: AnchorsIn | None = None
) -> Status[RunCreated]:
    """Ask a version about the anchors again, past the cache: what changed tells whether it moved (`GET …/watch`)."""
    access, found = _version(request, slug, judge, version, Action.EDIT_JUDGES)
    question = get_question(access.project.pk, (body or AnchorsIn()).question)["key"]
    return Status(202, RunCreated(id=start_anchor_run(access, found, question=question, now=timezone.now()).pk))


# The last of these addresses: a version's name may hold a slash.
@router.get(
    "/{slug}/judges/{path:judge}/versions/{path:version}",
    response=VersionDetail,
    summary="Read a version",
    operation_id="get_judge_version_detail",
)
def read_version(request: HttpRequest, slug: str, judge: str, version: str) -> VersionDetail:
    """Read what a version asks whom, and how it stood up to attacks."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    found = get_judge_version(access.project, judge=judge, version=version)
    attacks = find_attacks(found)
    return VersionDetail(
        version=found.version,
        created_at=found.created_at,
        spec=found.spec,
        attacks=AttackOut.of(attacks) if attacks else None,
    )


@router.get("/{slug}/judge-runs", response=RunList, summary="List runs", operation_id="get_judge_runs")
def get_runs(request: HttpRequest, slug: str, judge: str | None = None) -> RunList:
    """List the project's newest runs, of one judge where named."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    return RunList(results=[RunOut.of(run) for run in list_runs(access.project.pk, judge=judge)])


@router.get("/{slug}/judge-budgets", response=BudgetsOut, summary="Read budgets", operation_id="get_judge_budgets")
def get_budgets(request: HttpRequest, slug: str) -> BudgetsOut:
    """Read what the project's judges may spend, and have."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    return BudgetsOut.from_orm(get_spending(access.project, now=timezone.now()))


@router.put("/{slug}/judge-budgets", response=BudgetsOut, summary="Set budgets", operation_id="put_judge_budgets")
def put_budgets(request: HttpRequest, slug: str, body: BudgetsIn) -> BudgetsOut:
    """Set what the project's judges may spend at all and on a day; null is no limit."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    set_budgets(access, total_usd=body.total_usd, day_usd=body.day_usd, now=timezone.now())
    return BudgetsOut.from_orm(get_spending(access.project, now=timezone.now()))


@by_id.get("/judge-runs/{run}", response=RunOut, summary="Watch a run", operation_id="get_judge_run")
def get_run(request: HttpRequest, run: int) -> RunOut:
    """Say how far a run is, what it has cost, and how long it will still take."""
    authorize_run(actor_of(request), run, Action.SEE_JUDGES)
    return RunOut.of(get_progress(run))


@by_id.post("/judge-runs/{run}/stop", response=RunOut, summary="Stop a run", operation_id="stop_judge_run")
def post_stop(request: HttpRequest, run: int) -> RunOut:
    """Stop after the calls that are under way; what is answered stays."""
    access = authorize_run(actor_of(request), run, Action.EDIT_JUDGES)
    stop_run(access, run, now=timezone.now())
    return RunOut.of(get_progress(run))


@by_id.post("/judge-runs/{run}/resume", response=RunOut, summary="Resume a run", operation_id="resume_judge_run")
def post_resume(request: HttpRequest, run: int, body: ResumeIn | None = None) -> RunOut:
    """Go on with a run that was stopped or paused, and try its failed items again."""
    access = authorize_run(actor_of(request), run, Action.EDIT_JUDGES)
    resume_run(access, run, budget_usd=body.budget_usd if body else None, now=timezone.now())
    return RunOut.of(get_progress(run))


def _version(request: HttpRequest, slug: str, judge: str, version: str, action: Action) -> tuple[Access, Any]:
    access = authorize(actor_of(request), slug, action)
    return access, get_judge_version(access.project, judge=judge, version=version)
