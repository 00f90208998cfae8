#include "filter/string_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

using Set = IntervalSet<std::string>;
using Predicate = std::function<bool(const std::string&)>;

// Strings as the blocks of all forms.
class Blocks {
 public:
  explicit Blocks(std::vector<std::string> texts) : texts_(std::move(texts)) {
    views_.assign(texts_.begin(), texts_.end());
    distinct_ = texts_;
    std::sort(distinct_.begin(), distinct_.end());
    distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
    for (const std::string& text : texts_) {
      const auto at = std::lower_bound(distinct_.begin(), distinct_.end(), text);
      codes_.push_back(static_cast<uint16_t>(at - distinct_.begin()));
    }
    Join(texts_, &ends_, &bytes_);
    Join(distinct_, &distinct_ends_, &distinct_bytes_);
  }

  std::vector<schema::ColumnBlock> forms() const {
    const auto num_rows = static_cast<uint32_t>(texts_.size());
    return {{.type = DataType::kVarChar, .num_rows = num_rows, .views = views_.data()},
            {.type = DataType::kVarChar,
             .num_rows = num_rows,
             .ends = ends_.data(),
             .bytes = bytes_.data(),
             .num_strings = num_rows},
            {.type = DataType::kVarChar,
             .num_rows = num_rows,
             .ends = distinct_ends_.data(),
             .bytes = distinct_bytes_.data(),
             .num_strings = static_cast<uint32_t>(distinct_ends_.size()),
             .codes = codes_.data()}};
  }

  const std::vector<std::string>& texts() const { return texts_; }

 private:
  static void Join(const std::vector<std::string>& texts, std::vector<uint32_t>* ends,
                   std::string* bytes) {
    for (const std::string& text : texts) {
      *bytes += text;
      ends->push_back(static_cast<uint32_t>(bytes->size()));
    }
  }

  std::vector<std::string> texts_, distinct_;
  std::vector<std::string_view> views_;
  std::vector<uint32_t> ends_, distinct_ends_;
  std::string bytes_, distinct_bytes_;
  std::vector<uint16_t> codes_;
};

std::string RandomText(support::SeededRandom& random) {
  std::string text;
  for (uint64_t left = random.Below(4); left > 0; --left) text += "ab\x01z"[random.Below(4)];
  return text;
}

Set RandomStrings(support::SeededRandom& random) {
  std::vector<Set> parts;
  const bool points = random.OneIn(2);
  for (uint64_t left = random.Below(random.OneIn(2) ? 3 : 30); left > 0; --left) {
    if (points || random.OneIn(2)) {
      parts.push_back(Set::Point(RandomText(random)));
    } else {
      parts.push_back(
          Set::Between(RandomText(random), random.OneIn(2), RandomText(random), random.OneIn(2)));
    }
  }
  const Set set = Set::UnionOf(std::move(parts));
  return random.OneIn(2) ? set.Complement() : set;
}

void ExpectKeeps(const StringMatcher& matcher, const Blocks& blocks, const BlockRows& before,
                 const Predicate& holds) {
  for (const schema::ColumnBlock& block : blocks.forms()) {
    BlockRows rows = before;
    matcher.Keep(block, &rows);
    for (size_t row = 0; row < schema::kBlockRows; ++row) {
      ASSERT_EQ(rows.contains(row), before.contains(row) && holds(blocks.texts()[row])) << row;
    }
  }
}

class StringMatcherTest : public testing::Test {
 protected:
  Blocks RandomBlocks() {
    std::vector<std::string> texts(1 + random_.Below(400));
    for (std::string& text : texts) text = RandomText(random_);
    return Blocks(std::move(texts));
  }

  support::SeededRandom random_{support::TestSeed("StringMatcherTest")};
};

TEST_F(StringMatcherTest, SetsKeepTheirRowsInEveryFormOfBlock) {
  for (int i = support::ScaledCount(60); i > 0; --i) {
    const Set set = RandomStrings(random_);
    const StringMatcher matcher(set);
    const Blocks blocks = RandomBlocks();
    const auto num_rows = static_cast<uint32_t>(blocks.texts().size());
    ExpectKeeps(matcher, blocks, SomeRows(num_rows, random_),
                [&set](const std::string& text) { return set.Contains(text); });
  }
}

