#include "filter/block_reader.h"

#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

class BlockReaderTest : public testing::Test {
 protected:
  const Context context_{.cancel = CancelToken::Make()};
  MemorySource source_{naive::RandomFilterSchema(), NumberedRows(4097), {}, 1};
  BlockReader reader_{source_, context_};
};

TEST_F(BlockReaderTest, AColumnOfABlockIsReadOnce) {
  EXPECT_OK(reader_.MoveTo(0));
  EXPECT_EQ(reader_.num_rows(), 4096u);
  const auto first = reader_.Read(0);
  ASSERT_OK(first);
  const auto other = reader_.Read(1);
  EXPECT_OK(other);
  EXPECT_EQ(*reader_.Read(0), *first);
  EXPECT_EQ(reader_.num_reads(), 2u);
  EXPECT_EQ((*first)->as<int64_t>()[7], 7);
  EXPECT_OK(reader_.MoveTo(1));
  EXPECT_EQ(reader_.num_rows(), 1u);
  const auto next = reader_.Read(0);
  ASSERT_OK(next);
  EXPECT_EQ((*next)->as<int64_t>()[0], 4096);
  EXPECT_EQ(reader_.num_reads(), 3u);
}

TEST_F(BlockReaderTest, AnErrorOfTheSourceIsPassedOn) {
  EXPECT_OK(reader_.MoveTo(0));
  source_.read_error = absl::UnavailableError("store");
  EXPECT_EQ(reader_.Read(0).status(), source_.read_error);
  source_.read_error = absl::OkStatus();
  EXPECT_OK(reader_.Read(0));
}

TEST_F(BlockReaderTest, ABlockOfAWrongLengthIsAnInternalError) {
  EXPECT_OK(reader_.MoveTo(0));
  source_.num_rows_cut = 1;
  EXPECT_EQ(reader_.Read(0).status().code(), absl::StatusCode::kInternal);
}

TEST_F(BlockReaderTest, TheContextIsLookedAtBetweenBlocksAndManyBytes) {
  EXPECT_OK(reader_.MoveTo(0));
  context_.cancel.Cancel();
  EXPECT_OK(reader_.Spend(1000));
  EXPECT_EQ(reader_.Spend(size_t{1} << 20).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(reader_.MoveTo(1).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::filter
