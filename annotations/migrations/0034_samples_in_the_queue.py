"""The outputs of samples that were drawn before get their tasks, with the grades that they have."""

import uuid
from collections import defaultdict

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations
from django.utils import timezone

EVALUATION, CHOSEN, LABELLED = 4, 2, 2


def open_samples(apps, schema_editor):  # noqa: ARG001 — every migration is called alike
    """Open a task for each output; who graded it has a guard, and their grade a seat."""
    models = {
        name: apps.get_model("annotations", name)
        for name in ("Evaluation", "EvaluationOutput", "EvaluationGrade", "EvaluationTask", "Task", "Guard")
    }
    rubrics = apps.get_model("annotations", "RubricVersion").objects
    for evaluation in models["Evaluation"].objects.filter(sample__isnull=False, state="done").order_by("pk"):
        rubric = rubrics.filter(project_id=evaluation.project_id).order_by("-version").first()
        order = {name: nth for nth, name in enumerate(evaluation.sample["external_ids"])}
        grades = defaultdict(list)
        for grade in models["EvaluationGrade"].objects.filter(evaluation=evaluation, superseded_by=None):
            grades[grade.position].append(grade)
        outputs = models["EvaluationOutput"].objects.filter(
            evaluation=evaluation, nth=1, erased_at=None, external_id__in=list(order)
        )
        now = timezone.now()
        for output in sorted(outputs, key=lambda each: order[each.external_id]):
            given = grades[output.position]
            task = models["Task"].objects.create(
                project_id=evaluation.project_id,
                item=None,
                stage=EVALUATION,
                lane=CHOSEN,
                rank=now.timestamp() + order[output.external_id] * 1e-6,
                need=max(1, len(given)),
                n_labels=len(given),
                created_at=now,
            )
            models["EvaluationTask"].objects.create(task=task, evaluation=evaluation, position=output.position)
            for grade in given:
                grade.task_id = task.pk
                grade.save(update_fields=["task_id"])
                models["Guard"].objects.create(
                    reviewer_id=grade.reviewer_id,
                    task=task,
                    project_id=evaluation.project_id,
                    state=LABELLED,
                    token=uuid.uuid4(),
                    rubric_id=rubric.pk if rubric else 0,
                    at=grade.created_at,
                )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0033_one_grade_per_submit")]

    operations = [
        ValidateConstraint(model_name="task", name="task_is_about_an_item_or_an_output"),
        migrations.RunPython(open_samples, migrations.RunPython.noop, elidable=True),
    ]
