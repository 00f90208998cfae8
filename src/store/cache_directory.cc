#include "store/cache_directory.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/file_path.h"
#include "base/numbered_name.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/pause.h"

namespace vecdb::store {
namespace {

constexpr std::chrono::milliseconds kLookAtLock{2};
constexpr int kFolderTries = 3;
constexpr int kListTries = 3;
constexpr uint64_t kSpareShare = 32;  // of the budget, one part is made free beyond need

// The entries of a folder that may be missing.
absl::StatusOr<std::vector<DirectoryEntry>> ListIfThere(FileSystem& files,
                                                        const std::string& folder) {
  auto entries = files.List(folder);
  if (absl::IsNotFound(entries.status())) return std::vector<DirectoryEntry>();
  return entries;
}

std::string LockPathOf(const std::string& key) { return base::JoinPath(kCacheFetching, key); }

absl::Status NoneKept(const std::string& key) {
  return absl::NotFoundError(base::StrFormat("no object of the key %s is kept", key));
}

}  // namespace

CachePart::~CachePart() {
  base::OrOutOfMemory([&] { return files_->Unlink(name_.path()); }).IgnoreError();
}

// It has both names for a moment: who removes it sees one at least, and looks again when that goes.
absl::Status CachePart::GiveSize(uint64_t size_bytes) {
  CachePartName sized = name_;
  sized.size_bytes = size_bytes;
  VECDB_RETURN_IF_ERROR(files_->Link(name_.path(), sized.path()));
  const std::string unsized = name_.path();
  name_ = std::move(sized);
  return files_->Unlink(unsized);
}

// The name goes first: who has opened the file in between sees that it has none, and begins anew.
CacheKeyLock::~CacheKeyLock() {
  base::OrOutOfMemory([&] { return files_->Unlink(path_); }).IgnoreError();
}

absl::StatusOr<std::unique_ptr<CacheDirectory>> CacheDirectory::Open(
    std::shared_ptr<FileSystem> files, uint64_t budget_bytes, const Clock& clock,
    std::shared_ptr<CacheCounters> counters) {
  std::unique_ptr<CacheDirectory> directory(
      new CacheDirectory(std::move(files), budget_bytes, clock, std::move(counters)));
  const absl::Status prepared = directory->Prepare();
  if (prepared.ok()) return directory;
  return absl::Status(prepared.code(),
                      base::StrFormat("cannot keep objects in '%s': %s", directory->files_->root(),
                                      prepared.message()));
}

absl::Status CacheDirectory::Prepare() {
  VECDB_RETURN_IF_ERROR(files_->CreateDirectories(kCacheObjects));
  VECDB_RETURN_IF_ERROR(files_->CreateDirectories(kCacheFetching));
  const auto lock = files_->Lock(kCacheLock);
  if (!absl::IsFailedPrecondition(lock.status())) VECDB_RETURN_IF_ERROR(lock.status());
  // A full disk is what a cache lives with; a directory that takes no file is of no use.
  const auto tried = Begin(base::RandomId());
  if (!absl::IsResourceExhausted(tried.status())) VECDB_RETURN_IF_ERROR(tried.status());
  if (lock.ok()) RemoveLeftovers();
  VECDB_ASSIGN_OR_RETURN(const Contents contents, ListAll());
  CountHeld(contents);
  return absl::OkStatus();
}

std::shared_ptr<CacheFile> CacheDirectory::FindKnown(const std::string& key, bool* is_barred) {
  base::MutexLock lock(&mutex_);
  *is_barred = barred_.contains(key);
  if (*is_barred) return nullptr;
  for (auto it = known_.lower_bound(key); it != known_.end() && it->first.starts_with(key); ++it) {
    if (!it->second.is_verified) continue;
    auto file = it->second.open.lock();
    if (file != nullptr && !file->is_removed()) return file;
  }
  return nullptr;
}

std::shared_ptr<CacheFile> CacheDirectory::FindOpen(const std::string& key) {
  bool is_barred = false;
  std::shared_ptr<CacheFile> file = FindKnown(key, &is_barred);
  if (file != nullptr) Use(*file);
  return file;
}

// Marks what is known as used. What was removed meanwhile does not become known by it.
void CacheDirectory::Use(const CacheFile& file) {
  const int64_t now_ms = clock_.NowMillis();
  {
    base::MutexLock lock(&mutex_);
    const auto found = known_.find(file.name().file_name());
    if (found == known_.end()) return;
    found->second.used_ms = now_ms;
    found->second.use = ++uses_;
  }
  file.Touch(now_ms);
}

absl::StatusOr<std::shared_ptr<CacheFile>> CacheDirectory::OpenKept(const std::string& key) {
  if (auto file = FindOpen(key); file != nullptr) return file;
  bool has_many = false;
  auto file = OpenOnDisk(key, &has_many);
  if (!has_many) return file;
  // An object that was replaced: only the store knows which is right.
  Remove(key);
  return NoneKept(key);
}

absl::StatusOr<std::shared_ptr<CacheFile>> CacheDirectory::OpenOnDisk(const std::string& key,
                                                                      bool* has_many) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, names_.Enter({}));
  bool is_barred = false;
  if (auto file = FindKnown(key, &is_barred); file != nullptr) return file;
  if (is_barred) return NoneKept(key);
  VECDB_ASSIGN_OR_RETURN(const std::vector<CacheName> names, FindOnDisk(key));
  *has_many = names.size() > 1;
  if (names.size() != 1) return NoneKept(key);
  const CacheName& name = names.front();
  VECDB_ASSIGN_OR_RETURN(auto file, CacheFile::Open(*files_, name, name.path(), counters_));
  Know(file, false);
  Use(*file);
  return file;
}

