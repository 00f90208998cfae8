#include "query/grouped.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/status_macros.h"
#include "index/exact_scan.h"
#include "index/top_rows.h"
#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::Ids;

// Compares all rows but those that it does not come by, as indexes do that are nearly exact.
class ForgetfulIndex final : public index::VectorIndex {
 public:
  using Misses = std::function<bool(uint32_t row, bool filtered)>;
  ForgetfulIndex(index::VectorView view, Misses misses) : view_(view), misses_(std::move(misses)) {}

  absl::Status Search(const index::RowQuery& query, const Context& context,
                      std::vector<index::Candidate>* out) const override {
    std::vector<uint64_t> words((query.mask.num_rows + 63) / 64);
    for (uint32_t row = 0; row < query.mask.num_rows; ++row) {
      const bool found = query.mask.Contains(row) && !misses_(row, query.mask.allowed != nullptr);
      words[row / 64] |= uint64_t{found} << (row % 64);
    }
    base::RowMask mask = query.mask;
    mask.allowed = words.data();
    index::TopRows top(query.k, query.order, query.limits);
    VECDB_RETURN_IF_ERROR(
        index::ScanRows(view_, Metric::kL2, query.vector, mask, 0, context, &top));
    top.Finish(out);
    return absl::OkStatus();
  }
  absl::Status Write(format::SectionWriter&, const Context&) const override {
    return absl::UnimplementedError("for searches alone");
  }
  const IndexSpec& spec() const override { return spec_; }
  uint64_t index_bytes() const override { return 0; }

 private:
  const index::VectorView view_;
  const Misses misses_;
  const IndexSpec spec_{};
};

// Rows of one tag each segment: "at 10", "at 11", ...
class GroupedTest : public QueryFixture {
 protected:
  std::vector<std::string> Tags(const SnapshotSearch& search) {
    std::vector<SegmentSearchStats> stats(search.segments.size());
    const auto selections = SelectAll(search, {});
    EXPECT_OK(selections);
    const auto found = FindGrouped(search, *selections, query_, {}, stats);
    EXPECT_OK(found);
    std::vector<std::string> tags;
    for (const Found& row : *found) {
      const auto tag =
          search.segments[row.place.segment].Gather(1, std::span(&row.place.row, 1), {});
      tags.emplace_back(tag->string(0));
    }
    return tags;
  }

  std::vector<int64_t> Keys(const SnapshotSearch& search) {
    std::vector<SegmentSearchStats> stats(search.segments.size());
    const auto found = FindGrouped(search, *SelectAll(search, {}), query_, {}, stats);
    EXPECT_OK(found);
    std::vector<int64_t> keys;
    for (const Found& row : *found) {
      const auto key =
          search.segments[row.place.segment].Gather(0, std::span(&row.place.row, 1), {});
      keys.push_back(key->int64s()[0]);
    }
    return keys;
  }

  // The first keys whose rows are at such distances.
  std::vector<int64_t> IdsAt(float min_distance, float max_distance, size_t count) const {
    std::vector<int64_t> ids;
    for (int64_t id = 0; ids.size() < count; ++id) {
      const std::vector<float> vector = support::GridVector(id, 4);
      float distance = 0;
      for (size_t i = 0; i < 4; ++i) distance += (vector[i] - query_[i]) * (vector[i] - query_[i]);
      if (distance >= min_distance && distance <= max_distance) ids.push_back(id);
    }
    return ids;
  }

  SegmentView Forgetful(SegmentView loaded, ForgetfulIndex::Misses misses) {
    auto resident = std::make_shared<segment::Resident>(*loaded.resident);
    segment::ResidentField& field = resident->fields[2];
    field.index = std::make_shared<ForgetfulIndex>(field.vectors->view, std::move(misses));
    loaded.resident = std::move(resident);
    return loaded;
  }

  SnapshotSearch SearchOf(std::span<const SegmentView> segments, uint32_t limit,
                          uint32_t group_size) const {
    return {.schema = schema_,
            .segments = segments,
            .as_of = 1000,
            .column = 2,
            .vectors = query_,
            .limit = limit,
            .group_column = 1,
            .group_size = group_size,
            .output_columns = {0}};
  }

  const std::vector<float> query_ = {1, 1, 2, 0};
};

TEST_F(GroupedTest, ARareValueIsFoundBehindManyRowsOfOthers) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 3000), 10), Growing({5000}, 11),
                                             Loaded(Sealed(Growing(Ids(6000, 2), 12)))};
  auto tags = Tags(SearchOf(segments, 3, 1));
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(tags, (std::vector<std::string>{"at 10", "at 11", "at 12"}));
  EXPECT_EQ(Tags(SearchOf(segments, 10, 1)).size(), 3u);
}

TEST_F(GroupedTest, GroupsAreFilledAsFarAsTheirRowsGo) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 3000), 10), Growing({5000}, 11),
                                             Loaded(Sealed(Growing(Ids(6000, 2), 12)))};
  std::map<std::string, int> counts;
  for (const std::string& tag : Tags(SearchOf(segments, 3, 100))) ++counts[tag];
  EXPECT_EQ(counts, (std::map<std::string, int>{{"at 10", 100}, {"at 11", 1}, {"at 12", 2}}));
}

TEST_F(GroupedTest, ABetterValueThatIsFoundLaterComesFirst) {
  const std::vector<int64_t> near = IdsAt(0, 1, 2);
  const std::vector<int64_t> far = IdsAt(3, 5, 100);
  const auto missed_at_first = [](uint32_t, bool filtered) { return !filtered; };
  const std::vector<SegmentView> segments = {
      Growing(far, 10), Forgetful(Loaded(Sealed(Growing(near, 11))), missed_at_first)};
  for (const uint32_t group_size : {1u, 2u}) {
    SnapshotSearch search = SearchOf(segments, 2, group_size);
    const auto tags = Tags(search);
    ASSERT_EQ(tags.size(), 2 * group_size);
    EXPECT_EQ(tags.front(), "at 11");
    EXPECT_EQ(tags.back(), "at 10");
    search.offset = 1;
    EXPECT_EQ(Tags(search), std::vector<std::string>(group_size, "at 10"));
  }
}

TEST_F(GroupedTest, ARowThatIsNotFoundAgainStaysInItsGroup) {
  const std::vector<int64_t> ids = IdsAt(0, 2, 5);
  // At first the first row alone, then all others.
  const auto misses = [](uint32_t row, bool filtered) { return (row == 0) == filtered; };
  const SegmentView all = Loaded(Sealed(Growing(ids, 10)));
  const std::vector<SegmentView> exact = {all};
  const std::vector<SegmentView> forgetful = {Forgetful(all, misses)};
  const auto expected = Keys(SearchOf(exact, 1, 5));
  EXPECT_EQ(expected.size(), 5u);
  EXPECT_EQ(Keys(SearchOf(forgetful, 1, 5)), expected);
  const auto best = Keys(SearchOf(forgetful, 1, 4));
  EXPECT_EQ(best, std::vector<int64_t>(expected.begin(), expected.begin() + 4));
}

TEST_F(GroupedTest, NoRowsMakeNoGroups) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 30), 10)};
  SnapshotSearch search = SearchOf(segments, 3, 2);
  search.filter = *BoundFilter::Make("id < 0", *schema_);
  EXPECT_TRUE(Tags(search).empty());
  search.filter = {};
  search.offset = 1;
  EXPECT_TRUE(Tags(search).empty());
}

}  // namespace
}  // namespace vecdb::query
