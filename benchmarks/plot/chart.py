"""Draws one data set with gnuplot: graphs on the left, lists on the right, on the same axes."""

import math
import subprocess

from results import BadResults, pareto_front, Point

LOWEST_RECALL = 0.8
HIGHEST_RECALL = 0.9997  # what lies above is drawn here
RECALL_TICS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)

# Of the palette of Okabe and Ito, which the colour-blind can tell apart. The lists of a peer have
# the colour of vecdb's.
COLOURS = {
    "vecdb HNSW": "#0072b2",
    "vecdb HNSW FP32": "#009e73",
    "vecdb HNSW FP16": "#56b4e9",
    "vecdb HNSW SQ4": "#e69f00",
    "vecdb HNSW RABITQ": "#cc79a7",
    "hnswlib HNSW": "#d55e00",
    "faiss HNSW": "#606060",
    "IVF_FLAT": "#0072b2",
    "IVF_SQ8": "#009e73",
    "IVF_PQ 4 bits": "#d55e00",
    "IVF_PQ 8 bits": "#cc79a7",
}

HEADER = r"""
set terminal svg size 1120,570 font "sans-serif,13" background "#ffffff"
set output "{path}"
set multiplot layout 1,2 title "{title}\n{{/*0.8 {subtitle}}}" margins 0.07,0.985,0.26,0.86 spacing 0.06
set logscale y
set grid xtics ytics linetype 1 linewidth 0.7 linecolor "#d0d0d0"
set xrange [{left}:{right}]
set yrange [{bottom}:{top}]
set xtics ({xtics}) font ",11"
set ytics ({ytics})
set xlabel "recall@{k}" noenhanced offset 0,0.4
set key bmargin center horizontal Left reverse samplen 3 width -5 maxcols 2 font ",12"
"""


def x_of(recall):
    """Each halving of what is missed is as wide as the next."""
    return -math.log10(1 - min(recall, HIGHEST_RECALL))


def drawn(series):
    """The front as it is drawn: of all points at the right edge the fastest alone."""
    return pareto_front(Point(min(point.recall, HIGHEST_RECALL), point.qps)
                        for point in series.front)


def qps_range(all_series):
    """Of what is in sight, where a curve comes in from the left too."""
    seen = []
    for series in all_series:
        inside = [point.qps for point in drawn(series) if point.recall >= LOWEST_RECALL]
        if inside:
            seen += inside + [series.qps_at(LOWEST_RECALL)]
    return (min(seen) / 1.15, max(seen) * 1.15) if seen else (1, 10)


def round_number(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def qps_tics(bottom, top):
    steps = [digit * 10 ** power for power in range(0, 9) for digit in (1, 2, 5)]
    return ", ".join(f'"{round_number(step)}" {step}' for step in steps if bottom <= step <= top)


def recall_tics():
    tics = [f'"{recall:g}" {x_of(recall):.4f}' for recall in RECALL_TICS]
    return ", ".join(tics + [f'"{HIGHEST_RECALL:g}+" {x_of(HIGHEST_RECALL):.4f}'])


def curve(number, series):
    colour = COLOURS.get(series.name) or COLOURS.get(series.index, "#000000")
    dash, mark = ("solid", 7) if series.engine == "vecdb" else ("(10,6)", 6)
    return (f'$curve{number} using 1:2 with linespoints linewidth 2 linecolor "{colour}" '
            f'dashtype {dash} pointtype {mark} pointsize 0.4 title "{series.name}" noenhanced')


def panel(all_series, title, first_number):
    lines, curves = [], []
    for number, series in enumerate(all_series, first_number):
        lines.append(f"$curve{number} << EOD")
        lines += [f"{x_of(point.recall):.4f} {point.qps:.1f}" for point in drawn(series)]
        lines.append("EOD")
        curves.append(curve(number, series))
    lines.append(f'set title "{title}" offset 0,-0.6')
    # Without a curve there are still the axes.
    lines.append("plot " + (", \\\n  ".join(curves) or "NaN notitle"))
    return lines


def script(result_set, path):
    shape, run = result_set.shape, result_set.run
    bottom, top = qps_range(result_set.series)
    header = HEADER.format(
        path=path, k=shape["k"],
        title=f"{result_set.name}: {shape['rows']} rows, dim {shape['dim']}, {shape['metric']}, "
              f"k {shape['k']}",
        subtitle=f"{shape['cpu']}, {shape['threads']} thread{'s' * (shape['threads'] != 1)}, "
                 f"{run['date']}".replace("{", "").replace("}", "").replace("_", " "),
        left=f"{x_of(LOWEST_RECALL):.4f}", right=f"{x_of(HIGHEST_RECALL) + 0.1:.4f}",
        bottom=bottom, top=top, xtics=recall_tics(), ytics=qps_tics(bottom, top))
    graphs = [series for series in result_set.series if not series.has_lists]
    lists = [series for series in result_set.series if series.has_lists]
    lines = [header, 'set ylabel "queries per second" offset 1,0']
    lines += panel(graphs, "graphs (HNSW)", 0)
    lines.append("unset ylabel")
    lines += panel(lists, "inverted lists (IVF)", len(graphs))
    lines.append("unset multiplot")
    return "\n".join(lines) + "\n"


def draw(result_set, path):
    """Writes the SVG."""
    try:
        done = subprocess.run(["gnuplot"], input=script(result_set, path), text=True,
                              encoding="utf-8", capture_output=True, check=False)
    except OSError as error:
        raise BadResults(f"gnuplot does not run: {error}; Debian's package is gnuplot-nox") from error
    if done.returncode != 0 or done.stderr:
        raise BadResults(f"gnuplot: {done.stderr.strip()}")
