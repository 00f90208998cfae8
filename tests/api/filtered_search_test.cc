// Search with a filter, within a range, by groups, in batches; and what it says of itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "api/api_testing.h"
#include "support/seeded_random.h"

namespace vecdb {
namespace {

using support::Code;
using support::Ids;
using support::Says;

constexpr size_t kDim = 8;
constexpr int64_t kRows = 3000;

Schema ItemSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "group", .type = DataType::kInt16},
                     {.name = "label", .type = DataType::kVarChar, .max_length = 16},
                     {.name = "score", .type = DataType::kDouble},
                     {.name = "meta", .type = DataType::kJson},
                     {.name = "v", .type = DataType::kFloatVector, .dim = kDim}}};
}

int64_t GroupOf(int64_t id) { return id * 7 % 100; }

struct FilteredSearchCase {
  const char* name;
  IndexSpec index;
};

class FilteredSearchTest : public testing::TestWithParam<FilteredSearchCase> {
 protected:
  // Two segments with indexes, one too small for one, and rows in memory; some deleted.
  void SetUp() override {
    support::SeededRandom random(7);
    for (int64_t id = 0; id < kRows; ++id) {
      std::vector<float>& vector = vectors_[id];
      for (size_t i = 0; i < kDim; ++i) {
        vector.push_back(static_cast<float>(random.Below(1000)) / 1000 - 0.5F);
      }
    }
    items_ = *db_->CreateCollection("items", ItemSchema());
    ASSERT_OK(items_->CreateIndex("v", GetParam().index));
    for (const auto& [first, count] : {std::pair{0, 1200}, {1200, 1100}, {2300, 300}}) {
      ASSERT_OK(items_->Insert(Rows(Ids(first, static_cast<size_t>(count)))));
      ASSERT_OK(items_->Flush());
    }
    ASSERT_OK(items_->WaitForIndex("v"));
    ASSERT_OK(items_->Insert(Rows(Ids(2600, 400))));
    std::vector<int64_t> gone;
    for (int64_t id = 0; id < kRows; id += 13) gone.push_back(id);
    ASSERT_OK(items_->Delete(gone));
  }

  RowBatch Rows(const std::vector<int64_t>& ids) const {
    RowBatch batch(ItemSchema());
    std::vector<int16_t> groups;
    std::vector<std::string> labels;
    std::vector<double> scores;
    std::vector<std::string> metas;
    std::vector<float> vectors;
    for (int64_t id : ids) {
      groups.push_back(static_cast<int16_t>(GroupOf(id)));
      labels.push_back(absl::StrCat("label", GroupOf(id) % 10));
      scores.push_back(static_cast<double>(id) / 2);
      metas.push_back(absl::StrCat(R"({"id":)", id, "}"));
      vectors.insert(vectors.end(), vectors_.at(id).begin(), vectors_.at(id).end());
    }
    batch.SetInt64("id", ids).SetInt16("group", groups).SetVarChar("label", labels);
    batch.SetDouble("score", scores).SetJson("meta", metas);
    batch.SetFloatVectors("v", std::move(vectors));
    return batch;
  }

  Metric metric() const { return GetParam().index.metric; }
  bool exact() const { return std::holds_alternative<FlatParams>(GetParam().index.params); }

