"""Error analysis over the API: notes, the codebook, and how much of production shows each failure mode."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints, model_validator

from annotations.api.bodies import Body
from annotations.api.estimates import EstimateOut
from annotations.failures.assign import MOST_ITEMS, Coded, add_mode, set_modes
from annotations.failures.change_modes import make_mode, merge_mode, reword_mode, split_mode
from annotations.failures.codebook import Mode, read_codebook
from annotations.failures.notes import NotedItem, read_notes
from annotations.failures.prevalence import ModeFigures, get_failure_modes
from annotations.failures.publish import publish_modes
from annotations.failures.reading import choose_notes, suggest_groups
from annotations.quality.asked import Window
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor
from sampling.api.items import From, To, Where, read_filter

router = Router(tags=["Error analysis"])

Name = Annotated[str, StringConstraints(max_length=1000)]
Description = Annotated[str, StringConstraints(max_length=10_000)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class ModeIn(Body):
    """A new failure mode; without a key it gets the first free one."""

    name: Name
    description: Description = ""
    hotkey: Key | None = None


class ModePatch(Body):
    """What changes of a mode; `hotkey` null takes its key away."""

    name: Name | None = None
    description: Description | None = None
    hotkey: Key | None = None


class MergeIn(Body):
    """The mode to count as; null takes a merged one out again."""

    into: str | None


class AssignIn(Body):
    """Items and what they show: `modes` and no others (empty: read, and none applies; null: unread), or `add` one."""

    external_ids: list[str] = Field(min_length=1, max_length=MOST_ITEMS)
    modes: list[str] | None = None
    add: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "AssignIn":
        if ("modes" in self.model_fields_set) == (self.add is not None):
            raise ValueError("send either modes or add")
        return self


class PublishIn(Body):
    """The rubric version that the codebook's question follows; the newest unless named."""

    follows: int | None = None


class MergedOut(Schema):
    """A mode that counts with another now."""

    value: str
    name: str


class ModeOut(Schema):
    """A standing failure mode."""

    value: str
    name: str
    description: str
    hotkey: str | None
    merged: list[MergedOut]
    made_by: str
    made_at: str

    @classmethod
    def of(cls, mode: Mode) -> "ModeOut":
        """Return what is shown of a mode."""
        return cls(
            value=mode.value,
            name=mode.name,
            description=mode.description,
            hotkey=mode.hotkey,
            merged=[MergedOut(value=each.value, name=each.name) for each in mode.merged],
            made_by=mode.made_by,
            made_at=mode.made_at.isoformat(),
        )


class ModeFiguresOut(Schema):
    """A mode and how much of production shows it; `mode` is null for what the question calls something else."""

    name: str
    mode: ModeOut | None
    n_read: int = Field(description="Items whose notes somebody gave it.")
    n_shown: int = Field(description="Drawn items that show it, by the source of these figures.")
    prevalence: EstimateOut = Field(description="The share of all traffic that shows it.")
    of_failures: EstimateOut = Field(description="The share of the failures that show it.")
    examples: list[str]

    @classmethod
    def of(cls, figures: ModeFigures) -> "ModeFiguresOut":
        """Return what is shown of a mode's figures."""
        return cls(
            name=figures.name,
            mode=None if figures.mode is None else ModeOut.of(figures.mode),
            n_read=figures.n_read,
            n_shown=figures.n_shown,
            prevalence=EstimateOut.of(figures.prevalence),
            of_failures=EstimateOut.of(figures.of_failures),
            examples=figures.examples,
        )


class FailureModesOut(Schema):
    """All modes, the commonest first, and what their figures rest on."""

    source: Literal["question", "reading"]
    has_question: bool
    n_drawn: int
    n_labelled: int
    n_fails: int
    n_fails_known: int = Field(description="Failing drawn items whose modes are known.")
    modes: list[ModeFiguresOut]


class NoteOut(Schema):
    """What one person wrote, under which question or as a comment."""

    reviewer: str
    question: str
    text: str
    at: str


class NotedItemOut(Schema):
    """An item with its notes; `modes` is null while it is unread."""

    external_id: str
    notes: list[NoteOut]
    modes: list[str] | None


class NotesOut(Schema):
    """A page of noted items in reading order, which is drawn by chance."""

    results: list[NotedItemOut]
    next: str | None
    n: int = Field(description="Items with notes, of whatever state.")
    n_read: int


class GroupOut(Schema):
    """Notes that share words."""

    name: str
    n: int
    n_read: int
    external_ids: list[str]


class GroupsOut(Schema):
    """Suggestions, the largest first."""

    groups: list[GroupOut]


class CodedOut(Schema):
    """What an item shows now: null if it counts as unread."""

    external_id: str
    modes: list[str] | None


class AssignedOut(Schema):
    """The items as they stand now."""

    items: list[CodedOut]


class PublishedOut(Schema):
    """The number of the rubric's version just published."""

    version: int


@router.get("/{p}/failure-modes", response=FailureModesOut, summary="Failure modes and their prevalence")
def get_failure_mode_figures(
    request: HttpRequest,
    p: str,
    source: Annotated[
        Literal["question", "reading"] | None,
        Query(description="Answers to the question, or what was read in notes; the question once it was answered."),
    ] = None,
    population: Literal["window", "process"] = "window",
    where: Where = None,
    start: From = None,
    to: To = None,
) -> FailureModesOut:
    """Return the codebook with the weighted prevalence of each mode in the traffic that arrived."""
    access = authorize(actor_of(request), p, Action.SEE_RESOLUTIONS)
    window = Window(access.project.pk, start=start, end=to, where=read_filter(where))
    found = get_failure_modes(window, source=source, population=population)
    return FailureModesOut(
        source=found.source,
        has_question=found.has_question,
        n_drawn=found.n_drawn,
        n_labelled=found.n_labelled,
        n_fails=found.n_fails,
        n_fails_known=found.n_fails_known,
        modes=[ModeFiguresOut.of(each) for each in found.modes],
    )