// Inside the gate of names, so that no removal is missed.
void CacheDirectory::Know(const std::shared_ptr<CacheFile>& file, bool is_verified) {
  base::MutexLock lock(&mutex_);
  Known& known = known_[file->name().file_name()];
  known.open = file;
  known.is_verified |= is_verified;
}

bool CacheDirectory::IsVerified(const CacheName& name) {
  base::MutexLock lock(&mutex_);
  const auto found = known_.find(name.file_name());
  return found != known_.end() && found->second.is_verified;
}

void CacheDirectory::SetVerified(const CacheName& name) {
  base::MutexLock lock(&mutex_);
  const auto found = known_.find(name.file_name());
  if (found != known_.end()) found->second.is_verified = true;
}

bool CacheDirectory::IsOpen(const CacheName& name) {
  base::MutexLock lock(&mutex_);
  const auto found = known_.find(name.file_name());
  return found != known_.end() && !found->second.open.expired();
}

absl::StatusOr<std::vector<CacheName>> CacheDirectory::FindOnDisk(const std::string& key) {
  VECDB_ASSIGN_OR_RETURN(const auto entries, ListIfThere(*files_, CacheFolderOf(key)));
  std::vector<CacheName> names;
  for (const DirectoryEntry& entry : entries) {
    auto name = entry.is_directory ? std::nullopt : ParseCacheName(entry.name);
    if (name.has_value() && name->key == key) names.push_back(*std::move(name));
  }
  return names;
}

absl::StatusOr<CacheDirectory::Contents> CacheDirectory::ListAll() {
  // Parts first: one that is published meanwhile is found twice, and not missed.
  Contents contents;
  VECDB_RETURN_IF_ERROR(AddParts(contents));
  VECDB_ASSIGN_OR_RETURN(const auto folders, ListIfThere(*files_, kCacheObjects));
  for (const DirectoryEntry& folder : folders) {
    if (!folder.is_directory) continue;
    VECDB_RETURN_IF_ERROR(AddFolder(base::JoinPath(kCacheObjects, folder.name), contents));
  }
  std::set<std::pair<std::string, uint64_t>> published;
  for (const Kept& kept : contents.kept) {
    published.emplace(kept.name.key, kept.name.size_bytes);
    contents.kept_bytes += kept.name.size_bytes;
  }
  std::erase_if(contents.parts, [&](const CachePartName& part) {
    return published.contains({part.key, part.size_bytes});
  });
  for (const CachePartName& part : contents.parts) contents.part_bytes += part.size_bytes;
  ForgetUnlisted(contents);
  return contents;
}

absl::Status CacheDirectory::AddParts(Contents& contents) {
  VECDB_ASSIGN_OR_RETURN(const auto entries, ListIfThere(*files_, kCacheFetching));
  for (const DirectoryEntry& entry : entries) {
    auto part = ParseCachePartName(entry.name);
    if (part.has_value()) contents.parts.push_back(*std::move(part));
  }
  return absl::OkStatus();
}

absl::Status CacheDirectory::AddFolder(const std::string& folder, Contents& contents) {
  VECDB_ASSIGN_OR_RETURN(const auto entries, ListIfThere(*files_, folder));
  base::MutexLock lock(&mutex_);
  for (const DirectoryEntry& entry : entries) {
    auto name = entry.is_directory ? std::nullopt : ParseCacheName(entry.name);
    // What lies in another folder would never be found, nor evicted.
    if (!name.has_value() || name->folder() != folder) continue;
    Kept kept{.name = *std::move(name), .used_ms = entry.modified_ms};
    const auto found = known_.find(entry.name);
    if (found != known_.end() && found->second.used_ms >= kept.used_ms) {
      kept.used_ms = found->second.used_ms;
      kept.use = found->second.use;
    }
    contents.kept.push_back(std::move(kept));
  }
  return absl::OkStatus();
}

