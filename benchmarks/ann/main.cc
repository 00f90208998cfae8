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

absl::Status Run(const Options& options) {
  VECDB_ASSIGN_OR_RETURN(Dataset dataset,
                         LoadDataset(options.files, options.metric, static_cast<size_t>(options.k),
                                     options.num_build_threads));
  if (!options.name.empty()) dataset.name = options.name;
  VECDB_ASSIGN_OR_RETURN(std::vector<NamedEngine> engines, MakeEngines(dataset, options));
  VECDB_RETURN_IF_ERROR(CheckBeforeBuilding(engines, options));
  VECDB_ASSIGN_OR_RETURN(std::vector<EngineResult> results, BuildAll(engines, dataset, options));
  VECDB_RETURN_IF_ERROR(MeasureAll(engines, dataset, options, &results));
  const Report report{.options = options, .dataset = dataset, .results = results};
  std::fputs(TextReport(report).c_str(), stdout);
  return options.json_path.empty() ? absl::OkStatus()
                                   : WriteFile(options.json_path, JsonReport(report));
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
