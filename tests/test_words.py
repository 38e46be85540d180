"""Numbers in sentences."""

import pytest

from reviewapp.words import counted


@pytest.mark.parametrize(
    ("n", "forms", "said"),
    [
        (0, ("item",), "0 items"),
        (1, ("item",), "1 item"),
        (2000, ("item",), "2,000 items"),
        (1, ("row was", "rows were"), "1 row was"),
        (3, ("row was", "rows were"), "3 rows were"),
    ],
)
def test_a_number_takes_the_form_of_its_noun(n, forms, said):
    assert counted(n, *forms) == said
