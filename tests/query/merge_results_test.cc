// Merging against a plain sort of everything, and what is refused.
#include "query/merge_results.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/test_database.h"

namespace vecdb::query {
namespace {

using support::CodeOf;
using support::SeededRandom;

// A hit as the naive merge sees it. The tag says which answer it is of.
struct PlainHit {
  float score = 0;
  int64_t id = 0;
  std::string tag{};
  int64_t group = 0;
};
using PlainAnswer = std::vector<std::vector<PlainHit>>;  // by query

Schema SchemaOf(DataType key_type) {
  return {.fields = {
              {.name = "v", .type = DataType::kFloatVector, .dim = 2},
              {.name = "key", .type = key_type, .primary_key = true, .max_length = 16},
              {.name = "tag", .type = DataType::kVarChar, .max_length = 32},
              {.name = "group", .type = DataType::kInt64},
          }};
}

// Keys as text are in another order than as numbers.
std::string TextOf(int64_t id) { return std::to_string(id); }

SearchResultParts PartsOf(const PlainAnswer& answer, const ResultShape& shape,
                          DataType key_type = DataType::kInt64) {
  const Schema schema = SchemaOf(key_type);
  SearchResultParts parts{.shape = shape, .rows = RowBatch(schema)};
  std::vector<int64_t> ids;
  std::vector<int64_t> groups;
  std::vector<std::string> keys;
  std::vector<std::string> tags;
  for (const std::vector<PlainHit>& hits : answer) {
    for (const PlainHit& hit : hits) {
      ids.push_back(hit.id);
      keys.push_back(TextOf(hit.id));
      tags.push_back(hit.tag);
      groups.push_back(hit.group);
      parts.scores.push_back(hit.score);
    }
    parts.ends.push_back(ids.size());
  }
  if (key_type == DataType::kInt64) {
    parts.rows.SetInt64("key", ids);
  } else {
    parts.rows.SetVarChar("key", keys);
  }
  parts.rows.SetVarChar("tag", tags).SetInt64("group", groups);
  return parts;
}

// The order of results, written down once more.
bool IsBetter(const ResultShape& shape, DataType key_type, const PlainHit& a, const PlainHit& b) {
  if (a.score != b.score) return (a.score > b.score) == LargerIsBetter(shape.metric);
  return key_type == DataType::kInt64 ? a.id < b.id : TextOf(a.id) < TextOf(b.id);
}

// All hits of a query, the better ones first, each key once.
std::vector<PlainHit> NaiveOrder(const std::vector<PlainAnswer>& answers, size_t query,
                                 const ResultShape& shape, DataType key_type) {
  std::vector<PlainHit> all;
  for (const PlainAnswer& answer : answers) {
    all.insert(all.end(), answer[query].begin(), answer[query].end());
  }
  std::stable_sort(all.begin(), all.end(), [&](const PlainHit& a, const PlainHit& b) {
    return IsBetter(shape, key_type, a, b);
  });
  std::vector<PlainHit> once;
  for (const PlainHit& hit : all) {
    if (std::none_of(once.begin(), once.end(),
                     [&](const PlainHit& other) { return other.id == hit.id; })) {
      once.push_back(hit);
    }
  }
  return once;
}

std::vector<PlainHit> NaivePage(const std::vector<PlainHit>& all, const ResultShape& shape,
                                const MergeOptions& options) {
  std::vector<int64_t> values;  // of groups, in order; without groups each hit is one
  std::map<int64_t, std::vector<PlainHit>> groups;
  for (const PlainHit& hit : all) {
    const int64_t value = shape.group_by.empty() ? hit.id : hit.group;
    std::vector<PlainHit>& group = groups[value];
    if (group.empty()) values.push_back(value);
    if (group.size() < static_cast<size_t>(shape.group_size)) group.push_back(hit);
  }
  std::vector<PlainHit> page;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    if (place < options.offset || place >= int64_t{options.offset} + options.limit) continue;
    const std::vector<PlainHit>& group = groups[values[i]];
    page.insert(page.end(), group.begin(), group.end());
  }
  return page;
}

// Scores are few, so that many are equal; keys come in several answers, at times with other scores.
PlainAnswer RandomAnswer(SeededRandom& random, size_t num_queries, const std::string& tag) {
  PlainAnswer answer(num_queries);
  for (std::vector<PlainHit>& hits : answer) {
    const size_t count = random.Below(25);
    std::set<int64_t> ids;
    while (ids.size() < count) ids.insert(static_cast<int64_t>(random.Below(60)) - 20);
    for (const int64_t id : ids) {
      const auto score = static_cast<float>(random.Below(8)) - 4;
      hits.push_back({.score = score, .id = id, .tag = tag, .group = id % 7});
    }
    random.Shuffle(hits);
  }
  return answer;
}

std::vector<SearchResult> ResultsOf(const std::vector<PlainAnswer>& answers,
                                    const ResultShape& shape, DataType key_type) {
  std::vector<SearchResult> results;
  for (const PlainAnswer& answer : answers) {
    auto result = SearchResult::Make(PartsOf(answer, shape, key_type));
    EXPECT_OK(result);
    results.push_back(*std::move(result));
  }
  return results;
}

void ExpectHits(std::span<const Hit> hits, const std::vector<PlainHit>& expected,
                DataType key_type) {
  ASSERT_EQ(hits.size(), expected.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    EXPECT_EQ(hits[i].score(), expected[i].score);
    if (key_type == DataType::kInt64) {
      EXPECT_EQ(hits[i].int64_key(), expected[i].id);
    } else {
      EXPECT_EQ(hits[i].varchar_key(), TextOf(expected[i].id));
    }
    EXPECT_EQ(hits[i].GetVarChar("tag"), expected[i].tag);
    EXPECT_EQ(hits[i].GetInt64("group"), expected[i].group);
  }
}

void ExpectNaiveMerge(SeededRandom& random) {
  constexpr Metric kMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};
  const DataType key_type = random.OneIn(2) ? DataType::kInt64 : DataType::kVarChar;
  ResultShape shape{.metric = kMetrics[random.Below(3)], .limit = 100};
  if (random.OneIn(2)) {
    shape.group_by = "group";
    shape.group_size = static_cast<int32_t>(1 + random.Below(4));
  }
  const size_t num_queries = random.Below(4);
  std::vector<PlainAnswer> answers(1 + random.Below(4));
  for (size_t i = 0; i < answers.size(); ++i) {
    answers[i] = RandomAnswer(random, num_queries, "of " + std::to_string(i));
  }
  const MergeOptions options{.limit = static_cast<int32_t>(1 + random.Below(40)),
                             .offset = static_cast<int32_t>(random.Below(30))};
  const auto merged = vecdb::MergeResults(ResultsOf(answers, shape, key_type), options);
  ASSERT_OK(merged);
  ASSERT_EQ(merged->num_queries(), num_queries);
  for (size_t query = 0; query < num_queries; ++query) {
    const auto expected = NaivePage(NaiveOrder(answers, query, shape, key_type), shape, options);
    ExpectHits(merged->hits(query), expected, key_type);
  }
  shape.limit = options.limit;
  shape.offset = options.offset;
  EXPECT_EQ(merged->shape(), shape);
}

