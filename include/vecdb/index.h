#ifndef VECDB_INDEX_H_
#define VECDB_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"
#include "vecdb/object_store.h"

namespace vecdb {

namespace index {
class IndexAccess;
struct IndexState;
}  // namespace index

/// A set of rows: bit `r % 64` of word `r / 64` stands for row r. Bits past the last row are
/// ignored.
using RowBitmap = std::span<const uint64_t>;

/// What an index takes; see EstimateIndex.
struct IndexEstimate {
  /// Links, lists, codes and copies of rows: what Index::index_bytes will be, without norms. Of
  /// DISKANN: once it is loaded from its file.
  uint64_t index_bytes = 0;
  /// The rows themselves and their norms, where searches compare these; 0 where the index does
  /// without them.
  uint64_t vector_bytes = 0;
  /// The most that a build holds at one time beside the rows, the index that grows included.
  uint64_t build_peak_bytes = 0;

  /// Of a collection that is loaded, without keys.
  uint64_t loaded_bytes() const { return index_bytes + vector_bytes; }
};

/// Says within 10 % what memory an index of `spec` over `num_rows` rows (up to 2^32 - 1) of `dim`
/// floats will take, built by `num_threads` threads: before anything is built, or bought.
/// InvalidArgument for a spec that does not hold for `dim`, or one of scalars.
absl::StatusOr<IndexEstimate> EstimateIndex(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            int32_t num_threads = 1);

/// One row of an answer.
struct Neighbor {
  uint32_t row = 0;
  float score = 0;  ///< raw, as Metric says

  friend bool operator==(const Neighbor&, const Neighbor&) = default;
};

/// The answers to a batch of queries. A value.
struct Neighbors {
  /// Best first, equal scores by row; one query after another.
  std::vector<Neighbor> rows{};
  /// Where the answer of query q stops in `rows`.
  std::vector<size_t> ends{};

  /// The answer to one query: min(k, rows that may be returned) of them.
  std::span<const Neighbor> of(size_t query) const;
};

struct IndexQuery {
  /// One or more query vectors, row-major; borrowed for the call.
  std::span<const float> vectors{};
  /// Rows wanted per query, 1 to 16384.
  int32_t k = 10;
  SearchParams params{};
  /// When set, only the rows whose bit is set may be returned; at least one bit per row, or
  /// InvalidArgument. Borrowed for the call.
  std::optional<RowBitmap> allowed{};
  /// When set, only rows better than this score are returned.
  std::optional<float> radius{};
  /// When set, only rows of this score or a worse one are returned; it must be better than
  /// `radius`.
  std::optional<float> range_filter{};
};

/// Whose memory the rows lie in.
enum class RowStorage {
  kCopy,  ///< the index keeps a copy of its own
  kView,  ///< the index reads the host's array, which must stay as it is while the index lives
};

struct SaveOptions {
  /// Write the rows too, so that the file can be loaded alone. Without them the file holds links,
  /// lists of codes and norms, and Load needs the rows from the host. DISKANN has them in its pages
  /// in any case.
  bool include_rows = true;
};

/// A vector index over rows 0 to n-1, for hosts that keep rows, keys and transactions themselves.
///
/// Choose this door when you have a database already, `Segment` when you want columns and files
/// too, and `Database` when you want all of it. Immutable once built, hence thread-safe.
///
///     IndexBuilder builder(768, {.metric = Metric::kCosine, .params = HnswParams{}}, host);
///     auto index = builder.Build(rows, RowStorage::kView);
///     auto found = (*index)->Search({.vectors = query, .k = 10});
///     for (const Neighbor& hit : found->of(0)) Use(hit.row, hit.score);
class Index {
 public:
  /// Loads what Save wrote. `rows` are the host's rows, row-major: needed, and viewed, when the
  /// file has none; otherwise leave them out. NotFound; DataLoss for a damaged or foreign file;
  /// FailedPrecondition for a newer format or for rows that are missing; InvalidArgument for rows
  /// of another count; ResourceExhausted over the budget.
  /// DISKANN reads its pages, with the rows in them, from the object for as long as the index
  /// lives.
  static absl::StatusOr<std::unique_ptr<Index>> Load(ObjectStore& store, const ObjectPath& path,
                                                     const Host& host = {},
                                                     std::span<const float> rows = {},
                                                     const Context& context = {});
  ~Index();

  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// Finds the nearest rows of each query: min(k, rows that bitmap and range allow) of them. Runs
  /// on the calling thread, a batch also on the executor. InvalidArgument for vectors that are no
  /// multiple of the dim, NaN or Inf, k or parameters out of range, a range without
  /// scores, TargetRecall; Cancelled, DeadlineExceeded.
  absl::StatusOr<Neighbors> Search(const IndexQuery& query, const Context& context = {}) const;

  /// Writes the index as one object. AlreadyExists when the name is taken.
  absl::Status Save(ObjectStore& store, const ObjectPath& path, const SaveOptions& options = {},
                    const Context& context = {}) const;

  const IndexSpec& spec() const;
  int32_t dim() const;
  uint64_t num_rows() const;

  /// The rows, row-major: the index's own, or the host's that it views. Valid while the index
  /// lives. None of a DISKANN index that was loaded.
  std::span<const float> rows() const;

  /// Bytes held beyond the rows: links, lists, norms.
  uint64_t index_bytes() const;
  /// Bytes held in all; viewed rows are the host's and not counted.
  uint64_t memory_bytes() const;

 private:
  friend class IndexBuilder;
  friend class index::IndexAccess;
  explicit Index(std::unique_ptr<const index::IndexState> state);

  std::unique_ptr<const index::IndexState> state_;
};

/// Where a build keeps what its memory budget has no room for: objects below `folder` named
/// build-*.tmp, which are gone with the index that was built. After a crash whoever owns the store
/// deletes them.
struct BuildScratch {
  std::shared_ptr<ObjectStore> store;
  ObjectPath folder;
};

/// Builds an Index. Thread-compatible; one builder may build any number of indexes.
class IndexBuilder {
 public:
  /// What is wrong with `dim` or `spec` is returned by Build.
  IndexBuilder(int32_t dim, IndexSpec spec, const Host& host = {});

  /// Lets a DISKANN graph that host.budget has no room for be built in parts that overlap, one
  /// after the other: in one and a half to twice the time, with a recall that is lower by some
  /// thousandths (docs/sizing.md); how many parts depends on what memory is free. The rows are then
  /// best a map of a file (RowStorage::kView). Without it, and for the other types, such a build is
  /// ResourceExhausted. Without a store, Build is InvalidArgument.
  void UseScratch(BuildScratch scratch) { scratch_ = std::move(scratch); }

  /// Indexes `rows`, row-major, at most 2^31 - 1 of them; none gives an empty index. The graph is
  /// the same whatever the number of threads. InvalidArgument for a bad dim, spec, number of
  /// floats, NaN or Inf (naming the row); ResourceExhausted over the budget; Cancelled,
  /// DeadlineExceeded.
  absl::StatusOr<std::unique_ptr<Index>> Build(std::span<const float> rows,
                                               RowStorage storage = RowStorage::kCopy,
                                               const Context& context = {}) const;

 private:
  int32_t dim_;
  IndexSpec spec_;
  Host host_;
  std::optional<BuildScratch> scratch_;
};

}  // namespace vecdb

#endif  // VECDB_INDEX_H_
