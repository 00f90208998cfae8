#include "engine/collection_options.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

using absl::StatusCode::kInvalidArgument;
using absl::StatusCode::kOk;

TEST(CollectionOptionsTest, BothSidesOfEveryLimit) {
  const struct {
    CollectionOptions options;
    absl::StatusCode code;
  } cases[] = {
      {{}, kOk},
      {{.num_shards = 0}, kInvalidArgument},
      {{.num_shards = 64}, kOk},
      {{.num_shards = 65}, kInvalidArgument},
      {{.segment_max_bytes = (1 << 20) - 1}, kInvalidArgument},
      {{.segment_max_bytes = 1 << 20}, kOk},
      {{.segment_max_bytes = (64ULL << 30) + 1}, kInvalidArgument},
      {{.seal_proportion = 0.009}, kInvalidArgument},
      {{.seal_proportion = 1}, kOk},
      {{.seal_proportion = 1.01}, kInvalidArgument},
      {{.space_amplification = 1.049}, kInvalidArgument},
      {{.space_amplification = 1.05}, kOk},
      {{.space_amplification = 10}, kOk},
      {{.space_amplification = 10.01}, kInvalidArgument},
      {{.space_amplification = std::numeric_limits<double>::quiet_NaN()}, kInvalidArgument},
      {{.journal = static_cast<JournalPlace>(4)}, kInvalidArgument},
      {{.journal = JournalPlace::kNone}, kOk},
      {{.durability = static_cast<Durability>(0)}, kInvalidArgument},
      {{.durability = Durability::kNone}, kOk},
      {{.durability = static_cast<Durability>(4)}, kInvalidArgument},
      {{.journal_max_bytes = (1 << 20) - 1}, kInvalidArgument},
      {{.journal_max_bytes = 1 << 20}, kOk},
      {{.journal_max_bytes = (1ULL << 40) + 1}, kInvalidArgument},
      {{.consistency = static_cast<ConsistencyLevel>(4)}, kInvalidArgument},
      {{.consistency = ConsistencyLevel::kEventually}, kOk},
      {{.staleness_ms = -1}, kInvalidArgument},
      {{.staleness_ms = 86'400'000}, kOk},
      {{.staleness_ms = 86'400'001}, kInvalidArgument},
      {{.retention_ms = -1}, kInvalidArgument},
      {{.retention_ms = 86'400'000}, kOk},
      {{.retention_ms = 11LL * 366 * 86'400'000}, kInvalidArgument},
      {{.ttl_seconds = -1}, kInvalidArgument},
      {{.ttl_seconds = 1}, kOk},
      {{.ttl_seconds = 100LL * 366 * 86'400}, kOk},
      {{.ttl_seconds = 100LL * 366 * 86'400 + 1}, kInvalidArgument},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(CodeOf(ValidateOptions(cases[i].options)), cases[i].code) << "case " << i;
  }
}

}  // namespace
}  // namespace vecdb::engine
