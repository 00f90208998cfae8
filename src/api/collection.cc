#include "vecdb/collection.h"

#include <chrono>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "engine/collection_handle.h"
#include "engine/counted_call.h"
#include "engine/query_cursor.h"
#include "engine/search_cursor.h"

namespace vecdb {
namespace {

using engine::Operation;

// Makes a call and counts it.
template <typename Call>
auto Counted(const engine::CollectionHandle& handle, Operation operation, Call call) {
  return engine::CountedCall(handle.metrics(), operation, std::move(call));
}

// The same of a write, and counts its rows.
template <typename Call>
absl::StatusOr<WriteResult> CountedWrite(const engine::CollectionHandle& handle,
                                         Operation operation, Call call) {
  auto result = Counted(handle, operation, std::move(call));
  if (result.ok()) handle.metrics().NoteWrite(*result);
  return result;
}

absl::StatusOr<std::unique_ptr<query::ResultRows>> SearchRows(engine::CollectionHandle& handle,
                                                              const SearchRequest& request,
                                                              const Context& context) {
  return handle.Read(request.consistency, context, [&](engine::CollectionEngine& engine) {
    return engine.Search(request, context);
  });
}

}  // namespace

Collection::Collection(std::shared_ptr<engine::CollectionHandle> handle)
    : handle_(std::move(handle)) {}
Collection::~Collection() = default;

absl::StatusOr<WriteResult> Collection::Insert(const RowBatch& rows, const WriteOptions& options,
                                               const Context& context) {
  return CountedWrite(*handle_, Operation::kInsert,
                      [&] { return handle_->engine()->Insert(rows, options, context); });
}
absl::StatusOr<WriteResult> Collection::Insert(const RowBatch& rows, const Context& context) {
  return Insert(rows, WriteOptions(), context);
}

absl::StatusOr<WriteResult> Collection::Upsert(const RowBatch& rows, const WriteOptions& options,
                                               const Context& context) {
  return CountedWrite(*handle_, Operation::kUpsert,
                      [&] { return handle_->engine()->Upsert(rows, options, context); });
}
absl::StatusOr<WriteResult> Collection::Upsert(const RowBatch& rows, const Context& context) {
  return Upsert(rows, WriteOptions(), context);
}

absl::StatusOr<WriteResult> Collection::Delete(const Keys& keys, const WriteOptions& options,
                                               const Context& context) {
  return CountedWrite(*handle_, Operation::kDelete,
                      [&] { return handle_->engine()->Delete(keys, options, context); });
}
absl::StatusOr<WriteResult> Collection::Delete(const Keys& keys, const Context& context) {
  return Delete(keys, WriteOptions(), context);
}

absl::StatusOr<WriteResult> Collection::IngestSegment(ObjectStore& source,
                                                      const SegmentInfo& segment,
                                                      const Context& context) {
  return CountedWrite(*handle_, Operation::kIngestSegment,
                      [&] { return handle_->engine()->IngestSegment(source, segment, context); });
}

absl::StatusOr<std::vector<int32_t>> Collection::ShardsOf(const Keys& keys) const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<std::vector<int32_t>> { return handle_->engine()->ShardsOf(keys); });
}

absl::StatusOr<WriteResult> Collection::DeleteWhere(const RowFilter& filter,
                                                    const WriteOptions& options,
                                                    const Context& context) {
  return CountedWrite(*handle_, Operation::kDelete,
                      [&] { return handle_->engine()->DeleteWhere(filter, options, context); });
}
absl::StatusOr<WriteResult> Collection::DeleteWhere(const RowFilter& filter,
                                                    const Context& context) {
  return DeleteWhere(filter, WriteOptions(), context);
}

absl::StatusOr<RowBatch> Collection::Get(const Keys& keys, std::span<const std::string> fields,
                                         const Context& context) const {
  return Get(keys, fields, Consistency(), context);
}
absl::StatusOr<RowBatch> Collection::Get(const Keys& keys, std::span<const std::string> fields,
                                         const Consistency& consistency,
                                         const Context& context) const {
  return Counted(*handle_, Operation::kGet, [&]() -> absl::StatusOr<RowBatch> {
    return handle_->Read(consistency, context, [&](engine::CollectionEngine& engine) {
      return engine.Get(keys, fields, consistency, context);
    });
  });
}

