#ifndef VECDB_ENGINE_READER_LEASE_H_
#define VECDB_ENGINE_READER_LEASE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/mutex.h"
#include "vecdb/clock.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::engine {

// How a reader in another process keeps what it reads from being collected.
//
// A lease is an object whose name says everything, so that one list shows them all:
//
//   collections/<id>/readers/<id of the reader>-<n-th lease>-<version>-<ms>.lease
//
// It holds every manifest from that version on, and what these name, for so many ms from the time
// at which the store dates the object. Objects do not change: to hold longer, or less, is to put
// the next lease and to delete the one before.
//
// A reader puts its lease before it looks for the newest manifest. A collector lists the manifests
// before it lists the leases. One that does not see a lease has listed the manifests before that
// was put, hence before the reader looked: what the reader has found is not older than the newest
// manifest of that list, which a collector never removes.

/// The least that a lease may run.
inline constexpr int64_t kMinLeaseMillis = 1000;

/// Which manifest a state of a reader has been made from: alive as long as anybody reads that
/// state.
struct ManifestPin {
  uint64_t version = 0;
};

struct LeaseName {
  std::string reader{};  ///< a random id
  uint64_t number = 0;
  uint64_t version = 0;
  uint64_t lease_ms = 0;
};
std::string ToString(const LeaseName& name);
/// nullopt for any other name.
std::optional<LeaseName> ParseLeaseName(std::string_view text);

/// The leases of one reader on one collection. Thread-safe.
class ReaderLease {
 public:
  /// `folder` is that of the collection; `clock` is borrowed.
  ReaderLease(std::shared_ptr<ObjectStore> store, ObjectPath folder, int64_t lease_ms,
              const Clock* clock);
  ~ReaderLease() { Release(); }

  ReaderLease(const ReaderLease&) = delete;
  ReaderLease& operator=(const ReaderLease&) = delete;

  /// Keeps the manifest of a state from being collected as long as that is read.
  void Use(const std::shared_ptr<const ManifestPin>& pin);

  /// Puts a lease when there is none, or less than half of its time is left: two requests then, and
  /// none otherwise, but to delete a former one whose put had taken long; none once it was
  /// released. Before the newest manifest is looked for, and by the clock. Errors of the store.
  absl::Status Renew(const Context& context);

  /// Gives the lease up, for good. What cannot be deleted expires.
  void Release();

 private:
  struct Lease {
    ObjectPath path;
    int64_t begun_ms = 0;  // before it was put
    int64_t put_ms = 0;    // after that
  };

  uint64_t LowestInUse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<LeaseName> NextLease(int64_t now_ms);
  absl::Status Put(const LeaseName& name, int64_t begun_ms, const Context& context);
  std::vector<ObjectPath> Hold(const ObjectPath& path, int64_t begun_ms, int64_t now_ms);
  std::vector<ObjectPath> TakeFormer(int64_t now_ms);

  const std::shared_ptr<ObjectStore> store_;
  const ObjectPath folder_;
  const int64_t lease_ms_;
  const Clock* const clock_;
  const std::string reader_;

  base::Gate renewal_gate_;  // one at a time
  base::Mutex mutex_;        // a leaf
  std::vector<std::weak_ptr<const ManifestPin>> pins_ ABSL_GUARDED_BY(mutex_);
  std::optional<Lease> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<Lease> former_ ABSL_GUARDED_BY(mutex_);  // that are to be deleted
  uint64_t num_leases_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_released_ ABSL_GUARDED_BY(mutex_) = false;
};

/// The lowest version that a lease holds which has not expired; the largest number when there is
/// none. Leases that expired longer than `grace_ms` ago are deleted, as far as that works. For
/// garbage collection, once it has listed the manifests. Two lists, and further ones where they are
/// slow: what any of them shows counts. Where all are, it may miss a reader whose lease runs for
/// less than eight of them take.
absl::StatusOr<uint64_t> LowestLeased(ObjectStore& store, const ObjectPath& folder, int64_t now_ms,
                                      int64_t grace_ms, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_READER_LEASE_H_
