#ifndef VECDB_JOURNAL_LOG_SET_H_
#define VECDB_JOURNAL_LOG_SET_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <vector>

namespace vecdb::journal {

/// The files of a log, and the one place that says which of them may be deleted.
///
/// Single-threaded.
class LogSet {
 public:
  /// File `number` has records up to `last_sequence` (0: none) and is `size_bytes` long. A number
  /// behind all others adds a file; otherwise it is that of the last.
  void Update(uint64_t number, uint64_t last_sequence, uint64_t size_bytes);

  /// Takes over what a set that began empty has been told since. Allocates nothing.
  void Merge(LogSet news);

  bool empty() const { return files_.empty(); }
  uint64_t first_number() const { return files_.front().number; }
  uint64_t last_number() const { return files_.back().number; }
  /// Bytes of records and headers, without what is only preallocated.
  uint64_t bytes() const { return bytes_; }

  /// The number of the first file that is needed when everything up to `watermark` has been
  /// committed elsewhere: files before it hold no record beyond it. The last file is always needed:
  /// it is being written.
  uint64_t FirstNeeded(uint64_t watermark) const;

  /// The numbers of the files of this size.
  std::vector<uint64_t> OfSize(uint64_t size_bytes) const;

  /// Forgets the files below `number` and returns theirs.
  std::vector<uint64_t> RemoveBelow(uint64_t number);

 private:
  struct File {
    uint64_t number = 0;
    uint64_t last_sequence = 0;
    uint64_t size_bytes = 0;
  };

  std::list<File> files_;
  uint64_t bytes_ = 0;
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_SET_H_
