"""Records of other tools, each in that tool's own field names, from one canonical row.

What a tool has no field for travels in its metadata under `review`, so that a result leads back to its row. Tombstones
are left out: to a tool they would be cases without an input.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from sampling.items.content import is_messages, text_of

Row = Mapping[str, Any]
# Inspect refuses a whole file for any other; to models a developer is the system.
ROLES = {"developer": "system", **{role: role for role in ("system", "user", "assistant", "tool")}}


def record_maker(kind: str, *, dataset: str) -> Callable[[Row], dict[str, Any]]:
    """Return what makes a row into a record of the format; `dataset` is the dataset's name."""
    made = _MAKERS[kind]
    return lambda row: made(row, dataset)


def _openai_evals(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    return {"input": _messages(row["input"]), "ideal": expected_text(row), "metadata": _metadata(row)}


def _promptfoo(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    variables = {"input": text_of(row["input"])}
    if row["context"] is not None:
        variables["context"] = text_of(row["context"])
    return {
        "description": row["external_id"],
        "vars": variables,
        "assert": [{"type": "equals", "value": expected_text(row)}],
        "metadata": _metadata(row),
    }


def _inspect(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    said = row["input"]
    return {
        "id": row["external_id"],
        "input": [{**turn, "role": ROLES[turn["role"]]} for turn in said] if _is_chat(said) else text_of(said),
        "target": expected_text(row),
        "metadata": _metadata(row),
    }


def _deepeval(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    return {
        "name": row["external_id"],
        "input": text_of(row["input"]),
        "actual_output": None if row["output"] is None else text_of(row["output"]),
        "expected_output": expected_text(row),
        "context": None,
        "retrieval_context": passages(row["context"]),
        "additional_metadata": _metadata(row),
    }


def _ragas(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    return {
        "user_input": text_of(row["input"]),
        "response": None if row["output"] is None else text_of(row["output"]),
        "reference": expected_text(row),
        "retrieved_contexts": passages(row["context"]),
    }


def _langfuse(row: Row, dataset: str) -> dict[str, Any]:
    return {
        "datasetName": dataset,
        "id": f"{dataset}/{row['external_id']}",
        "input": row["input"],
        "expectedOutput": row["expected"],
        "metadata": _metadata(row),
        "status": "ACTIVE",
    }


def _mlflow(row: Row, dataset: str) -> dict[str, Any]:
    tags = {"dataset": dataset, "external_id": row["external_id"]}
    return {
        "inputs": _inputs(row),
        "outputs": row["output"],
        "expectations": {"expected_response": expected_text(row)},
        "tags": {**tags, "split": row["split"]} if row["split"] else tags,
    }


def _langsmith(row: Row, dataset: str) -> dict[str, Any]:
    found = {
        "id": _uuid(dataset, row["external_id"]),
        "inputs": _inputs(row),
        "outputs": {"expected": row["expected"]},
        "metadata": _metadata(row),
    }
    return {**found, "split": row["split"]} if row["split"] else found


def _braintrust(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    return {
        "id": row["external_id"],
        "input": row["input"],
        "expected": row["expected"],
        "metadata": _metadata(row),
        "tags": [row["split"]] if row["split"] else [],
    }


def _phoenix(row: Row, dataset: str) -> dict[str, Any]:  # noqa: ARG001
    found = {"input": _inputs(row), "output": {"expected": row["expected"]}, "metadata": _metadata(row)}
    return {**found, "splits": row["split"]} if row["split"] else found


_MAKERS: dict[str, Callable[[Row, str], dict[str, Any]]] = {
    "openai_evals": _openai_evals,
    "promptfoo": _promptfoo,
    "inspect": _inspect,
    "deepeval": _deepeval,
    "ragas": _ragas,
    "langfuse": _langfuse,
    "mlflow": _mlflow,
    "langsmith": _langsmith,
    "braintrust": _braintrust,
    "phoenix": _phoenix,
}
TOOLS = tuple(_MAKERS)


def expected_text(row: Row) -> str:
    """Return what is expected as text: text as it is, anything else as JSON."""
    expected = row["expected"]
    return expected if isinstance(expected, str) else orjson.dumps(expected, option=orjson.OPT_SORT_KEYS).decode()


def passages(context: Any) -> list[str]:
    """Return a context as texts: one for each passage of a list, else one in all."""
    if context is None:
        return []
    if isinstance(context, list) and not is_messages(context):
        return [text_of(_content(each)) for each in context]
    return [text_of(context)]


def _content(passage: Any) -> Any:
    """Return the text of a passage that is an object with one."""
    if isinstance(passage, dict):
        return next((passage[name] for name in ("text", "content") if isinstance(passage.get(name), str)), passage)
    return passage


def _inputs(row: Row) -> dict[str, Any]:
    """Return the input as named values; the context is one of them."""
    named = dict(row["input"]) if isinstance(row["input"], dict) else {"input": row["input"]}
    return {**named, "context": row["context"]} if row["context"] is not None and "context" not in named else named


def _metadata(row: Row) -> dict[str, Any]:
    """Return the item's metadata with what is known of the row beside it."""
    known = ("external_id", "split", "output", "context", "answers", "n_labels", "agreement", "weight")
    return {**row["metadata"], "review": {name: row[name] for name in known if row[name] is not None}}


def _messages(said: Any) -> list[dict[str, Any]]:
    """Return messages as the OpenAI API takes them, calls of tools too; the reasoning of traces is none of theirs."""
    if not is_messages(said):
        return [{"role": "user", "content": text_of(said)}]
    turns = [{name: value for name, value in turn.items() if name != "reasoning"} for turn in said]
    for turn in turns:
        if isinstance(turn.get("tool_calls"), list):
            turn["tool_calls"] = [_call(call) for call in turn["tool_calls"]]
    return turns


def _call(call: Any) -> Any:
    """Return a call of a tool as a trace has it in the OpenAI API's form; what is no such call stays."""
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return call
    arguments = call.get("arguments")
    text = arguments if isinstance(arguments, str) else orjson.dumps({} if arguments is None else arguments).decode()
    return {"id": call.get("id", ""), "type": "function", "function": {"name": call["name"], "arguments": text}}


def _is_chat(said: Any) -> bool:
    return is_messages(said) and all(
        turn["role"] in ROLES and isinstance(turn["content"], str) and set(turn) <= {"role", "content"} for turn in said
    )


def _uuid(dataset: str, external_id: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"dataset:{dataset}/{external_id}"))
