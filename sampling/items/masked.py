"""What was masked in an item, and who was shown the originals."""

from collections import Counter

from reviewapp.accounts.roles import Action
from sampling.items.sections import Event, ItemAsked, Section
from sampling.mask.kinds import PLACEHOLDER
from sampling.mask.reveal import list_reveals
from sampling.models import ItemMask, Original

WORDS = {
    "CUSTOM": ("thing of your own", "things of your own"),
    "URL": ("address with credentials", "addresses with credentials"),
    "SECRET": ("secret", "secrets"),
    "EMAIL": ("e-mail address", "e-mail addresses"),
    "IBAN": ("bank account", "bank accounts"),
    "CARD": ("card", "cards"),
    "NATIONAL_ID": ("national id", "national ids"),
    "MAC": ("MAC address", "MAC addresses"),
    "IP": ("IP address", "IP addresses"),
    "PHONE": ("phone number", "phone numbers"),
}


def masked(asked: ItemAsked) -> Section | None:
    """Section of an item's page: how many things of each kind are masked, and the way to the originals."""
    kept = set(Original.objects.filter(item_id=asked.item_id).values_list("placeholder", flat=True))
    edits = ItemMask.objects.filter(item_id=asked.item_id).values_list("edits", flat=True).first() or {}
    reveals = list_reveals(asked.access.project.pk, item_id=asked.item_id)
    placeholders = kept | {placeholder for part in edits.values() for _, _, placeholder in part}
    kinds = Counter(match[1] for each in placeholders if (match := PLACEHOLDER.fullmatch(each)))
    if not kinds and not kept:
        return None
    counts = [(count, WORDS[kind][count > 1]) for kind, count in sorted(kinds.items())]
    may_reveal = bool(kept) and asked.access.may(Action.REVEAL_ORIGINALS)
    return Section(
        name="masked",
        title="Masked",
        template="items/masked.html",
        context={
            "counts": counts,
            "kept": bool(kept),
            "may_reveal": may_reveal,
            "slug": asked.access.project.slug,
            "external_id": asked.fields["external_id"],
        },
        events=tuple(Event(each.at, "Originals shown", each.by, each.reason) for each in reveals),
    )
