// Row B2 of the test plan: two thousand times one object of a live collection is changed, and the
// collection is opened, read and searched. What comes back is an error or what was there before.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "support/seeded_random.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr int kMutants = 2000;
constexpr int64_t kIndexedRows = 1024;  // fewer get no index
constexpr int64_t kSmallRows = 20;
constexpr int64_t kJournalRows = 6;
constexpr int64_t kAllRows = kIndexedRows + kSmallRows + kJournalRows;

// "v" is searched exactly, "w" has a graph in memory, "d" one on disk.
Schema ThreeVectors() {
  Schema schema = TaggedSchema();
  schema.fields.push_back({.name = "w", .type = DataType::kFloatVector, .dim = 2});
  schema.fields.push_back({.name = "d", .type = DataType::kFloatVector, .dim = 2});
  return schema;
}

RowBatch Batch(int64_t first, size_t count) {
  const std::vector<int64_t> ids = Ids(first, count);
  RowBatch rows(ThreeVectors());
  std::vector<float> v;
  std::vector<float> w;
  std::vector<std::string> tags;
  for (const int64_t id : ids) {
    for (const float value : GridVector(id, 4)) v.push_back(value);
    for (const float value : GridVector(id + 1, 2)) w.push_back(value);
    tags.push_back(absl::StrCat("t", id));
  }
  rows.SetInt64("id", ids);
  rows.SetVarChar("tag", tags);
  rows.SetFloatVectors("v", std::move(v));
  rows.SetFloatVectors("d", std::vector<float>(w));
  rows.SetFloatVectors("w", std::move(w));
  return rows;
}

struct Answer {
  absl::Status status{};     // the first error
  bool searched = false;     // what comes before a search worked
  std::string text{};        // count, rows and exact hits, when there was no error
  std::string left{};        // exact hits of an answer that may be partial
  std::string left_error{};  // of that search
};

std::string HitsText(const absl::StatusOr<SearchResult>& result) {
  std::string text;
  for (size_t query = 0; query < result->num_queries(); ++query) {
    for (const Hit& hit : result->hits(query)) {
      absl::StrAppend(&text, hit.int64_key(), ":", hit.score(), ":",
                      std::string(hit.GetVarChar("tag")), " ");
    }
  }
  return text;
}

// Opens, reads and searches everything.
Answer Ask(std::shared_ptr<ObjectStore> store) {
  static const std::vector<float> kQueries = {1, 2, 0, 1, 3, 3, 0, 0};
  static const std::vector<float> kWalk = {1, 2};
  TestDatabase db(std::move(store));
  Answer answer{.status = db.TryOpen()};
  if (!answer.status.ok()) return answer;
  const auto collection = db->OpenCollection("c");
  answer.status = collection.status();
  if (!collection.ok()) return answer;
  answer.searched = true;
  SearchRequest exact{.field = "v", .vectors = kQueries, .limit = 40, .output_fields = {"tag"}};
  const auto count = (*collection)->Count();
  const auto rows = (*collection)->Get(Ids(0, kAllRows));
  const auto hits = (*collection)->Search(exact);
  const auto walk = (*collection)->Search({.field = "w", .vectors = kWalk});
  const auto on_disk = (*collection)->Search({.field = "d", .vectors = kWalk});
  for (const absl::Status& status :
       {count.status(), rows.status(), hits.status(), walk.status(), on_disk.status()}) {
    answer.status.Update(status);
  }
  if (answer.status.ok()) {
    EXPECT_EQ(walk->hits(0).size(), 10u);
    EXPECT_EQ(on_disk->hits(0).size(), 10u);
    absl::StrAppend(&answer.text, *count, " ", rows->ToJson(), HitsText(hits));
  }
  exact.allow_partial = true;
  const auto left = (*collection)->Search(exact);
  if (left.ok()) answer.left = absl::StrCat(left->partial() ? "partial " : "", HitsText(left));
  answer.left_error = std::string(left.status().message());
  return answer;
}

class ManyDamagesTest : public ::testing::Test {
 protected:
  ManyDamagesTest() {
    TestDatabase db;
    EXPECT_OK(db->CreateCollection("other", TaggedSchema()));
    const auto collection = db->CreateCollection("c", ThreeVectors());
    EXPECT_OK(collection);
    EXPECT_OK((*collection)->CreateIndex("v", Flat()));
    EXPECT_OK((*collection)->CreateIndex("w", Hnsw()));
    EXPECT_OK(
        (*collection)
            ->CreateIndex("d", {.metric = Metric::kL2,
                                .params = DiskannParams{.max_degree = 8, .search_list_size = 20}}));
    EXPECT_OK((*collection)->Insert(Batch(0, kIndexedRows)));
    EXPECT_OK((*collection)->Flush());
    EXPECT_OK((*collection)->WaitForIndex("w"));
    EXPECT_OK((*collection)->WaitForIndex("d"));
    EXPECT_OK((*collection)->Insert(Batch(kIndexedRows, kSmallRows)));
    EXPECT_OK((*collection)->Delete({5, 6}));
    EXPECT_OK((*collection)->Flush());
    earlier_ = ReadAll(*db.options.store);
    EXPECT_OK((*collection)->Delete({7, kIndexedRows + 1}));
    EXPECT_OK((*collection)->Flush());
    for (int64_t i = 0; i < kJournalRows; ++i) {
      EXPECT_OK((*collection)->Insert(Batch(kIndexedRows + kSmallRows + i, 1)));
    }
    objects_ = ReadAll(*db.options.store);
    good_ = Ask(StoreOf(objects_));
    EXPECT_OK(good_.status);
    EXPECT_FALSE(good_.text.empty());
    FindWithoutSegments();
  }

