"""`python -m tests.benchmarks [name …]`: run the `bench_*` modules beside this file and print their tables."""

import importlib
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.rows import markdown


def main(wanted: list[str]) -> int:
    """Run the named benchmarks (all without names); each module has a `measure()` that returns rows."""
    names = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
    unknown = set(wanted) - set(names)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    if len(wanted) != 1:
        # Each in a process of its own: Django can be set up on one database only.
        runs = [
            subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=False) for name in wanted or names
        ]
        return max(run.returncode for run in runs)
    for name in wanted:
        module = importlib.import_module(f"tests.benchmarks.bench_{name}")
        print(f"\n## {name}\n\n{(module.__doc__ or '').strip()}\n\n{markdown(module.measure())}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
