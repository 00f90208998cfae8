#ifndef VECDB_BENCHMARKS_ANN_OPTIONS_H_
#define VECDB_BENCHMARKS_ANN_OPTIONS_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ann/params.h"
#include "data/dataset.h"
#include "vecdb/index.h"

namespace vecdb::bench {

/// What the engine called vecdb is.
enum class Door { kIndex, kCollection };

/// What ann_bench was asked to do.
struct Options {
  DatasetFiles files{};
  std::string name{};  ///< of the data set; "" to take it from the path of the base
  Metric metric = Metric::kL2;
  std::vector<std::string> engines{};  ///< names that MakeEngine knows
  Door door = Door::kIndex;
  std::string index{};  ///< in capitals
  Params build{};
  std::vector<Params> searches{};
  int k = 10;
  int num_threads = 1;
  int num_build_threads = 2;
  int num_build_runs = 1;
  int num_sweeps = 5;
  std::vector<double> compare_at{};
  std::vector<std::string> filters{};  ///< texts for MakeRowFilter; none: as the data set is
  std::string meta_path{};             ///< fields of the rows, JSON lines
  int num_queries = 0;                 ///< the first ones; 0 for all
  RowStorage row_storage = RowStorage::kView;
  std::string json_path{};  ///< "" for none
  std::string directory{};  ///< for collections; "" for the system's place for temporary files
};

/// InvalidArgument, naming the flag, for anything unknown, missing or out of range.
absl::StatusOr<Options> ParseOptions(std::span<const char* const> arguments);

/// The flags, one a line.
std::string OptionsHelp();

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_OPTIONS_H_
