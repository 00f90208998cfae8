#include "s3/transfers.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "base/look_again.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/tcp_socket.h"

namespace vecdb::s3 {
namespace {

using SteadyClock = std::chrono::steady_clock;

int MillisUntil(SteadyClock::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left + 1, 1, 10));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Transfers>> Transfers::Make(const S3Options& options,
                                                           Executor* executor) {
  std::shared_ptr<Transfers> transfers(new Transfers(options, executor));
  if (transfers->library_.result != CURLE_OK || transfers->multi_ == nullptr) {
    return absl::ResourceExhaustedError("libcurl cannot be made ready: there is no memory for it");
  }
  return transfers;
}

Transfers::Transfers(const S3Options& options, Executor* executor)
    : max_running_(static_cast<size_t>(options.max_connections)),
      stall_timeout_(absl::ToChronoNanoseconds(options.stall_timeout)),
      executor_(executor),
      multi_(curl_multi_init()) {
  running_.reserve(max_running_);
  if (multi_ == nullptr) return;
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(max_running_));
}

// Whoever has started a transfer has waited for it or stopped it.
Transfers::~Transfers() = default;

void Transfers::Start(std::shared_ptr<Transfer> transfer, bool behind) {
  base::MutexLock lock(&mutex_);
  transfer->is_behind_ = behind;
  waiting_.push_back(std::move(transfer));
  num_unfinished_.fetch_add(1, std::memory_order_relaxed);
  if (behind) num_behind_.fetch_add(1, std::memory_order_relaxed);
  if (is_driven_) curl_multi_wakeup(multi_.get());
}

absl::Status Transfers::Wait(absl::FunctionRef<bool()> is_ready, Time until,
                             const Context& context) {
  base::MutexLock lock(&mutex_);
  absl::Status status;
  while (!is_ready() && SteadyClock::now() < until) {
    status = context.Check();
    if (!status.ok()) break;
    const Time look_again = std::min(until, base::LookAgain(context));
    if (is_driven_) {
      changed_.WaitUntil(&mutex_, look_again);
      continue;
    }
    is_driven_ = true;
    mutex_.Unlock();
    Drive(look_again);
    mutex_.Lock();
    is_driven_ = false;
  }
  // Somebody else has to drive now.
  if (num_unfinished_.load(std::memory_order_relaxed) > 0) changed_.NotifyAll();
  return status;
}

void Transfers::Stop(Transfer& transfer) {
  transfer.is_stopped_.store(true, std::memory_order_relaxed);
  curl_multi_wakeup(multi_.get());
  const absl::Status never = Wait([&] { return transfer.is_done(); }, Time::max(), {});
  never.IgnoreError();
}

void Transfers::DriveBehind() {
  if (executor_ == nullptr) return;
  {
    base::MutexLock lock(&mutex_);
    if (is_behind_) return;
    is_behind_ = true;
  }
  executor_->Schedule(Priority::kFlush, [self = shared_from_this()] { self->WorkBehind(); });
}

void Transfers::WorkBehind() {
  base::OrOutOfMemory([this] {
    return Wait([this] { return num_behind_.load(std::memory_order_relaxed) == 0; }, Time::max(),
                {});
  }).IgnoreError();
  base::MutexLock lock(&mutex_);
  is_behind_ = false;
}

curl_socket_t Transfers::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  base::FileDescriptor opened =
      base::OpenSocket(address->family, address->socktype, address->protocol);
  if (!opened.is_open()) return CURL_SOCKET_BAD;
  // libcurl 7.88 does not tell of sockets that it closes before they are connected.
  std::vector<curl_socket_t>& sockets = static_cast<Transfers*>(self)->sockets_;
  std::erase(sockets, opened.get());
  const absl::Status noted = base::OrOutOfMemory([&] { sockets.push_back(opened.get()); });
  return noted.ok() ? opened.Release() : CURL_SOCKET_BAD;
}

int Transfers::CloseSocket(void* self, curl_socket_t socket) {
  std::erase(static_cast<Transfers*>(self)->sockets_, socket);
  base::FileDescriptor closed(socket);
  return 0;
}

// Servers that send headers and body by two writes keep a body of less than a packet back until the
// headers have been acknowledged (Nagle; Ceph's gateway by default), and the system acknowledges
// them 40 ms later, in case it has something to tell along with it. libcurl does not say which
// socket a transfer has before it is done, so it is told of all.
void Transfers::AcknowledgeHeaders() {
  bool any = false;
  for (const auto& transfer : running_) any |= std::exchange(transfer->has_headers_, false);
  if (!any) return;
  for (const curl_socket_t each : sockets_) base::AcknowledgeNow(each);
}

// Allocates nothing of ours, and so cannot be left half done. One round: lets libcurl work, and
// sleeps until there is more to do only if nothing has ended.
void Transfers::Drive(Time until) {
  AddWaiting();
  int num_running = 0;
  curl_multi_perform(multi_.get(), &num_running);
  AcknowledgeHeaders();
  const bool finished = EndFinished();
  const bool stopped = EndStopped();
  if (finished || stopped) return;
  curl_multi_poll(multi_.get(), nullptr, 0, MillisUntil(until), nullptr);
}

void Transfers::AddWaiting() {
  while (running_.size() < max_running_) {
    std::shared_ptr<Transfer> next;
    {
      base::MutexLock lock(&mutex_);
      if (waiting_.empty()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Add(next);
  }
}

void Transfers::Add(const std::shared_ptr<Transfer>& transfer) {
  running_.push_back(transfer);  // room is reserved
  transfer->last_progress_ = SteadyClock::now();
  const bool stopped = transfer->is_stopped_.load(std::memory_order_relaxed);
  if (stopped) return End(transfer.get(), CURLE_ABORTED_BY_CALLBACK);
  CURL* const easy = transfer->easy_.get();
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfers::OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Transfers::CloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, static_cast<void*>(this));
  if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
    End(transfer.get(), CURLE_OUT_OF_MEMORY);
  }
}

bool Transfers::EndFinished() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    void* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    End(static_cast<Transfer*>(transfer), result);
    any = true;
  }
  return any;
}

// Also those that make no progress.
bool Transfers::EndStopped() {
  bool any = false;
  const Time now = SteadyClock::now();
  for (size_t i = running_.size(); i-- > 0;) {
    Transfer& transfer = *running_[i];
    const bool has_stalled = now - transfer.last_progress_ > stall_timeout_;
    if (!has_stalled && !transfer.is_stopped_.load(std::memory_order_relaxed)) continue;
    transfer.attempt_.has_stalled = has_stalled;
    End(&transfer, CURLE_ABORTED_BY_CALLBACK);
    any = true;
  }
  return any;
}

void Transfers::End(Transfer* transfer, CURLcode result) {
  transfer->NoteResult(result);
  curl_multi_remove_handle(multi_.get(), transfer->easy_.get());
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& each) { return each.get() == transfer; });
  std::shared_ptr<Transfer> ended = std::move(*found);
  running_.erase(found);
  base::MutexLock lock(&mutex_);
  num_unfinished_.fetch_sub(1, std::memory_order_relaxed);
  if (ended->is_behind_) num_behind_.fetch_sub(1, std::memory_order_relaxed);
  ended->is_done_.store(true, std::memory_order_release);
  changed_.NotifyAll();
}

}  // namespace vecdb::s3
