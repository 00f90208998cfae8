#ifndef VECDB_BENCHMARKS_ANN_ENGINE_H_
#define VECDB_BENCHMARKS_ANN_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ann/options.h"
#include "ann/params.h"
#include "ann/row_filter.h"
#include "data/dataset.h"

namespace vecdb::bench {

/// What a build took, and what it left in memory.
struct BuildReport {
  double seconds = 0;              ///< by the wall; copies made for the engine's sake are not timed
  double cpu_seconds = 0;          ///< the same, summed over the threads
  uint64_t bytes_beyond_rows = 0;  ///< held by the index, without the float32 rows
  bool holds_rows = true;          ///< in memory of its own, beside the benchmark's array
  bool needs_rows = true;          ///< float32, its own or the benchmark's, beside the index
  std::string note{};              ///< how the bytes were counted, and what else is worth saying
};

/// Pages of an index on disk.
struct PageCounts {
  uint64_t reads = 0;
  uint64_t hits = 0;  ///< that lay in memory
};

/// An engine under test. Build and Configure are for one thread; between them, EnterThread and
/// Search may be called by any number. Exceptions of the engine end here, as Internal.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Indexes the base of the data set that the engine was made for. Called again, it drops what it
  /// built and starts afresh.
  virtual absl::StatusOr<BuildReport> Build() = 0;

  /// Sets the parameters of the searches that follow. May be called before Build to check them.
  virtual absl::Status Configure(const Params& search) = 0;

  /// Lets the searches that follow return the rows of `filter` only; it must outlive them. To be
  /// called after Build. Unimplemented for an engine without filters.
  virtual absl::Status SetFilter(const RowFilter& filter) {
    return absl::UnimplementedError("no filter \"" + filter.text + "\": this engine has none");
  }

  /// What all searches so far have read from a disk; nothing where the index is in memory.
  virtual PageCounts pages() const { return {}; }

  /// To be called in every thread that searches, before it does.
  virtual void EnterThread() {}

  /// Answers one query of the data set: fills `ids`, nearest first, and says how many were found.
  virtual absl::StatusOr<size_t> Search(size_t query, std::span<uint32_t> ids) = 0;
};

/// Makes an engine for a data set and options, which must outlive it. NotFound for a name that is
/// unknown or was not compiled in; InvalidArgument for an index that it does not have.
absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(std::string_view name, const Dataset& dataset,
                                                   const Options& options);

/// The engines, each in a file of its name.
absl::StatusOr<std::unique_ptr<Engine>> MakeVecdbIndexEngine(const Dataset& dataset,
                                                             const Options& options);
absl::StatusOr<std::unique_ptr<Engine>> MakeVecdbCollectionEngine(const Dataset& dataset,
                                                                  const Options& options);
absl::StatusOr<std::unique_ptr<Engine>> MakeHnswlibEngine(const Dataset& dataset,
                                                          const Options& options);
absl::StatusOr<std::unique_ptr<Engine>> MakeFaissEngine(const Dataset& dataset,
                                                        const Options& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_ENGINE_H_
