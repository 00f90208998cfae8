// Random histories of a collection, each step compared with the oracle. A failure prints the seed
// and the step; VECDB_SEED=<n> runs that one alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "absl/strings/str_format.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr size_t kSteps = 40;

struct VectorField {
  const char* name;
  Metric metric;
  int32_t dim;
};
constexpr VectorField kVectorFields[] = {
    {"near", Metric::kL2, 3}, {"inner", Metric::kIp, 5}, {"angle", Metric::kCosine, 2}};

Schema HistorySchema(bool varchar_keys) {
  Schema schema{.fields = {{.name = "flag", .type = DataType::kBool},
                           {.name = "key", .type = DataType::kInt64, .primary_key = true},
                           {.name = "small", .type = DataType::kInt16},
                           {.name = "ratio", .type = DataType::kDouble},
                           {.name = "text", .type = DataType::kVarChar, .max_length = 20},
                           {.name = "doc", .type = DataType::kJson}},
                .enable_dynamic_field = true};
  if (varchar_keys) {
    schema.fields[1].type = DataType::kVarChar;
    schema.fields[1].max_length = 12;
  }
  for (const VectorField& field : kVectorFields) {
    schema.fields.push_back({.name = field.name, .type = DataType::kFloatVector, .dim = field.dim});
  }
  return schema;
}

// One collection and its oracle, driven by a random source.
class History {
 public:
  explicit History(uint64_t seed)
      : random_(seed),
        varchar_keys_(Below(2) == 1),
        schema_(HistorySchema(varchar_keys_)),
        oracle_(schema_) {
    collection_ =
        *db_->CreateCollection("c", schema_, {.num_shards = 1 + static_cast<int32_t>(Below(5))});
    for (const VectorField& field : kVectorFields) ToggleIndex(field);
  }

  void Step() {
    const size_t dice = Below(100);
    if (dice < 30) {
      Insert();
    } else if (dice < 50) {
      Upsert();
    } else if (dice < 65) {
      Delete();
    } else if (dice < 75) {
      EXPECT_OK(collection_->Flush());
    } else if (dice < 82) {
      ToggleIndex(kVectorFields[Below(3)]);
    } else if (dice < 87) {
      EXPECT_OK(collection_->Release());
    } else if (dice < 94) {
      LoadIfIndexed();
    } else {
      Reopen();
    }
  }

  void Check() {
    ExpectSameRows(oracle_, *collection_);
    const bool loaded = collection_->LoadState() == LoadState::kLoaded;
    for (const VectorField& field : kVectorFields) {
      OracleSearch search{.field = field.name, .metric = field.metric};
      for (size_t i = 0; i < 2; ++i) {
        const std::vector<float> query = Vector(field.dim);
        search.vectors.insert(search.vectors.end(), query.begin(), query.end());
      }
      search.limit = 1 + static_cast<int32_t>(Below(oracle_.size() + 3));
      search.offset = static_cast<int32_t>(Below(4));
      if (loaded && collection_->HasIndex(field.name)) {
        ExpectSameSearch(oracle_, *collection_, search);
      } else {
        EXPECT_EQ(CodeOf(collection_->Search({.field = field.name, .vectors = search.vectors})),
                  absl::StatusCode::kFailedPrecondition);
      }
    }
  }

 private:
  size_t Below(size_t end) { return static_cast<size_t>(random_() % end); }

  // Few different values: equal rows, equal scores, zero vectors.
  std::vector<float> Vector(int32_t dim) {
    std::vector<float> vector(static_cast<size_t>(dim));
    for (float& value : vector) value = static_cast<float>(Below(4)) - 1;
    return vector;
  }

  std::string KeyJson(size_t number) const {
    return varchar_keys_ ? absl::StrFormat("\"k%d\"", number)
                         : absl::StrFormat("%d", static_cast<int64_t>(number) - 20);
  }
  OracleKey Key(size_t number) const {
    if (varchar_keys_) return absl::StrFormat("k%d", number);
    return static_cast<int64_t>(number) - 20;
  }

