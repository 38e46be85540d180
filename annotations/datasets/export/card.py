"""The data card: what a version is, where its rows come from, and what may not be concluded from them.

It does not say when and by whom the version was frozen (the manifest does): the same rows have the same card.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from annotations.datasets.export.huggingface import path_of
from annotations.datasets.select import REASONS
from annotations.models import DatasetVersion
from reviewapp.words import counted

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_MASKING = {
    "mask": "Personal data and secrets were replaced by placeholders before anything was stored.",
    "reversible": "Personal data and secrets are placeholders here; originals are kept apart, encrypted.",
    "off": "Nothing was masked: texts may hold personal data.",
}
_SHOWN = 30


def data_card(version: DatasetVersion) -> str:
    """Return the card as Markdown."""
    manifest, figures = version.manifest, version.manifest["figures"]
    parts = [
        f"# {version.dataset.name}, version {version.version}",
        version.dataset.description,
        version.note,
        _what(version, figures),
        "## Rows",
        _fields(),
        _table("Split", figures["splits"].items()) if figures["splits"] else "",
        _table("How it came in", figures["origins"].items()),
        _table("Expected", figures["expected"]["counts"][:_SHOWN]),
        _more(figures["expected"]),
        _table(figures["strata"]["name"], figures["strata"]["counts"][:_SHOWN]) if figures["strata"] else "",
        "## How they were chosen",
        _chosen(manifest, figures),
        "## What it does not say",
        _limits(version, figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def hub_card(version: DatasetVersion, splits: Sequence[str]) -> str:
    """Return the card with the header that the Hugging Face hub and `datasets` read."""
    size = next((word for below, word in _SIZES if version.n_rows < below), "n>1M")
    lines = ["---", f"pretty_name: {_yaml(version.dataset.name)}", "size_categories:", f"- {size}", "configs:"]
    lines += ["- config_name: default", "  data_files:"]
    for split in splits:
        lines += [f"  - split: {split}", f"    path: {path_of(split)}"]
    return "\n".join([*lines, "---", "", data_card(version)])


def _yaml(text: str) -> str:
    return orjson.dumps(text).decode()  # a JSON string is a YAML string


def _what(version: DatasetVersion, figures: Mapping[str, Any]) -> str:
    agreement = figures["agreement"]
    labels = counted(figures["labels"], "label by people stands", "labels by people stand")
    said = f"{counted(version.n_rows, 'row')} behind which {labels}. "
    if agreement["mean"] is not None:
        said += (
            f"In the {agreement['n_items']:,} with two labels or more, {agreement['mean'] * 100:.1f} % of the labels"
            f" say what the answer of record says{_interval(agreement)}. {_coefficients(agreement)}"
        )
    else:
        said += "No row has two labels, so nothing is known of how far people agree. "
    return said + f"SHA-256 of the rows as JSON Lines, as they were frozen: `{version.sha256}`."


def _interval(agreement: Mapping[str, Any]) -> str:
    if agreement.get("low") is None:
        return ""
    return f" (95 %: {agreement['low'] * 100:.1f} to {agreement['high'] * 100:.1f})"


def _coefficients(agreement: Mapping[str, Any]) -> str:
    said = [
        f"{name} {found['value']:.2f}{_limits_of(found)}"
        for name, key in (("Krippendorff's alpha", "krippendorff_alpha"), ("Gwet's AC", "gwet_ac"))
        if (found := agreement.get(key)) and found["value"] is not None
    ]
    return f"Beyond chance: {', '.join(said)}. " if said else ""


def _limits_of(found: Mapping[str, Any]) -> str:
    return "" if found["low"] is None else f" ({found['low']:.2f} to {found['high']:.2f})"


def _fields() -> str:
    return (
        "`external_id` names the item in production; `input`, `output`, `context` and `metadata` are what came from"
        " there; `expected` is the corrected output if people gave one, else their answer to the primary question;"
        " `answers` all answers of record; `n_labels` how many people labelled it; `agreement` the share of them that"
        " say what the answer of record says; `weight` how many items of production the row stands for, null for rows"
        " that chance did not pick. In tables, values that are not text are JSON."
    )


def _chosen(manifest: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    dropped = "".join(f"\n- {n:,}: {REASONS[reason]}" for reason, n in figures["dropped"].items())
    recipe = orjson.dumps(manifest["recipe"], option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    versions = (
        f"Rubric versions {_list(manifest['rubric_versions'])}; plan versions {_list(manifest['plan_versions'])}."
    )
    left = (
        f"Of {counted(figures['n_candidates'], 'labelled item')} that the filter found, these were left out:{dropped}"
    )
    return "\n\n".join([f"```json\n{recipe}\n```", versions, left if dropped else ""]).strip()


def _limits(version: DatasetVersion, figures: Mapping[str, Any]) -> str:
    by_hand = sum(n for origin, n in figures["origins"].items() if origin != "sampled")
    lines = [f"- {_MASKING[version.manifest['masking']['mode']]}"]
    if by_hand:
        they, them = ("It has", "it") if by_hand == 1 else ("They have", "them")
        rows = counted(by_hand, "row was", "rows were")
        lines.append(f"- {rows} chosen or written by hand. {they} no weight: leave {them} out of rates.")
    few = figures["expected"]["few"]
    if few:
        n = figures["expected"]["n_values"]
        lines.append(f"- {len(few):,} of {n:,} expected values have fewer than 5 rows: {_list(few[:_SHOWN])}.")
    lines.append("- Weights are those of the draw. Items that people have not labelled yet are not made up for.")
    if version.n_erased:
        lines.append(f"- {counted(version.n_erased, 'row was', 'rows were')} emptied when people asked for erasure.")
    return "\n".join(lines)


def _more(balance: Mapping[str, Any]) -> str:
    more = balance["n_values"] - min(len(balance["counts"]), _SHOWN)
    return f"And {more:,} more." if more > 0 else ""


def _table(name: str, counts: Any) -> str:
    rows = "".join(f"\n| {_cell(value)} | {n:,} |" for value, n in counts)
    return f"| {_cell(name)} | Rows |\n| --- | ---: |{rows}"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")[:80]


def _list(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values)) if values else "none"
