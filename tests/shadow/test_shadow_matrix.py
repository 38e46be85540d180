"""The matrix of decisions on the page where there are more names than anybody can read."""

from collections import Counter

from annotations.shadow.figures import MOST_NAMES, OTHER, matrix_of
from annotations.shadow.pairs import Pair
from annotations.shadow.rules import Rule, RuleSpec
from annotations.views.shadow_matrix import MOST_SHOWN, list_differences, shown_matrix

RULE = Rule(version=0, spec=RuleSpec())


def pair(n, human, ai):
    told = {"item_id": n, "external_id": f"i{n}", "human": human, "ai": ai, "deciders": (), "everybody": (human,)}
    return Pair(**{**dict.fromkeys(Pair._fields), **told})


def url(human, ai):
    return f"{human}>{ai}"


def matrix(pairs):
    return matrix_of([pair(n, human, ai) for n, (human, ai) in enumerate(pairs)], RULE)


def test_rare_names_are_one_row_and_column_whose_like_decisions_are_counted():
    # n01 … n39; each name's like decisions as often as its number says, and one that differs.
    pairs = [(f"n{n:02}", f"n{n:02}") for n in range(40) for _ in range(n)] + [("n01", "n02")] * 3 + [("n39", "n38")]
    found = matrix(pairs)
    assert len(found.labels) == 39
    shown = shown_matrix(found, RULE, url)
    assert len(shown["labels"]) == MOST_SHOWN
    assert shown["labels"][-1] == "16 others"
    assert sum(row["total"] for row in shown["rows"]) == len(pairs)
    rest = shown["rows"][-1]["cells"][-1]
    assert "url" not in rest
    assert (rest["n"], rest["alike"]) == (sum(range(17)) + 3, sum(range(17)))
    assert [each[:3] for each in list_differences(found, RULE, url)] == [("n01", "n02", 3), ("n39", "n38", 1)]


def test_few_names_are_all_shown_with_links_and_costs():
    shown = shown_matrix(matrix([("a", "a"), ("a", "b"), ("a", "b")]), RULE, url)
    assert shown["labels"] == ["a", "b"]
    assert [(cell["n"], cell["url"], cell["same"]) for cell in shown["rows"][0]["cells"]] == [
        (1, "a>a", True),
        (2, "a>b", False),
    ]


def test_what_is_counted_as_one_already_is_not_said_to_be_alike():
    found = matrix([(f"n{n}", f"n{n}") for n in range(MOST_NAMES + 5)])
    assert (len(found.labels), found.labels[-1]) == (MOST_NAMES, OTHER)
    shown = shown_matrix(found, RULE, url)
    assert shown["labels"][-1] == "all others"
    assert shown["rows"][-1]["cells"][-1]["alike"] is None
    assert Counter(each.human for each in list_differences(found, RULE, url)) == {}
