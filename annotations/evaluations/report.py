"""What the command leaves behind: Markdown for people, JUnit for the build."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from annotations.evaluations.compare import Comparison
from annotations.evaluations.gate import GateResult
from annotations.evaluations.metrics import find_metric
from annotations.evaluations.read import metrics_of
from annotations.evaluations.rows import groups_word
from annotations.models import Evaluation
from reviewapp.stats.estimate import Estimate
from reviewapp.words import counted

_MARKS = {"pass": "pass", "fail": "FAIL", "not_enough_data": "NOT ENOUGH DATA"}
_SLICES = 20


def number_text(value: float | None, unit: str) -> str:
    """Return a number as people read it."""
    if value is None:
        return "–"
    match unit:
        case "share" | "difference":
            return f"{value * 100:.1f} %"
        case "ms":
            return f"{value:,.0f} ms"
        case "usd":
            return f"${value:.6f}".rstrip("0").rstrip(".")
    return f"{value:.4g}"


def limits_text(estimate: Estimate | GateResult, unit: str) -> str:
    """Return the interval as people read it; a limit that there is not is a dash."""
    if estimate.low is None and estimate.high is None:
        return ""
    return f"{number_text(estimate.low, unit)} to {number_text(estimate.high, unit)}"


def unit_of(name: str) -> str:
    """Return the unit of a metric."""
    found = find_metric(name)
    return "ms" if name == "latency_ms" else found.unit if found else "number"


def markdown(evaluation: Evaluation, comparison: Comparison | None, gates: Sequence[GateResult]) -> str:
    """Return the summary of an evaluation."""
    version = evaluation.version
    rows = counted(version.n_rows, "row")
    lines = [
        f"# Evaluation {evaluation.pk}: {evaluation.system_version}",
        "",
        f"{version.dataset.name}, version {version.version} ({rows}, SHA-256 `{version.sha256[:12]}…`)",
        "",
    ]
    if gates:
        lines += ["| gate | result | value | 95 % | rows | |", "| --- | --- | --- | --- | --- | --- |"]
        for gate in gates:
            unit = gate.condition.metric.unit
            ends, value = limits_text(gate, unit), number_text(gate.value, unit)
            name, result = _cell(gate.condition.name), _MARKS[gate.state]
            lines.append(f"| {name} | {result} | {value} | {ends} | {gate.n} | {_cell(gate.reason)} |")
        lines.append("")
    lines += ["| metric | value | 95 % | rows |", "| --- | --- | --- | --- |"]
    for metric, found in metrics_of(evaluation).items():
        if found.value is not None:
            measured = unit_of(metric)
            value, ends = number_text(found.value, measured), limits_text(found, measured)
            lines.append(f"| {_cell(metric)} | {value} | {ends} | {found.n} |")
    lines.append("")
    if comparison is not None:
        lines += _comparison(evaluation, comparison)
    lines += [f"> {warning}" for warning in (evaluation.scores or {}).get("warnings", [])]
    return "\n".join(lines).rstrip() + "\n"


def _comparison(evaluation: Evaluation, found: Comparison) -> list[str]:
    apart, ends = number_text(found.difference.value, "difference"), limits_text(found.difference, "difference")
    said = (
        f"Against evaluation {evaluation.baseline_id}, paired over {counted(found.n, 'row')}: {found.wins} won,"
        f" {found.losses} lost, {found.ties} the same. {_grouped(evaluation, found)}Accuracy {apart} apart ({ends}),"
        f" McNemar mid-P {found.mid_p:.3g}."
    )
    lines = [said, ""]
    worse = [each for each in found.slices if each.regressed]
    if worse:
        lines += ["Regressed (Holm over all slices):", ""]
        lines += [
            f"- {each.fact} = {each.value}: {each.losses} lost, {each.wins} won, adjusted p {each.adjusted:.3g}"
            for each in worse[:_SLICES]
        ]
        lines.append("")
    return lines


def _grouped(evaluation: Evaluation, found: Comparison) -> str:
    if found.groups == found.n:
        return ""
    return f"They are of {found.groups} {groups_word(evaluation.version)}, which interval and test count. "


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def junit(evaluation: Evaluation, gates: Sequence[GateResult]) -> bytes:
    """Return JUnit XML: a test for each gate, the metrics as properties. Without a gate one test says that it ran."""
    version = evaluation.version
    name = f"{version.dataset.name}@{version.version}"
    bad = sum(gate.state != "pass" for gate in gates)
    suite = ET.Element(
        "testsuite",
        name=f"evaluate {name}",
        tests=str(max(len(gates), 1)),
        failures=str(bad),
        errors="0",
        skipped="0",
        timestamp=evaluation.created_at.isoformat(timespec="seconds"),
    )
    properties = ET.SubElement(suite, "properties")
    told = {"evaluation": str(evaluation.pk), "system_version": evaluation.system_version, "sha256": version.sha256}
    told |= {key: f"{found.value:.6g}" for key, found in metrics_of(evaluation).items() if found.value is not None}
    for key, value in told.items():
        ET.SubElement(properties, "property", name=key, value=value)
    for gate in gates:
        case = ET.SubElement(suite, "testcase", classname=name, name=gate.condition.name, time="0")
        if gate.state != "pass":
            ET.SubElement(case, "failure", message=gate.reason, type=gate.state).text = gate.reason
    if not gates:
        ET.SubElement(suite, "testcase", classname=name, name="ran", time="0")
    root = ET.Element("testsuites")
    root.append(suite)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
