#ifndef VECDB_STORE_OBJECT_FLIGHTS_H_
#define VECDB_STORE_OBJECT_FLIGHTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "store/cache_file.h"
#include "store/object_arrival.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// What a call got of an object's way into a cache.
struct Arrived {
  std::shared_ptr<CacheFile> file{};             // nullptr: to be read from the store
  std::shared_ptr<const ObjectReader> object{};  // as it was opened there, if it was
  bool was_fetched = false;
};

/// The objects that are on their way into a cache: of the calls that want one, one brings it and
/// the others wait. Where that one is stopped by its context another goes on; where its time is up,
/// a task of the executor does so, too, so that short deadlines get there in the end.
///
/// Held by a shared pointer. Thread-safe.
class ObjectFlights : public std::enable_shared_from_this<ObjectFlights> {
 public:
  explicit ObjectFlights(std::shared_ptr<CacheCore> core) : core_(std::move(core)) {}

  /// Finds or fetches an object of up to `fetch_up_to_bytes`. The errors of the store and of the
  /// context.
  absl::StatusOr<Arrived> Bring(const ObjectPath& path, const std::string& key,
                                uint64_t fetch_up_to_bytes, Priority priority,
                                const Context& context);

  /// From now on nothing that is on its way is kept, nor joined: the object is being deleted.
  void Doom(const std::string& key);

  /// Gives up what nobody waits for, and waits for the tasks that have begun. None begins later.
  void Close();

 private:
  // An arrival that one caller is at, and others wait for. Guarded by mutex_ but for the arrival,
  // which is its holder's.
  struct Flight;
  using FlightKey = std::pair<std::string, uint64_t>;  // of the object; up to what it is fetched

  std::shared_ptr<Flight> Join(const FlightKey& key, const ObjectPath& path);
  absl::StatusOr<bool> Wait(Flight& flight, const Context& context);
  bool Leave(const std::shared_ptr<Flight>& flight,
             const absl::StatusOr<std::shared_ptr<CacheFile>>& outcome);
  void Erase(const Flight* flight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LetGoOn(const std::shared_ptr<Flight>& flight);
  void GoOn(std::shared_ptr<Flight> flight);
  bool TakeOver(const std::shared_ptr<Flight>& flight);

  const std::shared_ptr<CacheCore> core_;
  const CancelToken closing_ = CancelToken::Make();
  base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  std::map<FlightKey, std::weak_ptr<Flight>> flights_ ABSL_GUARDED_BY(mutex_);
  // Those that a task is to go on with; nobody else may hold them.
  std::set<std::shared_ptr<Flight>> left_ ABSL_GUARDED_BY(mutex_);
  int num_tasks_ ABSL_GUARDED_BY(mutex_) = 0;  // that have begun
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_OBJECT_FLIGHTS_H_
