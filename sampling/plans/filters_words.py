"""Filters in words, for people who read a rule or a list's condition without reading JSON."""

from datetime import datetime

from sampling.plans.filters import AllOf, AnyOf, Filter, Not, Test, Value

_SIGNS = {"gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
_TIMES = {"gt": "after", "gte": "from", "lt": "before", "lte": "until"}
_SHOWN_VALUES = 5
_SHOWN_TEXT = 60


def filter_words(condition: Filter) -> list[str]:
    """Return the conditions that must all hold, each as a phrase such as `latency_ms > 2000`; none for everything."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    return [_words(part, inside=False) for part in parts]


def _words(condition: Filter, *, inside: bool) -> str:
    match condition:
        case Test():
            return _test(condition, negated=False)
        case Not(Test() as test):
            return _test(test, negated=True)
        case Not(part):
            return f"not ({_words(part, inside=False)})"
        case AllOf(parts):
            text = " and ".join(_words(part, inside=True) for part in parts) or "everything"
        case AnyOf(parts):
            text = " or ".join(_words(part, inside=True) for part in parts)
    return f"({text})" if inside and len(parts) > 1 else text


def _test(test: Test, *, negated: bool) -> str:
    name, values = test.fact.name, test.values
    match test.operator:
        case "exists":
            return f"{name} is {'missing' if negated else 'known'}"
        case "contains":
            return f"{name} {'does not contain' if negated else 'contains'} {_value(values[0])}"
        case "in":
            is_ = "is not" if negated else "is"
            if len(values) == 1:
                return f"{name} {is_} {_value(values[0])}"
            more = f" … ({len(values)} in all)" if len(values) > _SHOWN_VALUES else ""
            return f"{name} {is_} one of {', '.join(_value(each) for each in values[:_SHOWN_VALUES])}{more}"
    sign = (_TIMES if isinstance(values[0], datetime) else _SIGNS)[test.operator]
    text = f"{name} {sign} {_value(values[0])}"
    return f"not ({text})" if negated else text


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" + (f":{value:%S}" if value.second else "") + " UTC"
    return f"“{value[:_SHOWN_TEXT]}…”" if len(value) > _SHOWN_TEXT else f"“{value}”"
