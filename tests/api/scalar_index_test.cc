// Indexes of scalar fields, as a user of a collection or of segments meets them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/api_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

const IndexSpec kInverted = {.params = InvertedParams{}};
const IndexSpec kSorted = {.params = SortedParams{}};

Schema ScalarSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2},
                     {.name = "flag", .type = DataType::kBool},
                     {.name = "price", .type = DataType::kDouble},
                     {.name = "name", .type = DataType::kVarChar, .max_length = 32},
                     {.name = "doc", .type = DataType::kJson}},
          .enable_dynamic_field = true};
}

RowBatch ScalarRows(int64_t first, size_t count) {
  RowBatch batch(ScalarSchema());
  std::vector<float> vectors;
  std::vector<double> prices;
  std::vector<std::string> names;
  for (const int64_t id : Ids(first, count)) {
    vectors.insert(vectors.end(), {static_cast<float>(id), 0.0f});
    prices.push_back(static_cast<double>(id % 10) / 4);
    names.push_back("n" + std::to_string(id % 50));
  }
  batch.SetInt64("id", Ids(first, count));
  batch.SetFloatVectors("v", std::move(vectors));
  batch.SetColumn("flag", Column(DataType::kBool, 0, std::vector<uint8_t>(count, 1)));
  batch.SetDouble("price", prices);
  batch.SetVarChar("name", names);
  batch.SetJson("doc", std::vector<std::string>(count, "{}"));
  batch.SetJson(kDynamicFieldName, std::vector<std::string>(count, "{}"));
  return batch;
}

constexpr size_t kRows = 1030;  // enough for an index

class ScalarIndexTest : public ::testing::Test {
 protected:
  ScalarIndexTest() {
    db_.options.host.log = &log_;
    collection_ = *db_->CreateCollection("c", ScalarSchema());
  }
  void Fill() {
    ASSERT_OK(collection_->Insert(ScalarRows(0, kRows)));
    ASSERT_OK(collection_->Flush());
  }
  void Reopen() {
    collection_.reset();
    collection_ = *db_.Reopen().OpenCollection("c");
  }
  std::vector<std::string> IndexObjects() { return ObjectsWith(*db_.options.store, ".idx"); }

  LogLines log_;
  TestDatabase db_;
  std::shared_ptr<Collection> collection_;
};

TEST_F(ScalarIndexTest, IndexIsDefinedBuiltAndDescribed) {
  Fill();
  ASSERT_OK(collection_->CreateIndex("name", kInverted));
  EXPECT_TRUE(collection_->HasIndex("name"));
  EXPECT_EQ(collection_->DescribeIndex("name")->indexed_rows, 0u);
  ASSERT_OK(collection_->WaitForIndex("name"));
  const auto described = collection_->DescribeIndex("name");
  ASSERT_OK(described);
  EXPECT_EQ(described->spec, kInverted);
  EXPECT_EQ(described->total_rows, kRows);
  EXPECT_EQ(described->indexed_rows, kRows);
  EXPECT_EQ(described->last_error, "");
  EXPECT_EQ((*collection_->Segments())[0].indexed_fields, (std::vector<std::string>{"name"}));
  EXPECT_EQ(collection_->Describe()->indexes.size(), 1u);
  EXPECT_EQ(IndexObjects().size(), 1u);
  EXPECT_TRUE(Contains(IndexObjects()[0], "/104-")) << IndexObjects()[0];
}

TEST_F(ScalarIndexTest, FlushBuildsBehindWhatWasDefinedBefore) {
  ASSERT_OK(collection_->CreateIndex("price", kSorted));
  Fill();
  EXPECT_EQ(IndexObjects().size(), 0u);
  db_.executor.RunAll();
  EXPECT_EQ(IndexObjects().size(), 1u);
  EXPECT_EQ(collection_->DescribeIndex("price")->indexed_rows, kRows);
}

TEST_F(ScalarIndexTest, SmallSegmentNeedsNone) {
  ASSERT_OK(collection_->CreateIndex("price", kSorted));
  ASSERT_OK(collection_->Insert(ScalarRows(0, 1023)));
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(collection_->WaitForIndex("price"));
  EXPECT_EQ(IndexObjects().size(), 0u);
  EXPECT_EQ(collection_->DescribeIndex("price")->indexed_rows, 1023u);
}

