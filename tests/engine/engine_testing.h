#ifndef VECDB_TESTS_ENGINE_ENGINE_TESTING_H_
#define VECDB_TESTS_ENGINE_ENGINE_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "catalog/version_writer.h"
#include "engine/collection_core.h"
#include "engine/collection_engine.h"
#include "support/status_testing.h"
#include "support/test_database.h"

namespace vecdb::engine {

/// A collection "test" of TaggedSchema over a store in memory, with nothing running by itself.
class CoreFixture : public ::testing::Test {
 protected:
  explicit CoreFixture(const CollectionOptions& options = {}) {
    environment_ = {.store = store_,
                    .host = {.executor = &executor_, .clock = &SystemClock(), .budget = &budget_},
                    .clock = &clock_,
                    .max_result_rows = 100,
                    .accounts = std::make_shared<MemoryAccounts>(&budget_, MemoryBudget::kNoLimit),
                    .build_slots = &build_slots_};
    EXPECT_OK(CollectionEngine::Create(environment_, id_, schema_, options, {}));
    core_ = MakeCore();
  }

  /// Opens the newest manifest in a new epoch; its segments are not opened.
  std::shared_ptr<CollectionCore> MakeCore() {
    const ObjectPath folder = *ObjectPath::Parse("collections/" + id_);
    auto manifests = catalog::VersionWriter::TakeOver(
        {store_.get(), *folder.Join("manifest"), "manifest"},
        [](const catalog::Version& newest) { return newest.body; }, {});
    EXPECT_OK(manifests);
    auto manifest = format::ManifestFromJson("test", (*manifests)->current().body);
    EXPECT_OK(manifest);
    const catalog::Version version = (*manifests)->current();
    auto core = std::make_shared<CollectionCore>(environment_, id_, folder, *std::move(manifest),
                                                 version, *std::move(manifests));
    core->set_name("test");
    return core;
  }

  RowBatch Rows(const std::vector<int64_t>& ids, const std::string& tag = "t") const {
    return support::TaggedRows(schema_, ids, tag);
  }

  std::shared_ptr<segment::GrowingSegment> MakeGrowing(const std::vector<int64_t>& ids,
                                                       uint64_t timestamp) {
    auto growing = std::make_shared<segment::GrowingSegment>(
        std::make_shared<const Schema>(schema_), environment_.host);
    const RowBatch rows = Rows(ids);
    std::vector<uint32_t> all(ids.size());
    std::iota(all.begin(), all.end(), 0u);
    EXPECT_OK(growing->Reserve(rows, all));
    growing->Append(rows, all, {}, timestamp);
    return growing;
  }

  const std::string id_ = std::string(32, 'c');
  const Schema schema_ = support::TaggedSchema();
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  MemoryBudget budget_;
  support::ManualExecutor executor_;
  base::HybridClock clock_{&SystemClock()};
  BuildSlots build_slots_{2};
  Environment environment_;
  std::shared_ptr<CollectionCore> core_;
};

}  // namespace vecdb::engine

#endif  // VECDB_TESTS_ENGINE_ENGINE_TESTING_H_
