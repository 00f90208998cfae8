// A truncated, changed, foreign or missing object of each kind. What must hold: no call crashes,
// what is returned is right, damage is DataLoss except in an index, and nothing of what is left is
// taken away.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "absl/strings/str_format.h"
#include "base/checksum.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

// A database of one collection "c" with an index, deletes, and a second empty collection.
class DamageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    objects_ = new Objects;
    oracle_ = new Oracle(TaggedSchema());
    TestDatabase db;
    const Schema schema = TaggedSchema();
    ASSERT_OK(db->CreateCollection("other", schema));
    const auto collection = db->CreateCollection("c", schema);
    ASSERT_OK(collection);
    ASSERT_OK((*collection)->CreateIndex("v", Hnsw()));
    const RowBatch rows = TaggedRows(schema, Ids(0, 1030), "t");
    ASSERT_OK((*collection)->Insert(rows));
    oracle_->Put(rows);
    ASSERT_OK((*collection)->Flush());
    ASSERT_OK((*collection)->WaitForIndex("v"));
    ASSERT_OK((*collection)->Delete({5, 6}));
    oracle_->Delete(int64_t{5});
    oracle_->Delete(int64_t{6});
    ASSERT_OK(db->Close());
    *objects_ = ReadAll(*db.options.store);
  }
  static void TearDownTestSuite() {
    delete objects_;
    delete oracle_;
  }

  // The newest object whose name has `part` in it and ends with `end`.
  static std::string Find(std::string_view part, std::string_view end) {
    std::string found;
    for (const auto& [path, text] : *objects_) {
      if (path.find(part) != std::string::npos && path.ends_with(end)) found = path;
    }
    EXPECT_FALSE(found.empty()) << part;
    return found;
  }
  static std::string OtherManifest() {
    const std::string segment = Find("/segments/", "columns.vseg");
    const std::string id = segment.substr(0, segment.find("/segments/"));
    std::string newest;
    for (const auto& [path, text] : *objects_) {
      if (path.starts_with("collections/") && !path.starts_with(id)) newest = path;
    }
    return newest;
  }
  static std::string Manifest() {
    const std::string segment = Find("/segments/", "columns.vseg");
    return Find(segment.substr(0, segment.find("/segments/")) + "/manifest", ".json");
  }

  struct Outcome {
    absl::Status status;  // the first error
    bool opened = false;  // the database
  };

  // Opens, reads and searches everything; every answer must be right.
  static Outcome UseAll(std::shared_ptr<ObjectStore> store) {
    TestDatabase db(std::move(store));
    Outcome outcome{.status = db.TryOpen()};
    if (!outcome.status.ok()) return outcome;
    outcome.opened = true;
    const auto collection = db->OpenCollection("c");
    outcome.status = collection.status();
    if (!collection.ok()) return outcome;
    EXPECT_EQ(*(*collection)->Count(), oracle_->size());
    const auto rows = (*collection)->Get(Ids(0, 1030));
    outcome.status = rows.status();
    if (rows.ok()) {
      EXPECT_EQ(RowsOf(TaggedSchema(), *rows), *oracle_);
    }
    const std::vector<float> query = {1, 2, 0, 1};
    const auto result = (*collection)->Search({.vectors = query, .output_fields = {"tag", "v"}});
    if (!result.ok()) outcome.status = result.status();
    if (result.ok()) ExpectSoundSearch(*oracle_, **collection, {.field = "v", .vectors = query});
    outcome.status.Update((*collection)->WaitForIndex("v"));
    outcome.status.Update(db->Close());
    return outcome;
  }

  static void ExpectNothingTakenAway(const Objects& before, ObjectStore& store) {
    const Objects after = ReadAll(store);
    for (const auto& [path, text] : before) {
      const auto found = after.find(path);
      EXPECT_TRUE(found != after.end() && found->second == text) << path;
    }
  }

  // The first error of using a database with `text` in the place of the object, or without it.
  static Outcome UseWith(const std::string& path, const std::optional<std::string>& text) {
    Objects objects = *objects_;
    objects.erase(path);
    if (text.has_value()) objects[path] = *text;
    const auto store = StoreOf(objects);
    const Outcome outcome = UseAll(store);
    ExpectNothingTakenAway(objects, *store);
    return outcome;
  }

  static constexpr size_t kFlips = 12;

  // The last kFlips of them are single bits.
  static std::vector<std::string> DamagesOf(const std::string& path) {
    const std::string& text = objects_->at(path);
    std::vector<std::string> damaged = {"",
                                        "foreign bytes",
                                        std::string(text.size(), '\0'),
                                        text.substr(0, 1),
                                        text.substr(0, text.size() / 2),
                                        text.substr(0, text.size() - 1),
                                        text + "x"};
    // Objects of the same kind from elsewhere. (An older version of the same document is
    // undamaged.)
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    for (const auto& [other, other_text] : *objects_) {
      const bool same_kind = other.ends_with(path.substr(path.size() - 4));
      if (same_kind && !other.starts_with(folder)) damaged.push_back(other_text);
    }
    damaged.push_back(path.starts_with("catalog") ? objects_->rbegin()->second
                                                  : objects_->begin()->second);
    std::mt19937 random(1);
    for (size_t i = 0; i < kFlips; ++i) {
      std::string flipped = text;
      const size_t at = i < 2 ? (text.size() - 1) * i : random() % text.size();
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
      damaged.push_back(std::move(flipped));
    }
    return damaged;
  }

  static const Objects* objects() { return objects_; }
  static const Oracle& oracle() { return *oracle_; }

 private:
  static Objects* objects_;
  static Oracle* oracle_;
};

