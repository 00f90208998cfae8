// Reads and deletes by filter: Query, Count, Delete, QueryIterator.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/api_testing.h"

namespace vecdb {
namespace {

using support::Code;
using support::GridVector;
using support::Ids;
using support::Says;

Schema ShopSchema(DataType key = DataType::kInt64) {
  return {.fields = {{.name = "id",
                      .type = key,
                      .primary_key = true,
                      .max_length = key == DataType::kVarChar ? 16 : 0},
                     {.name = "price", .type = DataType::kInt32},
                     {.name = "color", .type = DataType::kVarChar, .max_length = 16},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2}},
          .enable_dynamic_field = true};
}

std::string ColorOf(int64_t id) {
  constexpr const char* kColors[] = {"red", "green", "blue"};
  return kColors[id % 3];
}

class QueryTest : public testing::Test {
 protected:
  void SetUp() override { shop_ = *db_->CreateCollection("shop", ShopSchema(), {.num_shards = 2}); }

  // Rows whose price is id % 100.
  static RowBatch Rows(const std::vector<int64_t>& ids) {
    RowBatch batch(ShopSchema());
    std::vector<int32_t> prices;
    std::vector<std::string> colors;
    std::vector<std::string> metas;
    std::vector<float> vectors;
    for (int64_t id : ids) {
      prices.push_back(static_cast<int32_t>(id % 100));
      colors.push_back(ColorOf(id));
      metas.push_back(absl::StrCat(R"({"n":)", id, "}"));
      const std::vector<float> vector = GridVector(id, 2);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    batch.SetInt64("id", ids).SetInt32("price", prices).SetVarChar("color", colors);
    batch.SetJson("$meta", metas).SetFloatVectors("v", std::move(vectors));
    return batch;
  }

  // Keys 0 to 999: two thirds in segments, the rest in memory; every tenth was deleted.
  void Fill() {
    ASSERT_OK(shop_->Insert(Rows(Ids(0, 400))));
    ASSERT_OK(shop_->Flush());
    ASSERT_OK(shop_->Insert(Rows(Ids(400, 267))));
    ASSERT_OK(shop_->Flush());
    ASSERT_OK(shop_->Insert(Rows(Ids(667, 333))));
    std::vector<int64_t> tens;
    for (int64_t id = 0; id < 1000; id += 10) tens.push_back(id);
    ASSERT_OK(shop_->Delete(tens));
  }

  static std::vector<int64_t> KeysOf(const RowBatch& rows) {
    const Column* keys = rows.column("id");
    if (keys == nullptr) return {};
    return {keys->int64s().begin(), keys->int64s().end()};
  }

  template <typename Matches>
  static std::vector<int64_t> Expected(Matches matches) {
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < 1000; ++id) {
      if (id % 10 != 0 && matches(id)) ids.push_back(id);
    }
    return ids;
  }

  support::TestDatabase db_;
  std::unique_ptr<Collection> shop_;
};

TEST_F(QueryTest, RowsThatMatchComeByKeyWithTheirFields) {
  Fill();
  const auto rows = shop_->Query({.filter = R"(color == "red" and price < 20)",
                                  .output_fields = {"price", "color", "v", "$meta"}});
  ASSERT_OK(rows);
  const auto expected = Expected([](int64_t id) { return id % 3 == 0 && id % 100 < 20; });
  ASSERT_EQ(KeysOf(*rows), expected);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(rows->column("price")->int32s()[i], expected[i] % 100);
    EXPECT_EQ(rows->column("color")->string(i), "red");
    EXPECT_EQ(rows->column("$meta")->string(i), absl::StrCat(R"({"n":)", expected[i], "}"));
    const auto vector = rows->column("v")->vector(i);
    EXPECT_EQ(std::vector<float>(vector.begin(), vector.end()), GridVector(expected[i], 2));
  }
}