@router.post("/{p}/failure-modes", response={201: ModeOut}, summary="Make a failure mode")
def post_failure_mode(request: HttpRequest, p: str, body: ModeIn) -> Status[ModeOut]:
    """Add a mode to the codebook."""
    access = authorize(actor_of(request), p, Action.EDIT_CODEBOOK)
    mode = make_mode(access, name=body.name, description=body.description, hotkey=body.hotkey, now=timezone.now())
    return Status(201, ModeOut.of(mode))


@router.post("/{p}/failure-modes/assign", response=AssignedOut, summary="Say which failure modes items show")
def post_assignments(request: HttpRequest, p: str, body: AssignIn) -> AssignedOut:
    """Set what the items show, or add one mode. What is taken away is withdrawn and stays on record."""
    access = authorize(actor_of(request), p, Action.EDIT_CODEBOOK)
    now = timezone.now()
    coded: list[Coded]
    if body.add is not None:
        coded = add_mode(access, external_ids=body.external_ids, mode=body.add, now=now)
    else:
        coded = set_modes(access, external_ids=body.external_ids, modes=body.modes, now=now)
    return AssignedOut(items=[CodedOut(external_id=each.external_id, modes=each.modes) for each in coded])


@router.post("/{p}/failure-modes/publish", response={201: PublishedOut}, summary="Ask reviewers for failure modes")
def post_modes_question(request: HttpRequest, p: str, body: PublishIn | None = None) -> Status[PublishedOut]:
    """Publish the next version of the rubric, with the codebook as the options of one question."""
    access = authorize(actor_of(request), p, Action.EDIT_RUBRIC)
    published = publish_modes(access, follows=(body or PublishIn()).follows, now=timezone.now())
    return Status(201, PublishedOut(version=published.version))


@router.patch("/{p}/failure-modes/{mode}", response=ModeOut, summary="Reword a failure mode")
def patch_failure_mode(request: HttpRequest, p: str, mode: str, body: ModePatch) -> ModeOut:
    """Give a mode another name, description or key; its value stays, and so do its items."""
    access = authorize(actor_of(request), p, Action.EDIT_CODEBOOK)
    sent = body.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name: text for name, text in sent.items() if name == "hotkey" or text is not None}
    return ModeOut.of(reword_mode(access, mode, changes=changes, now=timezone.now()))


@router.post("/{p}/failure-modes/{mode}/merge", response=ModeOut, summary="Merge a failure mode into another")
def post_merge(request: HttpRequest, p: str, mode: str, body: MergeIn) -> ModeOut:
    """Let a mode count as another, or take a merged one out again. Return the one that stands."""
    access = authorize(actor_of(request), p, Action.EDIT_CODEBOOK)
    now = timezone.now()
    if body.into is None:
        return ModeOut.of(split_mode(access, mode, now=now))
    return ModeOut.of(merge_mode(access, mode, into=body.into, now=now))


@router.get("/{p}/failure-notes", response=NotesOut, summary="Notes to read")
def get_failure_notes(
    request: HttpRequest,
    p: str,
    state: Literal["unread", "read", "all"] = "all",
    mode: Annotated[str | None, Query(description="Only items that show this mode.")] = None,
    words: Annotated[str, Query(max_length=200, description="Words that the notes hold, or an item's id.")] = "",
    group: Annotated[str | None, Query(description="Only notes of this suggested group.")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> NotesOut:
    """Return the free notes of labels, an item at a time, in an order drawn by chance."""
    access = authorize(actor_of(request), p, Action.SEE_ALL_LABELS)
    codebook = read_codebook(access.project.pk)
    notes = read_notes(access, codebook)
    of = f"failure-notes:{access.project.pk}:{state}:{mode}:{words}:{group}"
    after = read_cursor(cursor, of=of)
    meant = [
        item
        for item in choose_notes(notes, codebook, state=state, mode=mode, words=words, group=group)
        if after is None or [item.u, item.item_id] > after
    ]
    page = page_of(meant[: limit + 1], limit=limit, of=of, key=lambda item: [item.u, item.item_id])
    return NotesOut(
        results=[_noted(item, None if item.modes is None else codebook.values(item.modes)) for item in page.results],
        next=page.next,
        n=len(notes.items),
        n_read=notes.n_read,
    )


@router.get("/{p}/failure-notes/groups", response=GroupsOut, summary="Notes that share words")
def get_note_groups(request: HttpRequest, p: str) -> GroupsOut:
    """Return suggested groups of notes; the same notes always give the same groups."""
    access = authorize(actor_of(request), p, Action.SEE_ALL_LABELS)
    notes = read_notes(access, read_codebook(access.project.pk))
    return GroupsOut(
        groups=[
            GroupOut(
                name=group.name,
                n=len(group.items),
                n_read=group.n_read,
                external_ids=[item.external_id for item in group.items],
            )
            for group in suggest_groups(notes)
        ]
    )


def _noted(item: NotedItem, modes: list[str] | None) -> NotedItemOut:
    notes = [
        NoteOut(reviewer=note.reviewer, question=note.question, text=note.text, at=note.at.isoformat())
        for note in item.notes
    ]
    return NotedItemOut(external_id=item.external_id, notes=notes, modes=modes)
