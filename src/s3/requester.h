#ifndef VECDB_S3_REQUESTER_H_
#define VECDB_S3_REQUESTER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/split_mix.h"
#include "base/throttle.h"
#include "s3/address.h"
#include "s3/counters.h"
#include "s3/credentials.h"
#include "s3/http.h"
#include "s3/part_buffer.h"
#include "s3/transfers.h"
#include "vecdb/host.h"

namespace vecdb::s3 {

/// A request, repeated until it has an answer that a further try would not change; then that
/// answer.
struct Call {
  Operation operation = Operation::kGet;
  std::string about{};  ///< for messages: "object 'a'"
  HttpRequest request{};
  PartBuffer body{};  ///< what `request` borrows, where nobody else keeps it

  // Once it has ended:
  absl::Status status{};
  HttpAnswer answer{};
  std::string_view code{};      ///< KnownErrorCode
  bool may_be_applied = false;  ///< a try that failed may have been carried out
};

/// Sends requests to one server: signs, counts, limits and repeats them. Thread-safe.
class Requester : public std::enable_shared_from_this<Requester> {
 public:
  /// `options` have been checked. `host`'s parts must outlive it.
  static absl::StatusOr<std::shared_ptr<Requester>> Make(S3Options options, const Host& host);

  /// Makes one call. Its status, or Cancelled or DeadlineExceeded, which name the last failure.
  absl::Status Send(Call& call, const Context& context);

  const S3Options& options() const { return options_; }
  const Address& address() const { return address_; }
  const Counters& counters() const { return counters_; }

 private:
  friend class CallGroup;
  using Time = std::chrono::steady_clock::time_point;

  Requester(S3Options options, Address address, const Host& host);

  absl::StatusOr<std::shared_ptr<Transfer>> Start(const Call& call, bool is_repeated,
                                                  const Context& context);
  Verdict TakeVerdict(const Call& call, const Transfer& transfer);
  absl::Duration WaitAfter(int tries, absl::Duration retry_after);
  absl::Duration RetryFor() const;

  const S3Options options_;
  const Address address_;
  Executor* const executor_;
  CredentialsCache credentials_;
  Counters counters_;
  std::optional<base::Throttle> throttle_;
  std::shared_ptr<Transfers> transfers_;
  std::atomic<bool> has_answered_ = false;  // relaxed: a hint
  base::Mutex mutex_;                       // a leaf
  base::SplitMix random_ ABSL_GUARDED_BY(mutex_);
};

/// Calls that are on their way together, some at a time. For one thread.
class CallGroup {
 public:
  CallGroup(std::shared_ptr<Requester> requester, int max_running)
      : requester_(std::move(requester)), max_running_(static_cast<size_t>(max_running)) {}

  /// Stops what is on its way.
  ~CallGroup() { StopAll(); }

  CallGroup(const CallGroup&) = delete;
  CallGroup& operator=(const CallGroup&) = delete;

  /// Adds a call, which must stay where it is until it has ended or was stopped. It begins with the
  /// next Wait or StartBehind.
  void Add(Call* call);

  /// Waits until at most `max_left` have not ended. The first error of one, or of `context`: then
  /// the others are to be stopped.
  absl::Status Wait(size_t max_left, const Context& context);

  /// Begins as many as may run, and has the executor drive them. Does not wait for the server.
  absl::Status StartBehind(const Context& context);

  /// Ends all that have not ended; what they may have done is in Call::may_be_applied.
  void StopAll();

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Flight {
    Call* call;
    std::shared_ptr<Transfer> transfer{};  // while a try is on its way
    Time first_failure{};
    Time due{};  // when the next try begins
    int tries = 0;
    bool has_renewed = false;  // its credentials
  };

  absl::Status Advance(const Context& context);
  absl::Status StartDue(const Context& context);
  absl::StatusOr<bool> TakeAnswer(Flight& flight);
  bool PlanNextTry(Flight& flight, const Verdict& verdict);
  bool AnyDone() const;
  Time NextDue() const;
  absl::Status ExplainStop(absl::Status stop) const;

  const std::shared_ptr<Requester> requester_;
  const size_t max_running_;
  std::list<Flight> flights_;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_REQUESTER_H_
