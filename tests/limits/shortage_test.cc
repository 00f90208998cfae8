// Row M3 of PROMISES.md: a process that has run out of something, and then has enough again.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "limits/shortage.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/forked_child.h"
#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

enum class Step { kOpen, kInsert, kFlush, kBuild, kLoad, kSearch, kCompact, kReopen };
constexpr const char* kStepNames[] = {"open", "insert", "flush",   "index build",
                                      "load", "search", "compact", "reopen"};
constexpr int kNumSteps = 8;
constexpr const char* kShortageNames[] = {"descriptors", "file size", "disk", "journal disk",
                                          "throttled store"};

// A collection "c" of two flushed segments and rows in its journal, in a process of its own.
class ShortWorld {
 public:
  ShortWorld(const std::string& path, Shortage shortage, Step step)
      : process_(path, shortage), shortage_(shortage), step_(step) {
    auto files = OpenLocalFileSystem(path + "/journal");
    auto store = OpenLocalObjectStore(path + "/data");
    EXPECT_OK(files);
    EXPECT_OK(store);
    db_.options.store = std::make_shared<FaultObjectStore>(*store, process_.store_faults());
    db_.options.journal_directory =
        std::make_shared<FaultFileSystem>(*files, process_.journal_faults());
    c_ = *db_->CreateCollection("c", schema_,
                                {.load = LoadPolicy::kManual, .auto_compaction = false});
    for (const int64_t first : {0, 1100}) {
      Put(Ids(first, 1100));
      EXPECT_OK(c_->Flush());
    }
    Put(Ids(2000, 300));
    if (step != Step::kBuild) {
      EXPECT_OK(c_->CreateIndex("v", Flat()));
      EXPECT_OK(c_->WaitForIndex("v"));
    }
    if (step == Step::kSearch) {
      EXPECT_OK(c_->Load());
    }
    if (step == Step::kOpen) {
      EXPECT_OK(db_->Close());
    }
    if (step == Step::kOpen || step == Step::kReopen) Forget();
  }

  // What the step and a write behind it said. Fails the test when something else is wrong.
  std::pair<absl::Status, absl::Status> Run() {
    process_.Begin(shortage_);
    const absl::Status step = Do();
    ExpectClear(step);
    const absl::Status write = c_ == nullptr ? absl::OkStatus() : Write(Ids(5000, 10));
    ExpectClear(write);
    ExpectReadsGoOn();
    process_.End();
    ExpectWorksOn();
    EXPECT_OK(db_->Close());
    c_.reset();
    db_.Crash();
    c_ = *db_->OpenCollection("c");
    ExpectSameRows(oracle_, *c_);
    return {step, write};
  }

 private:
  void Put(const std::vector<int64_t>& ids) { EXPECT_OK(Write(ids)); }

  absl::Status Write(const std::vector<int64_t>& ids) {
    const RowBatch rows = TaggedRows(schema_, ids, "t");
    const absl::Status status = c_->Upsert(rows).status();
    if (status.ok()) oracle_.Put(rows);
    if (absl::IsUnknown(status)) unknown_ = ids;
    return status;
  }

