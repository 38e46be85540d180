"""Sending items to review from any list: `pages/send_to_review.html` is the form that a list includes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from annotations.queue.send import Sent, send_to_review
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import read_json_object, read_whole_number


@never_cache
@require_POST
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the ticked items, or all that the list's filter finds, and go back to the list with what became of them."""
    access = authorize(actor_of(request), slug, Action.SEND_TO_REVIEW)
    try:
        where, words = (request.POST.get(name, "").strip() for name in ("where", "q"))
        ticked = None if where or words else request.POST.getlist("external_id")
        sent = send_to_review(
            access,
            external_ids=ticked,
            where=read_json_object(where or "{}", "where") if ticked is None else None,
            words=words,
            reason=request.POST.get("reason", ""),
            overlap=read_whole_number(request.POST.get("overlap", ""), "overlap"),
            now=timezone.now(),
        )
    except RefusalError as refusal:
        said = dict.fromkeys([refusal.message, *(field.message for field in refusal.fields)])
        messages.error(request, " ".join(said))
    else:
        messages.success(request, _said(sent))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("project_overview", args=[slug])
    return HttpResponseRedirect(back)


def _said(sent: Sent) -> str:
    """Return what became of the items, in a sentence or two."""
    opened = sent.created + sent.reopened
    said = f"{opened:,} {'item is' if opened == 1 else 'items are'} sent to review."
    if sent.existing:
        said += f" {sent.existing:,} had a review task already and keep{'s' if sent.existing == 1 else ''} it."
    return said
