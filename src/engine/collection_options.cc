#include "engine/collection_options.h"

#include "base/str_format.h"

namespace vecdb::engine {
namespace {

constexpr int32_t kMaxShards = 64;
constexpr uint64_t kMinSegmentBytes = 1ULL << 20;
constexpr uint64_t kMaxSegmentBytes = 64ULL << 30;
constexpr double kMinSpaceAmplification = 1.05;
constexpr double kMaxSpaceAmplification = 10;
constexpr int64_t kMaxStalenessMillis = 86'400'000;
constexpr int64_t kMaxRetentionMillis = 10LL * 366 * 86'400'000;
constexpr int64_t kMaxTtlSeconds = 100LL * 366 * 86'400;
constexpr uint64_t kMinJournalBytes = 1ULL << 20;
constexpr uint64_t kMaxJournalBytes = 1ULL << 40;

}  // namespace

absl::Status ValidateOptions(const CollectionOptions& options) {
  if (options.num_shards < 1 || options.num_shards > kMaxShards) {
    return absl::InvalidArgumentError(
        base::StrFormat("num_shards %d: must be 1 to %d", options.num_shards, kMaxShards));
  }
  if (options.load != LoadPolicy::kKeepLoaded && options.load != LoadPolicy::kManual) {
    return absl::InvalidArgumentError("load: must be kKeepLoaded or kManual");
  }
  if (options.on_duplicate_key != DuplicateKeyPolicy::kReject &&
      options.on_duplicate_key != DuplicateKeyPolicy::kReplace) {
    return absl::InvalidArgumentError("on_duplicate_key: must be kReject or kReplace");
  }
  if (options.segment_max_bytes < kMinSegmentBytes ||
      options.segment_max_bytes > kMaxSegmentBytes) {
    return absl::InvalidArgumentError(base::StrFormat("segment_max_bytes %d: must be %d to %d",
                                                      options.segment_max_bytes, kMinSegmentBytes,
                                                      kMaxSegmentBytes));
  }
  if (options.journal < JournalPlace::kAuto || options.journal > JournalPlace::kNone) {
    return absl::InvalidArgumentError("journal: must be kAuto, kDirectory, kObjectStore or kNone");
  }
  if (options.durability < Durability::kNone || options.durability > Durability::kSynced) {
    return absl::InvalidArgumentError("durability: must be kNone, kProcessCrash or kSynced");
  }
  if (options.journal_max_bytes < kMinJournalBytes ||
      options.journal_max_bytes > kMaxJournalBytes) {
    return absl::InvalidArgumentError(base::StrFormat("journal_max_bytes %d: must be %d to %d",
                                                      options.journal_max_bytes, kMinJournalBytes,
                                                      kMaxJournalBytes));
  }
  if (options.consistency < ConsistencyLevel::kStrong ||
      options.consistency > ConsistencyLevel::kEventually) {
    return absl::InvalidArgumentError(
        "consistency: must be kStrong, kSession, kBounded or kEventually");
  }
  if (options.staleness_ms < 0 || options.staleness_ms > kMaxStalenessMillis) {
    return absl::InvalidArgumentError(base::StrFormat("staleness_ms %d: must be 0 to %d",
                                                      options.staleness_ms, kMaxStalenessMillis));
  }
  if (options.retention_ms < 0 || options.retention_ms > kMaxRetentionMillis) {
    return absl::InvalidArgumentError(base::StrFormat("retention_ms %d: must be 0 to %d",
                                                      options.retention_ms, kMaxRetentionMillis));
  }
  if (options.ttl_seconds < 0 || options.ttl_seconds > kMaxTtlSeconds) {
    return absl::InvalidArgumentError(
        base::StrFormat("ttl_seconds %d: must be 0 to %d", options.ttl_seconds, kMaxTtlSeconds));
  }
  if (!(options.seal_proportion >= 0.01 && options.seal_proportion <= 1.0)) {
    return absl::InvalidArgumentError(
        base::StrFormat("seal_proportion %g: must be 0.01 to 1", options.seal_proportion));
  }
  if (!(options.space_amplification >= kMinSpaceAmplification &&
        options.space_amplification <= kMaxSpaceAmplification)) {
    return absl::InvalidArgumentError(
        base::StrFormat("space_amplification %g: must be %g to %g", options.space_amplification,
                        kMinSpaceAmplification, kMaxSpaceAmplification));
  }
  return absl::OkStatus();
}

}  // namespace vecdb::engine
