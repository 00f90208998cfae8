#include "ann/options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "ann/ivf_params.h"
#include "base/status_macros.h"
#include "common/flags.h"

namespace vecdb::bench {
namespace {

// The command line before its words are looked up.
struct RawOptions {
  Options options{};
  std::string metric = "l2";
  std::string index = "HNSW";
  std::string build{};
  std::string search{};
  std::string door = "index";
  std::string rows = "view";
};

RawOptions Defaults() {
  RawOptions raw;
  raw.options.engines = {"vecdb", "hnswlib", "faiss"};
  raw.options.compare_at = {0.90, 0.95, 0.99};
  return raw;
}

Flags MakeFlags(RawOptions& raw) {
  Options& options = raw.options;
  Flags flags;
  flags.Add("base", "rows to index: .fbin .u8bin .fvecs .bvecs .npy", &options.files.base);
  flags.Add("query", "queries, in the same formats", &options.files.queries);
  flags.Add("truth", "their true neighbours: .ibin .ivecs; computed when absent",
            &options.files.truth);
  flags.Add("name", "of the data set; else from the path of --base", &options.name);
  flags.Add("metric", "l2, ip or cosine", &raw.metric);
  flags.Add("engine", "any of vecdb, vecdb-index, vecdb-collection, hnswlib, faiss",
            &options.engines);
  flags.Add("door", "what vecdb stands for: index, collection or both", &raw.door);
  flags.Add("index", "HNSW, FLAT, IVF_FLAT, IVF_SQ8, IVF_PQ or DISKANN", &raw.index);
  flags.Add("build", "for example M=16,efConstruction=200 or nlist=256,m=32,nbits=4,refine=true",
            &raw.build);
  flags.Add("search", "for example ef=10,20,40 or nprobe=1,2,4,8:refine_k=4", &raw.search);
  flags.Add("k", "neighbours per query", &options.k, 1, 16384);
  flags.Add("threads", "that search, each one query at a time", &options.num_threads, 1, 256);
  flags.Add("build-threads", "that build", &options.num_build_threads, 1, 256);
  flags.Add("build-runs", "builds of each engine, in turn; the fastest counts",
            &options.num_build_runs, 1, 100);
  flags.Add("sweeps", "passes of each engine over each point, in turn; the fastest counts",
            &options.num_sweeps, 3, 1000);
  flags.Add("compare-at", "recalls to compare the engines at", &options.compare_at);
  flags.Add("filter", "rows that may be returned, in turn: all, random:0.1, label=0+2:0.1",
            &options.filters);
  flags.Add("meta", "JSON lines with the fields of the rows, for --filter", &options.meta_path);
  flags.Add("queries", "the first so many; 0 for all", &options.num_queries, 0, 1000000000);
  flags.Add("rows", "vecdb's index door: view the rows, or copy them", &raw.rows);
  flags.Add("dir", "where collections are made, and removed again", &options.directory);
  flags.Add("json", "file to write the results to", &options.json_path);
  return flags;
}

template <typename T>
absl::Status LookUp(std::string_view flag, std::string_view word,
                    std::initializer_list<std::pair<std::string_view, T>> words, T* value) {
  for (const auto& [known, meaning] : words) {
    if (word != known) continue;
    *value = meaning;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat("--%s: \"%s\" is unknown", flag, word));
}

// Says which door `vecdb` is; for both, an engine of the other door is put behind it.
absl::Status OpenDoor(std::string_view door, Options* options) {
  if (door != "both") {
    return LookUp<Door>("door", door, {{"index", Door::kIndex}, {"collection", Door::kCollection}},
                        &options->door);
  }
  const auto vecdb = std::find(options->engines.begin(), options->engines.end(), "vecdb");
  if (vecdb != options->engines.end()) options->engines.insert(vecdb + 1, "vecdb-collection");
  return absl::OkStatus();
}

absl::Status CheckRecalls(const std::vector<double>& recalls) {
  const auto bad = std::find_if_not(recalls.begin(), recalls.end(),
                                    [](double recall) { return recall > 0 && recall <= 1; });
  if (bad == recalls.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("--compare-at: %g is no recall above 0 and up to 1", *bad));
}

absl::Status CheckIsVecdb(const std::vector<std::string>& engines) {
  for (const std::string& engine : engines) {
    if (engine.starts_with("vecdb")) continue;
    return absl::InvalidArgumentError(absl::StrFormat("--engine: %s has no DISKANN", engine));
  }
  return absl::OkStatus();
}

absl::Status CheckIndex(const Options& options) {
  if (options.index == "HNSW" || options.index == "FLAT") return absl::OkStatus();
  if (options.index == "DISKANN") return CheckIsVecdb(options.engines);
  if (!IsIvf(options.index)) {
    return absl::InvalidArgumentError(absl::StrFormat("--index: \"%s\" is unknown", options.index));
  }
  const auto& engines = options.engines;
  if (std::find(engines.begin(), engines.end(), "hnswlib") == engines.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--engine: hnswlib has no %s; leave it out, as in --engine vecdb,faiss", options.index));
}

absl::Status CheckFiles(const DatasetFiles& files) {
  if (files.base.empty()) return absl::InvalidArgumentError("--base is missing");
  if (files.queries.empty()) return absl::InvalidArgumentError("--query is missing");
  return absl::OkStatus();
}

absl::Status Resolve(RawOptions& raw) {
  Options& options = raw.options;
  VECDB_RETURN_IF_ERROR(CheckFiles(options.files));
  VECDB_RETURN_IF_ERROR(CheckRecalls(options.compare_at));
  VECDB_RETURN_IF_ERROR((LookUp<Metric>(
      "metric", raw.metric, {{"l2", Metric::kL2}, {"ip", Metric::kIp}, {"cosine", Metric::kCosine}},
      &options.metric)));
  VECDB_RETURN_IF_ERROR((LookUp<RowStorage>(
      "rows", raw.rows, {{"view", RowStorage::kView}, {"copy", RowStorage::kCopy}},
      &options.row_storage)));
  VECDB_RETURN_IF_ERROR(OpenDoor(raw.door, &options));
  options.index = absl::AsciiStrToUpper(raw.index);
  VECDB_RETURN_IF_ERROR(CheckIndex(options));
  VECDB_ASSIGN_OR_RETURN(options.build, ParseParams(raw.build));
  VECDB_ASSIGN_OR_RETURN(options.searches, ParseSweep(raw.search));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ParseOptions(std::span<const char* const> arguments) {
  RawOptions raw = Defaults();
  VECDB_RETURN_IF_ERROR(MakeFlags(raw).Parse(arguments));
  VECDB_RETURN_IF_ERROR(Resolve(raw));
  return std::move(raw.options);
}

std::string OptionsHelp() {
  RawOptions raw = Defaults();
  return MakeFlags(raw).Help();
}

}  // namespace vecdb::bench
