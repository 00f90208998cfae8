#include <utility>

#include "base/status_macros.h"
#include "vecdb/object_store.h"

namespace vecdb {
namespace {

class PrefixStore : public ObjectStore {
 public:
  PrefixStore(std::shared_ptr<ObjectStore> base, ObjectPath prefix)
      : base_(std::move(base)), prefix_(std::move(prefix)) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole, prefix_.Join(path.str()));
    return base_->Open(whole, context);
  }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole, prefix_.Join(path.str()));
    return base_->Create(whole, context);
  }

  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole, prefix_.Join(path.str()));
    return base_->Delete(whole, context);
  }

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole, prefix_.Join(prefix.str()));
    return WithoutPrefix(base_->List(whole, context));
  }

  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole, prefix_.Join(prefix.str()));
    VECDB_ASSIGN_OR_RETURN(const ObjectPath whole_after, prefix_.Join(after.str()));
    return WithoutPrefix(base_->ListAfter(whole, whole_after, context));
  }

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return base_->Lock(context);
  }

 private:
  absl::StatusOr<std::vector<ObjectInfo>> WithoutPrefix(
      absl::StatusOr<std::vector<ObjectInfo>> infos) const {
    VECDB_RETURN_IF_ERROR(infos.status());
    for (ObjectInfo& info : *infos) {
      VECDB_ASSIGN_OR_RETURN(info.path,
                             ObjectPath::Parse(info.path.str().substr(prefix_.str().size() + 1)));
    }
    return infos;
  }

  const std::shared_ptr<ObjectStore> base_;
  const ObjectPath prefix_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<ObjectStore>> WithPrefix(std::shared_ptr<ObjectStore> store,
                                                        std::string_view prefix) {
  if (prefix.empty()) return store;
  VECDB_ASSIGN_OR_RETURN(ObjectPath path, ObjectPath::Parse(prefix));
  return std::make_shared<PrefixStore>(std::move(store), std::move(path));
}

}  // namespace vecdb
