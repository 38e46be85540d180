"""Nothing is left over: every vector is checked, every public name documented and used, every reason explained."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from reviewapp.stats.estimate import Undefined
from tests.stats.reference import vector_names

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reviewapp" / "stats"
PAGES = [ROOT / "docs" / "statistics.md", *sorted((ROOT / "docs" / "statistics").glob("*.md"))]
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
TESTS = {path: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))}
# The four levels of one table: the test asks for f"krippendorff_alpha_4x12_{level}".
ASKED_BY_PATTERN = {f"krippendorff_alpha_4x12_{level}" for level in ("nominal", "ordinal", "interval", "ratio")}


def public(module):
    """Functions, classes and methods of a module whose names have no leading underscore."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node, node.name
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield inner, f"{node.name}.{inner.name}"


def name_of(module):
    return str(module.relative_to(PACKAGE))


def test_every_vector_is_checked_by_some_test():
    source = "\n".join(text for path, text in TESTS.items() if path != Path(__file__))
    assert 'f"krippendorff_alpha_4x12_{level}"' in source
    unused = {name for name in vector_names() if f'"{name}"' not in source}
    assert unused - ASKED_BY_PATTERN == set()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_and_every_public_name_says_what_it_is_for(module):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    assert [name for node, name in public(module) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_public_function_is_asked_for_somewhere(module):
    """By a test, or by another module: an estimator that nothing calls is not done."""
    elsewhere = [*TESTS.values(), *(path.read_text(encoding="utf-8") for path in MODULES if path != module)]
    own = module.read_text(encoding="utf-8")
    for _, name in public(module):
        word = re.compile(rf"\b{name.rpartition('.')[2]}\b")
        assert any(word.search(text) for text in elsewhere) or len(word.findall(own)) > 1, name


def test_every_result_is_frozen():
    for module in MODULES:
        for node, name in public(module):
            decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
            assert all("frozen=True" in each for each in decorators if each.startswith("dataclass")), name


def test_every_reason_is_explained_and_given():
    index = PAGES[0].read_text(encoding="utf-8")
    givers = [
        path for name in ("estimates", "evaluations") for path in sorted((ROOT / "annotations" / name).glob("*.py"))
    ]
    modules = [*(module for module in MODULES if module.name != "estimate.py"), *givers]
    source = "\n".join(module.read_text(encoding="utf-8") for module in modules)
    for reason in get_args(Undefined):
        assert f"| `{reason}` |" in index, reason
        assert f'"{reason}"' in source, reason


def test_every_link_of_the_pages_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_function_named_on_a_page_exists():
    known = {name.rpartition(".")[2] for module in MODULES for _, name in public(module)}
    known |= {module.stem for module in MODULES} | {module.parent.name for module in MODULES}
    for page in PAGES:
        for dotted in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?:\([^`]*)?`", page.read_text(encoding="utf-8")):
            if not dotted.endswith((".py", ".md")):
                assert set(dotted.split(".")) - {"reviewapp", "stats"} <= known, (page.name, dotted)
