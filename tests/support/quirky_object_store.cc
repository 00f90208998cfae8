#include "support/quirky_object_store.h"

#include <string>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::support {
namespace {

class QuirkyWriter : public ObjectWriter {
 public:
  QuirkyWriter(std::shared_ptr<ObjectStore> base, const ObjectPath& path, StoreQuirk quirk)
      : base_(std::move(base)), path_(path), quirk_(quirk) {}

  absl::Status Append(std::span<const std::byte> bytes, const Context&) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }

  absl::Status Finish(const Context& context) override {
    if (quirk_ == StoreQuirk::kRefusesConditions) return absl::UnavailableError("501");
    const absl::Status put = PutObject(*base_, path_, bytes_, context);
    if (!absl::IsAlreadyExists(put)) return put;
    switch (quirk_) {
      case StoreQuirk::kOverwrites:
        return Replace(context);
      case StoreQuirk::kAnswersOkAnyway:
        return absl::OkStatus();
      case StoreQuirk::kWrongError:
        return absl::InternalError("500");
      case StoreQuirk::kLosesFirst:
        VECDB_RETURN_IF_ERROR(Replace(context));
        return put;
      default:
        return put;
    }
  }

 private:
  absl::Status Replace(const Context& context) {
    VECDB_RETURN_IF_ERROR(base_->Delete(path_, context));
    return PutObject(*base_, path_, bytes_, context);
  }

  const std::shared_ptr<ObjectStore> base_;
  const ObjectPath path_;
  const StoreQuirk quirk_;
  std::vector<std::byte> bytes_;
};

}  // namespace

const char* NameOf(StoreQuirk quirk) {
  switch (quirk) {
    case StoreQuirk::kNone:
      return "none";
    case StoreQuirk::kOverwrites:
      return "overwrites";
    case StoreQuirk::kAnswersOkAnyway:
      return "answers OK anyway";
    case StoreQuirk::kWrongError:
      return "wrong error";
    case StoreQuirk::kListsNever:
      return "lists never";
    case StoreQuirk::kRefusesConditions:
      return "refuses conditions";
    case StoreQuirk::kLosesFirst:
      return "loses first";
  }
  return "?";
}

QuirkyObjectStore::QuirkyObjectStore(std::shared_ptr<ObjectStore> base, StoreQuirk quirk)
    : base_(std::move(base)), quirk_(quirk) {}

absl::StatusOr<std::unique_ptr<ObjectReader>> QuirkyObjectStore::Open(const ObjectPath& path,
                                                                      const Context& context) {
  return base_->Open(path, context);
}

absl::StatusOr<std::unique_ptr<ObjectWriter>> QuirkyObjectStore::Create(const ObjectPath& path,
                                                                        const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  return std::make_unique<QuirkyWriter>(base_, path, quirk_);
}

absl::Status QuirkyObjectStore::Delete(const ObjectPath& path, const Context& context) {
  return base_->Delete(path, context);
}

absl::StatusOr<std::vector<ObjectInfo>> QuirkyObjectStore::List(const ObjectPath& prefix,
                                                                const Context& context) {
  if (quirk_ == StoreQuirk::kListsNever) return std::vector<ObjectInfo>();
  return base_->List(prefix, context);
}

absl::StatusOr<std::unique_ptr<StoreLock>> QuirkyObjectStore::Lock(const Context& context) {
  return base_->Lock(context);
}

}  // namespace vecdb::support
