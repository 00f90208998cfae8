#include "ann/row_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

using Rows = std::vector<size_t>;

class RowFilterTest : public FileTest {
 protected:
  RowFilterTest()
      : meta_(Write("meta.jsonl",
                    "{\"label\": 1, \"name\": \"a\"}\n{\"label\": 2, \"name\": \"b\"}\n"
                    "{\"label\": 1, \"name\": \"b\"}\n{\"label\": 3, \"name\": \"c\"}\n")) {}

  Rows RowsOf(const std::string& text) {
    const absl::StatusOr<RowFilter> filter = MakeRowFilter(text, meta_, 4);
    EXPECT_TRUE(filter.ok()) << filter.status();
    Rows rows;
    for (size_t row = 0; row < 4; ++row) {
      if (filter->rows.Contains(row)) rows.push_back(row);
    }
    EXPECT_EQ(filter->rows.size(), rows.size());
    return rows;
  }

  absl::StatusCode CodeOf(const std::string& text, size_t num_rows = 4) {
    return MakeRowFilter(text, meta_, num_rows).status().code();
  }

  const std::string meta_;
};

TEST_F(RowFilterTest, ValuesOfAFieldSelectRows) {
  EXPECT_EQ(RowsOf("all"), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(RowsOf("label=1"), (Rows{0, 2}));
  EXPECT_EQ(RowsOf("label=2+3"), (Rows{1, 3}));
  EXPECT_EQ(RowsOf("name=b"), (Rows{1, 2}));
  EXPECT_EQ(RowsOf("label=9"), Rows{});
  EXPECT_EQ(RowsOf("label=1:1"), (Rows{0, 2}));
  EXPECT_EQ(RowsOf("label=1:0"), Rows{});
}

TEST_F(RowFilterTest, SharesAreDrawnAlikeInEveryRun) {
  const RowFilter tenth = *MakeRowFilter("random:0.1", "", 100000);
  EXPECT_NEAR(static_cast<double>(tenth.rows.size()), 10000, 500);
  EXPECT_EQ(tenth.rows.words(), MakeRowFilter("random:0.1", "", 100000)->rows.words());
  EXPECT_EQ(MakeRowFilter("random:1", "", 1000)->rows.size(), 1000U);
  EXPECT_EQ(MakeRowFilter("random:0", "", 1000)->rows.size(), 0U);
}

TEST_F(RowFilterTest, MistakesAreRefused) {
  for (const char* text : {"", "random", "random:", "random:1.1", "random:-0.1", "random:x",
                           "label", "=1", "label=1:2"}) {
    EXPECT_EQ(CodeOf(text), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(CodeOf("nope=1"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("label=1", 3), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("label=1", 5), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeRowFilter("label=1", "/nowhere/meta.jsonl", 4).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb::bench
