#include "journal/log_set.h"

#include <algorithm>
#include <iterator>

#include "base/sabotage.h"

namespace vecdb::journal {

void LogSet::Update(uint64_t number, uint64_t last_sequence, uint64_t size_bytes) {
  if (files_.empty() || files_.back().number < number) files_.push_back({.number = number});
  File& last = files_.back();
  bytes_ += size_bytes - last.size_bytes;
  last.size_bytes = size_bytes;
  last.last_sequence = std::max(last.last_sequence, last_sequence);
}

void LogSet::Merge(LogSet news) {
  while (!news.files_.empty()) {
    const File file = news.files_.front();
    if (files_.empty() || files_.back().number < file.number) {
      news.files_.front().size_bytes = 0;  // Update counts it
      files_.splice(files_.end(), news.files_, news.files_.begin());
    } else {
      news.files_.pop_front();
    }
    Update(file.number, file.last_sequence, file.size_bytes);
  }
}

uint64_t LogSet::FirstNeeded(uint64_t watermark) const {
  if (base::Sabotaged(18)) return files_.back().number;
  auto first = files_.begin();
  while (std::next(first) != files_.end() && first->last_sequence <= watermark) ++first;
  return first->number;
}

std::vector<uint64_t> LogSet::OfSize(uint64_t size_bytes) const {
  std::vector<uint64_t> numbers;
  for (const File& file : files_) {
    if (file.size_bytes == size_bytes) numbers.push_back(file.number);
  }
  return numbers;
}

std::vector<uint64_t> LogSet::RemoveBelow(uint64_t number) {
  std::vector<uint64_t> removed;
  removed.reserve(files_.size());  // before the first is forgotten
  while (!files_.empty() && files_.front().number < number) {
    removed.push_back(files_.front().number);
    bytes_ -= files_.front().size_bytes;
    files_.pop_front();
  }
  return removed;
}

}  // namespace vecdb::journal
