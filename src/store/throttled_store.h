#ifndef VECDB_STORE_THROTTLED_STORE_H_
#define VECDB_STORE_THROTTLED_STORE_H_

#include <memory>

#include "base/throttle.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// `base`, whose appends pass through `throttle`, which is borrowed. Reads go at full speed.
std::shared_ptr<ObjectStore> MakeThrottledStore(std::shared_ptr<ObjectStore> base,
                                                base::Throttle* throttle);

}  // namespace vecdb::store

#endif  // VECDB_STORE_THROTTLED_STORE_H_
