#include "ann/measure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "ann/pass.h"
#include "ann/recall.h"
#include "base/status_macros.h"
#include "common/machine.h"
#include "common/stats.h"

namespace vecdb::bench {
namespace {

// Passes shorter than this ask their queries again, for a clock cannot time a few milliseconds
// well.
constexpr double kShortestPassSeconds = 0.1;

absl::Status Named(const NamedEngine& engine, const absl::Status& status) {
  return {status.code(), absl::StrFormat("%s: %s", engine.name, std::string(status.message()))};
}

// Standard output is for the report.
void ShowProgress(std::string_view doing, const std::string& what) {
  std::fprintf(stderr, "%s %s\n", std::string(doing).c_str(), what.c_str());
}

absl::Status BuildOne(NamedEngine& engine, const Dataset& dataset, EngineResult* result) {
  const bool is_first = result->name.empty();
  ShowProgress("building", engine.name);
  const auto before = static_cast<double>(ResidentBytes());
  absl::StatusOr<BuildReport> report = engine.engine->Build();
  if (!report.ok()) return Named(engine, report.status());
  if (is_first) {
    const auto rows = static_cast<double>(report->holds_rows ? dataset.base.num_bytes() : 0);
    result->name = engine.name;
    result->resident_bytes = static_cast<double>(ResidentBytes()) - before - rows;
  }
  if (is_first || report->seconds < result->build.seconds) result->build = *std::move(report);
  return absl::OkStatus();
}

// The passes of one engine at one setting.
struct Turns {
  PassPlan plan{};
  double recall = 0;
  std::optional<Pass> best{};
};

double Recall(const RecallJudge& judge, const PassPlan& plan, std::span<const uint32_t> ids) {
  size_t hits = 0;
  size_t wanted = 0;
  for (size_t query = 0; query < plan.num_queries; ++query) {
    hits += judge.Hits(query, ids.subspan(query * plan.k, plan.k));
    wanted += judge.Wanted(query);
  }
  return wanted == 0 ? 1 : static_cast<double>(hits) / static_cast<double>(wanted);
}

// The pass before those that count.
absl::StatusOr<Turns> WarmUp(Engine& engine, const PassPlan& plan, const RecallJudge& judge) {
  VECDB_ASSIGN_OR_RETURN(const Pass pass, RunPass(engine, plan));
  Turns turns{.plan = plan, .recall = Recall(judge, plan, pass.ids)};
  const double repeats = std::ceil(kShortestPassSeconds / std::max(pass.wall_seconds, 1e-6));
  turns.plan.num_repeats = static_cast<size_t>(std::clamp(repeats, 1.0, 1000.0));
  return turns;
}

absl::Status TakeTurn(Engine& engine, Turns& turns) {
  VECDB_ASSIGN_OR_RETURN(Pass pass, RunPass(engine, turns.plan));
  if (!turns.best || pass.cpu_seconds < turns.best->cpu_seconds) turns.best = std::move(pass);
  return absl::OkStatus();
}

PointResult Summarize(const Params& search, const Turns& turns) {
  const Pass& best = *turns.best;
  const auto asked = static_cast<double>(best.latencies_us.size());
  const auto threads = static_cast<double>(turns.plan.num_threads);
  return {.search = ParamsText(search),
          .recall = turns.recall,
          .qps = threads * asked / best.cpu_seconds,
          .wall_qps = asked / best.wall_seconds,
          .p50_us = Percentile(best.latencies_us, 0.5),
          .p99_us = Percentile(best.latencies_us, 0.99),
          .page_reads = best.page_reads,
          .page_hits = best.page_hits};
}

// All engines at one setting.
absl::Status MeasurePoint(std::vector<NamedEngine>& engines, const Params& search,
                          const PassPlan& plan, const RecallJudge& judge, int num_sweeps,
                          std::vector<EngineResult>* results) {
  ShowProgress("measuring", ParamsText(search));
  std::vector<Turns> turns;
  for (NamedEngine& engine : engines) {
    absl::Status configured = engine.engine->Configure(search);
    if (!configured.ok()) return Named(engine, configured);
    absl::StatusOr<Turns> warm = WarmUp(*engine.engine, plan, judge);
    if (!warm.ok()) return Named(engine, warm.status());
    turns.push_back(*std::move(warm));
  }
  for (size_t sweep = 0; sweep < static_cast<size_t>(num_sweeps); ++sweep) {
    for (size_t i = 0; i < engines.size(); ++i) {
      const size_t turn = (sweep + i) % engines.size();
      VECDB_RETURN_IF_ERROR(TakeTurn(*engines[turn].engine, turns[turn]));
    }
  }
  for (size_t i = 0; i < engines.size(); ++i) {
    (*results)[i].points.push_back(Summarize(search, turns[i]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<EngineResult>> BuildAll(std::vector<NamedEngine>& engines,
                                                   const Dataset& dataset, const Options& options) {
  std::vector<EngineResult> results(engines.size());
  for (int run = 0; run < options.num_build_runs; ++run) {
    for (size_t i = 0; i < engines.size(); ++i) {
      VECDB_RETURN_IF_ERROR(BuildOne(engines[i], dataset, &results[i]));
    }
  }
  return results;
}

absl::Status ApplyFilter(std::vector<NamedEngine>& engines, const RowFilter& filter,
                         const Options& options, Dataset* dataset) {
  ShowProgress("filter", filter.text);
  for (NamedEngine& engine : engines) {
    const absl::Status status = engine.engine->SetFilter(filter);
    if (!status.ok()) return Named(engine, status);
  }
  dataset->truth =
      ComputeTruth(dataset->metric, dataset->base, dataset->queries, static_cast<size_t>(options.k),
                   options.num_build_threads, &filter.rows);
  return absl::OkStatus();
}

absl::Status MeasureAll(std::vector<NamedEngine>& engines, const Dataset& dataset,
                        const Options& options, std::vector<EngineResult>* results) {
  const auto k = static_cast<size_t>(options.k);
  const PassPlan plan{.num_queries = dataset.queries.num_rows(),
                      .k = k,
                      .num_threads = static_cast<size_t>(options.num_threads)};
  const RecallJudge judge(dataset, k);
  for (EngineResult& result : *results) result.points.clear();
  for (const Params& search : options.searches) {
    VECDB_RETURN_IF_ERROR(MeasurePoint(engines, search, plan, judge, options.num_sweeps, results));
  }
  return absl::OkStatus();
}

}  // namespace vecdb::bench