absl::StatusOr<uint64_t> Collection::Count(const Context& context) const {
  return Count(Consistency(), context);
}
absl::StatusOr<uint64_t> Collection::Count(const Consistency& consistency,
                                           const Context& context) const {
  return Counted(*handle_, Operation::kCount, [&]() -> absl::StatusOr<uint64_t> {
    return handle_->Read(consistency, context, [&](engine::CollectionEngine& engine) {
      return engine.Count(consistency, context);
    });
  });
}

absl::StatusOr<uint64_t> Collection::Count(const RowFilter& filter, const Context& context) const {
  return Count(filter, Consistency(), context);
}
absl::StatusOr<uint64_t> Collection::Count(const RowFilter& filter, const Consistency& consistency,
                                           const Context& context) const {
  return Counted(*handle_, Operation::kCount, [&]() -> absl::StatusOr<uint64_t> {
    return handle_->Read(consistency, context, [&](engine::CollectionEngine& engine) {
      return engine.CountWhere(filter, consistency, context);
    });
  });
}

absl::StatusOr<RowBatch> Collection::Query(const QueryRequest& request,
                                           const Context& context) const {
  return Counted(*handle_, Operation::kQuery, [&]() -> absl::StatusOr<RowBatch> {
    return handle_->Read(request.consistency, context, [&](engine::CollectionEngine& engine) {
      return engine.Query(request, context);
    });
  });
}

absl::StatusOr<std::unique_ptr<QueryIterator>> Collection::OpenQueryIterator(
    const QueryRequest& request, const IteratorOptions& options, const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<QueryIterator>> {
    VECDB_ASSIGN_OR_RETURN(
        auto cursor,
        handle_->Read(request.consistency, context, [&](engine::CollectionEngine& engine) {
          return engine::QueryCursor::Open(engine.shared_from_this(), request, options, context);
        }));
    return std::make_unique<QueryIterator>(std::move(cursor));
  });
}

absl::StatusOr<std::unique_ptr<SearchIterator>> Collection::OpenSearchIterator(
    const SearchRequest& request, const IteratorOptions& options, const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<SearchIterator>> {
    VECDB_ASSIGN_OR_RETURN(
        auto cursor,
        handle_->Read(request.consistency, context, [&](engine::CollectionEngine& engine) {
          return engine::SearchCursor::Open(engine.shared_from_this(), request, options, context);
        }));
    return std::make_unique<SearchIterator>(std::move(cursor));
  });
}

absl::StatusOr<SearchStats> Collection::Explain(const SearchRequest& request,
                                                const Context& context) const {
  return Counted(*handle_, Operation::kExplain, [&]() -> absl::StatusOr<SearchStats> {
    return handle_->Read(request.consistency, context, [&](engine::CollectionEngine& engine) {
      return engine.Explain(request, context);
    });
  });
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Collection::PinSnapshot(
    const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::shared_ptr<const Snapshot>> {
    VECDB_ASSIGN_OR_RETURN(engine::Snapshot state, handle_->engine()->Pin(context));
    return std::make_shared<const Snapshot>(
        std::make_shared<const engine::Snapshot>(std::move(state)));
  });
}

absl::StatusOr<uint64_t> Collection::DurableUpTo() const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<uint64_t> { return handle_->engine()->DurableUpTo(); });
}
absl::Status Collection::Flush(const Context& context) {
  return Counted(*handle_, Operation::kFlush, [&] { return handle_->engine()->Flush(context); });
}

absl::Status Collection::Refresh(const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::Status { return handle_->Refresh(context); });
}

absl::Status Collection::CreateIndex(std::string_view field, const IndexSpec& spec,
                                     const Context& context) {
  return Counted(*handle_, Operation::kCreateIndex,
                 [&] { return handle_->engine()->CreateIndex(field, spec, context); });
}

absl::Status Collection::AlterIndex(std::string_view field, const IndexSpec& spec,
                                    const Context& context) {
  return base::OrOutOfMemory(
      [&]() -> absl::Status { return handle_->engine()->AlterIndex(field, spec, context); });
}

absl::Status Collection::AttachIndex(std::string_view field, const Index& index,
                                     const Context& context) {
  return Counted(*handle_, Operation::kAttachIndex,
                 [&] { return handle_->engine()->AttachIndex(field, index, context); });
}