TEST(MergeResultsTest, RandomAnswersAreMergedAsANaiveSortMergesThem) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    ExpectNaiveMerge(random);
    if (testing::Test::HasFailure()) break;
  }
}

// A result of one query with these hits.
SearchResult ResultOf(const std::vector<PlainHit>& hits, const ResultShape& shape = {}) {
  return *SearchResult::Make(PartsOf({hits}, shape));
}

template <typename... Results>
std::vector<SearchResult> Several(Results... results) {
  std::vector<SearchResult> all;
  (all.push_back(std::move(results)), ...);
  return all;
}

TEST(MergeResultsTest, AKeyThatTwoAnswersHaveComesOnceWithItsBetterScore) {
  const auto merged = vecdb::MergeResults(
      Several(ResultOf({{.score = 3, .id = 1, .tag = "first"}, {.score = 5, .id = 2}}),
              ResultOf({{.score = 2, .id = 1, .tag = "second"}, {.score = 5, .id = 2}}),
              ResultOf({{.score = 2, .id = 1, .tag = "third"}})),
      {});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->hits(0).size(), 2u);
  EXPECT_EQ(merged->hits(0)[0].int64_key(), 1);
  EXPECT_EQ(merged->hits(0)[0].score(), 2);
  EXPECT_EQ(merged->hits(0)[0].GetVarChar("tag"), "second");
  EXPECT_EQ(merged->hits(0)[1].int64_key(), 2);
}

TEST(MergeResultsTest, OnePartialAnswerMakesThePartialWhole) {
  SearchResultParts parts = PartsOf({{}}, {});
  parts.partial = true;
  const auto results = Several(ResultOf({}), *SearchResult::Make(std::move(parts)));
  EXPECT_TRUE(vecdb::MergeResults(results, {})->partial());
  EXPECT_FALSE(vecdb::MergeResults(std::span(results).first(1), {})->partial());
}