// What other processes have removed.
void CacheDirectory::ForgetUnlisted(const Contents& contents) {
  std::set<std::string> listed;
  for (const Kept& kept : contents.kept) listed.insert(kept.name.file_name());
  base::MutexLock lock(&mutex_);
  std::erase_if(known_, [&](const auto& known) {
    return known.second.open.expired() && !listed.contains(known.first);
  });
}

void CacheDirectory::CountHeld(const Contents& contents) {
  counters_->held_objects.store(contents.kept.size(), std::memory_order_relaxed);
  counters_->held_bytes.store(contents.kept_bytes, std::memory_order_relaxed);
}

absl::StatusOr<std::unique_ptr<CacheKeyLock>> CacheDirectory::LockKey(const std::string& key) {
  std::string path = LockPathOf(key);
  auto lock = files_->Lock(path);
  if (absl::IsNotFound(lock.status())) {
    VECDB_RETURN_IF_ERROR(files_->CreateDirectories(kCacheFetching));  // somebody has cleaned up
    lock = files_->Lock(path);
  }
  VECDB_RETURN_IF_ERROR(lock.status());
  return std::make_unique<CacheKeyLock>(files_, std::move(path), *std::move(lock));
}

std::string CacheDirectory::ProgressOf(const std::string& key) {
  std::string progress;
  const auto entries = files_->List(kCacheFetching);
  if (!entries.ok()) return progress;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.starts_with(key)) continue;
    base::StrAppendFormat(&progress, "%s %d %d\n", entry.name, entry.size_bytes, entry.modified_ms);
  }
  return progress;
}

absl::Status CacheDirectory::RemoveParts(const std::string& key) {
  absl::Status status;
  bool may_have_more = true;
  for (int tries = 0; may_have_more && tries < kListTries; ++tries) {
    // A part that gets its size while the folder is listed may be in that list by neither name; it
    // does so once.
    may_have_more = tries == 0;
    VECDB_ASSIGN_OR_RETURN(const auto entries, ListIfThere(*files_, kCacheFetching));
    for (const DirectoryEntry& entry : entries) {
      const auto part = ParseCachePartName(entry.name);
      if (!part.has_value() || part->key != key) continue;
      const absl::Status removed = files_->Unlink(part->path());
      // It may have got another name since it was listed, by CachePart::GiveSize.
      if (absl::IsNotFound(removed)) {
        may_have_more = true;
      } else {
        status.Update(removed);
      }
    }
  }
  return status;
}

// The lock of a key can be had when the process that fetched it has died.
void CacheDirectory::RemoveLeftovers() {
  const auto entries = files_->List(kCacheFetching);
  if (!entries.ok()) return;
  std::set<std::string> keys;
  for (const DirectoryEntry& entry : *entries) {
    const auto part = ParseCachePartName(entry.name);
    if (part.has_value()) keys.insert(part->key);
    if (IsCacheKey(entry.name)) keys.insert(entry.name);
  }
  for (const std::string& key : keys) {
    const auto lock = LockKey(key);
    if (lock.ok()) RemoveParts(key).IgnoreError();
  }
}

absl::Status CacheDirectory::RemoveKept(const std::string& key, const std::string& but) {
  VECDB_ASSIGN_OR_RETURN(const auto names, FindOnDisk(key));
  absl::Status status;
  for (const CacheName& name : names) {
    const std::string file_name = name.file_name();
    if (file_name == but) continue;
    const absl::Status removed = files_->Unlink(name.path());
    if (!absl::IsNotFound(removed)) status.Update(removed);
    if (!removed.ok()) continue;
    CacheCounters::Subtract(counters_->held_objects);
    CacheCounters::Subtract(counters_->held_bytes, name.size_bytes);
  }
  base::MutexLock lock(&mutex_);
  for (auto it = known_.lower_bound(key); it != known_.end() && it->first.starts_with(key);) {
    it = it->first == but ? std::next(it) : known_.erase(it);
  }
  return status;
}

