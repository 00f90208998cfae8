// Random filters over the rows of a collection, in whatever state these are, against an evaluation
// of each row by itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "filter/naive_filter.h"
#include "filter/parse.h"
#include "filter/random_filter.h"
#include "filter/random_row.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "vecdb/vecdb.h"

namespace vecdb {
namespace {

using filter::naive::Json;
using filter::naive::Row;
using filter::naive::Truth;

constexpr size_t kRowsPerBatch = 150;

class FilterOracleTest : public testing::Test {
 protected:
  void SetUp() override {
    DatabaseOptions options{.store = MakeMemoryObjectStore()};
    options.num_threads = 1;
    db_ = *Database::Open(options);
    docs_ = *db_->CreateCollection("docs", schema_, {.num_shards = 2});
  }

  // What FromJson takes for a row: the keys of `$meta` stand beside the fields.
  static Json AsDocument(const Row& row) {
    Json document = Json::object();
    for (const auto& [name, value] : row) {
      if (name == kDynamicFieldName) {
        document.update(value);
      } else {
        document[name] = value;
      }
    }
    document["vector"] = {0.5, 1.5};
    return document;
  }

  // Adds rows, some of which replace others.
  void Write(filter::naive::RandomRow& source, support::SeededRandom& random) {
    Json documents = Json::array();
    std::map<int64_t, Row> batch;
    while (batch.size() < kRowsPerBatch) {
      Row row = source.Next();
      if (random.OneIn(2)) row["i64"] = static_cast<int64_t>(random.Below(500));
      batch[row["i64"].get<int64_t>()] = std::move(row);
    }
    for (const auto& [key, row] : batch) documents.push_back(AsDocument(row));
    const auto rows = RowBatch::FromJson(schema_, documents.dump());
    ASSERT_OK(rows);
    ASSERT_OK(docs_->Upsert(*rows));
    for (auto& [key, row] : batch) rows_[key] = std::move(row);
  }

  void DeleteSome(support::SeededRandom& random) {
    std::vector<int64_t> keys;
    for (const auto& [key, row] : rows_) {
      if (random.OneIn(10)) keys.push_back(key);
    }
    ASSERT_OK(docs_->Delete(keys));
    for (int64_t key : keys) rows_.erase(key);
  }

  std::vector<int64_t> ExpectedKeys(const std::string& text) const {
    const auto expr = filter::ParseFilter(text);
    std::vector<int64_t> keys;
    for (const auto& [key, row] : rows_) {
      if (filter::naive::Evaluate(*expr, schema_, row, parameters_) == Truth::kYes)
        keys.push_back(key);
    }
    return keys;
  }

  // False when the filter does not fit the schema.
  bool Check(const std::string& text) {
    SCOPED_TRACE("filter: " + text);
    auto parsed = Filter::Parse(schema_, text);
    if (!parsed.ok()) return false;
    FilterParameters parameters;
    for (const std::string& name : parsed->parameters()) {
      parameters.emplace(name, parameters_.find(name)->second);
    }
    const auto bound = parsed->Bind(parameters);
    if (!bound.ok()) return false;
    const std::vector<int64_t> expected = ExpectedKeys(text);
    const auto count = docs_->Count(*bound);
    EXPECT_OK(count);
    EXPECT_EQ(*count, expected.size());
    const auto found = docs_->Query({.filter = *bound});
    EXPECT_OK(found);
    std::vector<int64_t> keys;
    if (const Column* column = found->column("i64")) {
      keys.assign(column->int64s().begin(), column->int64s().end());
    }
    EXPECT_EQ(keys, expected);
    return true;
  }

  static std::vector<int64_t> KeysOf(const Segment& segment, const Filter& filter) {
    const auto rows = segment.FindMatching(filter);
    EXPECT_OK(rows);
    const auto batch = segment.Read(*rows, std::vector<std::string>{"i64"});
    EXPECT_OK(batch);
    const Column* keys = batch->column("i64");
    if (keys == nullptr) return {};
    return {keys->int64s().begin(), keys->int64s().end()};
  }

