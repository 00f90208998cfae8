#include "vecdb/query.h"

#include <utility>

#include "engine/counted_call.h"
#include "engine/query_cursor.h"
#include "engine/search_cursor.h"

namespace vecdb {

QueryIterator::QueryIterator(std::unique_ptr<engine::QueryCursor> cursor)
    : cursor_(std::move(cursor)) {}
QueryIterator::~QueryIterator() = default;

absl::StatusOr<RowBatch> QueryIterator::Next(const Context& context) {
  return engine::CountedCall(cursor_->metrics(), engine::Operation::kIterate,
                             [&] { return cursor_->Next(context); });
}
std::string QueryIterator::position() const { return cursor_->position(); }
std::shared_ptr<const Snapshot> QueryIterator::snapshot() const { return cursor_->snapshot(); }

SearchIterator::SearchIterator(std::unique_ptr<engine::SearchCursor> cursor)
    : cursor_(std::move(cursor)) {}
SearchIterator::~SearchIterator() = default;

absl::StatusOr<SearchResult> SearchIterator::Next(const Context& context) {
  return engine::CountedCall(cursor_->metrics(), engine::Operation::kIterate,
                             [&] { return cursor_->Next(context); });
}
std::string SearchIterator::position() const { return cursor_->position(); }
std::shared_ptr<const Snapshot> SearchIterator::snapshot() const { return cursor_->snapshot(); }

}  // namespace vecdb
