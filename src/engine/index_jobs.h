#ifndef VECDB_ENGINE_INDEX_JOBS_H_
#define VECDB_ENGINE_INDEX_JOBS_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/index.h"

namespace vecdb::engine {

/// Segments below this are compared row by row, as in Milvus.
inline constexpr uint64_t kMinIndexedRows = 1024;

/// Whether a segment of `num_rows` is to have an object of its own for an index.
bool NeedsBuild(const IndexSpec& spec, uint64_t num_rows);

/// Defines, builds and describes the indexes of a collection. A segment is built for one at a time;
/// whoever waits for an index builds. Thread-safe.
class IndexJobs {
 public:
  /// `core` is borrowed.
  explicit IndexJobs(CollectionCore* core) : core_(core) {}

  absl::Status Create(std::string_view field, const IndexSpec& spec, const Context& context);
  /// Makes an index that was built elsewhere that of the segment which has its rows, and defines
  /// the index of the field unless it is defined so already. See Collection::AttachIndex.
  absl::Status Attach(std::string_view field, const Index& index, const Context& context);
  absl::Status Drop(std::string_view field, const Context& context);
  absl::StatusOr<IndexDescription> Describe(std::string_view field) const;

  /// Builds the indexes that are missing, of one field or, when it is empty, of all.
  absl::Status BuildMissing(std::string_view field, const Context& context);
  /// Builds one of them; false when none is missing.
  absl::StatusOr<bool> BuildNext(const Context& context);
  uint64_t CountMissing() const;

 private:
  // One index of one segment that is to be built.
  struct Job {
    query::SegmentView segment{};
    size_t column = 0;
    format::IndexDefinition definition{};
  };

  absl::StatusOr<Job> FindRowsOf(const Index& index, size_t column, const Context& context) const;
  absl::Status CommitAttached(const Job& job, const SegmentIndexInfo& info, const Context& context);
  void LoadDefined(bool was_loaded, std::string_view field, const Context& context);
  std::optional<Job> NextJob(std::string_view field) const;
  absl::Status RunNoted(const Job& job, const Context& context);
  absl::Status Run(const Job& job, const Context& context);
  absl::StatusOr<segment::ResidentField> LoadBuilt(const Job& job, const SegmentIndexInfo& info,
                                                   const Context& context);
  // An empty `field`: an index of a scalar field, which is read when it is used.
  absl::Status CommitBuilt(const Job& job, const SegmentIndexInfo& info,
                           const segment::ResidentField& field, const Context& context);

  CollectionCore* core_;
  mutable base::Mutex mutex_;  // a leaf
  std::map<std::string, std::string, std::less<>> last_errors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_INDEX_JOBS_H_