TEST_F(QueryTest, LimitAndOffsetCutAPieceOutOfTheOrderOfKeys) {
  Fill();
  const auto all = Expected([](int64_t id) { return id % 100 >= 50; });
  for (const int32_t offset :
       {0, 1, 99, static_cast<int32_t>(all.size()) - 1, static_cast<int32_t>(all.size())}) {
    for (const int32_t limit : {1, 7, 500}) {
      const auto rows = shop_->Query({.filter = "price >= 50", .limit = limit, .offset = offset});
      ASSERT_OK(rows);
      const auto begin = all.begin() + offset;
      const auto end = all.begin() + std::min<ptrdiff_t>(offset + limit, std::ssize(all));
      EXPECT_EQ(KeysOf(*rows), std::vector<int64_t>(begin, end)) << offset << " " << limit;
    }
  }
}

TEST_F(QueryTest, WithoutAFilterAllLiveRowsCome) {
  Fill();
  const auto rows = shop_->Query({});
  ASSERT_OK(rows);
  EXPECT_EQ(KeysOf(*rows), Expected([](int64_t) { return true; }));
}

TEST_F(QueryTest, WithoutOrderTheSameRowsCome) {
  Fill();
  const auto rows = shop_->Query({.filter = "price in [7, 8]", .order_by_key = false});
  ASSERT_OK(rows);
  std::vector<int64_t> keys = KeysOf(*rows);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(keys, Expected([](int64_t id) { return id % 100 == 7 || id % 100 == 8; }));
  const auto some =
      shop_->Query({.filter = "price in [7, 8]", .limit = 3, .offset = 1, .order_by_key = false});
  ASSERT_OK(some);
  EXPECT_EQ(some->num_rows(), 3u);
}

TEST_F(QueryTest, OrderedByVarCharKeysToo) {
  const Schema schema = ShopSchema(DataType::kVarChar);
  const auto named = *db_->CreateCollection("named", schema);
  for (const auto& keys : {std::vector<std::string>{"b", "aa", ""}, {"a", "c", "ab"}}) {
    RowBatch batch(schema);
    batch.SetVarChar("id", keys).SetInt32("price", std::vector<int32_t>(keys.size(), 1));
    batch.SetVarChar("color", std::vector<std::string>(keys.size(), "red"));
    batch.SetFloatVectors("v", std::vector<float>(keys.size() * 2, 1.0F));
    ASSERT_OK(named->Insert(batch));
    if (keys.front() == "b") {
      ASSERT_OK(named->Flush());
    }
  }
  const auto rows = named->Query({.filter = "price == 1"});
  ASSERT_OK(rows);
  std::vector<std::string> keys;
  for (size_t i = 0; i < rows->num_rows(); ++i) {
    keys.emplace_back(rows->column("id")->string(i));
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"", "a", "aa", "ab", "b", "c"}));
  const auto iterator = named->OpenQueryIterator({}, {.batch_size = 4});
  ASSERT_OK(iterator);
  EXPECT_EQ((*iterator)->Next()->num_rows(), 4u);
  EXPECT_EQ((*iterator)->position(), "sab");
  const auto rest = named->OpenQueryIterator({}, {.position = (*iterator)->position()});
  ASSERT_OK(rest);
  EXPECT_EQ((*rest)->Next()->column("id")->string(0), "b");
}

TEST_F(QueryTest, CountCountsLiveRowsThatMatch) {
  Fill();
  const auto count = [this](const RowFilter& filter) { return *shop_->Count(filter); };
  EXPECT_EQ(count("price == 5"), 10u);
  EXPECT_EQ(count("price == 10"), 0u);
  EXPECT_EQ(count(""), 900u);
  EXPECT_EQ(count("true"), 900u);
  EXPECT_EQ(count("false"), 0u);
  EXPECT_EQ(count("n < 100"), 90u);
  EXPECT_EQ(count(RowFilter("price in {some}", {{"some", FilterValue::List{1, 2, 10}}})), 20u);
}

TEST_F(QueryTest, ReadsShowTheStateThatIsAskedFor) {
  Fill();
  const auto before = *shop_->PinSnapshot();
  ASSERT_OK(shop_->DeleteWhere("price < 50"));
  ASSERT_OK(shop_->Insert(Rows(Ids(1000, 100))));
  EXPECT_EQ(*shop_->Count("price < 50", before), 450u);
  EXPECT_EQ(*shop_->Count("price < 50"), 50u);
  EXPECT_EQ(shop_->Query({.filter = "price < 50", .consistency = before})->num_rows(), 450u);
}

