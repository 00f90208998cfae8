// ann_bench: approximate nearest neighbours, engine against engine in one process. See
// ../README.md.
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "ann/engine.h"
#include "ann/measure.h"
#include "ann/options.h"
#include "ann/report.h"
#include "ann/row_filter.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

absl::StatusOr<std::vector<NamedEngine>> MakeEngines(const Dataset& dataset,
                                                     const Options& options) {
  std::vector<NamedEngine> engines;
  for (const std::string& name : options.engines) {
    VECDB_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, MakeEngine(name, dataset, options));
    engines.push_back({name, std::move(engine)});
  }
  return engines;
}

// Mistakes in the search settings and in the place of the output are told before anything is built.
absl::Status CheckBeforeBuilding(std::vector<NamedEngine>& engines, const Options& options) {
  for (NamedEngine& engine : engines) {
    for (const Params& search : options.searches) {
      VECDB_RETURN_IF_ERROR(engine.engine->Configure(search));
    }
  }
  if (options.json_path.empty()) return absl::OkStatus();
  const std::ofstream file(options.json_path, std::ios::app);
  return file ? absl::OkStatus()
              : absl::UnknownError("--json: " + options.json_path + " cannot be written");
}

absl::Status WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  return file ? absl::OkStatus() : absl::UnknownError(path + " cannot be written");
}

absl::StatusOr<std::vector<RowFilter>> MakeFilters(const Options& options, size_t num_rows) {
  std::vector<RowFilter> filters;
  for (const std::string& text : options.filters) {
    VECDB_ASSIGN_OR_RETURN(RowFilter filter, MakeRowFilter(text, options.meta_path, num_rows));
    filters.push_back(std::move(filter));
  }
  return filters;
}

absl::StatusOr<Dataset> Load(const Options& options) {
  VECDB_ASSIGN_OR_RETURN(Dataset dataset,
                         LoadDataset(options.files, options.metric, static_cast<size_t>(options.k),
                                     options.num_build_threads));
  if (!options.name.empty()) dataset.name = options.name;
  if (options.num_queries == 0) return dataset;
  VECDB_RETURN_IF_ERROR(KeepQueries(static_cast<size_t>(options.num_queries), &dataset));
  return dataset;
}

// Measures under each filter in turn. Prints the tables; returns the JSON.
absl::StatusOr<std::string> MeasureFilters(std::vector<NamedEngine>& engines,
                                           const std::vector<RowFilter>& filters,
                                           const Options& options, Dataset* dataset,
                                           std::vector<EngineResult>* results) {
  std::string json;
  for (const RowFilter& filter : filters) {
    VECDB_RETURN_IF_ERROR(ApplyFilter(engines, filter, options, dataset));
    VECDB_RETURN_IF_ERROR(MeasureAll(engines, *dataset, options, results));
    const Report report{options, *dataset, *results, &filter};
    std::fputs(SearchText(report).c_str(), stdout);
    std::fflush(stdout);
    json += (json.empty() ? "" : ",\n") + JsonReport(report);
  }
  return "[\n" + json + "]\n";
}

absl::Status Run(const Options& options) {
  VECDB_ASSIGN_OR_RETURN(Dataset dataset, Load(options));
  VECDB_ASSIGN_OR_RETURN(const std::vector<RowFilter> filters,
                         MakeFilters(options, dataset.base.num_rows()));
  VECDB_ASSIGN_OR_RETURN(std::vector<NamedEngine> engines, MakeEngines(dataset, options));
  VECDB_RETURN_IF_ERROR(CheckBeforeBuilding(engines, options));
  VECDB_ASSIGN_OR_RETURN(std::vector<EngineResult> results, BuildAll(engines, dataset, options));
  const Report report{.options = options, .dataset = dataset, .results = results};
  std::fputs(BuildText(report).c_str(), stdout);
  std::string json;
  if (filters.empty()) {
    VECDB_RETURN_IF_ERROR(MeasureAll(engines, dataset, options, &results));
    std::fputs(SearchText(report).c_str(), stdout);
    json = JsonReport(report);
  } else {
    VECDB_ASSIGN_OR_RETURN(json, MeasureFilters(engines, filters, options, &dataset, &results));
  }
  return options.json_path.empty() ? absl::OkStatus() : WriteFile(options.json_path, json);
}

int Main(std::span<const char* const> arguments) {
  if (arguments.size() == 1 && std::string_view(arguments[0]) == "--help") {
    std::printf("ann_bench --base FILE --query FILE [flags]\n\n%s", OptionsHelp().c_str());
    return 0;
  }
  const absl::StatusOr<Options> options = ParseOptions(arguments);
  const absl::Status status = options.ok() ? Run(*options) : options.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "ann_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) { return vecdb::bench::Main({argv + 1, argv + argc}); }
