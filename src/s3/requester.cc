#include "s3/requester.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::s3 {
namespace {

// Until the server has answered once: it may be that there is none.
constexpr absl::Duration kFirstRetryFor = absl::Seconds(5);

// What a request is about to send and receive. Lists and the like do not count.
uint64_t ExpectedBytes(const Call& call) {
  const HttpRequest& request = call.request;
  const bool is_opening = call.operation == Operation::kGet && request.sink.empty();
  return request.body.size() + request.sink.size() + (is_opening ? request.max_body_bytes : 0);
}

}  // namespace

Requester::Requester(S3Options options, Address address, const Host& host)
    : options_(std::move(options)),
      address_(std::move(address)),
      executor_(host.executor),
      credentials_(options_.credentials, host.clock == nullptr ? SystemClock() : *host.clock),
      random_(base::Xxh3(base::RandomId())) {
  if (options_.max_bytes_per_second > 0) throttle_.emplace(options_.max_bytes_per_second);
}

absl::StatusOr<std::shared_ptr<Requester>> Requester::Make(S3Options options, const Host& host) {
  VECDB_ASSIGN_OR_RETURN(Address address, Address::Make(options));
  std::shared_ptr<Requester> requester(new Requester(std::move(options), std::move(address), host));
  VECDB_ASSIGN_OR_RETURN(requester->transfers_,
                         Transfers::Make(requester->options_, requester->executor_));
  return requester;
}

absl::Status Requester::Send(Call& call, const Context& context) {
  CallGroup group(shared_from_this(), 1);
  group.Add(&call);
  return group.Wait(0, context);
}

absl::StatusOr<std::shared_ptr<Transfer>> Requester::Start(const Call& call, bool is_repeated,
                                                           const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (throttle_.has_value()) {
    VECDB_RETURN_IF_ERROR(throttle_->Pass(ExpectedBytes(call), context));
  }
  VECDB_ASSIGN_OR_RETURN(auto credentials, credentials_.Get(context));
  VECDB_ASSIGN_OR_RETURN(auto transfer,
                         Transfer::Make(call.request, options_, std::move(credentials)));
  transfers_->Start(transfer, call.operation == Operation::kPutPart);
  counters_.CountTry(call.operation, is_repeated);
  return transfer;
}

Verdict Requester::TakeVerdict(const Call& call, const Transfer& transfer) {
  const IssuedCredentials& issued = transfer.credentials();
  Verdict verdict =
      Judge(transfer.attempt(), call.request.method, call.about + " in " + address_.name(),
            issued.credentials.access_key_id, issued.credentials.session_token.Reveal());
  if (verdict.credentials_expired) credentials_.Expire(issued.number);
  if (transfer.attempt().answer.status != 0) has_answered_.store(true, std::memory_order_relaxed);
  counters_.CountEnd(call.operation, verdict.status, transfer.sent_bytes(),
                     transfer.received_bytes());
  return verdict;
}

// Full jitter: of many that failed together some come back soon, and they do not come together.
absl::Duration Requester::WaitAfter(int tries, absl::Duration retry_after) {
  absl::Duration most = options_.retry_wait;
  for (int i = 1; i < tries && most < options_.max_retry_wait; ++i) most *= 2;
  most = std::min(most, options_.max_retry_wait);
  base::MutexLock lock(&mutex_);
  const auto micros = static_cast<uint64_t>(absl::ToInt64Microseconds(most));
  const absl::Duration wait = absl::Microseconds(static_cast<int64_t>(random_.Below(micros + 1)));
  return std::max(wait, std::min(retry_after, options_.max_retry_wait));
}

absl::Duration Requester::RetryFor() const {
  return has_answered_.load(std::memory_order_relaxed)
             ? options_.retry_for
             : std::min(options_.retry_for, kFirstRetryFor);
}

void CallGroup::Add(Call* call) { flights_.push_back({.call = call}); }

absl::Status CallGroup::Wait(size_t max_left, const Context& context) {
  while (true) {
    VECDB_RETURN_IF_ERROR(Advance(context));
    if (flights_.size() <= max_left) return absl::OkStatus();
    absl::Status waited =
        requester_->transfers_->Wait([this] { return AnyDone(); }, NextDue(), context);
    if (!waited.ok()) return ExplainStop(std::move(waited));
  }
}

