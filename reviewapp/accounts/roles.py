"""The one table of what each role and each token scope may do."""

from enum import StrEnum


class Role(StrEnum):
    """A person's role in a project, most powerful first."""

    OWNER = "owner"
    LEAD = "lead"
    ADJUDICATOR = "adjudicator"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a token was made for; it narrows the person's role and never widens it."""

    INGEST = "ingest"
    READ = "read"
    LABEL = "label"
    JUDGE = "judge"
    DATASET = "dataset"
    EVALUATE = "evaluate"
    ROLLOUT = "rollout"
    ADMIN = "admin"


class Action(StrEnum):
    """Something a person may or may not do in a project."""

    SEE_PROJECT = "see_project"
    EDIT_PROJECT = "edit_project"
    SEE_PEOPLE = "see_people"
    EDIT_PEOPLE = "edit_people"
    EDIT_TOKENS = "edit_tokens"
    EDIT_RUBRIC = "edit_rubric"
    SEE_PLAN = "see_plan"
    EDIT_PLAN = "edit_plan"
    SEE_SALT = "see_salt"
    ADD_ITEMS = "add_items"
    SEE_ITEMS = "see_items"
    SEND_TO_REVIEW = "send_to_review"
    REVEAL_ORIGINALS = "reveal_originals"
    LABEL = "label"
    SEE_OWN_LABELS = "see_own_labels"
    SEE_ALL_LABELS = "see_all_labels"
    SEE_RESOLUTIONS = "see_resolutions"
    SEE_AUDIT = "see_audit"
    ADJUDICATE = "adjudicate"
    EDIT_CODEBOOK = "edit_codebook"
    EDIT_GOLDS = "edit_golds"
    IMPORT_LABELS = "import_labels"
    IMPORT_VERDICTS = "import_verdicts"
    ADD_DECISIONS = "add_decisions"
    SEE_DATASETS = "see_datasets"
    EDIT_DATASETS = "edit_datasets"
    SEE_EVALUATIONS = "see_evaluations"
    RUN_EVALUATIONS = "run_evaluations"
    ERASE_PEOPLE = "erase_people"
    SEE_ROLLOUTS = "see_rollouts"
    EDIT_ROLLOUTS = "edit_rollouts"
    ATTEST = "attest"
    FREEZE_EVIDENCE = "freeze_evidence"
    SIGN_OFF = "sign_off"
    ROLL_BACK = "roll_back"
    SEE_JUDGES = "see_judges"
    EDIT_JUDGES = "edit_judges"
    EDIT_PROVIDERS = "edit_providers"


_EVERYONE = frozenset(Role)
_STAFF = frozenset({Role.OWNER, Role.LEAD})
_READERS = _EVERYONE - {Role.REVIEWER}
_ANY_SCOPE = frozenset(Scope)
_ADMIN = frozenset({Scope.ADMIN})
_READ = frozenset({Scope.READ})

