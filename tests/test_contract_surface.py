"""The OpenAPI document against the contract; what is not built yet is a list that may only shrink."""

import re

from reviewapp.http.openapi import operations
from reviewapp.urls import api

CONTRACT = """
POST /projects
GET /projects
GET /projects/{p}
PATCH /projects/{p}
PUT /projects/{p}/rubric
GET /projects/{p}/rubric
POST /projects/{p}/tokens
DELETE /projects/{p}/tokens/{id}
POST /projects/{p}/invitations
POST /projects/{p}/members
POST /projects/{p}/items
GET /projects/{p}/items
GET /projects/{p}/items/{external_id}
POST /projects/{p}/feedback
POST /projects/{p}/decisions
PUT /projects/{p}/decision-feeds/{name}
POST /projects/{p}/labels/import
POST /projects/{p}/verdicts/import
PUT /projects/{p}/plan
GET /projects/{p}/plan
POST /projects/{p}/plan/preview
POST /projects/{p}/tasks
POST /projects/{p}/tasks/claim
POST /tasks/{id}/label
POST /tasks/{id}/renew
POST /tasks/{id}/release
POST /tasks/{id}/skip
POST /tasks/{id}/escalate
PUT /tasks/{id}/draft
POST /labels/undo
POST /labels/{id}/revise
GET /projects/{p}/labels
GET /projects/{p}/resolutions
POST /items/{external_id}/resolve
GET /projects/{p}/agreement
GET /projects/{p}/pass-rate
GET /projects/{p}/judges/{j}/versions/{v}/calibration
GET /projects/{p}/judges/{j}/versions/{v}/alternative-test
GET /projects/{p}/reviewers
GET /projects/{p}/operations
POST /projects/{p}/providers
POST /projects/{p}/judges
POST /projects/{p}/judges/{j}/versions
POST /projects/{p}/judges/{j}/versions/{v}/runs
GET /judge-runs/{id}
POST /judge-runs/{id}/stop
POST /judge-runs/{id}/resume
POST /projects/{p}/datasets
POST /projects/{p}/datasets/{d}/versions
GET /projects/{p}/datasets/{d}/versions/{v}
GET /projects/{p}/datasets/{d}/versions/{v}/export
GET /projects/{p}/datasets/{d}/diff
POST /projects/{p}/evaluations
GET /evaluations/{id}
GET /projects/{p}/shadow
POST /projects/{p}/rollouts
GET /rollouts/{id}
POST /rollouts/{id}/evidence
POST /rollouts/{id}/signoffs
POST /rollouts/{id}/rollback
GET /rollouts/{id}/stage
GET /rollouts/{id}/report
GET /projects/{p}/audit
GET /audit/checkpoints
POST /items/{external_id}/reveal
POST /projects/{p}/erase
"""

# Beside the contract, in its style: error analysis.
OURS = """
GET /projects/{p}/failure-modes
POST /projects/{p}/failure-modes
POST /projects/{p}/failure-modes/assign
POST /projects/{p}/failure-modes/publish
PATCH /projects/{p}/failure-modes/{mode}
POST /projects/{p}/failure-modes/{mode}/merge
GET /projects/{p}/plan/top-up
POST /projects/{p}/plan/top-up
POST /rollouts/{id}/attestations
POST /rollouts/{id}/gates
GET /projects/{p}/slices
GET /projects/{p}/second-opinion
GET /projects/{p}/failure-notes
GET /projects/{p}/failure-notes/groups
GET /projects/{p}/judges/{j}/versions/{v}/watch
GET /projects/{p}/golds
POST /projects/{p}/golds
POST /projects/{p}/golds/retire
POST /projects/{p}/golds/restore
POST /projects/{p}/pauses/{id}
GET /projects/{p}/evaluations
POST /evaluations/{id}/stop
POST /labels/g{id}/revise
GET /projects/{p}/providers
PATCH /projects/{p}/providers/{name}
POST /projects/{p}/providers/{name}/test
GET /projects/{p}/judges
GET /projects/{p}/judges/{j}/versions/{v}
POST /projects/{p}/judges/{j}/versions/{v}/estimate
POST /projects/{p}/judges/{j}/versions/{v}/attacks
PUT /projects/{p}/judges/{j}/versions/{v}/online
POST /projects/{p}/judges/{j}/versions/{v}/anchors
GET /projects/{p}/judge-runs
GET /projects/{p}/judge-budgets
PUT /projects/{p}/judge-budgets
"""

NOT_BUILT_YET = """
"""


def lines(text: str) -> set[str]:
    """Return the endpoints of a list; what a path's parameters are called does not matter."""
    return {re.sub(r"\{[^}]*\}", "{}", line) for line in text.split("\n") if line}


def served() -> set[str]:
    found = operations(api.get_openapi_schema(path_prefix=""))
    return {re.sub(r"\{[^}]*\}", "{}", f"{method} {path}") for method, path, _ in found}


def test_what_is_served_is_in_the_contract():
    assert served() - lines(CONTRACT) - lines(OURS) == set()


def test_what_is_in_the_contract_is_served_or_listed_as_not_built():
    assert lines(CONTRACT) - served() - lines(NOT_BUILT_YET) == set()


def test_what_is_built_left_the_list():
    assert lines(NOT_BUILT_YET) & served() == set()


def test_the_list_holds_nothing_else():
    assert lines(NOT_BUILT_YET) - lines(CONTRACT) == set()


def test_operation_ids_are_unique_and_all_are_tagged():
    found = [operation for _, _, operation in operations(api.get_openapi_schema())]
    ids = [operation["operationId"] for operation in found]
    assert len(set(ids)) == len(ids)
    assert all(operation.get("tags") for operation in found)