absl::Status CallGroup::StartBehind(const Context& context) {
  VECDB_RETURN_IF_ERROR(Advance(context));
  requester_->transfers_->DriveBehind();
  return absl::OkStatus();
}

void CallGroup::StopAll() {
  for (Flight& flight : flights_) {
    if (flight.transfer == nullptr) continue;
    requester_->transfers_->Stop(*flight.transfer);
    // What came in the last moment does not count: whoever asks is gone.
    flight.call->may_be_applied |= flight.transfer->attempt().was_sent;
  }
  flights_.clear();
}

absl::Status CallGroup::Advance(const Context& context) {
  for (auto it = flights_.begin(); it != flights_.end();) {
    const bool is_done = it->transfer != nullptr && it->transfer->is_done();
    if (!is_done) {
      ++it;
      continue;
    }
    VECDB_ASSIGN_OR_RETURN(const bool has_ended, TakeAnswer(*it));
    it = has_ended ? flights_.erase(it) : std::next(it);
  }
  return StartDue(context);
}

absl::Status CallGroup::StartDue(const Context& context) {
  size_t num_running = 0;
  for (const Flight& flight : flights_) num_running += flight.transfer != nullptr ? 1 : 0;
  const Time now = std::chrono::steady_clock::now();
  for (Flight& flight : flights_) {
    if (num_running >= max_running_) break;
    if (flight.transfer != nullptr || flight.due > now) continue;
    auto started = requester_->Start(*flight.call, flight.tries > 0, context);
    if (!started.ok()) return ExplainStop(started.status());
    flight.transfer = *std::move(started);
    ++flight.tries;
    ++num_running;
  }
  return absl::OkStatus();
}

// Whether the call has ended; its error when it has failed.
absl::StatusOr<bool> CallGroup::TakeAnswer(Flight& flight) {
  Call& call = *flight.call;
  const std::shared_ptr<Transfer> transfer = std::move(flight.transfer);
  flight.transfer = nullptr;
  const Verdict verdict = requester_->TakeVerdict(call, *transfer);
  call.may_be_applied |= verdict.may_be_applied;
  call.status = verdict.status;
  if (PlanNextTry(flight, verdict)) return false;
  call.code = verdict.code;
  call.answer = std::move(transfer->attempt().answer);
  VECDB_RETURN_IF_ERROR(call.status);
  return true;
}

bool CallGroup::PlanNextTry(Flight& flight, const Verdict& verdict) {
  if (verdict.credentials_expired && !flight.has_renewed) {
    flight.has_renewed = true;
    flight.due = {};
    return true;
  }
  if (!verdict.may_pass) return false;
  const Time now = std::chrono::steady_clock::now();
  if (flight.first_failure == Time{}) flight.first_failure = now;
  const absl::Duration wait = requester_->WaitAfter(flight.tries, verdict.retry_after);
  flight.due = now + absl::ToChronoNanoseconds(wait);
  return flight.due <= flight.first_failure + absl::ToChronoNanoseconds(requester_->RetryFor());
}

bool CallGroup::AnyDone() const {
  return std::any_of(flights_.begin(), flights_.end(), [](const Flight& flight) {
    return flight.transfer != nullptr && flight.transfer->is_done();
  });
}

// Of those that a free place waits for.
CallGroup::Time CallGroup::NextDue() const {
  Time next = Time::max();
  size_t num_running = 0;
  for (const Flight& flight : flights_) {
    if (flight.transfer != nullptr) ++num_running;
    if (flight.transfer == nullptr) next = std::min(next, flight.due);
  }
  return num_running < max_running_ ? next : Time::max();
}

// Adds to a cancel or a deadline what it was that went wrong until then.
absl::Status CallGroup::ExplainStop(absl::Status stop) const {
  for (const Flight& flight : flights_) {
    if (flight.call->status.ok()) continue;
    return absl::Status(stop.code(),
                        base::StrFormat("%s; the last try gave: %s", std::string(stop.message()),
                                        std::string(flight.call->status.message())));
  }
  return stop;
}

}  // namespace vecdb::s3
