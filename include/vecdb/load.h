#ifndef VECDB_LOAD_H_
#define VECDB_LOAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "vecdb/context.h"

namespace vecdb {

namespace engine {
class CollectionEngine;
class LoadTask;
}  // namespace engine

/// How far a collection, or a segment of it, is in memory for searches.
enum class LoadState {
  kNotLoaded,
  kLoading,
  kLoaded,
  kFailed,  ///< the last load ended with an error; nothing of it is left in memory
};

/// Where what searches read lies.
enum class LoadMode : int32_t {
  /// In memory, every byte checked before its first use.
  kRead = 0,
  /// In the files, which the system shows in memory and drops again as it needs room: the first
  /// answer comes without reading everything, more fits than there is memory, and searches of what
  /// the system has dropped wait for the disk.
  ///
  /// Links and row numbers are checked when loading; vectors and codes afterwards, behind, on the
  /// executor. Until then damage in these gives wrong distances and nothing worse; once it is found
  /// searches of the segment are DataLoss, or, when it is in an index, go without that.
  ///
  /// What is mapped counts against no MemoryBudget; keys, centroids and codecs, which are read, do.
  /// A store that cannot map, in memory or of the host's own, is read as with kRead.
  ///
  /// A file that somebody truncates under a map, or a disk that fails, ends the process (SIGBUS);
  /// no check can prevent that: so only for local files that nobody else writes.
  kMap = 1,
  /// As kRead, but of an index on codes the copies of rows that candidates are refined by lie in
  /// the file, as with kMap: the default HNSW takes about half of its memory then. A search reads
  /// few of them, from the disk where the system has dropped them. Without copies it is kRead.
  kMapCopies = 2,
};

/// What to load, and how. Loads add to what is loaded already: all fields and all shards that were
/// named, each with each. What is in memory or mapped stays as it is; Release gives it back.
struct LoadOptions {
  LoadMode mode = LoadMode::kRead;
  /// Vector fields; none: all that have an index, those that get one later too. Scalar fields are
  /// read when they are used and need no load. Searches of others are FailedPrecondition.
  std::vector<std::string> fields{};
  /// Shards, 0 to CollectionOptions::num_shards - 1; none: all. As with the partitions of Milvus, a
  /// search of a collection of which some shards are loaded must name shards
  /// (SearchRequest::shards), and is FailedPrecondition when one of those is not.
  std::vector<int32_t> shards{};

  friend bool operator==(const LoadOptions&, const LoadOptions&) = default;
};

/// How far one flushed segment is.
struct SegmentLoadProgress {
  std::string id{};
  int32_t shard = 0;
  LoadState state = LoadState::kNotLoaded;  ///< kFailed: damaged, and searches of it are DataLoss
  uint64_t bytes_total = 0;                 ///< of vectors and indexes; an estimate until it ends
  uint64_t bytes_done = 0;                  ///< of those, read or mapped; never falls
};

/// How far a load is.
struct LoadReport {
  LoadState state = LoadState::kNotLoaded;
  /// Of the bytes, 0 to 100; never falls, and 100 means kLoaded.
  int32_t percent = 0;
  uint64_t bytes_total = 0;
  uint64_t bytes_done = 0;
  double bytes_per_second = 0;      ///< since it began; 0 before anything was read
  std::optional<int64_t> eta_ms{};  ///< until it ends, at this rate; when nobody can know, none
  std::string last_error{};         ///< of the load, or of a segment that is damaged; "" without
  std::vector<SegmentLoadProgress> segments{};
};

/// One load of a collection, begun by Collection::StartLoad: to look at, wait for or cancel.
/// Shared by all who asked for the same while it runs; it goes on when nobody holds this.
/// Thread-safe; may outlive the collection.
class LoadJob {
 public:
  LoadJob(std::shared_ptr<engine::CollectionEngine> engine, std::shared_ptr<engine::LoadTask> task);
  ~LoadJob();

  LoadJob(const LoadJob&) = delete;
  LoadJob& operator=(const LoadJob&) = delete;

  /// kNotLoaded when it was cancelled. What became of the load, whatever was released since.
  LoadState state() const;
  int32_t percent() const;
  LoadReport Report() const;

  /// Asks the load to stop: nothing of it is left behind. No effect when it has ended.
  void Cancel();

  /// Waits until the load has ended, and takes part in it where no thread of the executor does.
  /// Its error; FailedPrecondition when the collection was released, closed or dropped meanwhile;
  /// Unavailable when a read-only one was refreshed, which is then to be loaded again;
  /// Cancelled after Cancel. When the context ends first its error comes back and the load goes on:
  /// with an executor of no threads during further calls of Wait alone, each of which begins anew
  /// with the segments that the one before had not completed.
  absl::Status Wait(const Context& context = {});

 private:
  const std::shared_ptr<engine::CollectionEngine> engine_;
  const std::shared_ptr<engine::LoadTask> task_;
};

}  // namespace vecdb

#endif  // VECDB_LOAD_H_
