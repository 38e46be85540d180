"""`manage.py evaluate PROJECT DATASET[@VERSION]`: run, score, and let the build pass or fail."""

import gzip
import sys
import traceback
from argparse import ArgumentParser
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from annotations.datasets.read import get_dataset
from annotations.evaluations.body import evaluation_body
from annotations.evaluations.collect import Given, read_output
from annotations.evaluations.gate import (
    MIN_COVERAGE,
    MIN_ROWS,
    Condition,
    GateResult,
    Needed,
    check_gates,
    check_judges,
    parse_condition,
)
from annotations.evaluations.read import find_comparison, get_evaluation, metrics_of
from annotations.evaluations.report import junit, markdown
from annotations.evaluations.run import advance
from annotations.evaluations.spec import Spec, parse_spec
from annotations.evaluations.start import start_evaluation
from annotations.evaluations.stop import stop_evaluation
from annotations.models import Evaluation
from annotations.models.evaluations import EvaluationState
from reviewapp.accounts.models import Project
from reviewapp.accounts.operators import get_project
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.management.refusals import refusals_as_command_errors

GATE_FAILED, COULD_NOT_RUN = 1, 2


class Command(BaseCommand):
    """Evaluate a system version, and fail the build when it got worse."""

    help = (
        "Run a system version over a dataset version, score it, and check gates. Prints a summary in Markdown. Exit 0:"
        " it ran and every gate passes. Exit 1: a gate failed, or there is too little evidence for it. Exit 2: it could"
        " not run (an unknown project, dataset, metric or file, or a system that never answers)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        add = parser.add_argument
        add("project", metavar="PROJECT", help="the project's slug")
        add("dataset", metavar="DATASET[@VERSION]", help="its name; a number or a tag behind an @, else the newest")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--outputs", metavar="FILE", help="JSON Lines of {external_id, output}; .gz, - for stdin")
        source.add_argument("--endpoint", metavar="URL", help="ask this address for each row")
        source.add_argument("--model", metavar="NAME", help="ask this model at --base-url (OpenAI-compatible)")
        add("--system-version", metavar="NAME", help="what is evaluated; else the file's name, the host or the model")
        add("--baseline", metavar="RUN", help="the evaluation to compare with: its number, or a system version")
        for name, words in (
            ("--fail-under", "fail where METRIC is worse than VALUE; METRIC:low compares the interval's lower end"),
            ("--max-regression", "fail where METRIC is worse than the baseline's by more than VALUE"),
        ):
            add(name, metavar="METRIC=VALUE", action="append", default=[], help=words)
        add("--min-rows", type=int, default=MIN_ROWS, help="no gate passes on fewer rows (%(default)s)")
        add("--min-coverage", type=float, default=MIN_COVERAGE, help="nor where less was answered (%(default)s)")
        for name in ("--junit", "--json", "--markdown"):
            add(name, metavar="FILE", help=f"write {name.removeprefix('--')} there")
        add("--match", choices=("exact", "normalised", "number", "fields"), default="normalised", help="what is right")
        add("--tolerance", type=float, default=0.0, help="for numbers")
        add("--match-field", action="append", default=[], metavar="NAME", help="compare these fields of objects only")
        add("--answer-path", default="", metavar="PATH", help="where in an output the answer is")
        add("--split", help="only the rows of this split")
        add("--judge", action="append", default=[], metavar="NAME[@VERSION]", help="ask this judge about each output")
        add("--repeats", type=int, default=1, help="ask for each row so often")
        add("--request", metavar="FILE", help="JSON with {{ input }}, {{ context }}, {{ metadata.x }} for the row's")
        add("--response-path", default="", metavar="PATH", help="where in the answer the output is")
        add("--cost-path", default="", metavar="PATH", help="where in the answer its cost is, in USD")
        add("--header", action="append", default=[], metavar="NAME=VALUE")
        add("--secret-file", metavar="FILE", help="send Authorization: Bearer with what this file holds")
        add("--concurrency", type=int, default=4)
        add("--timeout", type=float, default=30.0, metavar="SECONDS")
        add("--retries", type=int, default=2)
        add("--base-url", metavar="URL", default="https://api.openai.com/v1")
        add("--prompt", metavar="FILE", help="the model's prompt; with {{ input }} in it, or before the input")
        add("--price", metavar="IN,OUT", help="USD for a million tokens in and out")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run, report, and leave by the exit code that says how it went."""
        try:
            passed = self._run(options)
        except CommandError as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from None
        except Exception as error:  # 1 would say that a gate failed
            traceback.print_exc()
            raise CommandError(f"The evaluation could not run: {error}", returncode=COULD_NOT_RUN) from error
        if not passed:
            sys.exit(GATE_FAILED)

    def _run(self, options: dict[str, Any]) -> bool:
        with refusals_as_command_errors():
            conditions = [parse_condition(text, "fail_under") for text in options["fail_under"]]
            conditions += [parse_condition(text, "max_regression") for text in options["max_regression"]]
            if options["max_regression"] and not options["baseline"]:
                raise CommandError("--max-regression needs a --baseline to compare with.")
            name, _, version = options["dataset"].partition("@")
            project = get_project(options["project"])
            check_judges(project, conditions)
            evaluation = start_evaluation(
                project,
                dataset=name,
                version=version or None,
                system_version=options["system_version"] or _name_of(options),
                spec=_spec(options),
                outputs=_read_outputs(options["outputs"]) if options["outputs"] else None,
                baseline=_baseline(project, name, options["baseline"]),
                actor=None,
                now=timezone.now(),
                foreground=True,
            )
            evaluation = self._until_it_ends(project, evaluation)
            if evaluation.state != EvaluationState.DONE:
                raise CommandError(evaluation.problem or "The evaluation was stopped.")
            return self._report(evaluation, conditions, options)

    def _until_it_ends(self, project: Project, evaluation: Evaluation) -> Evaluation:
        with tqdm(total=evaluation.total, unit="row", disable=not sys.stderr.isatty()) as bar:
            try:
                while not advance(evaluation.pk, now=timezone.now()):
                    done = Evaluation.objects.values_list("done", flat=True).get(pk=evaluation.pk)
                    bar.update(done - bar.n)
            except KeyboardInterrupt:
                stop_evaluation(evaluation, now=timezone.now())
                raise
            bar.update(evaluation.total - bar.n)
        return get_evaluation(project, evaluation.pk)

    def _report(self, evaluation: Evaluation, conditions: list[Condition], options: dict[str, Any]) -> bool:
        comparison = find_comparison(evaluation, evaluation.baseline)
        counts = (evaluation.scores or {})["counts"]
        gates = check_gates(
            conditions,
            metrics=metrics_of(evaluation),
            baseline=metrics_of(evaluation.baseline) if evaluation.baseline else {},
            comparison=comparison,
            coverage=counts["answered"] / counts["rows"] if counts["rows"] else 0.0,
            needed=Needed(options["min_rows"], options["min_coverage"]),
        )
        passed = all(gate.state == "pass" for gate in gates)
        summary = markdown(evaluation, comparison, gates)
        body = {**evaluation_body(evaluation, comparison), "passed": passed, "gates": [_gate(gate) for gate in gates]}
        for option, content in (
            ("markdown", summary.encode()),
            ("json", orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n"),
            ("junit", junit(evaluation, gates)),
        ):
            if options[option]:
                _write(options[option], content, append=option == "markdown")
        if options["json"] != "-":
            self.stdout.write(summary)
        return passed


def _gate(gate: GateResult) -> dict[str, Any]:
    condition = gate.condition
    return {
        "name": condition.name,
        "kind": condition.kind,
        "metric": condition.metric.name,
        "bound": condition.bound,
        "limit": condition.limit,
        **{key: value for key, value in gate._asdict().items() if key != "condition"},
    }


def _name_of(options: dict[str, Any]) -> str:
    if options["outputs"]:
        name = Path(options["outputs"]).name.removesuffix(".gz")
        return "stdin" if name == "-" else name.removesuffix(".jsonl").removesuffix(".ndjson").removesuffix(".json")
    return options["model"] or urlsplit(options["endpoint"]).hostname or "endpoint"


def _baseline(project: Project, dataset: str, run: str | None) -> int | None:
    """Return the number of the run: as written, or the newest finished one of that system version over the dataset."""
    if run is None:
        return None
    found = Evaluation.objects.filter(
        project=project, version__dataset=get_dataset(project, dataset), state=EvaluationState.DONE
    )
    if run.isdecimal() and len(run) < 19 and found.filter(pk=int(run)).exists():
        return int(run)
    newest = found.filter(system_version=run).order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        message = f"There is no finished evaluation {run[:60]!r} of this dataset."
        raise InvalidError(message, code="no_baseline", fields=(FieldError("--baseline", message),))
    return newest


def _spec(options: dict[str, Any]) -> Spec:
    called: dict[str, Any] = {
        "concurrency": options["concurrency"],
        "timeout_seconds": options["timeout"],
        "retries": options["retries"],
    }
    if options["secret_file"]:
        called["auth"] = {"secret": _read(options["secret_file"]).decode(errors="replace").strip()}
    body: dict[str, Any] = {
        "match": {
            "way": options["match"],
            "tolerance": options["tolerance"],
            "fields": options["match_field"],
            "path": options["answer_path"],
        },
        "repeats": options["repeats"],
        "judges": [_judge(text) for text in options["judge"]],
        "split": options["split"],
    }
    if options["endpoint"]:
        request = _read(options["request"]) if options["request"] else None
        try:
            template = None if request is None else orjson.loads(request)
        except orjson.JSONDecodeError as error:
            raise CommandError(f"{options['request']} is not JSON: {error}.") from None
        pairs = [text.partition("=") for text in options["header"]]
        body["endpoint"] = {
            **called,
            "url": options["endpoint"],
            "request": template,
            "headers": {name: value for name, _, value in pairs},
            "response_path": options["response_path"],
            "cost_path": options["cost_path"],
        }
    if options["model"]:
        body["model"] = {**called, "base_url": options["base_url"], "model": options["model"]}
        if options["prompt"]:
            body["model"]["prompt"] = _read(options["prompt"]).decode(errors="replace")
        if options["price"]:
            paid = options["price"].split(",")
            body["model"] |= {"input_usd_per_mtok": paid[0], "output_usd_per_mtok": paid[-1]}
    return parse_spec(body)


def _judge(text: str) -> dict[str, Any]:
    name, _, version = text.partition("@")
    return {"name": name, "version": version or None, "run": True}


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


def _read_outputs(name: str) -> Iterator[Given]:
    """Yield the outputs of a file; the first bad line ends it all, named by its number."""
    try:
        with sys.stdin.buffer if name == "-" else gzip.open(name) if name.endswith(".gz") else open(name, "rb") as file:  # noqa: PTH123
            for number, text in enumerate(file, 1):
                line = text.removeprefix(BOM_UTF8) if number == 1 else text
                if not line.strip():
                    continue
                try:
                    data = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise CommandError(f"{name}, line {number} is not JSON: {error}.") from None
                yield read_output(data, f"line {number}")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror or error}.") from None


def _write(name: str, content: bytes, *, append: bool) -> None:
    if name == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        # Builds hand over one summary file for all their steps.
        with Path(name).open("ab" if append else "wb") as file:
            file.write(content)
    except OSError as error:
        raise CommandError(f"{name} cannot be written: {error.strerror}.") from None