TEST(MergeResultsTest, StatsListAllSegmentsAndTheLongestTimes) {
  SearchResultParts a = PartsOf({{}}, {});
  a.stats = {.filter = "x > 1", .segments = {{.segment = "a"}}, .filter_ms = 3, .search_ms = 1};
  SearchResultParts b = PartsOf({{}}, {});
  b.stats = {.filter = "x > 1", .segments = {{.segment = "b"}}, .search_ms = 2, .fetch_ms = 4};
  const auto merged = vecdb::MergeResults(
      Several(*SearchResult::Make(std::move(a)), *SearchResult::Make(std::move(b))), {});
  ASSERT_OK(merged);
  const SearchStats& stats = merged->stats();
  EXPECT_EQ(stats.filter, "x > 1");
  ASSERT_EQ(stats.segments.size(), 2u);
  EXPECT_EQ(stats.segments[1].segment, "b");
  EXPECT_EQ(stats.filter_ms, 3);
  EXPECT_EQ(stats.search_ms, 2);
  EXPECT_EQ(stats.fetch_ms, 4);
}

TEST(MergeResultsTest, AnswersWithoutHitsHaveNoColumnsAndAreMerged) {
  const auto empty = [] {
    return *SearchResult::Make({.rows = RowBatch(SchemaOf(DataType::kInt64)), .ends = {0}});
  };
  const auto merged = vecdb::MergeResults(
      Several(empty(), ResultOf({{.score = 1, .id = 4, .tag = "t"}}), empty()), {});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->hits(0).size(), 1u);
  EXPECT_EQ(merged->hits(0)[0].GetVarChar("tag"), "t");
  const auto none = vecdb::MergeResults(Several(empty(), empty()), {});
  ASSERT_OK(none);
  EXPECT_TRUE(none->hits(0).empty());
}

TEST(MergeResultsTest, ColumnsOfAnswersWithoutHitsDoNotCount) {
  Schema schema = SchemaOf(DataType::kInt64);
  schema.fields[3].type = DataType::kInt8;
  RowBatch rows(schema);
  rows.SetInt64("key", std::vector<int64_t>()).SetInt8("group", std::vector<int8_t>());
  const auto merged =
      vecdb::MergeResults(Several(*SearchResult::Make({.rows = std::move(rows), .ends = {0}}),
                                  ResultOf({{.score = 1, .id = 4, .tag = "t", .group = 5000}})),
                          {});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->hits(0).size(), 1u);
  EXPECT_EQ(merged->hits(0)[0].GetInt64("group"), 5000);
}

TEST(MergeResultsTest, MergedAnswersCanBeMergedAgain) {
  const auto left = vecdb::MergeResults(
      Several(ResultOf({{.score = 1, .id = 1}}), ResultOf({{.score = 2, .id = 2}})), {});
  ASSERT_OK(left);
  auto both = Several(ResultOf({{.score = 1, .id = 0}}));
  both.push_back(*vecdb::MergeResults(std::span(&*left, 1), {}));
  const auto merged = vecdb::MergeResults(both, {.limit = 2});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->hits(0).size(), 2u);
  EXPECT_EQ(merged->hits(0)[0].int64_key(), 0);
  EXPECT_EQ(merged->hits(0)[1].int64_key(), 1);
}

std::string MergeError(const std::vector<SearchResult>& results, const MergeOptions& options = {}) {
  const auto merged = vecdb::MergeResults(results, options);
  EXPECT_EQ(CodeOf(merged), absl::StatusCode::kInvalidArgument);
  return std::string(merged.status().message());
}

TEST(MergeResultsTest, OptionsOutOfRangeAreRefused) {
  EXPECT_EQ(MergeError({}), "results: none");
  EXPECT_EQ(MergeError(Several(ResultOf({})), {.limit = 0}), "limit 0: must be at least 1");
  EXPECT_EQ(MergeError(Several(ResultOf({})), {.offset = -1}), "offset -1: must be at least 0");
  EXPECT_EQ(MergeError(Several(ResultOf({})), {.limit = INT32_MAX, .offset = INT32_MAX}),
            "result 0 was searched with limit 10: merging with offset 2147483647 and limit "
            "2147483647 needs 4294967294");
}

TEST(MergeResultsTest, AnswersToDifferentQuestionsAreRefused) {
  const auto with = [](const ResultShape& shape) {
    return Several(ResultOf({}), ResultOf({}), ResultOf({}, shape));
  };
  EXPECT_EQ(MergeError(Several(ResultOf({}), *SearchResult::Make(PartsOf({{}, {}}, {})))),
            "result 0 answers 1 queries, result 1 2");
  EXPECT_EQ(MergeError(with({.metric = Metric::kIp})), "result 0 has the metric L2, result 2 IP");
  EXPECT_EQ(MergeError(with({.group_by = "tag", .group_size = 2})),
            "result 0 has group_by \"\" and group_size 1, result 2 \"tag\" and 2");
  EXPECT_EQ(MergeError(with({.offset = 1})),
            "result 2 was searched with offset 1: to be merged it needs offset 0");
  EXPECT_EQ(MergeError(with({.limit = 9})),
            "result 2 was searched with limit 9: merging with offset 0 and limit 10 needs 10");
}