TEST_F(ScalarIndexTest, SurvivesReopening) {
  ASSERT_OK(collection_->CreateIndex("price", {.metric = Metric::kL2, .params = SortedParams{}}));
  ASSERT_OK(collection_->CreateIndex("flag", kInverted));
  Fill();
  ASSERT_OK(collection_->WaitForIndex("price"));
  const std::vector<std::string> before = IndexObjects();
  Reopen();
  EXPECT_EQ(collection_->DescribeIndex("price")->spec, kSorted);
  EXPECT_EQ(collection_->DescribeIndex("price")->indexed_rows, kRows);
  EXPECT_EQ(collection_->DescribeIndex("flag")->spec, kInverted);
  ASSERT_OK(collection_->WaitForIndex("price"));
  EXPECT_EQ(IndexObjects(), before);  // nothing was built again
  ASSERT_OK(collection_->WaitForIndex("flag"));
  EXPECT_EQ(collection_->DescribeIndex("flag")->indexed_rows, kRows);
}

TEST_F(ScalarIndexTest, DroppedIndexIsGone) {
  Fill();
  ASSERT_OK(collection_->CreateIndex("name", kInverted));
  ASSERT_OK(collection_->WaitForIndex("name"));
  EXPECT_EQ(CodeOf(collection_->CreateIndex("name", kSorted)), Code::kAlreadyExists);
  ASSERT_OK(collection_->DropIndex("name"));
  EXPECT_FALSE(collection_->HasIndex("name"));
  EXPECT_TRUE((*collection_->Segments())[0].indexed_fields.empty());
  EXPECT_EQ(CodeOf(collection_->DropIndex("name")), Code::kNotFound);
  ASSERT_OK(collection_->CreateIndex("name", kSorted));
  ASSERT_OK(collection_->WaitForIndex("name"));
  EXPECT_EQ(collection_->DescribeIndex("name")->spec, kSorted);
}

TEST_F(ScalarIndexTest, AloneItMakesNoCollectionSearchable) {
  Fill();
  ASSERT_OK(collection_->CreateIndex("price", kSorted));
  EXPECT_EQ(collection_->LoadState(), LoadState::kNotLoaded);
  const absl::Status load = collection_->Load();
  EXPECT_EQ(load.code(), Code::kFailedPrecondition);
  EXPECT_TRUE(Contains(std::string(load.message()), "no vector field has an index")) << load;
  EXPECT_EQ(log_.Count(LogLevel::kWarning, ""), 0u);
  Reopen();  // a collection that keeps itself loaded opens all the same
  EXPECT_EQ(collection_->LoadState(), LoadState::kNotLoaded);
  const std::vector<float> query = {17, 0};
  EXPECT_EQ(CodeOf(collection_->Search({.vectors = query})), Code::kFailedPrecondition);
}

TEST_F(ScalarIndexTest, DroppingTheLastVectorIndexReleases) {
  Fill();
  ASSERT_OK(collection_->CreateIndex("price", kSorted));
  ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
  ASSERT_OK(collection_->WaitForIndex("price"));
  ASSERT_OK(collection_->WaitForIndex("v"));
  EXPECT_EQ(collection_->LoadState(), LoadState::kLoaded);
  const std::vector<float> query = {17, 0};
  const auto found = collection_->Search({.vectors = query, .limit = 1});
  ASSERT_OK(found);
  EXPECT_EQ(found->hits(0)[0].int64_key(), 17);
  ASSERT_OK(collection_->DropIndex("price"));
  EXPECT_EQ(collection_->LoadState(), LoadState::kLoaded);
  ASSERT_OK(collection_->CreateIndex("price", kSorted));
  EXPECT_EQ(collection_->LoadState(), LoadState::kLoaded);
  ASSERT_OK(collection_->DropIndex("v"));
  EXPECT_EQ(collection_->LoadState(), LoadState::kNotLoaded);
  EXPECT_TRUE(collection_->HasIndex("price"));
}

