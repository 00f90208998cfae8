#include "engine/collection_options.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(CollectionOptionsTest, BothSidesOfEveryLimit) {
  const struct {
    CollectionOptions options;
    absl::StatusCode code;
  } cases[] = {
      {{}, kOk},
      {{.num_shards = 0}, kInvalid},
      {{.num_shards = 64}, kOk},
      {{.num_shards = 65}, kInvalid},
      {{.segment_max_bytes = (1 << 20) - 1}, kInvalid},
      {{.segment_max_bytes = 1 << 20}, kOk},
      {{.segment_max_bytes = (64ULL << 30) + 1}, kInvalid},
      {{.seal_proportion = 0.009}, kInvalid},
      {{.seal_proportion = 1}, kOk},
      {{.seal_proportion = 1.01}, kInvalid},
      {{.journal = static_cast<JournalPlace>(4)}, kInvalid},
      {{.journal = JournalPlace::kNone}, kOk},
      {{.durability = static_cast<Durability>(0)}, kInvalid},
      {{.durability = Durability::kNone}, kOk},
      {{.durability = static_cast<Durability>(4)}, kInvalid},
      {{.journal_max_bytes = (1 << 20) - 1}, kInvalid},
      {{.journal_max_bytes = 1 << 20}, kOk},
      {{.journal_max_bytes = (1ULL << 40) + 1}, kInvalid},
      {{.consistency = static_cast<ConsistencyLevel>(4)}, kInvalid},
      {{.consistency = ConsistencyLevel::kEventually}, kOk},
      {{.staleness_ms = -1}, kInvalid},
      {{.staleness_ms = 86'400'000}, kOk},
      {{.staleness_ms = 86'400'001}, kInvalid},
      {{.retention_ms = -1}, kInvalid},
      {{.retention_ms = 86'400'000}, kOk},
      {{.retention_ms = 11LL * 366 * 86'400'000}, kInvalid},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(CodeOf(ValidateOptions(cases[i].options)), cases[i].code) << "case " << i;
  }
}

}  // namespace
}  // namespace vecdb::engine
