"""A project's own patterns: RE2, over each text as it is written."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from reviewapp.accounts.masking import compile_pattern
from sampling.mask.kinds import Finding, Kind


class CustomPatterns(NamedTuple):
    """The patterns of a project, compiled. Where one has a group, only the group is masked."""

    compiled: tuple[Any, ...]

    def find(self, text: str) -> Iterator[Finding]:
        """Yield what the patterns match in a text."""
        for pattern in self.compiled:
            group = min(pattern.groups, 1)
            for match in pattern.finditer(text):
                start, end = match.span(group)
                if start < end:
                    yield Finding(start, end, Kind.CUSTOM, text[start:end])


def custom_patterns(patterns: Sequence[Mapping[str, str]]) -> CustomPatterns | None:
    """Return the project's patterns (checked when they were saved) compiled, None where it has none."""
    return _compiled(tuple(each["pattern"] for each in patterns)) if patterns else None


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> CustomPatterns:
    return CustomPatterns(tuple(compile_pattern(pattern) for pattern in patterns))
