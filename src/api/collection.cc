#include "vecdb/collection.h"

#include <utility>

#include "base/status_macros.h"
#include "engine/collection_engine.h"

namespace vecdb {

Collection::Collection(std::shared_ptr<engine::CollectionEngine> engine)
    : engine_(std::move(engine)) {}
Collection::~Collection() = default;

absl::StatusOr<WriteResult> Collection::Insert(const RowBatch& rows, const WriteOptions& options,
                                               const Context& context) {
  return engine_->Insert(rows, options, context);
}
absl::StatusOr<WriteResult> Collection::Insert(const RowBatch& rows, const Context& context) {
  return engine_->Insert(rows, {}, context);
}

absl::StatusOr<WriteResult> Collection::Upsert(const RowBatch& rows, const WriteOptions& options,
                                               const Context& context) {
  return engine_->Upsert(rows, options, context);
}
absl::StatusOr<WriteResult> Collection::Upsert(const RowBatch& rows, const Context& context) {
  return engine_->Upsert(rows, {}, context);
}

absl::StatusOr<WriteResult> Collection::Delete(const Keys& keys, const WriteOptions& options,
                                               const Context& context) {
  return engine_->Delete(keys, options, context);
}
absl::StatusOr<WriteResult> Collection::Delete(const Keys& keys, const Context& context) {
  return engine_->Delete(keys, {}, context);
}

absl::StatusOr<RowBatch> Collection::Get(const Keys& keys, std::span<const std::string> fields,
                                         const Context& context) const {
  return engine_->Get(keys, fields, {}, context);
}
absl::StatusOr<RowBatch> Collection::Get(const Keys& keys, std::span<const std::string> fields,
                                         const Consistency& consistency,
                                         const Context& context) const {
  return engine_->Get(keys, fields, consistency, context);
}

absl::StatusOr<uint64_t> Collection::Count(const Context& context) const {
  return engine_->Count({}, context);
}
absl::StatusOr<uint64_t> Collection::Count(const Consistency& consistency,
                                           const Context& context) const {
  return engine_->Count(consistency, context);
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Collection::PinSnapshot(
    const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(engine::Snapshot state, engine_->Pin(context));
  return std::make_shared<const Snapshot>(
      std::make_shared<const engine::Snapshot>(std::move(state)));
}

absl::StatusOr<uint64_t> Collection::DurableUpTo() const { return engine_->DurableUpTo(); }
absl::Status Collection::Flush(const Context& context) { return engine_->Flush(context); }

absl::Status Collection::CreateIndex(std::string_view field, const IndexSpec& spec,
                                     const Context& context) {
  return engine_->CreateIndex(field, spec, context);
}

absl::Status Collection::WaitForIndex(std::string_view field, const Context& context) {
  return engine_->WaitForIndex(field, context);
}

absl::Status Collection::DropIndex(std::string_view field, const Context& context) {
  return engine_->DropIndex(field, context);
}

absl::StatusOr<IndexDescription> Collection::DescribeIndex(std::string_view field) const {
  return engine_->DescribeIndex(field);
}

bool Collection::HasIndex(std::string_view field) const {
  return engine_->DescribeIndex(field).ok();
}

absl::Status Collection::Load(const Context& context) { return engine_->Load(context); }

absl::Status Collection::Release(const Context& context) { return engine_->Release(context); }

vecdb::LoadState Collection::LoadState() const { return engine_->LoadState(); }

absl::StatusOr<SearchResult> Collection::Search(const SearchRequest& request,
                                                const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(auto rows, engine_->Search(request, context));
  return SearchResult(std::move(rows));
}

absl::StatusOr<CollectionDescription> Collection::Describe() const { return engine_->Describe(); }

absl::StatusOr<std::vector<SegmentDescription>> Collection::Segments() const {
  return engine_->Segments();
}

}  // namespace vecdb
