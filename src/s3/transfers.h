#ifndef VECDB_S3_TRANSFERS_H_
#define VECDB_S3_TRANSFERS_H_

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "s3/transfer.h"
#include "vecdb/executor.h"

namespace vecdb::s3 {

/// All transfers of a store, on one multi handle of libcurl, which keeps their connections.
///
/// Nobody has a thread for them: of those who wait one drives them all, and hands on when its own
/// are done. Where nobody waits, a task of the executor may drive (DriveBehind). Thread-safe.
class Transfers : public std::enable_shared_from_this<Transfers> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `executor` may be nullptr. ResourceExhausted when libcurl has no memory.
  static absl::StatusOr<std::shared_ptr<Transfers>> Make(const S3Options& options,
                                                         Executor* executor);
  ~Transfers();

  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  /// Lets a transfer begin as soon as somebody drives and a connection is free. What its request
  /// borrows must stay until it is done. `behind`: nobody is going to wait for it yet.
  void Start(std::shared_ptr<Transfer> transfer, bool behind = false);

  /// Waits until `is_ready`, or until `until`, driving when nobody else does. `is_ready` is asked
  /// after a transfer has ended, with a lock held: it may look at transfers and no more. Cancelled,
  /// DeadlineExceeded.
  absl::Status Wait(absl::FunctionRef<bool()> is_ready, Time until, const Context& context);

  /// Ends a transfer, whatever it is doing: it is done and borrows nothing when this returns.
  void Stop(Transfer& transfer);

  /// Has a task of the executor drive until all that was started to go on behind is done.
  void DriveBehind();

 private:
  struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  // libcurl counts who has made it ready, and is thread-safe in doing so.
  struct Library {
    Library() : result(curl_global_init(CURL_GLOBAL_DEFAULT)) {}
    ~Library() { curl_global_cleanup(); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    const CURLcode result;
  };

  Transfers(const S3Options& options, Executor* executor);

  void WorkBehind();

  // What libcurl opens and closes sockets by.
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t socket);

  // Only by whoever drives.
  void Drive(Time until);
  void AcknowledgeHeaders();
  void AddWaiting();
  void Add(const std::shared_ptr<Transfer>& transfer);
  bool EndFinished();
  bool EndStopped();
  void End(Transfer* transfer, CURLcode result);

  const Library library_;
  const size_t max_running_;
  const std::chrono::steady_clock::duration stall_timeout_;
  Executor* const executor_;

  base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  bool is_driven_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_behind_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::shared_ptr<Transfer>> waiting_ ABSL_GUARDED_BY(mutex_);
  // Changed with the mutex held.
  std::atomic<size_t> num_unfinished_ = 0;
  std::atomic<size_t> num_behind_ = 0;  // of these

  // Of whoever drives: is_driven_ passes them on.
  std::vector<curl_socket_t> sockets_;  // outlives multi_, which closes them
  const std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::vector<std::shared_ptr<Transfer>> running_;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_TRANSFERS_H_
