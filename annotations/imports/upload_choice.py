"""What a person chose about an upload of labels: what its columns are, and what its reviewers are called here."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from annotations.imports.columns import LEAVE_OUT, LabelMap, check_pairs
from annotations.imports.files import LabelFile, Shape, open_labels
from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.access import Access
from reviewapp.http.bodies import MAX_INFLATED_BYTES
from reviewapp.http.lines import Line
from sampling.ingest.files import FileKind
from sampling.models import Upload
from sampling.uploads.stage import open_content


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """For each column its field (or nothing), the reviewers' names, and who answered where the file does not say."""

    shape: Shape
    fields: Mapping[str, str] = field(default_factory=dict)
    reviewers: Mapping[str, str] = field(default_factory=dict)
    reviewer: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the choice as it is kept with the upload."""
        return {
            "shape": self.shape,
            "fields": dict(self.fields),
            "reviewers": dict(self.reviewers),
            "reviewer": self.reviewer,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "LabelChoice":
        """Return the choice that was kept."""
        return cls(Shape(kept["shape"]), kept["fields"], kept["reviewers"], kept["reviewer"])

    def label_map(self) -> LabelMap:
        """Return the map that applies the choice."""
        return LabelMap.of_columns(self.fields, reviewers=self.reviewers, reviewer=self.reviewer)

    def ignored(self) -> list[str]:
        """Return the columns that are left out."""
        return [column for column, name in self.fields.items() if name == LEAVE_OUT]


def check_label_choice(choice: LabelChoice, questions: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a choice by which no row could become a label."""
    if choice.shape is not Shape.OURS:
        check_pairs(choice.label_map(), questions)


def get_rubric(access: Access) -> RubricVersion:
    """Return the newest rubric, or raise ConflictError `no_rubric`."""
    rubric = find_rubric(access.project.pk)
    if rubric is None:
        raise no_rubric()
    return rubric


def open_label_upload(upload: Upload) -> LabelFile:
    """Return the rows of an upload that is not forgotten."""
    return open_file(upload, open_content(upload), _unseen)


def open_file(upload: Upload, content: BinaryIO | io.BytesIO, progress: Callable[[int], object]) -> LabelFile:
    """Return the rows of an upload's content."""
    kind = FileKind(upload.kind)
    return open_labels(content, kind=kind, size=upload.size, limit=MAX_INFLATED_BYTES, progress=progress)


def label_lines(upload: Upload, content: BinaryIO, progress: Callable[[int], object]) -> Iterator[Line]:
    """Return the rows of an upload's content, for a slice of its import."""
    return open_file(upload, content, progress).lines


def _unseen(size: int) -> None:
    """Take no note of the bytes."""
