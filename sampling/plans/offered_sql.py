"""What a plan says of stored items, in SQL: the same as `draws.offer` says in memory."""

from typing import Any, NamedTuple

import orjson

from sampling.plans.body import PlanBody
from sampling.plans.filters import parse_filter
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import filter_sql
from sampling.plans.solution import Solution
from sampling.plans.strata import check_probability_fact, check_stratum_fact, probability_sql, stratum_sql

UNCERTAIN = "LEAST(1, %s::float8 * (%s::float8 + (1 - %s::float8) * (sqrt(q * (1 - q)) / %s::float8)))"


class OfferedSql(NamedTuple):
    """`matches` are columns over `sampling_item i`: `m0…` whether a rule matches, `s0…` the strata, `q` the judge's
    probability. Over those, `probability` and `overlap` are expressions. Each with its parameters."""

    matches: str
    match_params: list[Any]
    probability: str
    probability_params: list[Any]
    overlap: str
    overlap_params: list[Any]


def offered_sql(plan: PlanBody, solution: Solution | None, *, project_id: int, overlap: int) -> OfferedSql:
    """Return the columns and expressions of a plan. `overlap` holds where the plan names none."""
    columns: list[str] = []
    params: list[Any] = []
    rates = ["%s::float8"]
    rate_params: list[Any] = [plan.base_rate]
    overlaps: list[str] = []
    overlap_params: list[Any] = []
    for index, rule in enumerate(plan.rules):
        condition = filter_sql(as_stored(parse_filter(rule.when), project_id=project_id), for_draws=True)
        columns.append(f"({condition.sql}) IS TRUE AS m{index}")
        params += condition.params
        rates.append(f"CASE WHEN m{index} THEN %s::float8 ELSE 0 END")
        rate_params.append(rule.rate)
        overlaps.append(f"CASE WHEN m{index} THEN %s::int END")
        overlap_params.append(rule.overlap)
    for index, target in enumerate(plan.targets):
        stratum = stratum_sql(check_stratum_fact(target.by, path=f"targets.{index}.by"))
        columns.append(f"{stratum.sql} AS s{index}")
        params += stratum.params
    for index, solved in enumerate(solution.targets if solution else ()):
        rates.append(
            f"CASE WHEN s{index} IS NULL THEN %s::float8"
            f" ELSE COALESCE((%s::jsonb ->> s{index})::float8, %s::float8) END"
        )
        rate_params += [solved.missing, orjson.dumps(solved.rates).decode(), solved.other]
    if plan.uncertainty:
        doubt = probability_sql(check_probability_fact(plan.uncertainty.fact, path="uncertainty.fact"))
        columns.append(f"COALESCE({doubt.sql}, 0) AS q")
        params += doubt.params
    if solution and solution.uncertainty:
        design = solution.uncertainty
        rates.append(UNCERTAIN)
        rate_params += [design.scale, design.floor, design.floor, design.mean]
    largest = f"GREATEST({', '.join(overlaps)})" if overlaps else "NULL"
    return OfferedSql(
        matches="".join(f", {column}" for column in columns),
        match_params=params,
        probability=f"GREATEST({', '.join(rates)})",
        probability_params=rate_params,
        overlap=f"COALESCE({largest}, %s::int)",
        overlap_params=[*overlap_params, plan.overlap or overlap],
    )
