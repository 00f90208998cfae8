#include "base/reader_gate.h"

#include <chrono>

namespace vecdb::base {
namespace {

constexpr std::chrono::milliseconds kTurn(10);
constexpr int kMostTurns = 100;

}  // namespace

size_t ReaderGate::Enter() {
  MutexLock lock(&mutex_);
  while (shut_) opened_.Wait(&mutex_);
  ++inside_[turn_];
  return turn_;
}

void ReaderGate::Leave(size_t turn) {
  MutexLock lock(&mutex_);
  --inside_[turn];
  if (awaited_ && IsEmpty()) emptied_.NotifyOne();
}

void ReaderGate::EnterAlone() {
  MutexLock lock(&mutex_);
  awaited_ = true;
  const size_t before = turn_;  // all who are inside now: the last writer was alone
  turn_ = 1 - turn_;
  for (int turns = 0; turns < kMostTurns && !IsEmpty(); ++turns) {
    WaitATurn();
    if (inside_[before] == 0) break;
  }
  shut_ = true;
  while (!IsEmpty()) emptied_.Wait(&mutex_);
  awaited_ = false;
}

// Until nobody is inside, or for a turn.
void ReaderGate::WaitATurn() {
  const auto end = std::chrono::steady_clock::now() + kTurn;
  while (!IsEmpty() && std::chrono::steady_clock::now() < end) emptied_.WaitUntil(&mutex_, end);
}

void ReaderGate::LeaveAlone() {
  MutexLock lock(&mutex_);
  shut_ = false;
  opened_.NotifyAll();
}

}  // namespace vecdb::base
