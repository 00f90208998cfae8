#include "sharded_service/gather.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sharded_service/grpc_status.h"

namespace sharded_service {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds kFirstHedgeAfter = std::chrono::milliseconds(50);
constexpr microseconds kLeastHedgeAfter = std::chrono::milliseconds(2);
constexpr microseconds kCancelPoll = std::chrono::milliseconds(20);

// gRPC's deadlines are on the clock of the day.
std::chrono::system_clock::time_point OfTheDay(Clock::time_point time) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(time - Clock::now());
}

// Every other reader would say the same.
bool IsOfTheAsker(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status);
}

// One reader being asked.
struct Call {
  size_t part = 0;
  size_t reader = 0;
  Clock::time_point begin{};
  bool ended = false;
  grpc::ClientContext context{};
  grpc::Status status{};
  Answer answer{};
  std::unique_ptr<grpc::ClientAsyncResponseReader<Answer>> response{};
};

// How far a part is.
struct Progress {
  bool settled = false;
  size_t num_asked = 0;  // readers, from the preferred one on
  size_t num_waiting = 0;
  std::optional<Clock::time_point> hedge_at{};  // while there is a reader left
};

class Gathering {
 public:
  Gathering(std::span<const std::unique_ptr<PartReaders>> parts, const Query& query,
            const GatherOptions& options)
      : parts_(parts),
        query_(query),
        options_(options),
        first_(parts.size()),
        progress_(parts.size()),
        outcomes_(parts.size()) {}

  std::vector<Outcome> Run() {
    for (size_t i = 0; i < parts_.size(); ++i) {
      first_[i] = parts_[i]->preferred();
      Ask(i);
    }
    while (num_settled_ < parts_.size() && Clock::now() < options_.deadline) {
      if (options_.is_cancelled()) break;
      Wait();
      HedgeLate();
    }
    EndCalls();
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (progress_[i].settled) continue;
      outcomes_[i].status = Unanswered(i);
      outcomes_[i].elapsed = Elapsed();
    }
    return std::move(outcomes_);
  }

 private:
  // Asks the next reader of a part.
  void Ask(size_t part) {
    PartReaders& readers = *parts_[part];
    Progress& progress = progress_[part];
    auto call = std::make_unique<Call>();
    call->part = part;
    call->reader = (first_[part] + progress.num_asked++) % readers.size();
    call->begin = Clock::now();
    call->context.set_deadline(OfTheDay(options_.deadline));
    ReaderRequest request;
    *request.mutable_query() = query_;
    const std::vector<int32_t>& shards = readers.part().shards;
    request.mutable_shards()->Add(shards.begin(), shards.end());
    call->response =
        readers.stub(call->reader).PrepareAsyncSearch(&call->context, request, &queue_);
    call->response->StartCall();
    call->response->Finish(&call->answer, &call->status, call.get());
    ++progress.num_waiting;
    progress.hedge_at.reset();
    if (progress.num_asked < readers.size()) progress.hedge_at = call->begin + HedgeAfter(readers);
    calls_.push_back(std::move(call));
  }

  microseconds HedgeAfter(PartReaders& readers) const {
    if (options_.hedge_after.has_value()) return *options_.hedge_after;
    return std::max(readers.latencies().P95().value_or(kFirstHedgeAfter), kLeastHedgeAfter);
  }

  // Until a call has ended, or there is something else to do.
  void Wait() {
    Clock::time_point until = std::min(options_.deadline, Clock::now() + kCancelPoll);
    for (const Progress& progress : progress_) {
      if (!progress.settled && progress.hedge_at.has_value()) {
        until = std::min(until, *progress.hedge_at);
      }
    }
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, OfTheDay(until)) == grpc::CompletionQueue::GOT_EVENT) {
      OnEnd(static_cast<Call*>(tag));
    }
  }

  void HedgeLate() {
    for (size_t i = 0; i < parts_.size(); ++i) {
      const Progress& progress = progress_[i];
      if (progress.settled || !progress.hedge_at.has_value()) continue;
      if (Clock::now() < *progress.hedge_at) continue;
      outcomes_[i].hedged = true;
      Ask(i);
    }
  }

  void OnEnd(Call* call) {
    call->ended = true;
    Progress& progress = progress_[call->part];
    --progress.num_waiting;
    if (progress.settled) return;
    const absl::Status status = FromGrpc(call->status);
    if (status.ok()) return OnAnswer(call);
    const std::string& reader = parts_[call->part]->part().readers[call->reader];
    outcomes_[call->part].status = {status.code(),
                                    absl::StrCat(reader, ": ", std::string(status.message()))};
    if (IsOfTheAsker(status)) return Settle(call->part);
    if (progress.num_asked < parts_[call->part]->size()) return Ask(call->part);
    if (progress.num_waiting == 0) Settle(call->part);
  }

  void OnAnswer(Call* call) {
    const auto elapsed = std::chrono::duration_cast<microseconds>(Clock::now() - call->begin);
    PartReaders& readers = *parts_[call->part];
    readers.latencies().Add(elapsed);
    readers.Prefer(call->reader);
    Outcome& outcome = outcomes_[call->part];
    outcome.status = absl::OkStatus();
    outcome.answer = std::move(call->answer);
    outcome.reader = readers.part().readers[call->reader];
    Settle(call->part);
  }

  // Nobody waits for the other calls of the part.
  void Settle(size_t part) {
    progress_[part].settled = true;
    outcomes_[part].elapsed = Elapsed();
    ++num_settled_;
    for (const auto& call : calls_) {
      if (call->part == part && !call->ended) call->context.TryCancel();
    }
  }

  // A cancelled call ends at once, whatever its reader does.
  void EndCalls() {
    for (const auto& call : calls_) {
      if (!call->ended) call->context.TryCancel();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  microseconds Elapsed() const {
    return std::chrono::duration_cast<microseconds>(Clock::now() - begin_);
  }

  absl::Status Unanswered(size_t part) const {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Elapsed()).count();
    const auto& readers = parts_[part]->part().readers;
    std::vector<std::string> asked;
    for (size_t i = 0; i < progress_[part].num_asked; ++i) {
      asked.push_back(readers[(first_[part] + i) % readers.size()]);
    }
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", waited, " ms from ", absl::StrJoin(asked, ", ")));
  }

  const std::span<const std::unique_ptr<PartReaders>> parts_;
  const Query& query_;
  const GatherOptions& options_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<size_t> first_;  // the reader of each part that is asked first
  std::vector<Progress> progress_;
  std::vector<Outcome> outcomes_;
  size_t num_settled_ = 0;
  std::vector<std::unique_ptr<Call>> calls_;  // the queue has pointers to them
  grpc::CompletionQueue queue_;
};

std::unique_ptr<Reader::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // A reader that comes back is found within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return Reader::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

PartReaders::PartReaders(Part part) : part_(std::move(part)) {
  for (const std::string& reader : part_.readers) stubs_.push_back(Connect(reader));
}

std::vector<Outcome> Gather(std::span<const std::unique_ptr<PartReaders>> parts, const Query& query,
                            const GatherOptions& options) {
  return Gathering(parts, query, options).Run();
}

}  // namespace sharded_service