  std::string RowJson(size_t number) {
    std::string row = absl::StrFormat(
        R"({"key":%s,"flag":%s,"small":%d,"ratio":%g,"text":"t%d","doc":{"a":[%d]})",
        KeyJson(number), Below(2) == 0 ? "true" : "false", static_cast<int>(Below(500)) - 250,
        static_cast<double>(Below(1000)) / 8, Below(9), Below(9));
    for (const VectorField& field : kVectorFields) {
      row += absl::StrFormat(",\"%s\":[", field.name);
      bool first = true;
      for (float value : Vector(field.dim)) {
        row += absl::StrFormat("%s%g", first ? "" : ",", value);
        first = false;
      }
      row += "]";
    }
    if (Below(3) == 0) row += absl::StrFormat(",\"extra\":%d", Below(100));
    return row + "}";
  }

  // Different keys out of 60, so that many are there already.
  RowBatch Batch() {
    std::vector<size_t> numbers(60);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
    std::shuffle(numbers.begin(), numbers.end(), random_);
    numbers.resize(1 + Below(9));
    std::string json = "[";
    for (size_t number : numbers) json += (json.size() > 1 ? "," : "") + RowJson(number);
    return *RowBatch::FromJson(schema_, json + "]");
  }

  bool AnyThere(const RowBatch& batch) const {
    const Oracle rows = RowsOf(schema_, batch);
    for (const auto& [key, row] : rows.rows()) {
      if (oracle_.Has(key)) return true;
    }
    return false;
  }

  void Insert() {
    const RowBatch batch = Batch();
    const auto result = collection_->Insert(batch);
    if (AnyThere(batch)) {
      EXPECT_EQ(CodeOf(result), absl::StatusCode::kAlreadyExists);
      return;
    }
    ASSERT_OK(result);
    EXPECT_EQ(result->insert_count, batch.num_rows());
    oracle_.Put(batch);
  }

  void Upsert() {
    const RowBatch batch = Batch();
    const size_t before = oracle_.size();
    const auto result = collection_->Upsert(batch);
    ASSERT_OK(result);
    oracle_.Put(batch);
    EXPECT_EQ(result->upsert_count, batch.num_rows());
    EXPECT_EQ(before + result->upsert_count - result->delete_count, oracle_.size());
  }

  void Delete() {
    std::vector<int64_t> numbers;
    std::vector<std::string> texts;
    size_t there = 0;
    for (size_t count = 1 + Below(9); count > 0; --count) {
      const OracleKey key = Key(Below(60));
      there += oracle_.Delete(key) ? 1 : 0;
      if (varchar_keys_) {
        texts.push_back(std::get<std::string>(key));
      } else {
        numbers.push_back(std::get<int64_t>(key));
      }
    }
    const auto result = collection_->Delete(varchar_keys_ ? Keys(texts) : Keys(numbers));
    ASSERT_OK(result);
    EXPECT_EQ(result->delete_count, there);
  }

  void ToggleIndex(const VectorField& field) {
    if (collection_->HasIndex(field.name)) {
      EXPECT_OK(collection_->DropIndex(field.name));
    } else {
      EXPECT_OK(collection_->CreateIndex(field.name, Flat(field.metric)));
    }
  }

  void LoadIfIndexed() {
    bool indexed = false;
    for (const VectorField& field : kVectorFields) indexed |= collection_->HasIndex(field.name);
    EXPECT_EQ(CodeOf(collection_->Load()),
              indexed ? absl::StatusCode::kOk : absl::StatusCode::kFailedPrecondition);
  }

  // Properly, or as after a crash.
  void Reopen() {
    if (Below(2) == 0) {
      db_.Crash();
    } else {
      db_.Reopen();
    }
    auto opened = db_->OpenCollection("c");
    ASSERT_OK(opened);
    collection_ = *std::move(opened);
  }

  std::mt19937_64 random_;
  const bool varchar_keys_;
  const Schema schema_;
  Oracle oracle_;
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
};

TEST(CollectionHistoryTest, EveryStepIsAsTheOracleSays) {
  uint64_t first = 1;
  uint64_t last = 12;
  if (const char* seed = std::getenv("VECDB_SEED"); seed != nullptr) {
    first = last = std::strtoull(seed, nullptr, 10);
  }
  for (uint64_t seed = first; seed <= last; ++seed) {
    History history(seed);
    for (size_t step = 0; step < kSteps; ++step) {
      SCOPED_TRACE(absl::StrFormat("VECDB_SEED=%d, step %d", seed, step));
      history.Step();
      history.Check();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace vecdb::support
