#include "engine/live_recall.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "engine/search_plan.h"
#include "query/search.h"
#include "schema/key.h"

namespace vecdb::engine {
namespace {

// A search counts for so much less with each that is looked at after it: some hundred count.
constexpr double kFade = 0.99;

double TargetOf(const SearchRequest& request) {
  const auto* const target = std::get_if<TargetRecall>(&request.params);
  return target == nullptr ? LiveRecallFigures{}.target : target->recall;
}

bool CanBeRepeated(const SearchRequest& request, const query::ResultRows& result) {
  return request.filter.callback() == nullptr && !request.radius.has_value() &&
         !request.range_filter.has_value() && request.group_by.empty() && !result.partial &&
         !result.ends.empty() && result.keys != nullptr;
}

// Keys of the first query of a result.
std::set<schema::Key> KeysOf(const Column& keys, size_t count) {
  std::set<schema::Key> of_rows;
  const schema::KeyColumn column(keys);
  for (size_t i = 0; i < count; ++i) of_rows.insert(column[i]);
  return of_rows;
}

}  // namespace

bool LiveRecall::Take(const Snapshot& snapshot, const SearchRequest& request,
                      const query::SnapshotSearch& search, const query::ResultRows& result) {
  if (every_ == 0 || ++num_searches_ % every_ != 0 || !CanBeRepeated(request, result)) return false;
  if (search.exact) return false;
  auto taken = std::make_unique<Taken>(Taken{.snapshot = snapshot,
                                             .request = request,
                                             .keys = *result.keys,
                                             .num_hits = result.ends.front()});
  const FieldSpec& field = search.schema->fields[search.column];
  taken->query.assign(request.vectors.begin(), request.vectors.begin() + field.dim);
  taken->request.field = field.name;
  taken->request.vectors = taken->query;
  taken->request.output_fields.clear();
  base::MutexLock lock(&mutex_);
  if (taken_ != nullptr) return false;
  taken_ = std::move(taken);
  return true;
}

void LiveRecall::RepeatTaken(const CollectionCore& core, const Context& context) {
  std::unique_ptr<Taken> taken;
  {
    base::MutexLock lock(&mutex_);
    taken = std::move(taken_);
  }
  if (taken != nullptr) Repeat(core, *taken, context).IgnoreError();  // another will do
}

void LiveRecall::Forget() {
  std::unique_ptr<Taken> taken;  // freed when the mutex is
  base::MutexLock lock(&mutex_);
  taken = std::move(taken_);
}

absl::Status LiveRecall::Repeat(const CollectionCore& core, const Taken& taken,
                                const Context& context) {
  VECDB_ASSIGN_OR_RETURN(query::SnapshotSearch search,
                         PlanSearch(core, taken.snapshot, taken.request));
  search.exact = true;
  VECDB_ASSIGN_OR_RETURN(const auto exact, query::Search(search, context));
  const std::set<schema::Key> found = KeysOf(taken.keys, taken.num_hits);
  size_t num_found = 0;
  for (const schema::Key& key : KeysOf(*exact->keys, exact->ends.front())) {
    num_found += found.count(key);
  }
  if (exact->ends.front() > 0) Add(taken.request, num_found, exact->ends.front());
  return absl::OkStatus();
}

void LiveRecall::Add(const SearchRequest& request, size_t found, size_t wanted) {
  base::MutexLock lock(&mutex_);
  Sums& sums = sums_[request.field];
  ++sums.num_searches;
  sums.found = sums.found * kFade + static_cast<double>(found);
  sums.wanted = sums.wanted * kFade + static_cast<double>(wanted);
  sums.targeted = sums.targeted * kFade + TargetOf(request) * static_cast<double>(wanted);
}

LiveRecallFigures LiveRecall::Of(std::string_view field) const {
  base::MutexLock lock(&mutex_);
  const auto sums = sums_.find(field);
  if (sums == sums_.end()) return {};
  return {.num_searches = sums->second.num_searches,
          .recall = sums->second.found / sums->second.wanted,
          .target = sums->second.targeted / sums->second.wanted};
}

}  // namespace vecdb::engine
