"""What the access tests know of each endpoint: the action it asks for, and a body that gets as far as the question.

A new endpoint of a project is entered here; `test_access.py` fails until it is.
"""

from typing import Any, NamedTuple

from reviewapp.accounts.roles import Action


class Known(NamedTuple):
    """An endpoint's action (None: open to everybody who is signed in), and a well-formed body."""

    action: Action | None
    body: Any = None


_LEASE = {"lease": "00000000-0000-4000-8000-000000000000"}
_RUBRIC = {"questions": [{"key": "note", "kind": "text", "title": "Note"}]}

ENDPOINTS: dict[str, Known] = {
    "list_projects": Known(None),
    "create_project": Known(None, {"slug": "new", "name": "New"}),
    "get_project": Known(Action.SEE_PROJECT),
    "change_project": Known(Action.EDIT_PROJECT, {"overlap": 1}),
    "create_token": Known(Action.EDIT_TOKENS, {"scopes": ["admin"]}),
    "revoke_token": Known(Action.EDIT_TOKENS),
    "create_invitation": Known(Action.EDIT_PEOPLE, {"role": "viewer"}),
    "add_member": Known(Action.EDIT_PEOPLE, {"username": "nina", "role": "viewer"}),
    "put_rubric": Known(Action.EDIT_RUBRIC, _RUBRIC),
    "get_rubric": Known(Action.SEE_PROJECT),
    "post_items": Known(Action.ADD_ITEMS, {"items": []}),
    "post_feedback": Known(Action.ADD_ITEMS, {"external_id": "a", "value": -1}),
    "get_items": Known(Action.SEE_ITEMS),
    "get_one_item": Known(Action.SEE_ITEMS),
    "post_labels": Known(Action.IMPORT_LABELS, {"labels": []}),
    "post_verdicts": Known(Action.IMPORT_VERDICTS, {"verdicts": []}),
    "post_decisions": Known(Action.ADD_DECISIONS, {"decisions": []}),
    "put_decision_feed": Known(Action.ADD_DECISIONS, {"coverage": "all"}),
    "get_agreement_figures": Known(Action.SEE_RESOLUTIONS),
    "get_second_opinion_of_question": Known(Action.SEE_ALL_LABELS),
    "get_pass_rate_figures": Known(Action.SEE_RESOLUTIONS),
    "get_failure_mode_figures": Known(Action.SEE_RESOLUTIONS),
    "post_failure_mode": Known(Action.EDIT_CODEBOOK, {"name": "Tone"}),
    "patch_failure_mode": Known(Action.EDIT_CODEBOOK, {"name": "Tone"}),
    "post_merge": Known(Action.EDIT_CODEBOOK, {"into": None}),
    "post_assignments": Known(Action.EDIT_CODEBOOK, {"external_ids": ["a"], "modes": []}),
    "post_modes_question": Known(Action.EDIT_RUBRIC, {}),
    "get_slices": Known(Action.SEE_RESOLUTIONS),
    "get_failure_notes": Known(Action.SEE_ALL_LABELS),
    "get_note_groups": Known(Action.SEE_ALL_LABELS),
    "post_resolve": Known(Action.ADJUDICATE, {"project": "helpdesk", "answers": {"verdict": "pass"}}),
    "post_rollout": Known(Action.EDIT_ROLLOUTS, {"system_version": "2.0"}),
    "get_rollout": Known(Action.SEE_ROLLOUTS),
    "post_gates": Known(Action.EDIT_ROLLOUTS, {"gates": {}}),
    "post_attestation": Known(Action.ATTEST, {"gate": "ready", "text": "It is"}),
    "post_evidence": Known(Action.FREEZE_EVIDENCE),
    "post_signoff": Known(
        Action.SIGN_OFF, {"to_stage": "internal_beta", "decision": "approve", "reason": "ok", "evidence_sha256": "0"}
    ),
    "post_rollback": Known(Action.ROLL_BACK, {"reason": "broken"}),
    "get_stage": Known(Action.SEE_ROLLOUTS),
    "get_report": Known(Action.SEE_ROLLOUTS),
    "get_shadow_view": Known(Action.SEE_RESOLUTIONS),
    "get_calibration_figures": Known(Action.SEE_JUDGES),
    "get_judge_watch": Known(Action.SEE_RESOLUTIONS),
    "get_alternative_test": Known(Action.SEE_JUDGES),
    "post_provider": Known(
        Action.EDIT_PROVIDERS, {"name": "sim", "kind": "simulated", "models": [{"name": "simulated-70"}]}
    ),
    "get_providers": Known(Action.SEE_JUDGES),
    "patch_provider": Known(Action.EDIT_PROVIDERS, {"kind": "simulated", "models": [{"name": "simulated-70"}]}),
    "post_provider_test": Known(Action.EDIT_PROVIDERS, {}),
    "post_judge": Known(Action.EDIT_JUDGES, {"name": "strict", "questions": ["verdict"]}),
    "get_judges": Known(Action.SEE_JUDGES),
    "post_judge_version": Known(Action.EDIT_JUDGES, {"provider": "sim", "model": "m", "prompt": "{{ output }}"}),
    "get_judge_version_detail": Known(Action.SEE_JUDGES),
    "post_judge_run": Known(Action.EDIT_JUDGES, {}),
    "post_judge_estimate": Known(Action.SEE_JUDGES, {}),
    "get_judge_runs": Known(Action.SEE_JUDGES),
    "get_judge_run": Known(Action.SEE_JUDGES),
    "stop_judge_run": Known(Action.EDIT_JUDGES),
    "resume_judge_run": Known(Action.EDIT_JUDGES, {}),
    "put_judge_online": Known(Action.EDIT_JUDGES, {"rate": 0.1}),
    "post_judge_attacks": Known(Action.EDIT_JUDGES, {}),
    "post_judge_anchors": Known(Action.EDIT_JUDGES, {}),
    "get_judge_budgets": Known(Action.SEE_JUDGES),
    "put_judge_budgets": Known(Action.EDIT_JUDGES, {"day_usd": 5}),
    "post_dataset": Known(Action.EDIT_DATASETS, {"name": "evals"}),
    "post_dataset_version": Known(Action.EDIT_DATASETS, {"resolution": "agreed"}),
    "get_dataset_version": Known(Action.SEE_DATASETS),
    "export_dataset_version": Known(Action.SEE_DATASETS),
    "diff_dataset_versions": Known(Action.SEE_DATASETS),
    "list_evaluations": Known(Action.SEE_EVALUATIONS),
    "post_evaluation": Known(Action.RUN_EVALUATIONS, {"dataset": "evals", "system_version": "v1", "outputs": []}),
    "get_evaluation": Known(Action.SEE_EVALUATIONS),
    "stop_evaluation": Known(Action.RUN_EVALUATIONS),
    "erase_person": Known(Action.ERASE_PEOPLE, {"user_ref": "u-1"}),
    "get_golds": Known(Action.EDIT_GOLDS),
    "post_gold": Known(Action.EDIT_GOLDS, {"external_id": "a"}),
    "post_retire": Known(Action.EDIT_GOLDS, {"external_id": "a"}),
    "post_restore": Known(Action.EDIT_GOLDS, {"external_id": "a"}),
    "get_reviewers_figures": Known(Action.SEE_OWN_LABELS),
    "post_pause": Known(Action.EDIT_PEOPLE, {"decision": "lift", "reason": "A slip."}),
    "reveal_item": Known(Action.REVEAL_ORIGINALS, {"project": "helpdesk", "reason": "a complaint"}),
    "get_audit": Known(Action.SEE_AUDIT),
    "get_checkpoints": Known(None),
    "get_operations": Known(Action.SEE_ITEMS),
    "put_plan": Known(Action.EDIT_PLAN, {"base_rate": 1, "rules": []}),
    "get_plan": Known(Action.SEE_PLAN),
    "post_preview": Known(Action.SEE_PLAN, {"base_rate": 1, "rules": []}),
    "get_top_up": Known(Action.SEE_PLAN),
    "post_top_up": Known(Action.EDIT_PLAN),
    "send_to_review": Known(Action.SEND_TO_REVIEW, {"external_ids": ["a"], "reason": "odd"}),
    "claim_tasks": Known(Action.LABEL, {"count": 1}),
    "list_labels": Known(Action.SEE_OWN_LABELS),
    "list_resolutions": Known(Action.SEE_RESOLUTIONS),
    "submit_label": Known(Action.LABEL, {**_LEASE, "answers": {"verdict": "pass"}, "submit_id": "s-1"}),
    "renew_lease": Known(Action.LABEL, _LEASE),
    "release_lease": Known(Action.LABEL, _LEASE),
    "skip_task": Known(Action.LABEL, {**_LEASE, "reason": "unclear"}),
    "escalate_task": Known(Action.LABEL, {**_LEASE, "note": "unclear policy"}),
    "save_draft": Known(Action.LABEL, {**_LEASE, "answers": {}}),
    "undo_submit": Known(None, {"submit_id": "s-1"}),
    "revise_label": Known(Action.LABEL, {"answers": {"verdict": "pass"}, "reason": "slip"}),
    "revise_grade": Known(Action.LABEL, {"answers": {"passes": "pass"}, "reason": "slip"}),
}
