#ifndef VECDB_ENGINE_INDEX_JOBS_H_
#define VECDB_ENGINE_INDEX_JOBS_H_

#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/build_slots.h"
#include "engine/collection_core.h"
#include "engine/index_builds.h"
#include "engine/missing_index.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/index.h"

namespace vecdb::engine {

/// The leave to build the index of a segment of so many rows, beside those that are built.
/// Cancelled, DeadlineExceeded.
absl::StatusOr<BuildSlots::Slot> TakeBuildSlot(const CollectionCore& core,
                                               const format::IndexDefinition& definition,
                                               uint64_t num_rows, const Context& context);

/// Builds that have failed, which are not tried again in the same go.
struct FailedBuilds {
  std::set<BuildName> names{};
  absl::Status first_error{};

  void Add(const BuildName& name, const absl::Status& status) {
    names.insert(name);
    first_error.Update(status);
  }
};

/// Defines, builds and describes the indexes of a collection. Several segments are built at a time,
/// each by one builder, as Environment::build_slots allow; whoever waits for an index builds.
/// Thread-safe.
class IndexJobs {
 public:
  /// `core` is borrowed.
  explicit IndexJobs(CollectionCore* core) : core_(core) {}

  absl::Status Create(std::string_view field, const IndexSpec& spec, const Context& context);
  /// Gives a field an index of another spec; segments keep what they have until theirs is built.
  absl::Status Alter(std::string_view field, const IndexSpec& spec, const Context& context);
  /// Makes an index that was built elsewhere that of the segment which has its rows, and defines
  /// the index of the field unless it is defined so already. See Collection::AttachIndex.
  absl::Status Attach(std::string_view field, const Index& index, const Context& context);
  /// Stops the builds of the index, too.
  absl::Status Drop(std::string_view field, const Context& context);
  absl::StatusOr<IndexDescription> Describe(std::string_view field) const;

  /// Builds the indexes that are missing, of one field or, when it is empty, of all, and waits for
  /// those that others build. One that fails keeps no other from being built: the first error.
  absl::Status BuildMissing(std::string_view field, const Context& context);
  /// Builds what is missing and nobody builds yet, for who does it behind: errors are noted.
  void BuildBehind(const Context& context);
  /// Builds one of them; false when none is left but `failed`, to which those are added that fail
  /// on the way.
  absl::StatusOr<bool> BuildNext(FailedBuilds* failed, const Context& context);
  uint64_t CountMissing() const;

 private:
  // One index of one segment that is to be built.
  struct Job {
    query::SegmentView segment{};
    size_t column = 0;
    format::IndexDefinition definition{};
    std::shared_ptr<IndexBuild> build{};

    BuildName name() const { return {definition.field, segment.sealed->info().folder}; }
  };
  enum class Others { kLeave, kAwait };

  absl::Status CheckSpec(std::string_view field, const IndexSpec& spec) const;
  absl::StatusOr<Job> FindRowsOf(const Index& index, size_t column, const Context& context) const;
  absl::StatusOr<Job> ClaimRowsOf(const Index& index, size_t column, const Context& context);
  absl::Status CommitAttached(const Job& job, const SegmentIndexInfo& info, const Context& context);
  void LoadDefined(bool was_loaded, std::string_view field, const Context& context);
  SegmentIndexProgress DescribeBuild(const query::SegmentView& segment,
                                     const format::IndexDefinition& definition) const;
  std::optional<Job> NextJob(std::string_view field, const std::set<BuildName>& but) const;
  std::optional<Job> ClaimNext(std::string_view field, const std::set<BuildName>& but);
  absl::Status BuildAll(std::string_view field, Others others, const Context& context);
  absl::Status RunNoted(const Job& job, const Context& context);
  absl::Status RunWatched(const Job& job, const Context& context);
  absl::Status Run(const Job& job, const Context& context);
  absl::Status RemoveOther(const Job& job, const Context& context);
  absl::StatusOr<segment::ResidentField> LoadWith(const Job& job, const SegmentIndexInfo* info,
                                                  const Context& context);
  bool IsResident(std::string_view folder) const;
  // Without `info` the segment has no index any more. An empty `field`: an index of a scalar field,
  // which is read when it is used, or a segment that is not loaded.
  absl::Status CommitBuilt(const Job& job, const SegmentIndexInfo* info,
                           const segment::ResidentField& field, const Context& context);

  CollectionCore* core_;
  IndexBuilds builds_;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_INDEX_JOBS_H_
