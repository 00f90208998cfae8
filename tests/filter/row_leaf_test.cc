#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"
#include "filter/leaf.h"

namespace vecdb::filter {
namespace {

TEST(RowLeafTest, TermsOfJsonAndComparisonsOfAnyKindFindTheirRows) {
  ExpectAsNaive({"x + 1 == 2", "not (x + 1 == 2)", "x * 2 != 4", "x + 1 in [1, 2, 3.5]",
                 "(x + 1) like \"%a%b%\"", "not ((x + 1) like \"%a%b%\")", "x < y", "not (x < y)",
                 "x == y", "x != y", "x == v", "x != v", "x == b", "x == i64", "i8 / x == 1",
                 "not (i8 / x > 1)", "x <= j[\"a\"]", "-x < 0", "x ** y < 5"},
                {.constants = true});
}

TEST(RowLeafTest, ACancelIsNoticedWithinABlock) {
  const MemorySource source(naive::RandomFilterSchema(), NumberedRows(4096), {}, 1);
  for (const char* text : {"x + 1 == 2", "x < y"}) {
    const Context context{.cancel = CancelToken::Make()};
    BlockReader reader(source, context);
    EXPECT_OK(reader.MoveTo(0));
    const auto leaf = MakeRowLeaf(RandomSchemaNode(text));
    context.cancel.Cancel();
    BlockRows kept = BlockRows::First(4096);
    EXPECT_EQ(leaf->Keep(leaf->Plan(source), reader, &kept).code(), absl::StatusCode::kCancelled)
        << text;
  }
}

}  // namespace
}  // namespace vecdb::filter
