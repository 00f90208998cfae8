#include "engine/reader_lease.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <utility>

#include "base/numbered_name.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::engine {
namespace {

constexpr std::string_view kFolder = "readers";
constexpr std::string_view kLeaseSuffix = ".lease";
constexpr std::string_view kText = "a reader of vecdb holds the manifests that the name says\n";
constexpr size_t kIdDigits = 32;
constexpr size_t kNumberDigits = 20;
constexpr absl::Duration kReleaseLimit = absl::Seconds(5);

}  // namespace

std::string ToString(const LeaseName& name) {
  return base::StrFormat("%s-%s-%s-%s", name.reader, base::NumberedName(name.number, ""),
                         base::NumberedName(name.version, ""),
                         base::NumberedName(name.lease_ms, kLeaseSuffix));
}

std::optional<LeaseName> ParseLeaseName(std::string_view text) {
  if (text.size() != kIdDigits + 3 * (1 + kNumberDigits) + kLeaseSuffix.size()) return std::nullopt;
  LeaseName name{.reader = std::string(text.substr(0, kIdDigits))};
  if (!base::IsRandomId(name.reader)) return std::nullopt;
  text.remove_prefix(kIdDigits);
  for (uint64_t* part : {&name.number, &name.version, &name.lease_ms}) {
    const bool is_last = part == &name.lease_ms;
    const std::string_view digits = is_last ? text.substr(1) : text.substr(1, kNumberDigits);
    const auto number = base::NumberInName(digits, is_last ? kLeaseSuffix : "");
    if (text.front() != '-' || !number.has_value()) return std::nullopt;
    *part = *number;
    text.remove_prefix(1 + kNumberDigits);
  }
  return name;
}

ReaderLease::ReaderLease(std::shared_ptr<ObjectStore> store, ObjectPath folder, int64_t lease_ms,
                         const Clock* clock)
    : store_(std::move(store)),
      folder_(std::move(folder)),
      lease_ms_(lease_ms),
      clock_(clock),
      reader_(base::RandomId()) {}

void ReaderLease::Use(const std::shared_ptr<const ManifestPin>& pin) {
  base::MutexLock lock(&mutex_);
  std::erase_if(pins_, [](const auto& held) { return held.expired(); });
  pins_.push_back(pin);
}

// Everything, as long as it is not known what will be read.
uint64_t ReaderLease::LowestInUse() {
  std::optional<uint64_t> lowest;
  for (const auto& held : pins_) {
    const auto pin = held.lock();
    if (pin != nullptr) lowest = std::min(lowest.value_or(pin->version), pin->version);
  }
  return lowest.value_or(1);
}

// Nothing when none is to be put.
std::optional<LeaseName> ReaderLease::NextLease(int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  const int64_t age_ms = held_.has_value() ? now_ms - held_->begun_ms : lease_ms_;
  if (is_released_ || (age_ms >= 0 && age_ms < lease_ms_ / 2)) return std::nullopt;
  return LeaseName{.reader = reader_,
                   .number = ++num_leases_,
                   .version = LowestInUse(),
                   .lease_ms = static_cast<uint64_t>(lease_ms_)};
}

// Those that have been there for long enough.
std::vector<ObjectPath> ReaderLease::TakeFormer(int64_t now_ms) {
  std::vector<ObjectPath> paths;
  base::MutexLock lock(&mutex_);
  paths.reserve(former_.size());
  std::erase_if(former_, [&](const Lease& lease) {
    const bool may_go = now_ms - lease.put_ms >= lease_ms_ / 4;
    if (may_go) paths.push_back(lease.path);
    return may_go;
  });
  return paths;
}

// Gives what is to be deleted.
std::vector<ObjectPath> ReaderLease::Hold(const ObjectPath& path, int64_t begun_ms,
                                          int64_t now_ms) {
  {
    base::MutexLock lock(&mutex_);
    if (is_released_) return {path};  // meanwhile
    if (held_.has_value()) former_.push_back(*held_);
    held_ = Lease{.path = path, .begun_ms = begun_ms, .put_ms = now_ms};
  }
  return TakeFormer(now_ms);
}

absl::Status ReaderLease::Renew(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, renewal_gate_.Enter(context));
  const int64_t now_ms = clock_->NowMillis();
  const std::optional<LeaseName> name = NextLease(now_ms);
  if (name.has_value()) return Put(*name, now_ms, context);
  for (const ObjectPath& path : TakeFormer(now_ms)) store_->Delete(path, context).IgnoreError();
  return absl::OkStatus();
}

absl::Status ReaderLease::Put(const LeaseName& name, int64_t begun_ms, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path,
                         folder_.Join(base::StrFormat("%s/%s", kFolder, ToString(name))));
  VECDB_RETURN_IF_ERROR(PutObject(*store_, path, kText, context));
  // One that stays expires.
  for (const ObjectPath& former : Hold(path, begun_ms, clock_->NowMillis())) {
    store_->Delete(former, context).IgnoreError();
  }
  return absl::OkStatus();
}

void ReaderLease::Release() {
  std::vector<Lease> leases;
  {
    base::MutexLock lock(&mutex_);
    is_released_ = true;
    leases.swap(former_);
    if (held_.has_value()) leases.push_back(*std::exchange(held_, std::nullopt));
  }
  for (const Lease& lease : leases) {
    base::OrOutOfMemory([&] {
      return store_->Delete(lease.path, Context::WithTimeout(kReleaseLimit));
    }).IgnoreError();
  }
}

namespace {

// See the head of the header.
absl::StatusOr<std::vector<ObjectInfo>> ListLeases(ObjectStore& store, const ObjectPath& readers,
                                                   const Context& context) {
  constexpr std::chrono::milliseconds kQuick(kMinLeaseMillis / 4);
  constexpr int kMaxLists = 5;
  std::map<std::string, ObjectInfo> found;
  auto begun_before = std::chrono::steady_clock::now();
  for (int i = 0; i < kMaxLists; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    VECDB_ASSIGN_OR_RETURN(const auto objects, store.List(readers, context));
    for (const ObjectInfo& object : objects) found.emplace(object.path.str(), object);
    if (i > 0 && std::chrono::steady_clock::now() - begun_before < kQuick) break;
    begun_before = begun;
  }
  std::vector<ObjectInfo> leases;
  for (auto& [name, object] : found) leases.push_back(std::move(object));
  return leases;
}

}  // namespace

absl::StatusOr<uint64_t> LowestLeased(ObjectStore& store, const ObjectPath& folder, int64_t now_ms,
                                      int64_t grace_ms, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath readers, folder.Join(kFolder));
  VECDB_ASSIGN_OR_RETURN(const auto objects, ListLeases(store, readers, context));
  uint64_t lowest = std::numeric_limits<uint64_t>::max();
  for (const ObjectInfo& object : objects) {
    const auto name =
        ParseLeaseName(std::string_view(object.path.str()).substr(readers.str().size() + 1));
    if (!name.has_value()) continue;
    // In steps that cannot overflow, whatever the name says.
    const auto lease_ms = static_cast<int64_t>(
        std::min<uint64_t>(name->lease_ms, std::numeric_limits<int64_t>::max() / 4));
    const int64_t age_ms = now_ms - object.modified_ms;
    if (age_ms < lease_ms && !base::Sabotaged(27)) {
      lowest = std::min(lowest, name->version);
    } else if (age_ms - lease_ms > grace_ms) {
      store.Delete(object.path, context).IgnoreError();
    }
  }
  return lowest;
}

}  // namespace vecdb::engine