TEST_F(QueryTest, DeleteByFilterTakesEveryRowThatMatchesAndNoOther) {
  Fill();
  const auto deleted = shop_->DeleteWhere(R"(color == "red" or price > 90)");
  ASSERT_OK(deleted);
  const auto left = Expected([](int64_t id) { return id % 3 != 0 && id % 100 <= 90; });
  EXPECT_EQ(deleted->delete_count, 900 - left.size());
  EXPECT_EQ(KeysOf(*shop_->Query({})), left);
  const auto again = shop_->DeleteWhere(R"(color == "red" or price > 90)");
  ASSERT_OK(again);
  EXPECT_EQ(again->delete_count, 0u);
}

TEST_F(QueryTest, DeletesByFilterSurviveACrash) {
  Fill();
  ASSERT_OK(shop_->DeleteWhere("price >= 30"));
  shop_ = nullptr;
  db_.Crash();
  shop_ = *db_->OpenCollection("shop");
  EXPECT_EQ(KeysOf(*shop_->Query({})), Expected([](int64_t id) { return id % 100 < 30; }));
}

TEST_F(QueryTest, AnEmptyFilterDeletesNothing) {
  Fill();
  for (const RowFilter& filter : {RowFilter(), RowFilter(" "), RowFilter(Filter())}) {
    const auto deleted = shop_->DeleteWhere(filter);
    EXPECT_EQ(deleted.status().code(), Code::kInvalidArgument);
    EXPECT_TRUE(Says(deleted, "would delete every row"));
  }
  EXPECT_EQ(*shop_->Count(), 900u);
  ASSERT_OK(shop_->DeleteWhere("true"));
  EXPECT_EQ(*shop_->Count(), 0u);
}

TEST_F(QueryTest, IteratorsGiveEveryRowOnceFromOneState) {
  Fill();
  for (const int32_t batch_size : {1, 64, 899, 900, 16384}) {
    const auto iterator =
        shop_->OpenQueryIterator({.filter = "price != 1"}, {.batch_size = batch_size});
    ASSERT_OK(iterator);
    std::vector<int64_t> keys;
    for (bool more = true; more;) {
      const auto batch = (*iterator)->Next();
      ASSERT_OK(batch);
      const auto found = KeysOf(*batch);
      ASSERT_LE(found.size(), static_cast<size_t>(batch_size));
      keys.insert(keys.end(), found.begin(), found.end());
      more = !found.empty();
      // Later writes are not seen.
      if (keys.size() == 64) {
        ASSERT_OK(shop_->Upsert(Rows({1500})));
      }
    }
    ASSERT_OK(shop_->Delete({1500}));
    EXPECT_EQ(keys, Expected([](int64_t id) { return id % 100 != 1; })) << batch_size;
  }
}

