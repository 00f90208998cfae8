#ifndef VECDB_SUPPORT_QUIRKY_OBJECT_STORE_H_
#define VECDB_SUPPORT_QUIRKY_OBJECT_STORE_H_

#include <memory>
#include <vector>

#include "vecdb/object_store.h"

namespace vecdb::support {

/// What a server that calls itself S3-compatible may do with a put that is to create only.
enum class StoreQuirk {
  kNone,
  kOverwrites,         // ignores the condition: the second put replaces the first and is OK
  kAnswersOkAnyway,    // keeps the first, and says OK to the second
  kWrongError,         // keeps the first, and answers the second with an internal error
  kListsNever,         // takes objects, and does not list them
  kRefusesConditions,  // answers every such put with Unavailable
  kLosesFirst,         // says that the object exists, and replaces it all the same
};

inline constexpr StoreQuirk kAllStoreQuirks[] = {
    StoreQuirk::kOverwrites, StoreQuirk::kAnswersOkAnyway,   StoreQuirk::kWrongError,
    StoreQuirk::kListsNever, StoreQuirk::kRefusesConditions, StoreQuirk::kLosesFirst,
};

const char* NameOf(StoreQuirk quirk);

/// An object store that does not keep to its contract in one way. Thread-safe as `base`, but for
/// puts of one name at once.
class QuirkyObjectStore : public ObjectStore {
 public:
  QuirkyObjectStore(std::shared_ptr<ObjectStore> base, StoreQuirk quirk);

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override;
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override;
  absl::Status Delete(const ObjectPath& path, const Context& context) override;
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override;
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override;

 private:
  const std::shared_ptr<ObjectStore> base_;
  const StoreQuirk quirk_;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_QUIRKY_OBJECT_STORE_H_
