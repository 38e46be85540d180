"""What pages name is published in one file each, small enough for the first load."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings

from reviewapp.http.static_files import join_script, join_style

STATIC = Path(settings.BASE_DIR) / "static"


def read(name):
    return (STATIC / name).read_text(encoding="utf-8")


def test_a_script_comes_after_what_it_needs_each_once():
    files = {
        "js/a.js": 'import { b } from "./p/b.js";\nimport { c } from "./p/c.js";\nb(c);\n',
        "js/p/b.js": 'import {\n  c,\n} from "./c.js";\nexport const b = c;\n',
        "js/p/c.js": "export function c() {}\n",
    }
    assert join_script("js/a.js", files.__getitem__) == "function c() {}\n\nconst b = c;\n\nb(c);\n"


def test_comments_on_lines_of_their_own_are_not_sent():
    kept = "const a = /** @type {number} */ (b); // kept\n", '  c("// kept");\n'
    text = f"/** About a. */\n// so\n{kept[0]}/* c\n * c */\n  /** In. */\n{kept[1]}"
    assert join_script("js/a.js", {"js/a.js": text}.__getitem__) == "".join(kept)


@pytest.mark.parametrize("line", ["export default 1;", 'import x from "y";', 'import * as x from "./y.js";'])
def test_what_cannot_be_joined_by_name_is_refused(line):
    with pytest.raises(ImproperlyConfigured):
        join_script("js/a.js", {"js/a.js": f"{line}\n"}.__getitem__)


def test_a_style_takes_in_its_parts():
    files = {"css/a.css": '@import "./p/b.css";\na {}\n', "css/p/b.css": "b {}\n"}
    assert join_style("css/a.css", files.__getitem__) == "b {}\n\na {}\n"


def test_the_reviewers_screen_loads_less_than_60_kb():
    scripts = [join_script("js/review.js", read), join_script("js/kinds.js", read)]
    texts = [*scripts, join_style("css/review.css", read), read("icons.svg"), read("favicon.svg")]
    template = (Path(settings.BASE_DIR) / "templates/pages/review.html").read_text(encoding="utf-8")
    # What is left of the 60 KB is for the guidelines and the first item.
    assert sum(len(gzip.compress(text.encode())) for text in [*texts, template]) < 57_000


def test_collected_files_are_joined_hashed_and_compressed(tmp_path):
    backend = {"BACKEND": "reviewapp.http.static_files.JoinedStaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": backend}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    (script,) = tmp_path.glob("js/review.*.js")
    assert "\nimport " not in script.read_text(encoding="utf-8")
    assert script.with_name(script.name + ".gz").exists()
