// A collection with a DISKANN index whose disk is full, whose process is killed, whose file is
// damaged, cut or gone: answers stay right, or say what is wrong.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "api/api_testing.h"
#include "support/fault_object_store.h"
#include "support/forbid_uring.h"
#include "support/forked_child.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

constexpr size_t kFaultRows = 1100;

IndexSpec FaultSpec() {
  return {.metric = Metric::kL2,
          .params = DiskannParams{.max_degree = 8,
                                  .search_list_size = 20,
                                  .pq_code_budget = 0.25,
                                  .search_cache_budget = 0}};
}

// Scores of the nearest, by all the effort that there is.
absl::StatusOr<std::vector<float>> NearestScores(const Collection& collection,
                                                 const std::string& filter = "") {
  const std::vector<float> vector = GridVector(7, 8);
  SearchRequest request{.field = "v", .vectors = vector, .filter = filter};
  if (collection.DescribeIndex("v")->spec == FaultSpec()) {
    request.params = DiskannSearchParams{.search_list = 2000};
  }
  const auto found = collection.Search(request);
  if (!found.ok()) return found.status();
  std::vector<float> scores;
  for (const Hit& hit : found->hits(0)) scores.push_back(hit.score());
  return scores;
}

uint64_t PagesRead(const Collection& collection) {
  const std::vector<float> vector = GridVector(7, 8);
  const auto found = collection.Search({.field = "v", .vectors = vector});
  EXPECT_OK(found);
  return found.ok() ? found->stats().segments[0].page_reads : 0;
}

class DiskannFaultsTest : public ::testing::Test {
 protected:
  // A collection of flushed rows without an index, and what it answers.
  std::unique_ptr<Collection> Fill(TestDatabase* db) {
    auto collection = (*db)->CreateCollection("c", schema_);
    EXPECT_OK(collection);
    EXPECT_OK((*collection)->Insert(TaggedRows(schema_, Ids(0, kFaultRows), "t")));
    EXPECT_OK((*collection)->Flush());
    EXPECT_OK((*collection)->CreateIndex("v", Flat()));
    expected_ = *NearestScores(**collection);
    EXPECT_EQ(expected_.size(), 10U);
    EXPECT_OK((*collection)->DropIndex("v"));
    return *std::move(collection);
  }
  std::unique_ptr<Collection> FillAndIndex(TestDatabase* db) {
    auto collection = Fill(db);
    EXPECT_OK(collection->CreateIndex("v", FaultSpec()));
    EXPECT_OK(collection->WaitForIndex("v"));
    return collection;
  }
  void ExpectRight(const Collection& collection) {
    const auto scores = NearestScores(collection);
    ASSERT_OK(scores);
    EXPECT_EQ(*scores, expected_);
  }

  // In a child that the armed call kills.
  static bool IsKilledAt(const std::string& path, const Fault& fault) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto injector = std::make_shared<FaultInjector>();
      TestDatabase db(std::make_shared<FaultObjectStore>(*OpenLocalObjectStore(path), injector));
      const auto collection = *db->OpenCollection("c");
      injector->Arm(fault);
      if (!collection->HasIndex("v")) collection->CreateIndex("v", FaultSpec()).IgnoreError();
      collection->WaitForIndex("v").IgnoreError();
      ::_exit(0);
    }
    int state = 0;
    EXPECT_EQ(::waitpid(child, &state, 0), child);
    return WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL;
  }

  const Schema schema_ = TaggedSchema(8);
  std::vector<float> expected_;
};

TEST_F(DiskannFaultsTest, ADiskThatIsFullInTheMiddleOfABuildIsToldAndLeavesNothing) {
  const auto injector = std::make_shared<FaultInjector>();
  const auto base = MakeMemoryObjectStore();
  TestDatabase db(std::make_shared<FaultObjectStore>(base, injector));
  const auto collection = Fill(&db);
  ASSERT_OK(collection->CreateIndex("v", FaultSpec()));
  const Objects before = ReadAll(*base);
  for (const auto& [call, nth] : {std::pair("Create", 1), std::pair("Append", 1),
                                  std::pair("Append", 9), std::pair("Finish", 1)}) {
    injector->Arm({.call = call,
                   .path_contains = ".idx",
                   .nth = nth,
                   .sticky = true,
                   .error = absl::ResourceExhaustedError("no space left on device")});
    const absl::Status waited = collection->WaitForIndex("v");
    EXPECT_EQ(waited.code(), Code::kResourceExhausted) << call << nth << waited;
    EXPECT_TRUE(Says(waited, "no space left on device")) << waited;
    injector->Disarm();
    EXPECT_EQ(ReadAll(*base), before) << call << nth;
    ExpectRight(*collection);
  }
  ASSERT_OK(collection->WaitForIndex("v"));
  EXPECT_GT(PagesRead(*collection), 0U);
  ExpectRight(*collection);
}

