#ifndef VECDB_INDEX_DISKANN_INDEX_H_
#define VECDB_INDEX_DISKANN_INDEX_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/loan_pool.h"
#include "index/diskann_file.h"
#include "index/vector_index.h"

namespace vecdb::index {

/// A graph in pages that searches read (Vamana; the walk with several reads under way: Guo et al.,
/// PipeANN, 2025). Immutable, thread-safe.
///
/// A walk begins at those of a sample of the rows that are nearest by code, which spares the pages
/// on the way there, and goes by the codes of rows, which are in memory; links come with the pages,
/// and with them the vectors of every row in them, which are compared as they are: scores are of
/// these, and a row that lies beside one that was wanted is an answer, or a step of the walk, for
/// nothing. Pages are looked at in the order in which they were asked for, however they come, so
/// that an answer does not depend on the speed of a disk.
///
/// With a mask of few rows, these are compared by code and the best of them read; with one of more,
/// the walk keeps so many more candidates. Where a walk found too few, the same; with limits, the
/// pages of all allowed rows are read that may lie within them, and as near as the answers found,
/// by their codes and the errors of these (CodeBounds). So min(k, rows in mask and limits) come
/// back always. A page that is damaged is reported to the log, and the rows are compared where the
/// view has them; else DataLoss.
class DiskannIndex final : public VectorIndex {
 public:
  DiskannIndex(const VectorView& view, const IndexSpec& spec, DiskannParts parts, const Host& host);
  ~DiskannIndex() override;

  absl::Status Search(const RowQuery& query, const Context& context,
                      std::vector<Candidate>* out) const override;
  absl::Status Write(format::SectionWriter& writer, const Context& context) const override;
  const IndexSpec& spec() const override { return spec_; }
  uint32_t most_effort() const override;
  uint64_t index_bytes() const override { return parts_.bytes(); }

  const DiskannParts& parts() const { return parts_; }

  /// Gives the parts back; afterwards the index can only be destroyed.
  DiskannParts Release() && { return std::move(parts_); }

  /// Pages that all searches so far have read, and those they found in memory.
  uint64_t page_reads() const { return page_reads_.load(std::memory_order_relaxed); }
  uint64_t page_hits() const { return page_hits_.load(std::memory_order_relaxed); }

 private:
  struct Scratch;  // what a search needs, kept between searches
  struct Job;      // one search under way

  absl::StatusOr<base::LoanPool<Scratch>::Loan> BorrowScratch(size_t beamwidth) const;
  absl::Status Run(Job* job) const;
  absl::Status Walk(Job* job) const;
  absl::Status Enter(Job* job) const;
  absl::Status ScanByCodes(Job* job) const;
  absl::Status ScanAll(Job* job) const;
  absl::Status ScanAllPages(Job* job) const;
  template <class Next, class Use>
  absl::Status ReadPages(Job* job, Next next, Use use) const;
  template <class Next>
  absl::Status ReadAndOffer(Job* job, Next next) const;
  const std::byte* CachedPage(uint32_t page) const;
  void OfferNodes(Job* job, uint32_t page, const std::byte* bytes) const;
  absl::Status FollowNodes(Job* job, uint32_t page, const std::byte* bytes) const;
  absl::Status FollowLinks(Job* job, std::span<const uint32_t> links) const;
  absl::Status CompareRows(const RowQuery& query, const Context& context, SearchCounts* counts,
                           std::vector<Candidate>* out) const;
  void ReportDamage(const absl::Status& damage) const;

  const VectorView view_;
  const IndexSpec spec_;
  DiskannParts parts_;
  const std::vector<uint32_t> entries_;  // a sample of the rows, ascending
  const Host host_;
  mutable base::LoanPool<Scratch> scratch_;
  mutable std::atomic<uint64_t> page_reads_ = 0;  // relaxed: figures
  mutable std::atomic<uint64_t> page_hits_ = 0;
  mutable std::atomic<bool> is_reported_ = false;  // relaxed: whoever is first tells of damage
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_INDEX_H_