// What another process has put in its place, or is about to, stays.
void CacheDirectory::RemoveDamaged(const CacheFile& file) {
  const auto pass = names_.Enter({});
  if (file.is_removed()) return;
  const CacheName& name = file.name();
  const absl::Status removed = files_->Unlink(name.path());
  if (removed.ok()) {
    CacheCounters::Subtract(counters_->held_objects);
    CacheCounters::Subtract(counters_->held_bytes, name.size_bytes);
  }
  base::MutexLock lock(&mutex_);
  known_.erase(name.file_name());
  if (!removed.ok() && !absl::IsNotFound(removed)) barred_.insert(name.key);
}

void CacheDirectory::Remove(const std::string& key) {
  const auto pass = names_.Enter({});
  absl::Status removed = RemoveParts(key);
  removed.Update(RemoveKept(key));
  if (removed.ok()) return;
  base::MutexLock lock(&mutex_);
  barred_.insert(key);
}

absl::StatusOr<std::unique_ptr<FileLock>> CacheDirectory::LockAll(const Context& context) {
  const auto until = std::chrono::steady_clock::now() + kLockWait;
  for (;;) {
    auto lock = files_->Lock(kCacheLock);
    if (!absl::IsFailedPrecondition(lock.status())) return lock;
    if (std::chrono::steady_clock::now() >= until) {
      return absl::UnavailableError(base::StrFormat(
          "another process holds the lock of '%s' for %d ms", files_->root(), kLockWait.count()));
    }
    VECDB_RETURN_IF_ERROR(Pause(context, kLookAtLock));
  }
}

absl::StatusOr<bool> CacheDirectory::Reserve(CachePart& part, uint64_t size_bytes,
                                             const Context& context) {
  if (size_bytes > budget_bytes_) return false;
  const uint64_t allowed = budget_bytes_ - size_bytes;
  VECDB_ASSIGN_OR_RETURN(const auto pass, room_.Enter(context));
  VECDB_ASSIGN_OR_RETURN(const auto lock, LockAll(context));
  VECDB_ASSIGN_OR_RETURN(std::optional<uint64_t> used, TakeTotal());
  if (!used.has_value() || *used > allowed) {
    VECDB_ASSIGN_OR_RETURN(const Contents contents, MakeRoom(allowed));
    used = contents.bytes();
  }
  if (*used > allowed) {
    PutTotal(*used);
    return false;
  }
  VECDB_RETURN_IF_ERROR(part.GiveSize(size_bytes));
  VECDB_RETURN_IF_ERROR(PreallocateOrEvict(part, size_bytes));
  PutTotal(*used + size_bytes);
  return true;
}

// The number is taken away before anything changes: whoever dies then leaves none.
absl::StatusOr<std::optional<uint64_t>> CacheDirectory::TakeTotal() {
  VECDB_ASSIGN_OR_RETURN(const auto entries, ListIfThere(*files_, kCacheTotal));
  std::optional<uint64_t> total;
  size_t num_files = 0;
  for (const DirectoryEntry& entry : entries) {
    if (entry.is_directory) continue;
    ++num_files;
    total = base::NumberInName(entry.name, "");
    VECDB_RETURN_IF_ERROR(files_->Unlink(base::JoinPath(kCacheTotal, entry.name)));
  }
  return num_files == 1 ? total : std::nullopt;
}

void CacheDirectory::PutTotal(uint64_t bytes) {
  const std::string path = base::JoinPath(kCacheTotal, base::NumberedName(bytes, ""));
  if (!absl::IsNotFound(files_->CreateFile(path).status())) return;
  if (!files_->CreateDirectories(kCacheTotal).ok()) return;
  files_->CreateFile(path).status().IgnoreError();
}

// Lists what there is, and makes it at most `allowed_bytes` as far as that goes.
absl::StatusOr<CacheDirectory::Contents> CacheDirectory::MakeRoom(uint64_t allowed_bytes) {
  VECDB_ASSIGN_OR_RETURN(Contents contents, ListAll());
  if (contents.bytes() > allowed_bytes && contents.part_bytes > 0) {
    RemoveLeftovers();
    VECDB_ASSIGN_OR_RETURN(contents, ListAll());
  }
  if (contents.bytes() > allowed_bytes) {
    // Small objects that would be next go as well, so that the next fetches need not list again.
    Evict(contents, contents.bytes() - allowed_bytes, budget_bytes_ / kSpareShare);
  }
  CountHeld(contents);
  return contents;
}

// A disk that is smaller than the budget is as if that were reached.
absl::Status CacheDirectory::PreallocateOrEvict(CachePart& part, uint64_t size_bytes) {
  absl::Status preallocated = part.file().Preallocate(size_bytes);
  if (!absl::IsResourceExhausted(preallocated)) return preallocated;
  VECDB_ASSIGN_OR_RETURN(Contents contents, ListAll());
  const bool has_room = Evict(contents, size_bytes, 0) > 0;
  CountHeld(contents);
  return has_room ? part.file().Preallocate(size_bytes) : std::move(preallocated);
}