TEST_F(DiskannFaultsTest, ABuildThatWasKilledIsBegunAnewByTheNextOpening) {
  const TempDirectory directory;
  {
    TestDatabase db(*OpenLocalObjectStore(directory.path()));
    Fill(&db);
    ASSERT_OK(db->Close());
  }
  for (const auto& [call, nth] : {std::pair("Create", 1), std::pair("Append", 1),
                                  std::pair("Append", 9), std::pair("Finish", 1)}) {
    ASSERT_TRUE(IsKilledAt(directory.path(), {.call = call,
                                              .path_contains = ".idx",
                                              .nth = nth,
                                              .mode = FaultMode::kSlow,
                                              .on_slow = [] { ::raise(SIGKILL); }}))
        << call << nth;
    TestDatabase db(*OpenLocalObjectStore(directory.path()));
    const auto collection = *db->OpenCollection("c");
    EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, 0U);
    ExpectRight(*collection);
  }
  TestDatabase db(*OpenLocalObjectStore(directory.path()));
  const auto collection = *db->OpenCollection("c");
  ASSERT_OK(collection->WaitForIndex("v"));
  EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, kFaultRows);
  EXPECT_GT(PagesRead(*collection), 0U);
  ExpectRight(*collection);
  EXPECT_TRUE(db->Verify()->damage.empty());
}

// Its own damages, and files that are whole and not its own.
std::vector<std::string> DamagesOfIndex(const std::string& text, const std::string& foreign) {
  std::vector<std::string> damaged = {"",
                                      "foreign bytes",
                                      std::string(text.size(), '\0'),
                                      text.substr(0, text.size() / 2),
                                      text.substr(0, text.size() - 1),
                                      text + "x",
                                      foreign};
  std::mt19937 random(1);
  for (size_t i = 0; i < 12; ++i) {
    std::string flipped = text;
    const size_t at = random() % text.size();
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
    damaged.push_back(std::move(flipped));
  }
  return damaged;
}

TEST_F(DiskannFaultsTest, ADamagedForeignOrMissingFileIsSearchedAroundAndBuiltAgain) {
  TestDatabase whole;
  FillAndIndex(&whole);
  TestDatabase other;
  {
    auto collection = (*other).CreateCollection("c", schema_);
    ASSERT_OK((*collection)->Insert(TaggedRows(schema_, Ids(5, kFaultRows), "t")));
    ASSERT_OK((*collection)->Flush());
    ASSERT_OK((*collection)->CreateIndex("v", FaultSpec()));
    ASSERT_OK((*collection)->WaitForIndex("v"));
  }
  const std::string foreign = *GetObject(
      *other.options.store, PathOf(ObjectsWith(*other.options.store, ".idx")[0]), kNoLimit);
  const std::string path = ObjectsWith(*whole.options.store, ".idx")[0];
  ASSERT_OK(whole->Close());
  const Objects objects = ReadAll(*whole.options.store);
  ASSERT_EQ(foreign.size(), objects.at(path).size());
  std::vector<std::string> damages = DamagesOfIndex(objects.at(path), foreign);
  for (size_t i = 0; i <= damages.size(); ++i) {
    SCOPED_TRACE(i);
    Objects damaged = objects;
    if (i < damages.size()) damaged[path] = damages[i];
    if (i == damages.size()) damaged.erase(path);
    TestDatabase db(StoreOf(damaged));
    const auto collection = *db->OpenCollection("c");
    ExpectRight(*collection);
    EXPECT_EQ(NearestScores(*collection, "id < 4")->size(), 4U);
    ASSERT_OK(collection->WaitForIndex("v"));
    EXPECT_EQ(collection->DescribeIndex("v")->indexed_rows, kFaultRows);
    ExpectRight(*collection);
  }
}

TEST_F(DiskannFaultsTest, DamageThatASearchComesByIsToldOfAndFoundByVerify) {
  TestDatabase whole;
  FillAndIndex(&whole);
  const std::string path = ObjectsWith(*whole.options.store, ".idx")[0];
  ASSERT_OK(whole->Close());
  Objects objects = ReadAll(*whole.options.store);
  std::string& text = objects[path];
  const size_t pages = text.size() / 4096;
  for (size_t page = pages / 2; page < pages - 1; ++page) {  // past places and codes
    text[page * 4096 + 2000] = static_cast<char>(text[page * 4096 + 2000] ^ 4);
  }
  LogLines log;
  TestDatabase db(StoreOf(objects));
  db.options.host.log = &log;
  const auto collection = *db->OpenCollection("c");
  ExpectRight(*collection);
  EXPECT_EQ(log.Count(LogLevel::kWarning, "a DISKANN index is damaged"), 1U);
  const auto verified = db->Verify();
  ASSERT_OK(verified);
  ASSERT_EQ(verified->damage.size(), 1U);
  EXPECT_TRUE(Contains(verified->damage[0], path.substr(path.rfind('/') + 1)));
}