TEST_F(ScalarIndexTest, FieldsOfTheOtherKindAreRefused) {
  const struct {
    const char* field;
    IndexSpec spec;
    Code code;
    const char* message;
  } cases[] = {
      {"v", kInverted, Code::kInvalidArgument, "field \"v\" is FloatVector; INVERTED"},
      {"v", kSorted, Code::kInvalidArgument, "field \"v\" is FloatVector; SORTED"},
      {"id", Flat(), Code::kInvalidArgument, "field \"id\" is Int64; FLAT"},
      {"name", Hnsw(), Code::kInvalidArgument, "field \"name\" is VarChar; HNSW"},
      {"flag", kSorted, Code::kInvalidArgument, "field \"flag\" is Bool; SORTED"},
      {"doc", kInverted, Code::kInvalidArgument, "field \"doc\" is Json; INVERTED"},
      {"doc", kSorted, Code::kInvalidArgument, "field \"doc\" is Json; SORTED"},
      {"$meta", kInverted, Code::kNotFound, "$meta"},
      {"nope", kSorted, Code::kNotFound, "nope"},
  };
  for (const auto& c : cases) {
    const absl::Status status = collection_->CreateIndex(c.field, c.spec);
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_TRUE(Contains(std::string(status.message()), c.message)) << status;
  }
  EXPECT_TRUE(collection_->Describe()->indexes.empty());
  IndexBuilder builder(2, kSorted);
  EXPECT_EQ(CodeOf(builder.Build(std::vector<float>{1, 2}, RowStorage::kCopy)),
            Code::kInvalidArgument);
}

TEST_F(ScalarIndexTest, VerifyFindsDamage) {
  Fill();
  ASSERT_OK(collection_->CreateIndex("name", kInverted));
  ASSERT_OK(collection_->WaitForIndex("name"));
  const ObjectPath path = PathOf(IndexObjects()[0]);
  std::string bytes = *GetObject(*db_.options.store, path, kNoLimit);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_OK(db_.options.store->Delete(path));
  ASSERT_OK(PutObject(*db_.options.store, path, bytes));
  const auto report = db_->Verify();
  ASSERT_OK(report);
  ASSERT_EQ(report->damage.size(), 1u);
  EXPECT_TRUE(Contains(report->damage[0], path.str())) << report->damage[0];
}

TEST(SegmentScalarIndexTest, DoorBuildsOpensAndMergesThem) {
  const auto store = MakeMemoryObjectStore();
  auto builder = SegmentBuilder::Make(ScalarSchema());
  ASSERT_OK(builder);
  ASSERT_OK((*builder)->Add(ScalarRows(0, 100)));
  EXPECT_EQ(CodeOf((*builder)->AddIndex("doc", kSorted)), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("v", kSorted)), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("price", Flat())), Code::kInvalidArgument);
  ASSERT_OK((*builder)->AddIndex("price", kSorted));
  EXPECT_EQ(CodeOf((*builder)->AddIndex("price", kInverted)), Code::kAlreadyExists);
  const auto info = (*builder)->Finish(*store, PathOf("a"));
  ASSERT_OK(info);
  ASSERT_EQ(info->indexes.size(), 1u);
  EXPECT_EQ(info->indexes[0].spec, kSorted);
  const auto segment = Segment::Open(*store, *info);
  ASSERT_OK(segment);
  EXPECT_EQ(CodeOf((*segment)->BuildIndex("price", kSorted)), Code::kAlreadyExists);
  EXPECT_EQ(CodeOf((*segment)->BuildIndex("name", Hnsw())), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf((*segment)->BuildIndex("v", kInverted)), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf((*segment)->BuildIndex("nope", kInverted)), Code::kNotFound);
  const auto both = (*segment)->BuildIndex("name", kInverted);
  ASSERT_OK(both);
  EXPECT_EQ(*SegmentInfo::FromJson(both->ToJson()), *both);
  const auto reopened = Segment::Open(*store, *both);
  ASSERT_OK(reopened);
  const Segment* const inputs[] = {reopened->get()};
  const auto merged = MergeSegments(inputs, *store, PathOf("b"));
  ASSERT_OK(merged);
  ASSERT_EQ(merged->indexes.size(), 2u);
  EXPECT_EQ(merged->indexes[1].spec, kInverted);
  EXPECT_OK(Segment::Open(*store, *merged));
}

}  // namespace
}  // namespace vecdb::support