  // The answers that are left when all of one segment is gone.
  void FindWithoutSegments() {
    for (const auto& [path, text] : objects_) {
      if (!path.ends_with("columns.vseg")) continue;
      Objects objects = objects_;
      objects.erase(path);
      const Answer answer = Ask(StoreOf(objects));
      EXPECT_EQ(answer.status.code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(answer.left_error, "");
      EXPECT_FALSE(answer.left.empty());
      EXPECT_TRUE(answer.left.starts_with("partial "));
      EXPECT_NE(answer.left, good_.left);
      without_[path.substr(0, path.rfind('/'))] = answer.left;
    }
    EXPECT_EQ(without_.size(), 2u);
  }

  // The newest object of each kind that the collection rests on; of the segments, of both.
  std::vector<std::string> Targets() const {
    std::map<std::string, std::string> newest;  // by folder and kind
    for (const auto& [path, text] : objects_) {
      const size_t slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
      const std::string kind = path.substr(path.rfind('.'));
      const bool each = kind == ".log" || kind == ".vec" || kind == ".idx";
      newest[absl::StrCat(folder, kind, each ? path : "")] = path;
    }
    std::vector<std::string> targets;
    const std::string collection = CollectionFolder();
    for (const auto& [key, path] : newest) {
      if (path.starts_with(collection) || !path.starts_with("collections/")) {
        targets.push_back(path);
      }
    }
    return targets;
  }
  std::string CollectionFolder() const {
    const std::string& segment = without_.begin()->first;
    return segment.substr(0, segment.find("/segments/"));
  }

  // One byte, a truncation, or an older or other object of the same kind.
  std::string Mutate(const std::string& path, SeededRandom& random) const {
    std::string bytes = objects_.at(path);
    if (random.OneIn(5)) return bytes.substr(0, random.Below(bytes.size()));
    if (random.OneIn(8)) return OtherOfTheKind(path, random);
    char& byte = bytes[random.Below(bytes.size())];
    constexpr char kChanges[] = {0x01, '\x80', '\xff', 0x20};
    byte = static_cast<char>(byte ^ kChanges[random.Below(4)]);
    return bytes;
  }
  std::string OtherOfTheKind(const std::string& path, SeededRandom& random) const {
    std::vector<const std::string*> others;
    for (const Objects* objects : {&objects_, &earlier_}) {
      for (const auto& [other, text] : *objects) {
        const bool same_kind = other.substr(other.rfind('.')) == path.substr(path.rfind('.'));
        if (same_kind && text != objects_.at(path)) others.push_back(&text);
      }
    }
    return others.empty() ? std::string() : *others[random.Below(others.size())];
  }

  // Of the segment in which the object lies, or of any state that is whole.
  bool IsRightPartial(const std::string& path, const Answer& answer) const {
    if (answer.left == good_.left) return true;
    const auto without = without_.find(path.substr(0, path.rfind('/')));
    return without != without_.end() && answer.left == without->second;
  }

  Objects objects_;
  Objects earlier_;
  Answer good_;
  std::map<std::string, std::string> without_;  // by the folder of the segment
};

struct Counts {
  size_t mutants = 0;
  size_t refused = 0;
  size_t same = 0;
  size_t partial = 0;  // of those refused
};

TEST_F(ManyDamagesTest, TwoThousandDamagesGiveAnErrorOrTheSameAnswers) {
  const uint64_t seed = TestSeed("TwoThousandDamages");
  const auto mutants = static_cast<size_t>(ScaledCount(kMutants));
  SeededRandom random(seed);
  const std::vector<std::string> targets = Targets();
  std::map<std::string, Counts> counts;
  for (size_t i = 0; i < mutants; ++i) {
    const std::string& path = targets[i % targets.size()];
    Objects objects = objects_;
    objects[path] = Mutate(path, random);
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", mutant ", i, ", ", path));
    const auto store = StoreOf(objects);
    const Answer answer = Ask(store);
    Counts& count = counts[path.substr(path.rfind('/') + 1)];
    ++count.mutants;
    if (answer.status.ok()) {
      EXPECT_TRUE(answer.text == good_.text) << "a wrong answer";
      ++count.same;
      continue;
    }
    ++count.refused;
    EXPECT_TRUE(absl::IsDataLoss(answer.status) || absl::IsFailedPrecondition(answer.status))
        << answer.status;
    if (!answer.searched) continue;
    EXPECT_EQ(answer.left_error, "");
    EXPECT_TRUE(IsRightPartial(path, answer)) << "a wrong partial answer";
    ++count.partial;
  }
  for (const auto& [name, count] : counts) {
    std::printf("%-30s %4zu mutants: %4zu refused (%4zu with the rest served), %4zu right\n",
                name.c_str(), count.mutants, count.refused, count.partial, count.same);
  }
}

}  // namespace
}  // namespace vecdb::support
