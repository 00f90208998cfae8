#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/read_range.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/object_store.h"

namespace vecdb {
namespace {

using Bytes = std::vector<std::byte>;

struct Object {
  Bytes bytes;
  int64_t modified_ms = 0;
};

// What the store, its writers and its lock share, so that each may outlive the others.
struct Shared {
  explicit Shared(const Clock& clock_in) : clock(clock_in) {}

  const Clock& clock;
  base::Mutex mutex;  // a leaf of the lock order
  std::map<ObjectPath, std::shared_ptr<const Object>> objects ABSL_GUARDED_BY(mutex);
  bool locked ABSL_GUARDED_BY(mutex) = false;
};

class MemoryReader : public ObjectReader {
 public:
  MemoryReader(ObjectPath path, std::shared_ptr<const Object> object)
      : path_(std::move(path)), object_(std::move(object)) {}

  uint64_t size() const override { return object_->bytes.size(); }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_.str(), size(), offset, out.size()));
    if (!out.empty()) std::memcpy(out.data(), object_->bytes.data() + offset, out.size());
    return absl::OkStatus();
  }

 private:
  const ObjectPath path_;
  const std::shared_ptr<const Object> object_;
};

class MemoryWriter : public ObjectWriter {
 public:
  MemoryWriter(ObjectPath path, std::shared_ptr<Shared> shared)
      : path_(std::move(path)), shared_(std::move(shared)) {}

  absl::Status Append(std::span<const std::byte> bytes, const Context& context) override {
    VECDB_RETURN_IF_ERROR(CheckUsable());
    if (absl::Status status = context.Check(); !status.ok()) return Abandon(std::move(status));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }

  absl::Status Finish(const Context& context) override {
    VECDB_RETURN_IF_ERROR(CheckUsable());
    if (absl::Status status = context.Check(); !status.ok()) return Abandon(std::move(status));
    done_ = true;
    return base::OrOutOfMemory([this] { return Publish(); });
  }

 private:
  absl::Status Publish() {
    bytes_.shrink_to_fit();
    auto object = std::make_shared<const Object>(
        Object{.bytes = std::move(bytes_), .modified_ms = shared_->clock.NowMillis()});
    base::MutexLock lock(&shared_->mutex);
    if (shared_->objects.try_emplace(path_, std::move(object)).second) return absl::OkStatus();
    return absl::AlreadyExistsError(base::StrFormat("object '%s' exists already", path_.str()));
  }

  absl::Status CheckUsable() const {
    if (!done_) return absl::OkStatus();
    return absl::FailedPreconditionError(
        base::StrFormat("the writer of object '%s' has finished or failed", path_.str()));
  }

  absl::Status Abandon(absl::Status cause) {
    done_ = true;
    return cause;
  }

  const ObjectPath path_;
  const std::shared_ptr<Shared> shared_;
  Bytes bytes_;
  bool done_ = false;
};

class MemoryLock : public StoreLock {
 public:
  explicit MemoryLock(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~MemoryLock() override {
    base::MutexLock lock(&shared_->mutex);
    shared_->locked = false;
  }

 private:
  const std::shared_ptr<Shared> shared_;
};

class MemoryObjectStore : public ObjectStore {
 public:
  explicit MemoryObjectStore(const Clock& clock) : shared_(std::make_shared<Shared>(clock)) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    base::MutexLock lock(&shared_->mutex);
    const auto found = shared_->objects.find(path);
    if (found == shared_->objects.end()) {
      return absl::NotFoundError(base::StrFormat("object '%s' does not exist", path.str()));
    }
    return std::make_unique<MemoryReader>(path, found->second);
  }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    return std::make_unique<MemoryWriter>(path, shared_);
  }

  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    base::MutexLock lock(&shared_->mutex);
    shared_->objects.erase(path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    return ListAfter(prefix, prefix, context);
  }

  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    const std::string below = prefix.str() + "/";
    std::vector<ObjectInfo> infos;
    base::MutexLock lock(&shared_->mutex);
    // Names such as "a.b" lie between "a" and "a/b", so the range is walked by its string prefix.
    for (auto it = shared_->objects.upper_bound(std::max(prefix, after));
         it != shared_->objects.end() && it->first.str().starts_with(prefix.str()); ++it) {
      if (!it->first.str().starts_with(below)) continue;
      infos.push_back({.path = it->first,
                       .size_bytes = it->second->bytes.size(),
                       .modified_ms = it->second->modified_ms});
    }
    return infos;
  }

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    base::MutexLock lock(&shared_->mutex);
    if (shared_->locked) {
      return absl::FailedPreconditionError("the store in memory is locked by another writer");
    }
    auto held = std::make_unique<MemoryLock>(shared_);
    shared_->locked = true;
    return held;
  }

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace

std::shared_ptr<ObjectStore> MakeMemoryObjectStore(const Clock& clock) {
  return std::make_shared<MemoryObjectStore>(clock);
}

}  // namespace vecdb
