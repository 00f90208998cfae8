#include "index/row_partitions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "codec/kmeans.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kRowsOfBlock = 4096;
constexpr size_t kMostPerCentroid = 256;
constexpr size_t kLeastPerCentroid = 16;
constexpr uint32_t kComparedAtOnce = 64;

// Places rows one after the other, so that the order of threads makes no difference.
class RowPlacer {
 public:
  RowPlacer(uint32_t count, uint32_t most_rows) : sizes_(count), most_rows_(most_rows) {}

  // The nearest part with room but `other`: there is one, as all parts but one have room for all.
  uint16_t Place(std::span<const float> distances, uint32_t other) {
    size_t nearest = distances.size();
    float least = std::numeric_limits<float>::infinity();
    for (size_t part = 0; part < distances.size(); ++part) {
      const bool is_free = part != other && sizes_[part] < most_rows_;
      if (!is_free || distances[part] > least) continue;
      const bool is_tie = nearest < distances.size() && distances[part] == least;
      if (is_tie && sizes_[nearest] <= sizes_[part]) continue;
      nearest = part;
      least = distances[part];
    }
    ++sizes_[nearest];
    return static_cast<uint16_t>(nearest);
  }

 private:
  std::vector<uint32_t> sizes_;
  const uint32_t most_rows_;
};

absl::Status CompareBlock(const VectorView& view, Metric metric, const codec::Centroids& centroids,
                          uint32_t begin, uint32_t end, const Host& host, const Context& context,
                          std::vector<float>* distances) {
  const auto dim = static_cast<size_t>(view.dim);
  distances->resize((end - begin) * centroids.count());
  return base::ParallelFor(
      host.executor, Priority::kBackground, (end - begin + kComparedAtOnce - 1) / kComparedAtOnce,
      context, [&](size_t piece, size_t) {
        std::vector<float> scaled(dim);
        const uint32_t from = begin + static_cast<uint32_t>(piece) * kComparedAtOnce;
        for (uint32_t row = from; row < std::min(end, from + kComparedAtOnce); ++row) {
          const float scale = metric == Metric::kCosine ? view.inverse_norms[row] : 1;
          for (size_t d = 0; d < dim; ++d) scaled[d] = view.row(row)[d] * scale;
          centroids.Compare(scaled.data(), &(*distances)[(row - begin) * centroids.count()]);
        }
        return absl::OkStatus();
      });
}

uint64_t DistancesBytes(uint32_t count) { return uint64_t{kRowsOfBlock} * count * sizeof(float); }

uint64_t ClusteringBytes(uint64_t num_rows, int32_t dim, uint64_t count, uint64_t per_centroid) {
  return codec::KMeansBytes(std::min(num_rows, per_centroid * count), static_cast<size_t>(dim),
                            count);
}

// Fewer where memory has no room for more.
size_t RowsPerCentroid(const VectorView& view, uint32_t count, const Host& host) {
  size_t rows = kMostPerCentroid;
  if (host.budget == nullptr) return rows;
  while (rows > kLeastPerCentroid &&
         ClusteringBytes(view.num_rows, view.dim, count, rows) > host.budget->FreeBytes()) {
    rows /= 2;
  }
  return rows;
}

}  // namespace

uint64_t RowPartitions::LeastBytes(uint64_t num_rows, int32_t dim, uint32_t count) {
  return Bytes(num_rows) +
         std::max(ClusteringBytes(num_rows, dim, count, kLeastPerCentroid), DistancesBytes(count));
}

absl::StatusOr<RowPartitions> RowPartitions::Make(const VectorView& view, Metric metric,
                                                  uint32_t count, uint32_t most_rows, uint64_t seed,
                                                  const Host& host, const Context& context) {
  RowPartitions partitions;
  partitions.count_ = count;
  partitions.num_rows_ = view.num_rows;
  VECDB_ASSIGN_OR_RETURN(
      partitions.parts_,
      base::LargeBuffer::Make(Bytes(view.num_rows), host, "the parts of rows", MemoryUse::kBuilds));
  const auto dim = static_cast<size_t>(view.dim);
  VECDB_ASSIGN_OR_RETURN(
      const codec::KMeans trained,
      codec::TrainKMeans({.rows = view.rows, .stride = dim, .count = view.num_rows}, dim,
                         {.k = count,
                          .normalised = metric == Metric::kCosine,
                          .rows_per_centroid = RowsPerCentroid(view, count, host),
                          .seed = seed},
                         host, context));
  VECDB_ASSIGN_OR_RETURN(
      const base::Reservation compared,
      base::Reservation::Make(host.budget, DistancesBytes(count), "how far parts are from rows",
                              MemoryUse::kBuilds));
  RowPlacer placer(count, most_rows);
  uint16_t* out = partitions.parts_.as<uint16_t>().data();
  std::vector<float> distances;
  for (uint32_t begin = 0; begin < view.num_rows; begin += kRowsOfBlock) {
    const uint32_t end = std::min(view.num_rows, begin + kRowsOfBlock);
    VECDB_RETURN_IF_ERROR(
        CompareBlock(view, metric, trained.centroids, begin, end, host, context, &distances));
    for (uint32_t row = begin; row < end; ++row) {
      const auto of_row = std::span<const float>(distances).subspan((row - begin) * count, count);
      const uint16_t first = placer.Place(of_row, count);
      *out++ = first;
      *out++ = placer.Place(of_row, first);
    }
  }
  return partitions;
}

RowPartitions::Members RowPartitions::MembersOf(uint32_t part) const {
  Members members;
  members.begins.resize(count_ + 1);
  for (uint32_t row = 0; row < num_rows_; ++row) {
    if (first(row) == part || second(row) == part) ++members.begins[first(row) + 1u];
  }
  for (uint32_t i = 0; i < count_; ++i) members.begins[i + 1] += members.begins[i];
  members.rows.resize(members.begins.back());
  std::vector<uint32_t> ends(members.begins.begin(), members.begins.end() - 1);
  for (uint32_t row = 0; row < num_rows_; ++row) {
    if (first(row) == part || second(row) == part) members.rows[ends[first(row)]++] = row;
  }
  return members;
}

}  // namespace vecdb::index
