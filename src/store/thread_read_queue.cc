#include "store/thread_read_queue.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"

namespace vecdb::store {
namespace {

// Between two looks at the context while another thread reads.
constexpr std::chrono::milliseconds kLookAgain{1};

}  // namespace

struct ThreadReadQueue::State {
  enum class Phase { kIdle, kWaiting, kRunning, kDone };

  struct Slot {
    Phase phase = Phase::kIdle;
    uint64_t offset = 0;
    absl::Status status;
  };

  // Reads into `slot`, whose phase the caller has made kRunning, with the mutex not held.
  void Read(size_t slot, uint64_t offset, const Context& context) {
    absl::Status status = base::OrOutOfMemory([&] {
      return object->ReadAt(offset, {buffers.at(slot), buffers.bytes()}, context);
    });
    base::MutexLock lock(&mutex);
    slots[slot].phase = Phase::kDone;
    slots[slot].status = std::move(status);
    done.NotifyAll();
  }

  // The next read that nobody has begun, if there is any, becomes the caller's.
  bool ReadNext() {
    size_t slot = 0;
    uint64_t offset = 0;
    {
      base::MutexLock lock(&mutex);
      if (waiting.empty()) return false;
      slot = waiting.front();
      waiting.pop_front();
      slots[slot].phase = Phase::kRunning;
      offset = slots[slot].offset;
    }
    Read(slot, offset, {});
    return true;
  }

  std::shared_ptr<const ObjectReader> object;
  PageBuffers buffers;
  base::Mutex mutex;  // a leaf
  base::CondVar done;
  std::vector<Slot> slots ABSL_GUARDED_BY(mutex);
  std::deque<size_t> waiting ABSL_GUARDED_BY(mutex);
};

ThreadReadQueue::ThreadReadQueue(std::shared_ptr<State> state, Executor* executor)
    : state_(std::move(state)), executor_(executor) {}

absl::StatusOr<std::unique_ptr<ReadQueue>> ThreadReadQueue::Make(
    std::shared_ptr<const ObjectReader> object, size_t slots, size_t bytes, const Host& host) {
  auto state = std::make_shared<State>();
  state->object = std::move(object);
  VECDB_ASSIGN_OR_RETURN(state->buffers, PageBuffers::Make(slots, bytes, host));
  {
    base::MutexLock lock(&state->mutex);
    state->slots.resize(slots);
  }
  return std::unique_ptr<ReadQueue>(new ThreadReadQueue(std::move(state), host.executor));
}

ThreadReadQueue::~ThreadReadQueue() {
  base::MutexLock lock(&state_->mutex);
  state_->waiting.clear();
}

void ThreadReadQueue::Start(size_t slot, uint64_t offset) {
  base::MutexLock lock(&state_->mutex);
  state_->slots[slot].phase = State::Phase::kWaiting;
  state_->slots[slot].offset = offset;
  state_->waiting.push_back(slot);
  ++num_started_;
}

absl::Status ThreadReadQueue::Submit() {
  const size_t num_started = std::exchange(num_started_, 0);
  if (executor_ == nullptr) return absl::OkStatus();
  const auto num_threads = static_cast<size_t>(std::max(0, executor_->num_threads()));
  for (size_t i = 0; i < std::min(num_started, num_threads); ++i) {
    executor_->Schedule(Priority::kSearch, [state = state_] {
      while (state->ReadNext()) {
      }
    });
  }
  return absl::OkStatus();
}

absl::Status ThreadReadQueue::Wait(size_t slot, const Context& context) {
  using Phase = State::Phase;
  VECDB_RETURN_IF_ERROR(context.Check());
  bool is_mine = false;
  uint64_t offset = 0;
  {
    base::MutexLock lock(&state_->mutex);
    State::Slot& read = state_->slots[slot];
    offset = read.offset;
    if (read.phase == Phase::kWaiting) {
      is_mine = true;
      read.phase = Phase::kRunning;
      std::erase(state_->waiting, slot);
    }
  }
  if (is_mine) state_->Read(slot, offset, context);
  base::MutexLock lock(&state_->mutex);
  State::Slot& read = state_->slots[slot];
  while (read.phase == Phase::kRunning) {
    VECDB_RETURN_IF_ERROR(context.Check());
    state_->done.WaitUntil(&state_->mutex, std::chrono::steady_clock::now() + kLookAgain);
  }
  read.phase = Phase::kIdle;
  return read.status;
}

const std::byte* ThreadReadQueue::buffer(size_t slot) { return state_->buffers.at(slot); }

}  // namespace vecdb::store