TEST_F(QueryTest, IteratorsGoOnWhereAnotherStood) {
  Fill();
  const auto first = *shop_->OpenQueryIterator({.filter = "price > 2"}, {.batch_size = 100});
  EXPECT_EQ(first->position(), "");
  std::vector<int64_t> keys = KeysOf(*first->Next());
  const auto second =
      *shop_->OpenQueryIterator({.filter = "price > 2", .consistency = first->snapshot()},
                                {.batch_size = 10'000, .position = first->position()});
  const auto rest = KeysOf(*second->Next());
  keys.insert(keys.end(), rest.begin(), rest.end());
  EXPECT_EQ(keys, Expected([](int64_t id) { return id % 100 > 2; }));
}

TEST_F(QueryTest, IteratorsHaveALimitAndAnOffset) {
  Fill();
  const auto iterator = *shop_->OpenQueryIterator({.limit = 25, .offset = 5}, {.batch_size = 10});
  std::vector<int64_t> keys;
  for (size_t size : {10u, 10u, 5u, 0u}) {
    const auto batch = KeysOf(*iterator->Next());
    EXPECT_EQ(batch.size(), size);
    keys.insert(keys.end(), batch.begin(), batch.end());
  }
  const auto all = Expected([](int64_t) { return true; });
  EXPECT_EQ(keys, std::vector<int64_t>(all.begin() + 5, all.begin() + 30));
}

TEST_F(QueryTest, IteratorsThatGoOnKeepTheirLimitAndSkipNoRowsAgain) {
  Fill();
  const auto all = Expected([](int64_t) { return true; });
  QueryRequest request{.limit = 25, .offset = 5};
  std::vector<int64_t> keys;
  std::string position;
  for (const size_t size : {10u, 10u, 5u, 0u, 0u}) {
    const auto iterator =
        shop_->OpenQueryIterator(request, {.batch_size = 10, .position = position});
    ASSERT_OK(iterator);
    EXPECT_EQ((*iterator)->position(), position);
    const auto batch = KeysOf(*(*iterator)->Next());
    EXPECT_EQ(batch.size(), size);
    keys.insert(keys.end(), batch.begin(), batch.end());
    position = (*iterator)->position();
    request.consistency = (*iterator)->snapshot();
  }
  EXPECT_EQ(keys, std::vector<int64_t>(all.begin() + 5, all.begin() + 30));
  request.limit = 0;
  const auto first = *shop_->OpenQueryIterator(request, {.batch_size = 10});
  EXPECT_EQ(KeysOf(*first->Next()), std::vector<int64_t>(all.begin() + 5, all.begin() + 15));
  const auto rest = *shop_->OpenQueryIterator(request, {.position = first->position()});
  EXPECT_EQ(KeysOf(*rest->Next()), std::vector<int64_t>(all.begin() + 15, all.end()));
}

TEST_F(QueryTest, AnIteratorAtTheEndOfItsStateKeepsItsLimitForALaterOne) {
  ASSERT_OK(shop_->Insert(Rows(Ids(0, 3))));
  const auto first = *shop_->OpenQueryIterator({.limit = 5}, {.batch_size = 10});
  EXPECT_EQ(KeysOf(*first->Next()), Ids(0, 3));
  EXPECT_EQ(first->Next()->num_rows(), 0u);
  ASSERT_OK(shop_->Insert(Rows(Ids(3, 10))));
  EXPECT_EQ(first->Next()->num_rows(), 0u);
  const auto later = *shop_->OpenQueryIterator({.limit = 5}, {.position = first->position()});
  EXPECT_EQ(KeysOf(*later->Next()), Ids(3, 2));
}

TEST_F(QueryTest, MistakesAreNamed) {
  const auto expect = [](const auto& result, Code code, std::string_view part) {
    EXPECT_EQ(support::StatusOf(result).code(), code) << part;
    EXPECT_TRUE(Says(result, part));
  };
  Schema strict = ShopSchema();
  strict.enable_dynamic_field = false;
  const auto plain = *db_->CreateCollection("plain", strict);
  expect(plain->Query({.filter = "prise < 1"}), Code::kInvalidArgument, "did you mean \"price\"");
  EXPECT_OK(shop_->Query({.filter = "prise < 1"}));  // a key of $meta
  expect(shop_->Query({.filter = "price <"}), Code::kInvalidArgument, "expected");
  expect(shop_->Query({.filter = "v == 1"}), Code::kInvalidArgument, "cannot be in a filter");
  expect(shop_->Query({.filter = "price == {p}"}), Code::kInvalidArgument, "{p} has no value");
  expect(shop_->Query({.filter = RowFilter("price == 1", {{"p", 1}})}), Code::kInvalidArgument,
         "no parameter {p}");
  expect(shop_->Query({.filter = *Filter::Parse(ShopSchema(), "price == {p}")}),
         Code::kInvalidArgument, "{p} has no value");
  expect(shop_->Query({.filter = RowFilter::Custom(nullptr)}), Code::kInvalidArgument,
         "callback is empty");
  expect(shop_->Query({.output_fields = {"prise"}}), Code::kNotFound, "prise");
  expect(shop_->Query({.limit = -1}), Code::kInvalidArgument, "limit -1");
  expect(shop_->Query({.offset = -1}), Code::kInvalidArgument, "offset -1");
  expect(shop_->Query({.limit = 16384, .offset = 1}), Code::kInvalidArgument, "1 to 16384");
  expect(shop_->Query({.offset = 16384}), Code::kInvalidArgument, "1 to 16384");
  EXPECT_OK(shop_->Query({.limit = 16383, .offset = 1}));
  expect(shop_->Count("price <"), Code::kInvalidArgument, "expected");
  expect(shop_->DeleteWhere("price <"), Code::kInvalidArgument, "expected");
  expect(shop_->OpenQueryIterator({}, {.batch_size = 0}), Code::kInvalidArgument, "batch_size 0");
  expect(shop_->OpenQueryIterator({}, {.batch_size = 16385}), Code::kInvalidArgument, "16385");
  expect(shop_->OpenQueryIterator({.order_by_key = false}), Code::kInvalidArgument, "by key");
  for (const char* position : {"x", "i", "sab", "i1x", "i99999999999999999999"}) {
    expect(shop_->OpenQueryIterator({}, {.position = position}), Code::kInvalidArgument,
           "position");
  }
}

TEST_F(QueryTest, AFilterOfAnotherSchemaIsRefused) {
  Schema other = ShopSchema();
  std::swap(other.fields[1], other.fields[2]);
  const auto filter = Filter::Parse(other, "price == 1");
  const auto rows = shop_->Query({.filter = *filter});
  EXPECT_EQ(rows.status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(Says(rows, "another schema"));
  other = ShopSchema();
  other.description = "the same fields";
  EXPECT_OK(shop_->Query({.filter = *Filter::Parse(other, "price == 1")}));
}

TEST_F(QueryTest, HostsMayChooseRowsThemselves) {
  Fill();
  const auto even = RowFilter::Custom([](const FilteredRows& rows, std::span<uint64_t> bits) {
    for (uint32_t row = 0; row < rows.num_rows(); ++row) {
      EXPECT_EQ(rows.varchar_key(row), "");
      if (rows.int64_key(row) % 2 == 0) bits[row / 64] |= uint64_t{1} << (row % 64);
    }
    bits.back() |= ~uint64_t{0} << 63;  // past the last row, where nobody looks
    return absl::OkStatus();
  });
  EXPECT_EQ(KeysOf(*shop_->Query({.filter = even})),
            Expected([](int64_t id) { return id % 2 == 0; }));
  EXPECT_EQ(*shop_->Count(even), 400u);
  const auto failing = RowFilter::Custom(
      [](const FilteredRows&, std::span<uint64_t>) { return absl::UnavailableError("not now"); });
  EXPECT_EQ(shop_->Query({.filter = failing}).status(), absl::UnavailableError("not now"));
  EXPECT_EQ(shop_->DeleteWhere(even)->delete_count, 400u);
}

TEST_F(QueryTest, CancelledReadsStop) {
  Fill();
  const Context cancelled{.cancel = CancelToken::Make()};
  cancelled.cancel.Cancel();
  EXPECT_EQ(shop_->Query({.filter = "price == 1"}, cancelled).status().code(), Code::kCancelled);
  EXPECT_EQ(shop_->Count("price == 1", cancelled).status().code(), Code::kCancelled);
  EXPECT_EQ(shop_->DeleteWhere("price == 1", cancelled).status().code(), Code::kCancelled);
  const auto iterator = *shop_->OpenQueryIterator({});
  EXPECT_EQ(iterator->Next(cancelled).status().code(), Code::kCancelled);
  EXPECT_EQ(iterator->Next()->num_rows(), 900u);
}

TEST_F(QueryTest, IteratorsOfAClosedDatabaseAreDead) {
  Fill();
  const auto iterator = *shop_->OpenQueryIterator({});
  ASSERT_OK(db_->Close());
  EXPECT_EQ(iterator->Next().status().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb
