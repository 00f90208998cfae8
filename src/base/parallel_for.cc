#include "base/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"

namespace vecdb::base {
namespace {

// Shared with the scheduled strands, which may begin long after the loop has ended; they touch
// `body` only between Enter and Leave, and the caller leaves only when nobody is inside.
class Loop {
 public:
  Loop(size_t pieces, const Context& context, absl::FunctionRef<absl::Status(size_t, size_t)> body)
      : pieces_(pieces), context_(context), body_(body) {}

  void RunStrand() {
    size_t strand = 0;
    if (!Enter(&strand)) return;
    for (size_t piece = next_.fetch_add(1); piece < pieces_; piece = next_.fetch_add(1)) {
      if (absl::Status status = RunPiece(piece, strand); !status.ok()) Fail(piece, status);
    }
    Leave();
  }

  absl::Status Finish() {
    MutexLock lock(&mutex_);
    closed_ = true;
    while (inside_ > 0) left_.Wait(&mutex_);
    // Moved, so that a strand which begins late, and lets go of the loop last, shares it with
    // nobody.
    return std::move(status_);
  }

 private:
  absl::Status RunPiece(size_t piece, size_t strand) {
    return OrOutOfMemory([&]() -> absl::Status {
      VECDB_RETURN_IF_ERROR(context_.Check());
      return body_(piece, strand);
    });
  }

  bool Enter(size_t* strand) {
    MutexLock lock(&mutex_);
    if (closed_) return false;
    *strand = strands_++;
    ++inside_;
    return true;
  }

  void Leave() {
    MutexLock lock(&mutex_);
    --inside_;
    if (inside_ == 0) left_.NotifyAll();
  }

  void Fail(size_t piece, const absl::Status& status) {
    next_.store(pieces_);  // begin no further piece
    MutexLock lock(&mutex_);
    if (piece >= failed_piece_) return;
    failed_piece_ = piece;
    status_ = status;
  }

  const size_t pieces_;
  const Context& context_;
  absl::FunctionRef<absl::Status(size_t, size_t)> body_;
  std::atomic<size_t> next_ = 0;  // hands out pieces; the mutex publishes their results
  Mutex mutex_;                   // a leaf
  CondVar left_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  size_t strands_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t inside_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failed_piece_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<size_t>::max();
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

size_t MaxStrands(const Executor* executor) {
  return executor == nullptr ? 1 : static_cast<size_t>(std::max(1, executor->num_threads()));
}

absl::Status ParallelFor(Executor* executor, Priority priority, size_t pieces,
                         const Context& context,
                         absl::FunctionRef<absl::Status(size_t, size_t)> body) {
  const size_t strands = std::min(pieces, MaxStrands(executor));
  if (strands <= 1) {
    for (size_t piece = 0; piece < pieces; ++piece) {
      VECDB_RETURN_IF_ERROR(context.Check());
      VECDB_RETURN_IF_ERROR(body(piece, 0));
    }
    return absl::OkStatus();
  }
  auto loop = std::make_shared<Loop>(pieces, context, body);
  // Without memory for further strands those that there are do the work: from here on the caller
  // does not leave before Finish.
  OrOutOfMemory([&] {
    for (size_t i = 1; i < strands; ++i) {
      executor->Schedule(priority, [loop] { loop->RunStrand(); });
    }
  }).IgnoreError();
  loop->RunStrand();
  return loop->Finish();
}

}  // namespace vecdb::base
