"""Erasing a person while something is being made of their items."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, transaction

from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.roles import Role
from sampling.erase.person import erase_person
from sampling.items.text_index import index_due_items
from sampling.models import ItemText, OperationsDay
from sampling.operations.roll_up import count_slice
from tests.conftest import NOW
from tests.sampling.lines import item


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [lambda _: index_due_items(), lambda project: count_slice(project, 0, 2**62)])
def test_who_is_erased_while_their_item_is_made_searchable_or_counted_is_not_found_by_it(project, cast, store, make):
    """What is being made cannot be seen yet, so whoever erases waits for it."""
    store(item(input="Zanzibar", user_ref="u-1"))
    access = Access(actor=Actor(user=cast.olga), project=project, role=Role.OWNER)

    def erase():
        try:
            return erase_person(access, user_ref="u-1", now=NOW).items
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert make(project)
            erased = other.submit(erase)
            wait([erased], timeout=0.2)
        assert erased.result() == 1
    assert not ItemText.objects.exists()
    assert not OperationsDay.objects.filter(field="user_ref").exclude(value="").exists()
