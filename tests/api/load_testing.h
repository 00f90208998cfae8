#ifndef VECDB_TESTS_API_LOAD_TESTING_H_
#define VECDB_TESTS_API_LOAD_TESTING_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/api_testing.h"
#include "support/fault_object_store.h"
#include "support/temp_directory.h"

namespace vecdb::support {

/// A collection "c" of two shards with vectors "v" and "w", loaded by hand, over a store in a
/// directory whose reads can be made to fail.
class LoadWorld : public ::testing::Test {
 protected:
  explicit LoadWorld(int32_t dim = 4,
                     const CollectionOptions& options = {.num_shards = 2,
                                                         .load = LoadPolicy::kManual})
      : schema_{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                           {.name = "tag", .type = DataType::kVarChar, .max_length = 32},
                           {.name = "v", .type = DataType::kFloatVector, .dim = dim},
                           {.name = "w", .type = DataType::kFloatVector, .dim = dim}}} {
    db_.options.host.budget = &budget_;
    db_.options.host.log = &log_;
    c_ = *db_->CreateCollection("c", schema_, options);
  }
  ~LoadWorld() override { faults_->Disarm(); }

  RowBatch Rows(const std::vector<int64_t>& ids) const {
    RowBatch rows = TaggedRows(schema_, ids, "t");
    std::vector<float> vectors;
    for (const int64_t id : ids) {
      const auto vector = GridVector(id, static_cast<size_t>(schema_.fields[2].dim));
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    rows.SetFloatVectors("w", std::move(vectors));
    return rows;
  }
  void Put(int64_t first, size_t count) {
    ASSERT_OK(c_->Upsert(Rows(Ids(first, count))));
    ASSERT_OK(c_->Flush());
  }
  void Index(const char* field, const IndexSpec& spec = Flat()) {
    ASSERT_OK(c_->CreateIndex(field, spec));
    ASSERT_OK(c_->WaitForIndex(field));
  }
  /// Closes and opens again, nothing loaded.
  void Reopen(const OpenOptions& options = {}) {
    ASSERT_OK(db_->Close());
    c_.reset();
    db_.Crash();
    c_ = *db_->OpenCollection("c", options);
  }

  absl::StatusOr<std::set<int64_t>> Found(SearchRequest request, const Context& context = {}) {
    const std::vector<float> query(static_cast<size_t>(schema_.fields[2].dim), 1.0f);
    request.vectors = query;
    request.limit = 10'000;
    if (request.field.empty()) request.field = "v";
    auto result = c_->Search(request, context);
    if (!result.ok()) return result.status();
    std::set<int64_t> ids;
    for (const Hit& hit : result->hits(0)) ids.insert(hit.int64_key());
    return ids;
  }
  absl::Status Search(const SearchRequest& request = {}) { return Found(request).status(); }

  /// Of all segments.
  uint64_t MappedBytes() { return SumOf(&SegmentDescription::mapped_bytes); }
  uint64_t UncheckedBytes() { return SumOf(&SegmentDescription::unchecked_bytes); }
  uint64_t SumOf(uint64_t SegmentDescription::*figure) {
    uint64_t sum = 0;
    const auto segments = c_->Segments();
    EXPECT_OK(segments);
    for (const SegmentDescription& segment : *segments) sum += segment.*figure;
    return sum;
  }

  /// The file of the first object whose name ends so.
  std::string FileOf(const std::string& ending) {
    for (const std::string& path : ObjectsWith(*local_, "segments")) {
      if (path.ends_with(ending)) return directory_.path() + "/" + path;
    }
    ADD_FAILURE() << ending;
    return {};
  }
  /// Flips the lowest bit of a byte of it, in place.
  void Flip(const std::string& ending, uint64_t at) {
    std::FILE* file = std::fopen(FileOf(ending).c_str(), "r+b");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(std::fseek(file, static_cast<long>(at), SEEK_SET), 0);
    const int byte = std::fgetc(file);
    ASSERT_EQ(std::fseek(file, static_cast<long>(at), SEEK_SET), 0);
    ASSERT_NE(std::fputc(byte ^ 1, file), EOF);
    ASSERT_EQ(std::fclose(file), 0);
  }
  /// Lets `act` run inside the first read of an object whose name has `part` in it.
  void InsideRead(const char* part, std::function<void()> act) {
    faults_->Arm({.call = "ReadAt",
                  .path_contains = part,
                  .mode = FaultMode::kSlow,
                  .on_slow = std::move(act)});
  }
  /// Opens again over a store whose reads can be made slow, and which cannot map.
  void ReopenSlow() {
    db_.options.store = std::make_shared<FaultObjectStore>(local_, faults_);
    Reopen();
  }

  const Schema schema_;
  const TempDirectory directory_;
  const std::shared_ptr<ObjectStore> local_ = OpenLocalObjectStore(directory_.path()).value();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  MemoryBudget budget_{256 << 20};
  LogLines log_;
  TestDatabase db_{local_};
  std::unique_ptr<Collection> c_;
};

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_LOAD_TESTING_H_
