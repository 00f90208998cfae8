#ifndef VECDB_ENGINE_COLLECTION_CALL_H_
#define VECDB_ENGINE_COLLECTION_CALL_H_

#include "absl/status/status.h"
#include "base/out_of_memory.h"
#include "engine/collection_core.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Keeps a collection open for the length of a call.
class CollectionCall {
 public:
  explicit CollectionCall(const CollectionCore& core, const Context& context = {})
      : core_(core),
        begun_(core.BeginCall()),
        // A constructor that throws would leave the call begun for ever.
        status_(begun_.ok() ? base::OrOutOfMemory([&] { return context.Check(); }) : begun_) {}
  CollectionCall(const CollectionCall&) = delete;
  CollectionCall& operator=(const CollectionCall&) = delete;
  ~CollectionCall() {
    if (begun_.ok()) core_.EndCall();
  }

  /// FailedPrecondition when the collection is closed or dropped, and why the context ended.
  const absl::Status& status() const { return status_; }

 private:
  const CollectionCore& core_;
  const absl::Status begun_;
  const absl::Status status_;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_CALL_H_