TEST(MergeResultsTest, OtherKeysAndColumnsAreRefused) {
  const PlainHit hit{.score = 1, .id = 1};
  const auto text_key = [&] {
    return *SearchResult::Make(PartsOf({{hit}}, {}, DataType::kVarChar));
  };
  EXPECT_EQ(MergeError(Several(ResultOf({}), text_key())),
            "result 0 has the key \"key\" of type Int64, result 1 the key \"key\" of type VarChar");

  const auto with_vectors = [&] {
    SearchResultParts parts = PartsOf({{hit}}, {});
    parts.rows.SetFloatVectors("v", std::vector<float>{1, 2});
    return *SearchResult::Make(std::move(parts));
  };
  EXPECT_EQ(MergeError(Several(ResultOf({hit}), with_vectors())),
            "result 1 has the field \"v\", result 0 has not");
  EXPECT_EQ(MergeError(Several(with_vectors(), ResultOf({hit}))),
            "result 0 has the field \"v\", result 1 has not");

  Schema schema = SchemaOf(DataType::kInt64);
  schema.fields[0].dim = 1;
  RowBatch rows(schema);
  rows.SetInt64("key", std::vector<int64_t>{2}).SetVarChar("tag", std::vector<std::string>{""});
  rows.SetInt64("group", std::vector<int64_t>{2}).SetFloatVectors("v", std::vector<float>{1});
  EXPECT_EQ(MergeError(Several(
                with_vectors(),
                *SearchResult::Make({.rows = std::move(rows), .scores = {1}, .ends = {1}}))),
            "field \"v\" is of type FloatVector and dim 2 in result 0, of type FloatVector and dim "
            "1 in result 1");
}

TEST(MergeResultsTest, TheFieldToGroupByMustBeThere) {
  const PlainHit hit{.score = 1, .id = 1};
  EXPECT_EQ(MergeError(Several(ResultOf({hit}, {.group_by = "other"}))),
            "result 0: group_by \"other\" is none of its output fields");
  SearchResultParts parts = PartsOf({{hit}}, {.group_by = "v"});
  parts.rows.SetFloatVectors("v", std::vector<float>{1, 2});
  EXPECT_EQ(MergeError(Several(*SearchResult::Make(std::move(parts)))),
            "result 0: group_by \"v\": rows cannot be grouped by FloatVector");
}

RowBatch RowsOfIds(const std::vector<int64_t>& ids, const std::string& tag) {
  RowBatch batch(support::TaggedSchema());
  batch.SetInt64("id", ids).SetVarChar("tag", std::vector<std::string>(ids.size(), tag));
  return batch;
}

TEST(MergeRowsTest, RowsComeByKeyEachOnceFromTheFirstBatch) {
  const std::vector<RowBatch> batches = {RowsOfIds({1, 5, 9}, "a"), RowsOfIds({-3, 5, 7}, "b"),
                                         RowBatch(support::TaggedSchema())};
  const auto merged = vecdb::MergeRows(batches, {.limit = 100});
  ASSERT_OK(merged);
  EXPECT_EQ(merged->ToJson(),
            R"([{"id":-3,"tag":"b"},{"id":1,"tag":"a"},{"id":5,"tag":"a"},{"id":7,"tag":"b"},)"
            R"({"id":9,"tag":"a"}])");
  const auto page = vecdb::MergeRows(batches, {.limit = 2, .offset = 1});
  ASSERT_OK(page);
  EXPECT_EQ(page->ToJson(), R"([{"id":1,"tag":"a"},{"id":5,"tag":"a"}])");
  EXPECT_EQ(vecdb::MergeRows(batches, {.limit = 2, .offset = 5})->num_rows(), 0u);
}

TEST(MergeRowsTest, BatchesThatDoNotBelongTogetherAreRefused) {
  const auto error = [](const std::vector<RowBatch>& batches, const MergeOptions& options = {}) {
    const auto merged = vecdb::MergeRows(batches, options);
    EXPECT_EQ(CodeOf(merged), absl::StatusCode::kInvalidArgument);
    return std::string(merged.status().message());
  };
  EXPECT_EQ(error({}), "batches: none");
  EXPECT_EQ(error({RowsOfIds({1}, "")}, {.limit = -1}), "limit -1: must be at least 1");
  RowBatch ragged = RowsOfIds({1, 2}, "");
  ragged.SetVarChar("tag", std::vector<std::string>(3));
  EXPECT_EQ(error({RowsOfIds({1}, ""), ragged}),
            "batch 1: column \"id\" has 2 values, another has 3");
  RowBatch keys_alone(support::TaggedSchema());
  keys_alone.SetInt64("id", std::vector<int64_t>{1});
  EXPECT_EQ(error({keys_alone, RowsOfIds({1}, "")}),
            "batch 1 has the field \"tag\", batch 0 has not");
}

}  // namespace
}  // namespace vecdb::query