Objects* DamageTest::objects_ = nullptr;
Oracle* DamageTest::oracle_ = nullptr;

TEST_F(DamageTest, UndamagedDatabaseIsRead) {
  const std::string path = Find("/segments/", "columns.vseg");
  const Outcome outcome = UseWith(path, objects()->at(path));
  EXPECT_OK(outcome.status);
  for (const char* end : {".vseg", ".vec", ".idx", ".del", "segment.json"}) Find("/segments/", end);
}

// Data: anything but the bytes as they were is DataLoss. A bit that nobody read, as in the padding
// between sections or in the timestamps, may go unnoticed: then all answers are right.
TEST_F(DamageTest, DamagedDataIsDataLoss) {
  for (const std::string& path : {std::string("vecdb.json"), Find("catalog/", ".json"), Manifest(),
                                  Find("/segments/", "columns.vseg"), Find("/segments/", ".vec"),
                                  Find("/segments/", ".del")}) {
    const std::vector<std::string> damages = DamagesOf(path);
    const bool is_sparse = !path.ends_with(".json");
    for (size_t i = 0; i < damages.size(); ++i) {
      SCOPED_TRACE(absl::StrFormat("%s, damage %d", path, i));
      const absl::Status status = UseWith(path, damages[i]).status;
      const bool may_be_unread = is_sparse && i + kFlips >= damages.size();
      EXPECT_TRUE(absl::IsDataLoss(status) || (may_be_unread && status.ok())) << status;
    }
  }
}

TEST_F(DamageTest, MissingObjectThatTheManifestNamesIsDataLoss) {
  for (const std::string& path : {Find("/segments/", "columns.vseg"), Find("/segments/", ".vec"),
                                  Find("/segments/", ".del")}) {
    const Outcome outcome = UseWith(path, std::nullopt);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDataLoss) << path << outcome.status;
    EXPECT_TRUE(outcome.opened);
  }
}

TEST_F(DamageTest, MissingManifestsCatalogOrIdentityAreDataLoss) {
  const std::string newest = Manifest();
  for (const std::string& folder :
       {newest.substr(0, newest.rfind('/')), std::string("catalog"), std::string("vecdb.json")}) {
    Objects objects = *DamageTest::objects();
    std::erase_if(objects, [&](const auto& object) { return object.first.starts_with(folder); });
    const auto store = StoreOf(objects);
    EXPECT_EQ(UseAll(store).status.code(), absl::StatusCode::kDataLoss) << folder;
    ExpectNothingTakenAway(objects, *store);
  }
}

// An index is derived: what it indexes is compared row by row, and it is built again.
TEST_F(DamageTest, DamagedOrMissingIndexIsSearchedAroundAndBuiltAgain) {
  const std::string path = Find("/segments/", ".idx");
  EXPECT_OK(UseWith(path, std::nullopt).status);
  const std::vector<std::string> damages = DamagesOf(path);
  for (size_t i = 0; i < damages.size(); ++i) {
    SCOPED_TRACE(absl::StrFormat("damage %d", i));
    EXPECT_OK(UseWith(path, damages[i]).status);
  }
}

TEST_F(DamageTest, IndexThatWasBuiltAgainIsFoundByTheNextOpen) {
  Objects objects = *DamageTest::objects();
  objects[Find("/segments/", ".idx")].resize(100);
  TestDatabase db(StoreOf(objects));
  auto collection = *db->OpenCollection("c");
  EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, 0u);
  ExpectSameSearch(oracle(), *collection, {.field = "v", .vectors = {1, 2, 0, 1, 3, 3, 0, 0}});
  ASSERT_OK(collection->WaitForIndex("v"));
  EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, 1030u);
  db.Reopen();
  collection = *db->OpenCollection("c");
  EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, 1030u);
}

TEST_F(DamageTest, DamageOfOneCollectionLeavesTheOthers) {
  Objects objects = *DamageTest::objects();
  objects[OtherManifest()].resize(10);
  TestDatabase db(StoreOf(objects));
  EXPECT_EQ(CodeOf(db->OpenCollection("other")), absl::StatusCode::kDataLoss);
  EXPECT_OK(db->OpenCollection("c"));
  EXPECT_OK(db->DropCollection("other"));
}

// The same document with one text replaced and the right checksum.
std::string Rewritten(std::string document, const std::string& from, const std::string& to) {
  constexpr size_t kPrefix = std::string_view(R"({"checksum":")").size();
  std::string covered = document.substr(kPrefix + 16 + 2);
  covered.replace(covered.find(from), from.size(), to);
  return absl::StrFormat("%s%016x\",%s", document.substr(0, kPrefix), base::Xxh3(covered), covered);
}

TEST_F(DamageTest, NewerFormatOrUnknownFeatureIsRefused) {
  for (const std::string& path :
       {std::string("vecdb.json"), Find("catalog/", ".json"), Manifest()}) {
    const std::string& text = objects()->at(path);
    EXPECT_OK(UseWith(path, Rewritten(text, "\"format\":1", "\"format\":1")).status);
    for (const std::string& newer :
         {Rewritten(text, "\"format\":1", "\"format\":2"),
          Rewritten(text, "\"features\":[]", "\"features\":[\"time_travel\"]")}) {
      const absl::Status status = UseWith(path, newer).status;
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << path << status;
    }
  }
}

}  // namespace
}  // namespace vecdb::support
