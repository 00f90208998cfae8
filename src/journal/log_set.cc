#include "journal/log_set.h"

#include <algorithm>

#include "base/sabotage.h"

namespace vecdb::journal {

void LogSet::Update(uint64_t number, uint64_t last_sequence, uint64_t size_bytes) {
  if (files_.empty() || files_.back().number < number) files_.push_back({.number = number});
  File& last = files_.back();
  bytes_ += size_bytes - last.size_bytes;
  last.size_bytes = size_bytes;
  last.last_sequence = std::max(last.last_sequence, last_sequence);
}

void LogSet::Merge(const LogSet& news) {
  for (const File& file : news.files_) Update(file.number, file.last_sequence, file.size_bytes);
}

uint64_t LogSet::FirstNeeded(uint64_t watermark) const {
  if (base::Sabotaged(18)) return files_.back().number;
  size_t first = 0;
  while (first + 1 < files_.size() && files_[first].last_sequence <= watermark) ++first;
  return files_[first].number;
}

std::vector<uint64_t> LogSet::RemoveBelow(uint64_t number) {
  std::vector<uint64_t> removed;
  while (!files_.empty() && files_.front().number < number) {
    removed.push_back(files_.front().number);
    bytes_ -= files_.front().size_bytes;
    files_.pop_front();
  }
  return removed;
}

}  // namespace vecdb::journal