TEST_F(StringMatcherTest, PatternsKeepTheRowsThatFitOrTheOthers) {
  for (const char* text : {"%", "a%b", "_", "%z%", "", "%\x01_"}) {
    for (const bool negated : {false, true}) {
      const LikePattern pattern = *LikePattern::Parse(text);
      const Blocks blocks = RandomBlocks();
      const auto num_rows = static_cast<uint32_t>(blocks.texts().size());
      ExpectKeeps(StringMatcher(pattern, negated), blocks, SomeRows(num_rows, random_),
                  [&](const std::string& value) { return pattern.Matches(value) != negated; });
    }
  }
}

TEST_F(StringMatcherTest, AConstantBlockIsDecidedByItsString) {
  const std::string_view text = "ab";
  for (const bool in : {true, false}) {
    BlockRows rows = BlockRows::First(70);
    StringMatcher(Set::Point(in ? "ab" : "abc"))
        .Keep({.num_rows = 70, .constant = true, .views = &text}, &rows);
    EXPECT_EQ(rows.count(), in ? 70u : 0u);
  }
}

TEST_F(StringMatcherTest, LongStringsAreReadInPartsThatNoticeACancel) {
  const Blocks blocks(std::vector<std::string>(1000, std::string(2000, 'a') + "b"));
  const MemorySource source(naive::RandomFilterSchema(), {}, {}, 1);
  const StringMatcher matcher(*LikePattern::Parse("%a_"), false);
  for (const schema::ColumnBlock& block : blocks.forms()) {
    if (block.codes != nullptr) continue;  // one string, read once
    const Context context{.cancel = CancelToken::Make()};
    BlockReader reader(source, context);
    BlockRows rows = BlockRows::First(1000);
    EXPECT_OK(matcher.Keep(block, reader, &rows));
    EXPECT_EQ(rows.count(), 1000u);
    context.cancel.Cancel();
    EXPECT_EQ(matcher.Keep(block, reader, &rows).code(), absl::StatusCode::kCancelled);
  }
}

// 4,000 short strings that are as much work as 500 times their bytes.
TEST_F(StringMatcherTest, PatternsThatAreMuchWorkNoticeACancel) {
  std::vector<std::string> texts;
  for (int i = 0; i < 4000; ++i) texts.push_back(std::string(20, 'a') + std::to_string(i % 2000));
  const Blocks blocks(std::move(texts));
  const MemorySource source(naive::RandomFilterSchema(), {}, {}, 1);
  std::string text = "%";
  for (int i = 0; i < 500; ++i) text += "a_";
  const StringMatcher dear(*LikePattern::Parse(text + "b%"), true);
  const StringMatcher cheap(*LikePattern::Parse("%a%b%"), true);
  for (const schema::ColumnBlock& block : blocks.forms()) {
    const Context context{.cancel = CancelToken::Make()};
    BlockReader reader(source, context);
    BlockRows rows = BlockRows::First(4000);
    EXPECT_OK(dear.Keep(block, reader, &rows));
    EXPECT_EQ(rows.count(), 4000u);
    context.cancel.Cancel();
    EXPECT_EQ(dear.Keep(block, reader, &rows).code(), absl::StatusCode::kCancelled);
    rows = BlockRows::First(4000);
    EXPECT_OK(cheap.Keep(block, reader, &rows));
  }
}

TEST_F(StringMatcherTest, PatternsThatAreMuchWorkKeepTheirRows) {
  const MemorySource source(naive::RandomFilterSchema(), {}, {}, 1);
  const Context context{};
  const LikePattern pattern = *LikePattern::Parse("%z_" + std::string(40'000, 'a') + "%");
  const LikePattern fitting = *LikePattern::Parse("%z_" + std::string(9, 'a') + "%a_%");
  std::vector<std::string> texts;
  for (int i = 0; i < 4000; ++i) {
    texts.push_back(RandomText(random_) + "zb" + std::string(random_.Below(100), 'a'));
  }
  const Blocks blocks(std::move(texts));
  for (const LikePattern& one : {pattern, fitting}) {
    for (const bool negated : {false, true}) {
      for (const schema::ColumnBlock& block : blocks.forms()) {
        for (const bool all : {true, false}) {
          const BlockRows before = all ? BlockRows::First(4000) : SomeRows(4000, random_);
          BlockReader reader(source, context);
          BlockRows rows = before;
          EXPECT_OK(StringMatcher(one, negated).Keep(block, reader, &rows));
          for (size_t row = 0; row < 4000; ++row) {
            ASSERT_EQ(rows.contains(row),
                      before.contains(row) && one.Matches(blocks.texts()[row]) != negated)
                << row;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::filter