  const Schema schema_ = filter::naive::RandomFilterSchema();
  const FilterParameters parameters_ = filter::naive::RandomFilterParameters();
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> docs_;
  std::map<int64_t, Row> rows_;
};

TEST_F(FilterOracleTest, RandomFiltersFindTheRowsThatMatchOneByOne) {
  const uint64_t seed = support::TestSeed("FilterOracleTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  filter::naive::RandomRow source(random);
  const int filters = support::ScaledCount(2'000);
  constexpr int kStates = 10;  // flushed rows, rows in memory, deleted and replaced ones
  int accepted = 0;
  for (int state = 0; state < kStates; ++state) {
    Write(source, random);
    if (state % 3 == 1) {
      ASSERT_OK(docs_->Flush());
    }
    if (state % 4 == 2) DeleteSome(random);
    for (int i = 0; i < filters / kStates && !HasFailure(); ++i) {
      accepted += Check(filter::naive::RandomFilter(random).Condition(i % 5)) ? 1 : 0;
    }
  }
  RecordProperty("seed", std::to_string(seed));
  RecordProperty("accepted", accepted);
  if (filters >= 1000 && !HasFailure()) {
    EXPECT_GE(accepted, filters / 2);
  }
}

// The Segment door: segments with deletes, and the one that they are merged into.
TEST_F(FilterOracleTest, MergedSegmentsHaveTheSameRowsThatMatch) {
  const uint64_t seed = support::TestSeed("FilterOracleTest.Merged");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  filter::naive::RandomRow source(random);
  const auto store = MakeMemoryObjectStore();
  std::vector<std::unique_ptr<Segment>> segments;
  std::vector<const Segment*> inputs;
  for (int64_t part = 0; part < 3; ++part) {
    Json documents = Json::array();
    std::vector<uint32_t> deleted;
    for (int64_t i = 0; i < 300; ++i) {
      Row row = source.Next();
      row["i64"] = part * 300 + i;
      documents.push_back(AsDocument(row));
      if (random.OneIn(7)) {
        deleted.push_back(static_cast<uint32_t>(i));
      } else {
        rows_[part * 300 + i] = std::move(row);
      }
    }
    auto builder = *SegmentBuilder::Make(schema_);
    ASSERT_OK(builder->Add(*RowBatch::FromJson(schema_, documents.dump())));
    const auto info = builder->Finish(*store, *ObjectPath::Parse(absl::StrCat("s", part)));
    ASSERT_OK(info);
    const auto with_deletes = (*Segment::Open(*store, *info))->WithDeletes(deleted, 5);
    ASSERT_OK(with_deletes);
    segments.push_back(*Segment::Open(*store, *with_deletes));
    inputs.push_back(segments.back().get());
  }
  const auto merged_info = MergeSegments(inputs, *store, *ObjectPath::Parse("merged"));
  ASSERT_OK(merged_info);
  const auto merged = *Segment::Open(*store, *merged_info);
  const int filters = support::ScaledCount(1'000);
  for (int i = 0; i < filters && !HasFailure(); ++i) {
    const std::string text = filter::naive::RandomFilter(random).Condition(i % 5);
    const auto parsed = Filter::Parse(schema_, text);
    if (!parsed.ok() || !parsed->parameters().empty()) continue;
    SCOPED_TRACE("filter: " + text);
    std::vector<int64_t> keys;
    for (const Segment* segment : inputs) {
      const auto found = KeysOf(*segment, *parsed);
      keys.insert(keys.end(), found.begin(), found.end());
    }
    EXPECT_EQ(keys, ExpectedKeys(text));
    EXPECT_EQ(KeysOf(*merged, *parsed), ExpectedKeys(text));
  }
}

}  // namespace
}  // namespace vecdb
