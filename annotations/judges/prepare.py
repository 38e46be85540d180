"""Preparing items for a run: prompts for those that a model is asked about, an end for the others."""

from collections.abc import Sequence

from annotations.judges.cases import Case, Job, settled_by_checks
from annotations.judges.examples import read_examples, read_materials
from annotations.judges.prompt import Material, Message, build_messages
from annotations.judges.store import ERASED, Finished
from annotations.judges.template import PromptTooLongError
from annotations.judges.versions import Spec
from annotations.models import JudgeRunItem
from reviewapp.accounts.models import Project
from reviewapp.http.errors import InvalidError
from sampling.draws.numbers import purpose_salt
from sampling.models import Item

_FENCES = "judge fences"


class Preparation:
    """Fills in one version's prompt; its examples are read once."""

    def __init__(self, project: Project, spec: Spec, *, version_id: int) -> None:
        self._project_id, self._spec, self._version_id = project.pk, spec, version_id
        self._examples = read_examples(project.pk, spec.example_ids, spec.example_answers)
        self._secret = purpose_salt(project.sampling_salt, _FENCES)

    def messages(self, material: Material) -> list[Message]:
        """Return what is asked about an item. Raises InvalidError and PromptTooLongError as `build_messages`."""
        return build_messages(
            prompt=self._spec.prompt,
            guidelines=self._spec.guidelines,
            questions=self._spec.questions,
            examples=self._examples,
            material=material,
            secret=self._secret,
        )

    def prepare(self, rows: Sequence[JudgeRunItem]) -> tuple[list[Job], list[Finished]]:
        """Return the first calls of a run's items, and the items that need none."""
        ids = [row.item_id for row in rows]
        materials = read_materials(self._project_id, ids)
        checks = dict(Item.objects.filter(pk__in=ids).values_list("pk", "checks")) if self._spec.cascade else {}
        jobs: list[Job] = []
        finished: list[Finished] = []
        for row in rows:
            case = Case(self._spec, self._version_id, row.item_id, "", (), tries=row.tries)
            material = materials.get(row.item_id)
            known = settled_by_checks(self._spec, row.item_id, checks.get(row.item_id))
            if material is None:
                finished.append(case.fail(ERASED))
            elif known is not None:
                finished.append(known)
            else:
                try:
                    case.messages, case.item_sha256 = self.messages(material), material.sha256
                except PromptTooLongError:
                    finished.append(case.fail("The prompt is too long with this item."))
                except InvalidError as refusal:
                    finished.append(case.fail(refusal.message))
                else:
                    jobs += case.begin()
        return jobs, finished
