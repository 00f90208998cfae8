"""What run.sh left behind: the curves of each data set."""

import json
import math
import pathlib
from dataclasses import dataclass


class BadResults(Exception):
    """A file that run.sh did not write, or a part of one."""


@dataclass(frozen=True)
class Point:
    recall: float
    qps: float


@dataclass(frozen=True)
class Series:
    engine: str
    index: str  # with codec or bits: "HNSW FP32"
    build_seconds: float
    bytes_per_vector: float
    front: list  # of Points, by rising recall and hence falling QPS

    @property
    def name(self):
        return f"{self.engine} {self.index}"

    @property
    def has_lists(self):
        return self.index.startswith("IVF")

    def qps_at(self, recall):
        """As `curve.cc` of ann_bench has it; None above the highest recall."""
        above = next((i for i, point in enumerate(self.front) if point.recall >= recall), None)
        if above is None:
            return None
        if above == 0:
            return self.front[0].qps
        low, high = self.front[above - 1], self.front[above]
        share = (recall - low.recall) / (high.recall - low.recall)
        return math.exp((1 - share) * math.log(low.qps) + share * math.log(high.qps))


@dataclass(frozen=True)
class ResultSet:
    name: str
    shape: dict  # rows, dim, queries, k, threads, build_threads, metric, cpu
    run: dict  # what run.sh says of the machine and the settings
    series: list
    wall_share: float  # median of wall QPS over QPS: 1 on a quiet machine


SHAPE_KEYS = ("metric", "cpu", "rows", "dim", "queries", "k", "threads", "build_threads")
SERIES_ORDER = ("HNSW", "HNSW FP32", "HNSW FP16", "HNSW SQ4", "HNSW RABITQ",
                "IVF_FLAT", "IVF_SQ8", "IVF_PQ 4 bits", "IVF_PQ 8 bits")
ENGINE_ORDER = ("vecdb", "hnswlib", "faiss")


def pareto_front(points):
    """The points that no other beats in one measure and at least equals in the other."""
    front = []
    for point in sorted(points, key=lambda p: (-p.recall, -p.qps)):
        if not front or point.qps > front[-1].qps:
            front.append(point)
    return front[::-1]


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadResults(f"{path}: {error}") from error


def index_name(engine):
    """An index with what tells it from its siblings. Peers do without vecdb's codecs."""
    build = dict(part.split("=", 1) for part in engine["build"].split(",") if part)
    if engine["engine"] == "vecdb" and "codec" in build:
        return f"{engine['index']} {build['codec']}"
    if engine["index"] == "IVF_PQ":
        return f"IVF_PQ {build.get('nbits', '8')} bits"
    return engine["index"]


def read_series(engine):
    points = [Point(point["recall"], point["qps"]) for point in engine["points"]]
    return Series(engine["engine"], index_name(engine), engine["build_seconds"],
                  engine["bytes_per_vector"], pareto_front(points))


def place(series):
    """Sorts by index, then engine; what is unknown comes last."""
    def position(order, name):
        return order.index(name) if name in order else len(order)
    return (position(SERIES_ORDER, series.index), position(ENGINE_ORDER, series.engine), series.name)


def median(values):
    return sorted(values)[len(values) // 2]


def read_set(name, run_path, paths):
    reports = [read_json(path) for path in paths]
    shapes = [{key: report[key] for key in SHAPE_KEYS} for report in reports]
    for path, shape in zip(paths, shapes):
        if shape != shapes[0]:
            raise BadResults(f"{path} and {paths[0]} are not of one run: {shape}, {shapes[0]}")
    engines = [engine for report in reports for engine in report["engines"]]
    shares = [point["wall_qps"] / point["qps"] for engine in engines for point in engine["points"]]
    if not shares:
        raise BadResults(f"{paths[0]}: no points")
    series = sorted(map(read_series, engines), key=place)
    return ResultSet(name, shapes[0], read_json(run_path), series, median(shares))


def read_results(folder):
    """The sets in `folder`, by name."""
    folder = pathlib.Path(folder)
    sets = []
    for run_path in sorted(folder.glob("*.run.json")):
        name = run_path.name[:-len(".run.json")]
        paths = [path for path in sorted(folder.glob(f"{name}.*.json")) if path != run_path]
        if not paths:
            raise BadResults(f"{run_path}: there are no results of {name} beside it")
        try:
            sets.append(read_set(name, run_path, paths))
        except (KeyError, TypeError, ZeroDivisionError) as error:
            raise BadResults(f"{name}: no results of ann_bench: {error!r}") from error
    if not sets:
        raise BadResults(f"{folder}: no *.run.json; run.sh writes them")
    return sets
