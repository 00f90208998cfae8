#!/usr/bin/env python3
"""plot.py RESULTS DOCS: draws what run.sh measured.

Writes DOCS/plots/NAME.svg for each data set in RESULTS, and DOCS/benchmarks.md, which shows them
with tables. Needs gnuplot.
"""

import pathlib
import sys

sys.dont_write_bytecode = True

from chart import draw
from page import markdown
from results import BadResults, read_results


def main(arguments):
    if arguments == ["--help"]:
        print(__doc__.strip())
        return 0
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    docs = pathlib.Path(arguments[1])
    try:
        sets = read_results(arguments[0])
        (docs / "plots").mkdir(parents=True, exist_ok=True)
        for result_set in sets:
            path = docs / "plots" / f"{result_set.name}.svg"
            draw(result_set, path)
            print(f"{path}: {len(result_set.series)} curves, {path.stat().st_size} bytes")
        (docs / "benchmarks.md").write_text(markdown(sets), encoding="utf-8")
        print(docs / "benchmarks.md")
    except (BadResults, OSError) as error:
        print(f"plot.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
