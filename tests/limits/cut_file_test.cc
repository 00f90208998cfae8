// Row M4 of PROMISES.md: files that somebody truncates or removes under an open collection.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/api_testing.h"
#include "limits/process_limits.h"
#include "support/forked_child.h"
#include "support/temp_directory.h"

namespace vecdb::support {
namespace {

enum class Cut { kHalf, kEmpty, kLastByte, kGone };
constexpr Cut kCuts[] = {Cut::kHalf, Cut::kEmpty, Cut::kLastByte, Cut::kGone};
constexpr const char* kCutNames[] = {"half", "all bytes", "last byte", "removed"};

constexpr size_t kRows = 2600;  // in each of two shards enough for an index

// What is cut: the newest file of the victim's shard, or of the collection, with this ending.
struct CutKind {
  const char* what;
  const char* part;        // of its name
  const char* ending;      // of its name
  bool of_segment;         // of one segment, and the other still serves
  bool on_disk = false;    // the index is DISKANN
  bool is_loaded = false;  // before the file is cut
};
constexpr CutKind kCutKinds[] = {{"columns and keys", "/columns", ".vseg", true},
                                 {"vectors", "/102", ".vec", true},
                                 {"index", "/102-", "", true},
                                 {"index on disk", "/102-", "", true, true},
                                 {"the same, loaded", "/102-", "", true, true, true},
                                 {"deletes", "/deletes", "", true},
                                 {"manifest", "/manifest/", "", false},
                                 {"journal", "/journal/", ".log", false},
                                 {"catalog", "catalog/", "", false}};

// A collection that is open and has read no more of its files than that took.
class CutWorld {
 public:
  CutWorld(const std::string& path, const CutKind& kind)
      : path_(path), store_(*OpenLocalObjectStore(path)), on_disk_(kind.on_disk) {
    db_.options.store = nullptr;
    db_.options.path = path;
    c_ = *db_->CreateCollection(
        "c", schema_, {.num_shards = 2, .load = LoadPolicy::kManual, .auto_compaction = false});
    IndexSpec spec{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 8}};
    if (on_disk_) spec.params = DiskannParams{.max_degree = 8, .search_list_size = 20};
    EXPECT_OK(c_->CreateIndex("v", spec));
    Put(*c_, &oracle_, Ids(0, kRows), "t");
    EXPECT_OK(c_->Flush());
    EXPECT_OK(c_->WaitForIndex("v"));
    Remove(*c_, &oracle_, Ids(100, 20));
    EXPECT_OK(c_->Flush());
    Put(*c_, &oracle_, Ids(10'000, 50), "journalled");
    Reopen();
    if (kind.is_loaded) {
      EXPECT_OK(c_->Load());
    }
    Put(*c_, &oracle_, Ids(11'000, 50), "journalled");
    const auto segments = c_->Segments();
    for (const SegmentDescription& segment : *segments) {
      if (segment.state != SegmentState::kFlushed) continue;
      victim_ = segment.id;
      victim_shard_ = segment.shard;
    }
  }

  // Whether the file is there; its name is what errors must have in them.
  bool Damage(const CutKind& kind, Cut cut) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      const std::string name = entry.path().string();
      const bool matches = entry.is_regular_file() && Contains(name, kind.part) &&
                           name.ends_with(kind.ending) &&
                           (!kind.of_segment || Contains(name, victim_));
      if (matches && name > file_) file_ = name;
    }
    if (file_.empty()) return false;
    // No manifest and no later log file names the newest one yet: when somebody removes it whole,
    // the next opening cannot know that there was one. Verify, while it is open, does.
    is_unnamed_ = cut == Cut::kGone && file_.ends_with(".log");
    const auto size = std::filesystem::file_size(file_);
    // Most of a log file has not been written yet.
    const auto half = file_.ends_with(".log") ? 2000 : size / 2;
    if (cut == Cut::kHalf) std::filesystem::resize_file(file_, half);
    if (cut == Cut::kEmpty) std::filesystem::resize_file(file_, 0);
    if (cut == Cut::kLastByte) std::filesystem::resize_file(file_, size - 1);
    if (cut == Cut::kGone) std::filesystem::remove(file_);
    return true;
  }

  // Everything that reads files: right, or an error that names the file.
  void ExpectRightOrNamed() {
    ExpectNamed("load", c_->Load());
    ExpectSearch({});
    ExpectSearch({1 - victim_shard_});
    ExpectReads();
    for (int64_t id = 0; id < static_cast<int64_t>(kRows); id += 97) ExpectRow(id);
    const auto verified = db_->Verify();
    ASSERT_OK(verified);
    for (const std::string& line : verified->damage)
      ExpectNamed("verify", absl::DataLossError(line));
    num_damaged_ = verified->damage.size();
  }

  // What writes files anew.
  void ExpectWorksOn() {
    is_unnamed_ = false;
    Write(20'000);
    ExpectNamed("flush", c_->Flush());
    ExpectNamed("index", c_->WaitForIndex("v"));
    const auto begun = c_->Compact();
    ASSERT_OK(begun);
    ExpectNamed("compact", c_->WaitForCompaction(*begun));
    ExpectSearch({});
    ExpectReads();
  }

  // What is found after a crash.
  void ExpectOpens() {
    Write(30'000);
    c_.reset();
    db_.database.reset();
    const absl::Status status = db_.TryOpen();
    ExpectNamed("open database", status);
    if (!status.ok()) return;
    auto opened = db_->OpenCollection("c");
    ExpectNamed("open", opened.status());
    if (!opened.ok()) return;
    c_ = *std::move(opened);
    if (is_unnamed_) {
      for (const auto& [first, count] : {std::pair(11'000, 50), std::pair(30'000, 30)}) {
        for (int i = 0; i < count; ++i) oracle_.Delete(int64_t{first + i});
      }
    }
    ExpectReads();
  }

  int num_errors() const { return num_errors_; }
  size_t num_damaged() const { return num_damaged_; }

 private:
  void Reopen() {
    db_.Crash();
    c_ = *db_->OpenCollection("c");
  }

  // A key that may lie in the file cannot be looked up.
  void Write(int64_t first) {
    const RowBatch rows = TaggedRows(schema_, Ids(first, 30), "later");
    const absl::Status status = c_->Upsert(rows).status();
    ExpectNamed("upsert", status);
    if (status.ok()) oracle_.Put(rows);
  }

  // The object's own name, or its segment.
  bool Names(const absl::Status& status) const {
    const std::filesystem::path file(file_);
    return Says(status, file.filename().string()) ||
           Says(status, file.parent_path().filename().string());
  }

  void ExpectNamed(const char* what, const absl::Status& status) {
    if (status.ok()) return;
    ++num_errors_;
    EXPECT_TRUE(absl::IsDataLoss(status) || absl::IsNotFound(status) ||
                absl::IsFailedPrecondition(status))
        << what << ": " << status;
    EXPECT_TRUE(Names(status)) << what << ": " << status << " does not name " << file_;
  }

  void ExpectSearch(const std::vector<int32_t>& shards) {
    if (c_->LoadState() != LoadState::kLoaded) return;
    const std::vector<float> query = {1, 2, 3, 0};
    const auto found = c_->Search({.field = "v",
                                   .vectors = query,
                                   .params = everywhere_,
                                   .output_fields = {"tag"},
                                   .shards = shards});
    if (!shards.empty()) {
      EXPECT_OK(found);  // of the other segments
    }
    ExpectNamed("search", found.status());
    if (!found.ok() || !shards.empty()) return;
    EXPECT_EQ(HitsOf(*found, schema_), oracle_.Search("v", Metric::kL2, query, 10));
  }

  void ExpectReads() {
    const auto count = c_->Count();
    ExpectNamed("count", count.status());
    if (count.ok()) {
      EXPECT_EQ(*count, oracle_.size());
    }
    const auto rows = c_->Query({.filter = R"(tag == "t")", .output_fields = {"tag", "v"}});
    ExpectNamed("query", rows.status());
    if (rows.ok()) {
      EXPECT_EQ(rows->num_rows(), kRows - 20);
    }
  }

  void ExpectRow(int64_t id) {
    const auto row = c_->Get({id});
    ExpectNamed("get", row.status());
    if (row.ok()) {
      EXPECT_EQ(row->num_rows(), oracle_.Has(id) ? 1u : 0u) << id;
    }
  }

  const std::string path_;
  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<ObjectStore> store_;
  const bool on_disk_;
  const SearchParams everywhere_ = on_disk_ ? SearchParams(DiskannSearchParams{.search_list = 2600})
                                            : SearchParams(IvfSearchParams{.nprobe = 8});
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
  Oracle oracle_{schema_};
  std::string victim_;
  int32_t victim_shard_ = 0;
  std::string file_;
  bool is_unnamed_ = false;
  int num_errors_ = 0;
  size_t num_damaged_ = 0;
};

// In a child. Whether the files are written anew before the crash: without it, it is the cut file
// that is found behind that.
absl::StatusCode RunCase(const CutKind& kind, Cut cut, bool goes_on) {
  const TempDirectory directory(ParentInMemory());
  return CodeInChild([&]() -> absl::Status {
    CutWorld world(directory.path(), kind);
    EXPECT_TRUE(world.Damage(kind, cut)) << kind.what;
    if (!::testing::Test::HasFailure()) {
      world.ExpectRightOrNamed();
      if (goes_on) world.ExpectWorksOn();
      world.ExpectOpens();
    }
    std::printf("%-16s %-9s %s %3d errors, %zu damaged objects\n", kind.what,
                kCutNames[static_cast<size_t>(cut)], goes_on ? "goes on" : "crashes",
                world.num_errors(), world.num_damaged());
    std::fflush(stdout);
    return ::testing::Test::HasFailure() ? absl::InternalError("see above") : absl::OkStatus();
  });
}

TEST(CutFileTest, CutFileIsAnErrorThatNamesItAndNoSignal) {
  std::vector<std::string> wrong;
  int num_cases = 0;
  for (const CutKind& kind : kCutKinds) {
    for (const Cut cut : kCuts) {
      for (const bool goes_on : {true, false}) {
        ++num_cases;
        if (RunCase(kind, cut, goes_on) == absl::StatusCode::kOk) continue;
        wrong.push_back(absl::StrCat(kind.what, ", ", kCutNames[static_cast<size_t>(cut)],
                                     goes_on ? ", goes on" : ", crashes"));
      }
    }
  }
  EXPECT_EQ(wrong, std::vector<std::string>());
  std::printf("%d cases\n", num_cases);
}

}  // namespace
}  // namespace vecdb::support
