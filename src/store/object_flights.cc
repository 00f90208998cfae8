#include "store/object_flights.h"

#include "base/look_again.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "store/pause.h"

namespace vecdb::store {
namespace {

// Its own text: copies would share a count, which the system's Abseil takes down where the thread
// sanitizer does not see it.
absl::Status CopyOf(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

}  // namespace

struct ObjectFlights::Flight {
  Flight(std::shared_ptr<CacheCore> core, const ObjectPath& path, const FlightKey& flight_key)
      : key(flight_key), arrival(std::move(core), path, key.first, key.second) {}

  const FlightKey key;
  ObjectArrival arrival;
  bool is_busy = false;
  bool is_done = false;
  absl::StatusOr<std::shared_ptr<CacheFile>> outcome = nullptr;
};

absl::StatusOr<Arrived> ObjectFlights::Bring(const ObjectPath& path, const std::string& key,
                                             uint64_t fetch_up_to_bytes, Priority priority,
                                             const Context& context) {
  for (;;) {
    if (auto file = core_->directory->FindOpen(key); file != nullptr) {
      return Arrived{.file = std::move(file)};
    }
    const std::shared_ptr<Flight> flight = Join({key, fetch_up_to_bytes}, path);
    VECDB_ASSIGN_OR_RETURN(const bool is_done, Wait(*flight, context));
    if (!is_done) {
      auto outcome = base::OrOutOfMemory([&] { return flight->arrival.Run(priority, context); });
      if (!Leave(flight, outcome)) {
        if (absl::IsDeadlineExceeded(outcome.status())) LetGoOn(flight);
        return outcome.status();
      }
    }
    base::MutexLock lock(&mutex_);
    // It may have been looked for before it was made, and this call have begun after that.
    if (is_done && absl::IsNotFound(flight->outcome.status())) continue;
    if (!flight->outcome.ok()) return CopyOf(flight->outcome.status());
    return Arrived{.file = *flight->outcome,
                   .object = is_done ? nullptr : flight->arrival.object(),
                   .was_fetched = flight->arrival.was_fetched()};
  }
}

std::shared_ptr<ObjectFlights::Flight> ObjectFlights::Join(const FlightKey& key,
                                                           const ObjectPath& path) {
  base::MutexLock lock(&mutex_);
  std::shared_ptr<Flight> flight = flights_[key].lock();
  if (flight == nullptr) {
    std::erase_if(flights_, [](const auto& known) { return known.second.expired(); });
    flight = std::make_shared<Flight>(core_, path, key);
    flights_[key] = flight;
  }
  return flight;
}

// True when it has ended; false when it is the caller's to go on with.
absl::StatusOr<bool> ObjectFlights::Wait(Flight& flight, const Context& context) {
  base::MutexLock lock(&mutex_);
  while (flight.is_busy && !flight.is_done) {
    VECDB_RETURN_IF_ERROR(context.Check());
    changed_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  if (!flight.is_done) flight.is_busy = true;
  return flight.is_done;
}

// False when the caller was stopped, and the flight is somebody else's.
bool ObjectFlights::Leave(const std::shared_ptr<Flight>& flight,
                          const absl::StatusOr<std::shared_ptr<CacheFile>>& outcome) {
  base::MutexLock lock(&mutex_);
  flight->is_busy = false;
  changed_.NotifyAll();
  if (IsOfContext(outcome.status())) return false;
  if (outcome.ok()) {
    flight->outcome = outcome;
  } else {
    flight->outcome = CopyOf(outcome.status());
  }
  flight->is_done = true;
  left_.erase(flight);
  Erase(flight.get());
  return true;
}

void ObjectFlights::Erase(const Flight* flight) {
  const auto found = flights_.find(flight->key);
  if (found != flights_.end() && found->second.lock().get() == flight) flights_.erase(found);
}

// What has no bytes as yet is not worth it.
void ObjectFlights::LetGoOn(const std::shared_ptr<Flight>& flight) {
  Executor* const executor = core_->host.executor;
  if (executor == nullptr || executor->num_threads() == 0) return;
  if (!flight->arrival.was_fetched()) return;
  const absl::Status scheduled = base::OrOutOfMemory([&] {
    {
      base::MutexLock lock(&mutex_);
      if (is_closed_ || flight->is_done || !left_.insert(flight).second) return;
    }
    executor->Schedule(Priority::kBackground,
                       [weak_self = weak_from_this(), weak_flight = std::weak_ptr<Flight>(flight)] {
                         const auto self = weak_self.lock();
                         if (self != nullptr) self->GoOn(weak_flight.lock());
                       });
  });
  if (scheduled.ok()) return;
  base::MutexLock lock(&mutex_);
  left_.erase(flight);
}

bool ObjectFlights::TakeOver(const std::shared_ptr<Flight>& flight) {
  base::MutexLock lock(&mutex_);
  if (left_.erase(flight) == 0 || is_closed_ || flight->is_busy || flight->is_done) return false;
  flight->is_busy = true;
  ++num_tasks_;
  return true;
}

void ObjectFlights::GoOn(std::shared_ptr<Flight> flight) {
  if (flight == nullptr || !TakeOver(flight)) return;
  const auto outcome = base::OrOutOfMemory(
      [&] { return flight->arrival.Run(Priority::kBackground, {.cancel = closing_}); });
  base::OrOutOfMemory([&] { Leave(flight, outcome); }).IgnoreError();
  flight.reset();  // with its files, which Close waits for
  base::MutexLock lock(&mutex_);
  --num_tasks_;
  changed_.NotifyAll();
}

void ObjectFlights::Doom(const std::string& key) {
  std::set<std::shared_ptr<Flight>> doomed;  // end outside of the mutex: they remove files
  base::MutexLock lock(&mutex_);
  for (auto it = flights_.lower_bound({key, 0}); it != flights_.end() && it->first.first == key;
       it = flights_.erase(it)) {
    const auto flight = it->second.lock();
    if (flight == nullptr) continue;
    flight->arrival.Doom();
    doomed.insert(left_.extract(flight));
  }
}

void ObjectFlights::Close() {
  closing_.Cancel();
  std::set<std::shared_ptr<Flight>> left;  // as above
  base::MutexLock lock(&mutex_);
  is_closed_ = true;
  left.swap(left_);
  while (num_tasks_ > 0) changed_.Wait(&mutex_);
}

}  // namespace vecdb::store
