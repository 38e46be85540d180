"""The demo's judge that runs here: a provider that is simulated and says so, a frozen version, a run, attacks."""

from datetime import datetime

from annotations.demo.planted import MODEL
from annotations.judges.attacks import start_attacks
from annotations.judges.providers import ProviderSpec, create_provider
from annotations.judges.runs import start_run
from annotations.judges.template import PROMPT
from annotations.judges.versions import Choice, create_judge, create_version
from annotations.models.judge_runs import ProviderKind
from reviewapp.accounts.access import Access

PROVIDER, JUDGE = "simulated", "policy-reader"


def begin_judging(access: Access, *, now: datetime) -> None:
    """Have a version judge everything: the worker does it as soon as it is there. It costs nothing."""
    models = [{"name": name, "input_usd_per_mtok": 0, "output_usd_per_mtok": 0} for name in (MODEL, "simulated-80")]
    provider = ProviderSpec(PROVIDER, ProviderKind.SIMULATED, "", "", None, models, None, None)
    create_provider(access, provider, now=now)
    version = create_version(
        access,
        create_judge(access, name=JUDGE, questions=["verdict"], now=now),
        first=Choice(PROVIDER, MODEL),
        prompt=PROMPT,
        params={"temperature": 0},
        fallback=(),
        cascade=None,
        examples_from=None,
        examples=0,
        now=now,
    )
    start_run(access, version, where=None, sample=None, budget_usd=None, now=now)
    start_attacks(access, version, now=now)
