#include <utility>

#include "engine/collection_core.h"
#include "vecdb/consistency.h"

namespace vecdb {

Snapshot::Snapshot(std::shared_ptr<const engine::Snapshot> state) : state_(std::move(state)) {}

Snapshot::~Snapshot() = default;

uint64_t Snapshot::timestamp() const { return state_->as_of; }

}  // namespace vecdb