  // More than what a journal has room for that was made before.
  absl::Status WriteMuch() {
    for (int batch = 0; batch < 150; ++batch) {
      const absl::Status status = Write(Ids(3000, 500));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Forget() {
    c_.reset();
    db_.database.reset();
  }

  absl::Status Open() {
    if (db_.database == nullptr) {
      const absl::Status opened = db_.TryOpen();
      if (!opened.ok()) return opened;
    }
    auto opened = db_->OpenCollection("c");
    if (!opened.ok()) return opened.status();
    c_ = *std::move(opened);
    return absl::OkStatus();
  }

  absl::Status Do() {
    switch (step_) {
      case Step::kOpen:
      case Step::kReopen:
        return Open();
      case Step::kInsert:
        return WriteMuch();
      case Step::kFlush:
        return c_->Flush();
      case Step::kBuild: {
        if (!c_->HasIndex("v")) {
          const absl::Status created = c_->CreateIndex("v", Hnsw());
          if (!created.ok()) return created;
        }
        return c_->WaitForIndex("v");
      }
      case Step::kLoad:
        return c_->Load();
      case Step::kSearch:
        return Search({"tag"});
      case Step::kCompact: {
        const auto begun = c_->Compact();
        return begun.ok() ? c_->WaitForCompaction(*begun) : begun.status();
      }
    }
    return absl::OkStatus();
  }

  absl::Status Search(const std::vector<std::string>& output_fields) {
    const std::vector<float> query = {1, 2, 3, 0};
    const auto found = c_->Search({.field = "v", .vectors = query, .output_fields = output_fields});
    if (found.ok()) {
      EXPECT_EQ(HitsOf(*found, schema_), oracle_.Search("v", Metric::kL2, query, 10));
    }
    return found.status();
  }

  // An error names what has run out, by the system's own words.
  void ExpectClear(const absl::Status& status) {
    if (status.ok()) return;
    EXPECT_TRUE(absl::StrContains(status.message(), ShortProcess::Cause(shortage_))) << status;
    const bool expected = absl::IsUnknown(status) || absl::IsFailedPrecondition(status) ||
                          (shortage_ == Shortage::kThrottled ? absl::IsUnavailable(status)
                                                             : absl::IsResourceExhausted(status));
    EXPECT_TRUE(expected) << status;
  }

  // Reads of what is in memory are answered, whatever has run out; the others, of files that are
  // open, too, as long as the store gives them.
  void ExpectReadsGoOn() {
    if (c_ == nullptr) return;
    const auto count = c_->Count();
    EXPECT_OK(count);
    if (count.ok()) {
      EXPECT_EQ(*count, oracle_.size());
    }
    const auto got = c_->Get({0, 1099, 1100, 2199, 2200, 2299});
    ExpectClear(got.status());
    if (got.ok()) {
      EXPECT_EQ(got->num_rows(), 6u);
    } else {
      EXPECT_TRUE(shortage_ == Shortage::kThrottled || step_ == Step::kReopen) << got.status();
    }
    if (c_->LoadState() == LoadState::kLoaded) {
      EXPECT_OK(Search({}));
    }
  }

  // The same step, and all others, once there is enough again: at once, or when it is opened again.
  void ExpectWorksOn() {
    if (c_ == nullptr || absl::IsFailedPrecondition(Write(Ids(7000, 1)))) {
      EXPECT_OK(Open());
    }
    if (step_ == Step::kSearch) {
      EXPECT_OK(c_->Load());
    }
    TakeUnknownAsFound();
    EXPECT_OK(Do());
    Put(Ids(7001, 10));
    EXPECT_OK(c_->Flush());
    if (!c_->HasIndex("v")) {
      EXPECT_OK(c_->CreateIndex("v", Flat()));
    }
    EXPECT_OK(c_->WaitForIndex("v"));
    EXPECT_OK(c_->Load());
    EXPECT_OK(Search({"tag"}));
  }

  void TakeUnknownAsFound() {
    if (unknown_.empty()) return;
    const size_t found = c_->Get(unknown_)->num_rows();
    EXPECT_TRUE(found == 0 || found == unknown_.size()) << found;
    if (found > 0) oracle_.Put(TaggedRows(schema_, unknown_, "t"));
  }

  ShortProcess process_;
  const Shortage shortage_;
  const Step step_;
  const Schema schema_ = TaggedSchema();
  Oracle oracle_{schema_};
  std::vector<int64_t> unknown_;
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
};

// In a child: kInternal when something was wrong, otherwise whether something was refused.
absl::StatusCode RunCase(const std::string& path, int shortage, int step) {
  const absl::StatusCode code = CodeInChild([&] {
    ShortWorld world(path, static_cast<Shortage>(shortage), static_cast<Step>(step));
    const auto [status, write] = world.Run();
    std::printf("%-15s %-11s %s\n", kShortageNames[shortage], kStepNames[step],
                status.ToString().c_str());
    std::printf("%27s %s\n", "write:", write.ToString().c_str());
    std::fflush(stdout);
    if (::testing::Test::HasFailure()) return absl::InternalError("see above");
    return status.ok() && write.ok() ? absl::OkStatus() : absl::ResourceExhaustedError("short");
  });
  return code;
}

TEST(ShortageTest, ErrorsAreClearReadsGoOnAndReliefSuffices) {
  std::vector<std::string> wrong;
  int num_refused = 0;
  for (int shortage = 0; shortage < kNumShortages; ++shortage) {
    for (int step = 0; step < kNumSteps; ++step) {
      const TempDirectory directory;
      const absl::StatusCode code = RunCase(directory.path(), shortage, step);
      if (code == absl::StatusCode::kResourceExhausted) ++num_refused;
      if (code != absl::StatusCode::kInternal) continue;
      wrong.push_back(absl::StrCat(kStepNames[step], " without ", kShortageNames[shortage]));
    }
  }
  EXPECT_EQ(wrong, std::vector<std::string>());
  std::printf("%d cases, something was refused in %d\n", kNumShortages * kNumSteps, num_refused);
  EXPECT_GE(num_refused, 30);
}

}  // namespace
}  // namespace vecdb::support