absl::Status Collection::WaitForIndex(std::string_view field, const Context& context) {
  return Counted(*handle_, Operation::kWaitForIndex,
                 [&] { return handle_->engine()->WaitForIndex(field, context); });
}

absl::Status Collection::DropIndex(std::string_view field, const Context& context) {
  return Counted(*handle_, Operation::kDropIndex,
                 [&] { return handle_->engine()->DropIndex(field, context); });
}

absl::StatusOr<IndexDescription> Collection::DescribeIndex(std::string_view field) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<IndexDescription> {
    return handle_->engine()->DescribeIndex(field);
  });
}

bool Collection::HasIndex(std::string_view field) const { return DescribeIndex(field).ok(); }

absl::StatusOr<uint64_t> Collection::Compact(const CompactOptions& options,
                                             const Context& context) {
  return Counted(*handle_, Operation::kCompact,
                 [&] { return handle_->engine()->Compact(options, context); });
}

absl::StatusOr<CompactionReport> Collection::CompactionState(uint64_t id) const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<CompactionReport> { return handle_->engine()->CompactionState(id); });
}

absl::Status Collection::WaitForCompaction(uint64_t id, const Context& context) {
  return Counted(*handle_, Operation::kWaitForCompaction,
                 [&] { return handle_->engine()->WaitForCompaction(id, context); });
}

absl::StatusOr<MaintenanceReport> Collection::Maintain(const MaintenanceBudget& budget,
                                                       const Context& context) {
  return Counted(*handle_, Operation::kMaintain,
                 [&] { return handle_->engine()->Maintain(budget, context); });
}

absl::Status Collection::Load(const LoadOptions& options, const Context& context) {
  return Counted(*handle_, Operation::kLoad,
                 [&] { return handle_->engine()->Load(options, context); });
}
absl::Status Collection::Load(const Context& context) { return Load(LoadOptions(), context); }

absl::StatusOr<std::shared_ptr<LoadJob>> Collection::StartLoad(const LoadOptions& options,
                                                               const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::shared_ptr<LoadJob>> {
    auto engine = handle_->engine();
    VECDB_ASSIGN_OR_RETURN(auto task, Counted(*handle_, Operation::kStartLoad,
                                              [&] { return engine->StartLoad(options, context); }));
    return std::make_shared<LoadJob>(std::move(engine), std::move(task));
  });
}

LoadReport Collection::LoadProgress() const { return handle_->engine()->LoadProgress(); }

absl::StatusOr<LoadEstimate> Collection::EstimateLoad(const LoadOptions& options) const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<LoadEstimate> { return handle_->engine()->EstimateLoad(options); });
}

absl::Status Collection::SetMemoryLimit(uint64_t limit_bytes) {
  return base::OrOutOfMemory(
      [&]() -> absl::Status { return handle_->engine()->SetMemoryLimit(limit_bytes); });
}

absl::StatusOr<MemoryReport> Collection::MemoryReport() const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<vecdb::MemoryReport> { return handle_->engine()->ReportMemory(); });
}

absl::Status Collection::Release(const Context& context) {
  return Counted(*handle_, Operation::kRelease,
                 [&] { return handle_->engine()->Release(context); });
}

vecdb::LoadState Collection::LoadState() const { return handle_->engine()->LoadState(); }

absl::StatusOr<SearchResult> Collection::Search(const SearchRequest& request,
                                                const Context& context) const {
  const auto begun = std::chrono::steady_clock::now();
  auto rows = base::OrOutOfMemory([&] { return SearchRows(*handle_, request, context); });
  const auto duration = std::chrono::steady_clock::now() - begun;
  base::OrOutOfMemory([&] {
    if (rows.ok()) {
      handle_->metrics().NoteSearch((*rows)->stats, (*rows)->ends.size(), duration);
    } else {
      handle_->metrics().NoteFailedSearch(rows.status(), duration);
    }
  }).IgnoreError();
  if (!rows.ok()) return rows.status();
  return SearchResult(*std::move(rows));
}

absl::StatusOr<CollectionDescription> Collection::Describe() const {
  return base::OrOutOfMemory(
      [&]() -> absl::StatusOr<CollectionDescription> { return handle_->engine()->Describe(); });
}

absl::StatusOr<std::vector<SegmentDescription>> Collection::Segments() const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<SegmentDescription>> {
    return handle_->engine()->Segments();
  });
}

}  // namespace vecdb
