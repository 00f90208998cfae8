#include "index/hnsw_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "index/file_testing.h"
#include "index/hnsw_index.h"
#include "index/hnsw_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr IndexSpec kSpec = {.metric = Metric::kL2,
                             .params = HnswParams{.m = 3, .ef_construction = 12}};

class HnswFileTest : public ::testing::Test {
 protected:
  HnswFileTest() : rows_(RandomRows(120, 4, 1)) {
    auto index = BuildVectorIndex(rows_.view(), kSpec, {}, {});
    EXPECT_OK(index);
    index_ = *std::move(index);
    sections_ = ReadSections(*WriteFile(*index_));
  }

  // Puts `value` in place of the number `i` of a section.
  void Put(uint32_t tag, size_t i, uint32_t value) {
    std::memcpy(sections_[tag].data() + i * sizeof(value), &value, sizeof(value));
  }
  void ExpectDataLoss() {
    EXPECT_EQ(CodeOf(LoadSections(sections_, rows_.view())), absl::StatusCode::kDataLoss);
  }

  const TestRows rows_;
  std::unique_ptr<VectorIndex> index_;
  Sections sections_;
};

TEST_F(HnswFileTest, WhatWasWrittenIsReadBack) {
  const auto loaded = LoadSections(sections_, rows_.view());
  ASSERT_OK(loaded);
  EXPECT_EQ((*loaded)->spec(), kSpec);
  EXPECT_EQ((*loaded)->index_bytes(), index_->index_bytes());
  EXPECT_TRUE(SameGraph(static_cast<const HnswIndex&>(*index_).graph(),
                        static_cast<const HnswIndex&>(**loaded).graph()));
}

TEST_F(HnswFileTest, AnEmptyIndexIsReadBack) {
  const TestRows none({}, 4);
  const auto index = BuildVectorIndex(none.view(), kSpec, {}, {});
  ASSERT_OK(index);
  EXPECT_OK(LoadSections(ReadSections(*WriteFile(**index)), none.view()));
}

TEST_F(HnswFileTest, RefusesAnEntryThatIsNoRow) {
  Put(kHnswTag, 0, 120);
  ExpectDataLoss();
}

TEST_F(HnswFileTest, RefusesAnEntryThatIsNotTheFirstNode) {
  uint32_t entry = 0;
  std::memcpy(&entry, sections_[kHnswTag].data(), sizeof(entry));
  Put(kHnswTag, 0, (entry + 1) % 120);
  ExpectDataLoss();
}

TEST_F(HnswFileTest, RefusesLevelsThatGrowOrAreEmpty) {
  uint32_t first = 0;
  std::memcpy(&first, sections_[kHnswTag].data() + 8, sizeof(first));
  for (const uint32_t count : {0U, first - 1, 121U, kNoRow}) {
    Put(kHnswTag, 2, count);
    ExpectDataLoss();
  }
  Put(kHnswTag, 2, first);
  Put(kHnswTag, 3, first + 1);
  ExpectDataLoss();
}

TEST_F(HnswFileTest, RefusesMoreLevelsThanThereAre) {
  for (const uint32_t levels : {0U, 1U, 65U, kNoRow}) {
    Put(kHnswTag, 1, levels);
    ExpectDataLoss();
  }
}

TEST_F(HnswFileTest, RefusesLinksOutOfTheGraph) {
  for (const uint32_t link : {120U, 0x80000000U, kNoRow - 1}) {
    const Sections sound = sections_;
    Put(kBaseLinksTag, 0, link);
    ExpectDataLoss();
    sections_ = sound;
    Put(kBaseLinksTag, 119 * 6, link);
    ExpectDataLoss();
    sections_ = sound;
    Put(kUpperLinksTag, 0, link);
    ExpectDataLoss();
    sections_ = sound;
    Put(kUpperRowsTag, 1, link);
    ExpectDataLoss();
    sections_ = sound;
  }
}

TEST_F(HnswFileTest, RefusesLinksToNodesThatDoNotReachTheLevel) {
  uint32_t counts[2];
  std::memcpy(counts, sections_[kHnswTag].data() + 8, sizeof(counts));
  ASSERT_LT(counts[1], counts[0]);
  Put(kUpperLinksTag, size_t{counts[0]} * 3, counts[1]);
  ExpectDataLoss();
}

TEST_F(HnswFileTest, RefusesALinkBehindThePadding) {
  Put(kBaseLinksTag, 4, kNoRow);
  Put(kBaseLinksTag, 5, 1);
  ExpectDataLoss();
}

TEST_F(HnswFileTest, RefusesSectionsOfAnotherLengthAndMissingOnes) {
  const Sections sound = sections_;
  for (const auto& [tag, bytes] : sound) {
    for (const size_t size : {size_t{0}, bytes.size() - 1, bytes.size() - 4, bytes.size() + 4}) {
      sections_ = sound;
      sections_[tag].resize(size);
      ExpectDataLoss();
    }
    sections_ = sound;
    sections_.erase(tag);
    ExpectDataLoss();
  }
}

// A file may be changed in any way and given checksums that fit: it is refused, or it can be
// searched.
TEST_F(HnswFileTest, NoChangeOfANumberLeadsASearchOutOfItsArrays) {
  const Sections sound = sections_;
  std::vector<uint32_t> tags;
  for (const auto& [tag, bytes] : sound) tags.push_back(tag);
  std::mt19937_64 random(2);
  const uint32_t values[] = {0, 1, 2, 3, 119, 120, 121, 0x7fffffff, 0x80000000, kNoRow - 1, kNoRow};
  size_t loaded = 0;
  for (int i = 0; i < 400; ++i) {
    sections_ = sound;
    for (int change = 0; change <= i % 3; ++change) {
      const uint32_t tag = tags[random() % tags.size()];
      const size_t place = random() % (sections_[tag].size() / sizeof(uint32_t));
      Put(tag, place,
          i % 2 == 0 ? values[random() % std::size(values)]
                     : static_cast<uint32_t>(random() % 130));
    }
    const auto index = LoadSections(sections_, rows_.view());
    if (!index.ok()) continue;
    ++loaded;
    std::vector<Candidate> found;
    const RowQuery query{.vector = rows_.view().row(3), .k = 120, .mask = {.num_rows = 120}};
    EXPECT_OK((*index)->Search(query, {}, &found));
    EXPECT_EQ(found.size(), 120U);
  }
  EXPECT_GT(loaded, 20U);
  EXPECT_LT(loaded, 380U);
}

TEST_F(HnswFileTest, LoadingReservesFromTheBudget) {
  const auto store = WriteFile(*index_);
  MemoryBudget budget(1000);
  EXPECT_EQ(CodeOf(LoadVectorIndex(*OpenFile(*store), rows_.view(), {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