# action: (roles that may, scopes one of which a token needs)
TABLE: dict[Action, tuple[frozenset[Role], frozenset[Scope]]] = {
    Action.SEE_PROJECT: (_EVERYONE, _ANY_SCOPE),
    Action.EDIT_PROJECT: (_STAFF, _ADMIN),
    Action.SEE_PEOPLE: (_READERS, _READ | _ADMIN),
    Action.EDIT_PEOPLE: (_STAFF, _ADMIN),
    Action.EDIT_TOKENS: (_STAFF, _ADMIN),
    Action.EDIT_RUBRIC: (_STAFF, _ADMIN),
    Action.SEE_PLAN: (_READERS, _READ | _ADMIN),
    Action.EDIT_PLAN: (_STAFF, _ADMIN),
    Action.SEE_SALT: (frozenset({Role.OWNER}), _ADMIN),
    Action.ADD_ITEMS: (_STAFF, frozenset({Scope.INGEST})),
    Action.SEE_ITEMS: (_READERS, _READ),
    Action.SEND_TO_REVIEW: (_STAFF | {Role.ADJUDICATOR}, _ADMIN | {Scope.INGEST, Scope.LABEL}),
    Action.REVEAL_ORIGINALS: (_STAFF, _ADMIN),
    Action.LABEL: (frozenset({Role.OWNER, Role.LEAD, Role.ADJUDICATOR, Role.REVIEWER}), frozenset({Scope.LABEL})),
    Action.SEE_OWN_LABELS: (_EVERYONE, _READ | {Scope.LABEL}),
    Action.SEE_ALL_LABELS: (_READERS, _READ),
    Action.SEE_RESOLUTIONS: (_READERS, _READ),
    Action.SEE_AUDIT: (frozenset({Role.OWNER, Role.LEAD, Role.APPROVER}), _READ | _ADMIN),
    Action.ADJUDICATE: (_STAFF | {Role.ADJUDICATOR}, _ADMIN | {Scope.LABEL}),
    Action.EDIT_CODEBOOK: (_STAFF | {Role.ADJUDICATOR}, _ADMIN | {Scope.LABEL}),
    Action.EDIT_GOLDS: (_STAFF | {Role.ADJUDICATOR}, _ADMIN | {Scope.LABEL}),
    Action.IMPORT_LABELS: (_STAFF, _ADMIN | {Scope.INGEST, Scope.LABEL}),
    Action.IMPORT_VERDICTS: (_STAFF, _ADMIN | {Scope.INGEST, Scope.JUDGE}),
    Action.ADD_DECISIONS: (_STAFF, _ADMIN | {Scope.INGEST}),
    Action.SEE_DATASETS: (_READERS, _READ | {Scope.DATASET, Scope.EVALUATE}),
    Action.EDIT_DATASETS: (_STAFF, frozenset({Scope.DATASET})),
    Action.SEE_EVALUATIONS: (_READERS, _READ | {Scope.EVALUATE}),
    Action.RUN_EVALUATIONS: (_STAFF, frozenset({Scope.EVALUATE})),
    Action.ERASE_PEOPLE: (_STAFF, _ADMIN),
    Action.SEE_ROLLOUTS: (_READERS, _READ | {Scope.ROLLOUT}),
    Action.EDIT_ROLLOUTS: (_STAFF, frozenset({Scope.ROLLOUT})),
    Action.ATTEST: (_STAFF | {Role.APPROVER, Role.ADJUDICATOR}, frozenset({Scope.ROLLOUT})),
    Action.FREEZE_EVIDENCE: (_STAFF | {Role.APPROVER}, frozenset({Scope.ROLLOUT})),
    Action.SIGN_OFF: (frozenset({Role.APPROVER}), frozenset({Scope.ROLLOUT})),
    Action.ROLL_BACK: (_STAFF | {Role.APPROVER}, frozenset({Scope.ROLLOUT})),
    Action.SEE_JUDGES: (_READERS, _READ | {Scope.JUDGE}),
    Action.EDIT_JUDGES: (_STAFF, frozenset({Scope.JUDGE})),
    Action.EDIT_PROVIDERS: (_STAFF, _ADMIN | {Scope.JUDGE}),
}

# Who may give or take a role, or make a token that acts as somebody of that role.
GIVEABLE: dict[Role, frozenset[Role]] = {
    Role.OWNER: _EVERYONE,
    Role.LEAD: _EVERYONE - {Role.OWNER},
    Role.ADJUDICATOR: frozenset(),
    Role.REVIEWER: frozenset(),
    Role.APPROVER: frozenset(),
    Role.VIEWER: frozenset(),
}


def role_may(role: Role, action: Action) -> bool:
    """Tell whether a role may do the action."""
    return role in TABLE[action][0]


def scopes_may(scopes: frozenset[Scope], action: Action) -> bool:
    """Tell whether a token with these scopes may do the action."""
    return bool(TABLE[action][1] & scopes)
