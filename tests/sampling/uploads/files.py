"""Files as people upload them, and the background work that imports them."""

from django.utils import timezone

from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
from sampling.uploads.mapping import ColumnChoice
from sampling.uploads.stage import stage_upload

CSV = b"id;question;answer;score;labels\n1;Hi;Hello;3;\n2;Hi;;4;x\n3;Hi\n4;;Hello;5;\n"
CHOICE = ColumnChoice({"id": "external_id", "question": "input", "answer": "output", "score": "metadata.score"})


def taken(access, content, name="a.csv", *, pieces=3):
    """Take in a file that arrives in so many pieces."""
    step = max(len(content) // pieces, 1)
    cut = [content[at : at + step] for at in range(0, len(content), step)]
    return stage_upload(access, name=name, pieces=cut, now=timezone.now())


def work():
    """Do the background work that is due, as a worker would; return how many slices it took."""
    slices = 0
    while intents := list(Intent.objects.filter(kind="import_upload", done_at=None, failed_at=None)):
        for intent in intents:
            run_intent(intent.pk)
            slices += 1
    return slices


def counts(upload):
    """Where an import stands, and what became of its rows."""
    upload.refresh_from_db()
    return upload.state, upload.accepted, upload.duplicates, upload.rejected, upload.drawn
