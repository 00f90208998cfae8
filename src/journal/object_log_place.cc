#include <algorithm>
#include <cstring>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "journal/log_name.h"
#include "journal/log_place.h"

namespace vecdb::journal {
namespace {

class ObjectLogPlace : public LogPlace {
 public:
  ObjectLogPlace(std::shared_ptr<ObjectStore> store, ObjectPath folder)
      : store_(std::move(store)), folder_(std::move(folder)) {}

  absl::StatusOr<std::vector<LogFileInfo>> List(const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const auto objects, store_->List(folder_, context));
    return FilesAmong(objects);
  }

  absl::StatusOr<std::vector<LogFileInfo>> ListAfter(uint64_t number,
                                                     const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
    VECDB_ASSIGN_OR_RETURN(const auto objects, store_->ListAfter(folder_, path, context));
    return FilesAmong(objects);
  }

  absl::StatusOr<base::LargeBuffer> Read(uint64_t number, const Host& host,
                                         const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
    VECDB_ASSIGN_OR_RETURN(const auto object, store_->Open(path, context));
    VECDB_ASSIGN_OR_RETURN(
        auto buffer,
        base::LargeBuffer::Make(object->size(), host, "a log object", MemoryUse::kBuilds));
    VECDB_RETURN_IF_ERROR(object->ReadAt(0, buffer.bytes(), context));
    return buffer;
  }

  absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t number,
                                                     std::span<const std::byte> bytes,
                                                     uint64_t) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
    const auto object = store_->Create(path, {});
    if (absl::IsAlreadyExists(object.status())) return Taken(number);
    VECDB_RETURN_IF_ERROR(object.status());
    VECDB_RETURN_IF_ERROR((*object)->Append(bytes, {}));
    const absl::Status put = base::OrOutOfMemory([&] { return (*object)->Finish({}); });
    if (put.ok()) return nullptr;
    const auto found = base::OrOutOfMemory([&] { return FindOutcome(number, bytes, put); });
    if (absl::IsResourceExhausted(found)) return absl::Status(absl::StatusCode::kUnknown, "");
    VECDB_RETURN_IF_ERROR(found);
    return nullptr;
  }

  absl::Status Remove(uint64_t number) override {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, PathOf(number));
    return store_->Delete(path, {});
  }

  bool grows() const override { return false; }

  std::string NameOf(uint64_t number) const override {
    return folder_.str() + "/" + LogFileName(number);
  }

 private:
  std::vector<LogFileInfo> FilesAmong(const std::vector<ObjectInfo>& objects) const {
    std::vector<LogFileInfo> found;
    for (const ObjectInfo& object : objects) {
      const auto number =
          LogFileNumber(std::string_view(object.path.str()).substr(folder_.str().size() + 1));
      if (!number.has_value()) continue;
      found.push_back({.number = *number, .size_bytes = object.size_bytes});
    }
    return found;
  }

  absl::StatusOr<ObjectPath> PathOf(uint64_t number) const {
    return folder_.Join(LogFileName(number));
  }

  // The store may have applied the put and answered with an error. Headers hold random salt, so
  // that equal bytes are ours.
  absl::Status FindOutcome(uint64_t number, std::span<const std::byte> bytes,
                           const absl::Status& answer) {
    if (absl::IsDataLoss(answer)) return Unclear(number, answer);
    const auto found = Read(number, {}, {});
    if (!found.ok()) return Unclear(number, answer);
    const bool ours =
        std::equal(bytes.begin(), bytes.end(), found->bytes().begin(), found->bytes().end());
    return ours ? absl::OkStatus() : Taken(number);
  }

  absl::Status Taken(uint64_t number) const {
    return absl::AbortedError(
        base::StrFormat("log object %s was made by another writer", NameOf(number)));
  }

  absl::Status Unclear(uint64_t number, const absl::Status& answer) const {
    return absl::UnknownError(base::StrFormat("log object %s may or may not be there: %s",
                                              NameOf(number), std::string(answer.message())));
  }

  const std::shared_ptr<ObjectStore> store_;
  const ObjectPath folder_;
};

}  // namespace

std::unique_ptr<LogPlace> MakeObjectLogPlace(std::shared_ptr<ObjectStore> store,
                                             ObjectPath folder) {
  return std::make_unique<ObjectLogPlace>(std::move(store), std::move(folder));
}

}  // namespace vecdb::journal
