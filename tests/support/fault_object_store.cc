#include "support/fault_object_store.h"

#include <utility>

#include "base/status_macros.h"

namespace vecdb::support {
namespace {

class FaultReader : public ObjectReader {
 public:
  FaultReader(std::unique_ptr<ObjectReader> base, std::string path,
              std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), path_(std::move(path)), injector_(std::move(injector)) {}

  uint64_t size() const override { return base_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override {
    return injector_->Run("ReadAt", path_, [&] { return base_->ReadAt(offset, out, context); });
  }

 private:
  const std::unique_ptr<ObjectReader> base_;
  const std::string path_;
  const std::shared_ptr<FaultInjector> injector_;
};

class FaultWriter : public ObjectWriter {
 public:
  FaultWriter(std::unique_ptr<ObjectWriter> base, std::string path,
              std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), path_(std::move(path)), injector_(std::move(injector)) {}

  absl::Status Append(std::span<const std::byte> bytes, const Context& context) override {
    return injector_->RunAppend(path_, bytes,
                                [&](auto part) { return base_->Append(part, context); });
  }
  absl::Status Finish(const Context& context) override {
    return injector_->Run("Finish", path_, [&] { return base_->Finish(context); });
  }

 private:
  const std::unique_ptr<ObjectWriter> base_;
  const std::string path_;
  const std::shared_ptr<FaultInjector> injector_;
};

}  // namespace

FaultObjectStore::FaultObjectStore(std::shared_ptr<ObjectStore> base,
                                   std::shared_ptr<FaultInjector> injector)
    : base_(std::move(base)), injector_(std::move(injector)) {}

absl::StatusOr<std::unique_ptr<ObjectReader>> FaultObjectStore::Open(const ObjectPath& path,
                                                                     const Context& context) {
  VECDB_ASSIGN_OR_RETURN(
      auto reader, injector_->Run("Open", path.str(), [&] { return base_->Open(path, context); }));
  return std::make_unique<FaultReader>(std::move(reader), path.str(), injector_);
}

absl::StatusOr<std::unique_ptr<ObjectWriter>> FaultObjectStore::Create(const ObjectPath& path,
                                                                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto writer, injector_->Run("Create", path.str(),
                                                     [&] { return base_->Create(path, context); }));
  return std::make_unique<FaultWriter>(std::move(writer), path.str(), injector_);
}

absl::Status FaultObjectStore::Delete(const ObjectPath& path, const Context& context) {
  return injector_->Run("Delete", path.str(), [&] { return base_->Delete(path, context); });
}

absl::StatusOr<std::vector<ObjectInfo>> FaultObjectStore::List(const ObjectPath& prefix,
                                                               const Context& context) {
  return injector_->Run("List", prefix.str(), [&] { return base_->List(prefix, context); });
}

// A kind of List.
absl::StatusOr<std::vector<ObjectInfo>> FaultObjectStore::ListAfter(const ObjectPath& prefix,
                                                                    const ObjectPath& after,
                                                                    const Context& context) {
  return injector_->Run("List", prefix.str(),
                        [&] { return base_->ListAfter(prefix, after, context); });
}

absl::StatusOr<std::unique_ptr<StoreLock>> FaultObjectStore::Lock(const Context& context) {
  return injector_->Run("Lock", "", [&] { return base_->Lock(context); });
}

}  // namespace vecdb::support