absl::StatusOr<std::unique_ptr<CachePart>> CacheDirectory::Begin(const std::string& key) {
  CachePartName name{.key = key, .id = base::RandomId()};
  auto file = files_->CreateFile(name.path());
  if (absl::IsNotFound(file.status())) {
    VECDB_RETURN_IF_ERROR(files_->CreateDirectories(kCacheFetching));
    file = files_->CreateFile(name.path());
  }
  VECDB_RETURN_IF_ERROR(file.status());
  return std::make_unique<CachePart>(files_, std::move(name), *std::move(file));
}

// Takes what it removes out of `contents`, and gives the bytes: those wanted, and up to
// `spare_bytes` more. Nothing goes where it is known beforehand to be in vain.
uint64_t CacheDirectory::Evict(Contents& contents, uint64_t wanted_bytes, uint64_t spare_bytes) {
  uint64_t evictable = 0;
  for (const Kept& kept : contents.kept) {
    if (!IsOpen(kept.name)) evictable += kept.name.size_bytes;
  }
  if (evictable < wanted_bytes) return 0;
  std::sort(contents.kept.begin(), contents.kept.end(), [](const Kept& a, const Kept& b) {
    return std::tie(a.used_ms, a.use, a.name.key) < std::tie(b.used_ms, b.use, b.name.key);
  });
  uint64_t freed = 0;
  bool is_enough = false;
  std::erase_if(contents.kept, [&](const Kept& kept) {
    const uint64_t size_bytes = kept.name.size_bytes;
    is_enough |= freed >= wanted_bytes && freed + size_bytes > wanted_bytes + spare_bytes;
    if (is_enough || !EvictOne(kept.name)) return false;
    freed += size_bytes;
    return true;
  });
  contents.kept_bytes -= freed;
  return freed;
}

bool CacheDirectory::EvictOne(const CacheName& name) {
  const auto file = files_->OpenForRead(name.path());
  if (absl::IsNotFound(file.status())) return true;
  if (!file.ok() || IsOpen(name) || !LockForEviction(**file)) return false;
  if (!files_->Unlink(name.path()).ok()) return false;
  CacheCounters::Add(counters_->evicted_objects);
  CacheCounters::Add(counters_->evicted_bytes, name.size_bytes);
  base::MutexLock lock(&mutex_);
  known_.erase(name.file_name());
  return true;
}

absl::StatusOr<std::shared_ptr<CacheFile>> CacheDirectory::Publish(
    const CachePart& part, uint64_t checksum, absl::FunctionRef<bool()> is_wanted) {
  const CacheName name{
      .key = part.name().key, .size_bytes = part.name().size_bytes, .checksum = checksum};
  // Open, and so pinned, before anybody can evict it.
  VECDB_ASSIGN_OR_RETURN(auto file, CacheFile::Open(*files_, name, part.name().path(), counters_));
  VECDB_ASSIGN_OR_RETURN(const auto pass, names_.Enter({}));
  if (!is_wanted()) return NoneKept(name.key);
  VECDB_RETURN_IF_ERROR(LinkInPlace(part, name));
  CacheCounters::Add(counters_->held_objects);
  CacheCounters::Add(counters_->held_bytes, name.size_bytes);
  const absl::Status removed = RemoveKept(name.key, name.file_name());
  Know(file, true);
  Use(*file);
  base::MutexLock lock(&mutex_);
  if (removed.ok()) barred_.erase(name.key);
  return file;
}

absl::Status CacheDirectory::LinkInPlace(const CachePart& part, const CacheName& name) {
  absl::Status linked = files_->Link(part.name().path(), name.path());
  for (int tries = 0; absl::IsNotFound(linked) && tries < kFolderTries; ++tries) {
    VECDB_RETURN_IF_ERROR(files_->CreateDirectories(name.folder()));
    linked = files_->Link(part.name().path(), name.path());
  }
  // The same bytes, which another process has brought. They may be damaged since, so ours take
  // their place.
  if (!absl::IsAlreadyExists(linked)) return linked;
  VECDB_RETURN_IF_ERROR(files_->Unlink(name.path()));
  CacheCounters::Subtract(counters_->held_objects);
  CacheCounters::Subtract(counters_->held_bytes, name.size_bytes);
  return files_->Link(part.name().path(), name.path());
}

}  // namespace vecdb::store