  // (distance, key) of the live rows that match, nearest first.
  template <typename Matches>
  std::vector<std::pair<float, int64_t>> Expected(const std::vector<float>& query,
                                                  Matches matches) const {
    std::vector<std::pair<float, int64_t>> rows;
    for (const auto& [id, vector] : vectors_) {
      if (id % 13 == 0 || !matches(id)) continue;
      double sum = 0;
      for (size_t i = 0; i < kDim; ++i) {
        const double a = vector[i];
        const double b = query[i];
        sum += metric() == Metric::kL2 ? (a - b) * (a - b) : -a * b;
      }
      rows.emplace_back(static_cast<float>(sum), id);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  static std::vector<int64_t> KeysOf(std::span<const Hit> hits) {
    std::vector<int64_t> keys;
    for (const Hit& hit : hits) keys.push_back(hit.int64_key());
    return keys;
  }

  static std::vector<int64_t> KeysOf(const std::vector<std::pair<float, int64_t>>& rows,
                                     size_t begin, size_t end) {
    std::vector<int64_t> keys;
    for (size_t i = begin; i < std::min(end, rows.size()); ++i) keys.push_back(rows[i].second);
    return keys;
  }

  SearchRequest Request(const std::vector<float>& query) const {
    SearchRequest request{.vectors = query, .limit = 10};
    if (!exact()) request.params = HnswSearchParams{.ef = 200};
    return request;
  }

  support::TestDatabase db_;
  std::map<int64_t, std::vector<float>> vectors_;
  std::unique_ptr<Collection> items_;
};

TEST_P(FilteredSearchTest, TheNearestRowsThatMatchComeWhateverTheSelectivity) {
  const std::vector<std::pair<std::string, std::function<bool(int64_t)>>> filters = {
      {"true", [](int64_t) { return true; }},
      {"group < 90", [](int64_t id) { return GroupOf(id) < 90; }},
      {R"(label in ["label1", "label2"])",
       [](int64_t id) { return GroupOf(id) % 10 == 1 || GroupOf(id) % 10 == 2; }},
      {"group == 42", [](int64_t id) { return GroupOf(id) == 42; }},
      {"score == 100.5", [](int64_t id) { return id == 201; }},
      {R"(meta["id"] >= 2995)", [](int64_t id) { return id >= 2995; }},
      {"group > 100", [](int64_t) { return false; }},
  };
  size_t found = 0;
  size_t wanted = 0;
  for (const auto& [text, matches] : filters) {
    for (int64_t id : {5, 77, 1999}) {
      const std::vector<float>& query = vectors_.at(id);
      SearchRequest request = Request(query);
      request.filter = text;
      const auto result = items_->Search(request);
      ASSERT_OK(result);
      const auto expected = Expected(query, matches);
      const auto keys = KeysOf(result->hits(0));
      // min(k, matches), always.
      ASSERT_EQ(keys.size(), std::min<size_t>(10, expected.size())) << text;
      for (int64_t key : keys) ASSERT_TRUE(matches(key) && key % 13 != 0) << text << " " << key;
      const auto nearest = KeysOf(expected, 0, 10);
      if (exact()) {
        ASSERT_EQ(keys, nearest) << text;
      }
      for (int64_t key : keys) {
        found += std::count(nearest.begin(), nearest.end(), key) > 0 ? 1 : 0;
      }
      wanted += nearest.size();
      const auto more = items_->Search(request);  // with what was remembered
      ASSERT_OK(more);
      EXPECT_EQ(KeysOf(more->hits(0)), keys);
    }
  }
  EXPECT_GE(found * 100, wanted * 99);
}

TEST_P(FilteredSearchTest, OneFilterServesAllQueries) {
  std::vector<float> queries = vectors_.at(1);
  queries.insert(queries.end(), vectors_.at(2).begin(), vectors_.at(2).end());
  SearchRequest request = Request(queries);
  request.filter = "group == 7";
  const auto both = items_->Search(request);
  ASSERT_OK(both);
  for (size_t i = 0; i < 2; ++i) {
    SearchRequest one = Request(vectors_.at(static_cast<int64_t>(i) + 1));
    one.filter = "group == 7";
    EXPECT_EQ(KeysOf(items_->Search(one)->hits(0)), KeysOf(both->hits(i)));
  }
}

TEST_P(FilteredSearchTest, RowsWrittenLaterAreFoundByTheSameFilter) {
  SearchRequest request = Request(vectors_.at(50));
  request.filter = "id >= 5000";
  EXPECT_TRUE(items_->Search(request)->hits(0).empty());
  vectors_[5000] = vectors_.at(50);
  ASSERT_OK(items_->Insert(Rows({5000})));
  EXPECT_EQ(KeysOf(items_->Search(request)->hits(0)), std::vector<int64_t>{5000});
  ASSERT_OK(items_->Flush());
  EXPECT_EQ(KeysOf(items_->Search(request)->hits(0)), std::vector<int64_t>{5000});
  ASSERT_OK(items_->Delete({5000}));
  EXPECT_TRUE(items_->Search(request)->hits(0).empty());
}

TEST_P(FilteredSearchTest, RangesTakeHitsOfTheScoresBetween) {
  const std::vector<float>& query = vectors_.at(321);
  const auto all = Expected(query, [](int64_t id) { return GroupOf(id) < 50; });
  const float sign = metric() == Metric::kL2 ? 1.0F : -1.0F;
  for (const auto& [first, last] : {std::pair<size_t, size_t>{0, 5}, {3, 9}, {40, 60}, {0, 0}}) {
    SearchRequest request = Request(query);
    request.filter = "group < 50";
    request.limit = 1000;
    if (!exact()) request.params = HnswSearchParams{.ef = 1000};
    // Bounds halfway between two rows: rounding does not matter.
    const auto before = [&](size_t i) {
      return i == 0 ? all[0].first - 1 : (all[i - 1].first + all[i].first) / 2;
    };
    request.radius = sign * before(last);
    if (first > 0) request.range_filter = sign * before(first);
    const auto result = items_->Search(request);
    ASSERT_OK(result);
    EXPECT_EQ(KeysOf(result->hits(0)), KeysOf(all, first, last)) << first << " " << last;
    request.limit = 2;
    EXPECT_EQ(items_->Search(request)->hits(0).size(), std::min<size_t>(2, last - first));
  }
}

TEST_P(FilteredSearchTest, RangeBoundsAreAsMilvusHasThem) {
  // The worse bound is open, the better one closed.
  const std::vector<float>& query = vectors_.at(600);
  const auto hits = items_->Search(Request(query));
  ASSERT_OK(hits);
  SearchRequest request = Request(query);
  request.range_filter = hits->hits(0)[2].score();
  request.radius = hits->hits(0)[5].score();
  const auto keys = KeysOf(hits->hits(0));
  EXPECT_EQ(KeysOf(items_->Search(request)->hits(0)),
            std::vector<int64_t>(keys.begin() + 2, keys.begin() + 5));
}

TEST_P(FilteredSearchTest, GroupsComeByTheirBestHits) {
  const std::vector<float>& query = vectors_.at(77);
  const auto all = Expected(query, [](int64_t id) { return id > 100; });
  for (const auto& [field, size, limit, offset] : {std::tuple{"label", 1, 5, 0},
                                                   {"label", 3, 10, 0},
                                                   {"group", 2, 8, 3},
                                                   {"label", 4, 20, 0},
                                                   {"group", 40, 3, 0}}) {
    std::vector<std::pair<int64_t, std::vector<int64_t>>> groups;
    for (const auto& [distance, id] : all) {
      const int64_t value = GroupOf(id) % (field == std::string("label") ? 10 : 100);
      auto at = std::find_if(groups.begin(), groups.end(),
                             [&](const auto& group) { return group.first == value; });
      if (at == groups.end()) at = groups.insert(at, {value, {}});
      if (at->second.size() < static_cast<size_t>(size)) at->second.push_back(id);
    }
    std::vector<int64_t> expected;
    for (size_t i = static_cast<size_t>(offset);
         i < std::min<size_t>(groups.size(), static_cast<size_t>(offset + limit)); ++i) {
      expected.insert(expected.end(), groups[i].second.begin(), groups[i].second.end());
    }
    SearchRequest request = Request(query);
    request.filter = "id > 100";
    request.limit = limit;
    request.offset = offset;
    request.group_by = field;
    request.group_size = size;
    if (!exact()) request.params = HnswSearchParams{.ef = 3000};
    const auto result = items_->Search(request);
    ASSERT_OK(result);
    EXPECT_EQ(KeysOf(result->hits(0)), expected) << field << " " << size;
  }
}

TEST_P(FilteredSearchTest, IteratorsGiveEveryMatchOnceNearestFirst) {
  const std::vector<float>& query = vectors_.at(900);
  const auto all = Expected(query, [](int64_t id) { return GroupOf(id) >= 30; });
  SearchRequest request = Request(query);
  request.filter = "group >= 30";
  request.output_fields = {"label"};
  const auto iterator = items_->OpenSearchIterator(request, {.batch_size = 333});
  ASSERT_OK(iterator);
  std::vector<int64_t> keys;
  std::string middle;
  for (size_t size = 1; size > 0;) {
    const auto batch = (*iterator)->Next();
    ASSERT_OK(batch);
    size = batch->hits(0).size();
    for (const Hit& hit : batch->hits(0)) {
      keys.push_back(hit.int64_key());
      EXPECT_EQ(hit.GetVarChar("label"), absl::StrCat("label", GroupOf(hit.int64_key()) % 10));
    }
    if (keys.size() == 666) middle = (*iterator)->position();
  }
  EXPECT_EQ(keys, KeysOf(all, 0, all.size()));
  const auto rest = items_->OpenSearchIterator(request, {.batch_size = 5, .position = middle});
  ASSERT_OK(rest);
  EXPECT_EQ(KeysOf((*rest)->Next()->hits(0)), KeysOf(all, 666, 671));
}

TEST_P(FilteredSearchTest, IteratorsKeepRangesToo) {
  const std::vector<float>& query = vectors_.at(900);
  const auto all = Expected(query, [](int64_t) { return true; });
  SearchRequest request = Request(query);
  const float bound = (all[99].first + all[100].first) / 2;
  request.radius = metric() == Metric::kL2 ? bound : -bound;
  const auto iterator = *items_->OpenSearchIterator(request, {.batch_size = 64});
  EXPECT_EQ(KeysOf(iterator->Next()->hits(0)), KeysOf(all, 0, 64));
  EXPECT_EQ(KeysOf(iterator->Next()->hits(0)), KeysOf(all, 64, 100));
  EXPECT_TRUE(iterator->Next()->hits(0).empty());
}

TEST_P(FilteredSearchTest, StatisticsSayWhatWasDone) {
  SearchRequest request = Request(vectors_.at(3));
  request.filter = "group == 3 and group != 4";
  const auto stats = items_->Explain(request);
  ASSERT_OK(stats);
  EXPECT_EQ(stats->filter, "group == 3");
  ASSERT_EQ(stats->segments.size(), 4u);
  uint64_t matching = 0;
  for (const SegmentSearchStats& segment : stats->segments) {
    EXPECT_FALSE(segment.filter_cached);
    EXPECT_EQ(segment.matching_rows, segment.num_rows / 100);
    EXPECT_GT(segment.distances, 0u);
    EXPECT_LE(segment.distances, segment.num_rows);
    EXPECT_NE(segment.plan, SearchPlan::kNothing);
    matching += segment.matching_rows;
  }
  EXPECT_EQ(matching, 30u);
  EXPECT_EQ(stats->segments.back().segment, "");
  EXPECT_EQ(stats->segments.front().segment, (*items_->Segments()).front().id);
  const auto again = items_->Search(request);
  ASSERT_OK(again);
  EXPECT_TRUE(again->stats().segments.front().filter_cached);
  EXPECT_FALSE(again->stats().segments.back().filter_cached);  // rows in memory grow
  EXPECT_TRUE(support::Contains(again->stats().ToString(), "12 of 1200 rows match"));
  request.filter = "group == 1000";
  const auto nothing = items_->Explain(request);
  for (const SegmentSearchStats& segment : nothing->segments) {
    EXPECT_EQ(segment.plan, SearchPlan::kNothing);
    EXPECT_EQ(segment.distances, 0u);
  }
}

TEST_P(FilteredSearchTest, MistakesAreNamed) {
  const auto expect = [this](auto change, Code code, std::string_view part) {
    SearchRequest request = Request(vectors_.at(1));
    change(request);
    const auto result = items_->Search(request);
    EXPECT_EQ(result.status().code(), code) << part;
    EXPECT_TRUE(Says(result, part));
  };
  const bool l2 = metric() == Metric::kL2;
  expect([](auto& r) { r.filter = "grup == 1"; }, Code::kInvalidArgument, "did you mean");
  expect([](auto& r) { r.filter = "v == 1"; }, Code::kInvalidArgument, "cannot be in a filter");
  expect([](auto& r) { r.range_filter = 1; }, Code::kInvalidArgument, "without radius");
  expect([l2](auto& r) { r.radius = l2 ? 1 : 2, r.range_filter = l2 ? 2 : 1; },
         Code::kInvalidArgument, "radius");
  expect([](auto& r) { r.radius = 1, r.range_filter = 1; }, Code::kInvalidArgument, "radius");
  expect([](auto& r) { r.radius = std::numeric_limits<float>::quiet_NaN(); },
         Code::kInvalidArgument, "NaN");
  expect([](auto& r) { r.group_by = "grup"; }, Code::kNotFound, "grup");
  expect([](auto& r) { r.group_by = "v"; }, Code::kInvalidArgument, "FloatVector");
  expect([](auto& r) { r.group_by = "meta"; }, Code::kInvalidArgument, "Json");
  expect([](auto& r) { r.group_size = 2; }, Code::kInvalidArgument, "without group_by");
  expect([](auto& r) { r.group_by = "group", r.group_size = 0; }, Code::kInvalidArgument,
         "group_size 0");
  expect([](auto& r) { r.group_by = "group", r.group_size = 1025; }, Code::kInvalidArgument,
         "group_size 1025");
  expect([](auto& r) { r.group_by = "group", r.group_size = 1000, r.limit = 17; },
         Code::kInvalidArgument, "16384");
  const auto iterate = [this](auto change, int32_t batch_size, std::string position) {
    SearchRequest request = Request(vectors_.at(1));
    change(request);
    return items_->OpenSearchIterator(request, {.batch_size = batch_size, .position = position})
        .status();
  };
  const auto nothing = [](SearchRequest&) {};
  std::vector<float> two(2 * kDim, 1.0F);
  EXPECT_OK(iterate(nothing, 1, ""));
  EXPECT_EQ(iterate(nothing, 0, "").code(), Code::kInvalidArgument);
  EXPECT_EQ(iterate(nothing, 16385, "").code(), Code::kInvalidArgument);
  EXPECT_EQ(iterate([&two](auto& r) { r.vectors = two; }, 1, "").code(), Code::kInvalidArgument);
  EXPECT_EQ(iterate([](auto& r) { r.group_by = "group"; }, 1, "").code(), Code::kInvalidArgument);
  for (const char* position :
       {"i1", "3f8000", "3f800000", "3f800000s1", "7fc00000i1", "zzzzzzzzi1"}) {
    EXPECT_EQ(iterate(nothing, 1, position).code(), Code::kInvalidArgument) << position;
  }
}

TEST_P(FilteredSearchTest, CancelledSearchesStop) {
  const Context cancelled{.cancel = CancelToken::Make()};
  cancelled.cancel.Cancel();
  SearchRequest request = Request(vectors_.at(1));
  request.filter = "group == 1";
  EXPECT_EQ(items_->Search(request, cancelled).status().code(), Code::kCancelled);
  EXPECT_EQ(items_->Explain(request, cancelled).status().code(), Code::kCancelled);
  EXPECT_EQ(items_->OpenSearchIterator(request, {}, cancelled).status().code(), Code::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(
    Indexes, FilteredSearchTest,
    testing::Values(FilteredSearchCase{"FlatL2", support::Flat(Metric::kL2)},
                    FilteredSearchCase{"FlatIp", support::Flat(Metric::kIp)},
                    FilteredSearchCase{"HnswL2", {.metric = Metric::kL2, .params = HnswParams{}}},
                    FilteredSearchCase{"HnswIp", {.metric = Metric::kIp, .params = HnswParams{}}}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace vecdb