TEST_F(DiskannFaultsTest, AFileThatIsCutUnderALoadedCollectionIsSearchedAround) {
  const TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  TestDatabase db(store);
  const auto collection = FillAndIndex(&db);
  ExpectRight(*collection);
  const std::string path = directory.path() + "/" + ObjectsWith(*store, ".idx")[0];
  for (const uint64_t size : {std::filesystem::file_size(path) / 2, uint64_t{4096}, uint64_t{0}}) {
    std::filesystem::resize_file(path, size);
    ExpectRight(*collection);
    EXPECT_EQ(NearestScores(*collection, "id < 4")->size(), 4U);
  }
}

TEST_F(DiskannFaultsTest, ALocalFileThatIsRemovedUnderALoadedCollectionIsReadOn) {
  const TempDirectory directory;
  const auto store = *OpenLocalObjectStore(directory.path());
  TestDatabase db(store);
  const auto collection = FillAndIndex(&db);
  ExpectRight(*collection);
  ASSERT_OK(store->Delete(PathOf(ObjectsWith(*store, ".idx")[0])));
  EXPECT_GT(PagesRead(*collection), 0U);
  ExpectRight(*collection);
}

TEST_F(DiskannFaultsTest, AnObjectThatAStoreHasNoLongerIsAClearError) {
  const auto injector = std::make_shared<FaultInjector>();
  TestDatabase db(std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), injector));
  const auto collection = FillAndIndex(&db);
  ExpectRight(*collection);
  injector->Arm({.call = "ReadAt",
                 .path_contains = ".idx",
                 .sticky = true,
                 .error = absl::NotFoundError("object a.idx is not there")});
  const auto scores = NearestScores(*collection);
  EXPECT_EQ(CodeOf(scores), Code::kNotFound);
  EXPECT_TRUE(Says(scores.status(), "a.idx"));
  injector->Disarm();
  ExpectRight(*collection);
}

TEST_F(DiskannFaultsTest, WhereTheSystemForbidsUringPagesAreReadAllTheSame) {
  const TempDirectory directory;
  {
    TestDatabase db(*OpenLocalObjectStore(directory.path()));
    FillAndIndex(&db);
    ASSERT_OK(db->Close());
  }
  const Code code = CodeInChild([&]() -> absl::Status {
    if (absl::Status status = ForbidUring(); !status.ok()) return status;
    TestDatabase db(*OpenLocalObjectStore(directory.path()));
    const auto collection = *db->OpenCollection("c");
    const auto scores = NearestScores(*collection);
    if (!scores.ok()) return scores.status();
    if (*scores != expected_) return absl::DataLossError("other scores");
    return PagesRead(*collection) > 0 ? absl::OkStatus() : absl::InternalError("no page was read");
  });
  if (code == Code::kUnimplemented) GTEST_SKIP() << "no filters of calls here";
  EXPECT_EQ(code, Code::kOk);
}

TEST(DiskannRowsTest, EqualRowsAndManyDuplicatesComeAsManyAsAreAskedFor) {
  const Schema schema = TaggedSchema(8);
  for (const int64_t num_different : {1, 3}) {
    TestDatabase db;
    const auto collection = *db->CreateCollection("c", schema);
    RowBatch rows = TaggedRows(schema, Ids(0, kFaultRows), "t");
    std::vector<float> vectors;
    for (int64_t id = 0; id < static_cast<int64_t>(kFaultRows); ++id) {
      for (const float value : GridVector(id % num_different, 8)) vectors.push_back(value);
    }
    rows.SetFloatVectors("v", std::move(vectors));
    ASSERT_OK(collection->Insert(rows));
    ASSERT_OK(collection->Flush());
    ASSERT_OK(collection->CreateIndex("v", FaultSpec()));
    ASSERT_OK(collection->WaitForIndex("v"));
    const std::vector<float> vector = GridVector(0, 8);
    for (const int32_t limit : {1, 10, 400, 2000}) {
      for (const char* filter : {"", "id < 5", "id < 700"}) {
        const size_t matches = filter[0] == '\0' ? kFaultRows : filter[5] == '5' ? 5 : 700;
        const auto found =
            collection->Search({.field = "v", .vectors = vector, .limit = limit, .filter = filter});
        ASSERT_OK(found);
        const auto hits = found->hits(0);
        ASSERT_EQ(hits.size(), std::min<size_t>(static_cast<size_t>(limit), matches)) << filter;
        std::set<int64_t> different;
        for (const Hit& hit : hits) different.insert(hit.int64_key());
        EXPECT_EQ(different.size(), hits.size());
        EXPECT_EQ(hits[0].score(), 0);
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::support
