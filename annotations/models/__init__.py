"""The tables of this stage."""

from annotations.models.adjudications import Adjudication, AdjudicationHold, CaseScan, ErrorType, GuidelineTodo
from annotations.models.datasets import (
    Dataset,
    DatasetCase,
    DatasetDropped,
    DatasetExport,
    DatasetExportPart,
    DatasetLock,
    DatasetRow,
    DatasetVersion,
)
from annotations.models.decisions import Decision, DecisionFeed
from annotations.models.desk import DeskSettings, GuidelinesRead, Reveal
from annotations.models.escalations import Escalation
from annotations.models.evaluations import (
    Evaluation,
    EvaluationGrade,
    EvaluationOutput,
    EvaluationTask,
    EvaluationTurn,
)
from annotations.models.failure_modes import FailureMode, ModeAssignment, ModeWording
from annotations.models.figures import AgreementFigure
from annotations.models.golds import Gold, GoldPause, GoldTurn
from annotations.models.horizons import Horizon
from annotations.models.judge_runs import (
    JudgeAttack,
    JudgeBudget,
    JudgeCall,
    JudgeLimit,
    JudgeOnline,
    JudgeProvider,
    JudgeRun,
    JudgeRunItem,
    JudgeSpend,
)
from annotations.models.judge_watch import JudgeAnchor, JudgeAnchorAnswer, JudgeFlag
from annotations.models.judges import Judge, JudgeVersion, Verdict
from annotations.models.labels import ExtraLabel, Label
from annotations.models.queue import ClaimCursor, Draft, Guard, Lease, QueueCounter, Task, VoidedSubmit, Watermark
from annotations.models.rollouts import Attestation, EvidenceBundle, Rollout, RolloutEvent, RolloutGates, SignOff
from annotations.models.rubrics import RubricVersion
from annotations.models.shadow import ShadowRule, ShadowRuling
from annotations.models.skills import Skill, SkillMapping

__all__ = [
    "Adjudication",
    "AdjudicationHold",
    "AgreementFigure",
    "Attestation",
    "CaseScan",
    "ClaimCursor",
    "Dataset",
    "DatasetCase",
    "DatasetDropped",
    "DatasetExport",
    "DatasetExportPart",
    "DatasetLock",
    "DatasetRow",
    "DatasetVersion",
    "Decision",
    "DecisionFeed",
    "DeskSettings",
    "Draft",
    "ErrorType",
    "Escalation",
    "Evaluation",
    "EvaluationGrade",
    "EvaluationOutput",
    "EvaluationTask",
    "EvaluationTurn",
    "EvidenceBundle",
    "ExtraLabel",
    "FailureMode",
    "Gold",
    "GoldPause",
    "GoldTurn",
    "Guard",
    "GuidelineTodo",
    "GuidelinesRead",
    "Horizon",
    "Judge",
    "JudgeAnchor",
    "JudgeAnchorAnswer",
    "JudgeAttack",
    "JudgeBudget",
    "JudgeCall",
    "JudgeFlag",
    "JudgeLimit",
    "JudgeOnline",
    "JudgeProvider",
    "JudgeRun",
    "JudgeRunItem",
    "JudgeSpend",
    "JudgeVersion",
    "Label",
    "Lease",
    "ModeAssignment",
    "ModeWording",
    "QueueCounter",
    "Reveal",
    "Rollout",
    "RolloutEvent",
    "RolloutGates",
    "RubricVersion",
    "ShadowRule",
    "ShadowRuling",
    "SignOff",
    "Skill",
    "SkillMapping",
    "Task",
    "Verdict",
    "VoidedSubmit",
    "Watermark",
]
