"""The page about the figures: what was measured, on what, by which commands, and tables."""

RECALLS = (0.90, 0.95, 0.99)

HEAD = """# Recall against speed

Made by `benchmarks/plot/plot.py` from what `benchmarks/plot/run.sh` measured; nothing here is typed by hand. Further right
and further up is better: right is recall, the share of the true nearest rows that came back; up is queries per second.

"""

HOW = """## How to read them

- Solid lines are vecdb, dashed ones hnswlib and FAISS. `vecdb HNSW` is the index as it comes, walked on codes of a byte a
  dimension (from dim 64 on) and refined by float16 copies; `FP32`, `FP16`, `SQ4` and `RABITQ` are its other codecs. All graphs
  have M 16 and efConstruction 200, all lists of a set the same nlist; IVF_SQ8 and IVF_PQ are refined by the float32 rows.
- A line is the Pareto front of a sweep of `ef`, or of `nprobe` and `refine_k`. Between two points the tables interpolate log QPS
  over recall; below the lowest recall of a sweep they have the QPS of its first point; a dash is a recall that a sweep did not
  reach.
- QPS is by thread CPU time, one query at a time, on one thread, the best of several passes in turn with the other engines of
  the same run. *bytes* are those of the index and of the float32 rows where searches read them, per vector; vecdb's IVF_FLAT has copies in its lists and reads the rows too, under filters.
- hnswlib is compiled for the instructions of the machine. FAISS is Debian's, which uses nothing beyond SSE2: a FAISS compiled for
  AVX-512 is several times faster. For cosine both get normalised copies and the inner product.
- [benchmarks/README.md](../benchmarks/README.md) says how `ann_bench` measures.

## How they were made

With the data sets, each in a folder of its name, below `$D`:

    cmake --preset release && cmake --build --preset release --target ann_bench
"""


def quantity(value):
    return "–" if value is None else f"{value:,.0f}"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def table(result_set):
    heads = ["index", *(f"QPS at {recall:.2f}" for recall in RECALLS), "build s", "bytes"]
    lines = [row(heads), "|---|" + "---:|" * (len(heads) - 1)]
    for series in result_set.series:
        lines.append(row([series.name, *(quantity(series.qps_at(recall)) for recall in RECALLS),
                          f"{series.build_seconds:.1f}", quantity(series.bytes_per_vector)]))
    return lines


def section(result_set):
    shape, run = result_set.shape, result_set.run
    return [f"## {result_set.name}", "",
            f"{shape['rows']:,} rows, dim {shape['dim']}, {shape['metric']}; {shape['queries']:,} "
            f"queries, k {shape['k']}, {shape['threads']} thread; built with "
            f"{shape['build_threads']} threads. {shape['cpu']} ({run['cores']} cores, "
            f"{run['memory_gib']} GiB, {run['system']}), {run['date']}, commit {run['commit']}. "
            f"QPS by the clock on the wall was {result_set.wall_share:.0%} of that by CPU time "
            "(median).", "",
            f"![Recall against queries per second on {result_set.name}](plots/{result_set.name}.svg)",
            "", *table(result_set), ""]


def commands(sets):
    """One call of run.sh for all sets of the same settings."""
    by_settings = {}
    for result_set in sets:
        by_settings.setdefault(result_set.run["settings"], []).append(
            f"{result_set.name}:{result_set.shape['metric']}")
    lines = []
    for settings, names in by_settings.items():
        lines += [f'    SETS="{" ".join(names)}" \\']
        lines += [f"    {setting} \\" for setting in wrapped(settings.split())]
        lines += ["      benchmarks/plot/run.sh build/release/benchmarks/ann_bench $D results"]
    return lines + ["    benchmarks/plot/plot.py results docs"]


def wrapped(words, width=110):
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def markdown(sets):
    lines = [line for result_set in sets for line in section(result_set)]
    return HEAD + "\n".join(lines) + "\n" + HOW + "\n".join(commands(sets)) + "\n"
