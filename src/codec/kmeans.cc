#include "codec/kmeans.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/split_mix.h"
#include "base/status_macros.h"
#include "codec/held.h"
#include "codec/normalise.h"
#include "codec/sampling.h"

namespace vecdb::codec {
namespace {

constexpr size_t kRowsPerPiece = 1024;
constexpr size_t kProductsPerPiece = size_t{1} << 30;  // some 20 ms
constexpr size_t kClustersPerPiece = 16;
constexpr double kLeastGain = 1e-4;

size_t PiecesOf(size_t count, size_t per_piece) { return (count + per_piece - 1) / per_piece; }

void ScaleToLengthOne(float* vector, size_t dim) {
  double squares = 0;
  for (size_t d = 0; d < dim; ++d) {
    squares += static_cast<double>(vector[d]) * static_cast<double>(vector[d]);
  }
  const double norm = std::sqrt(squares);
  if (!(norm > 0)) return;
  for (size_t d = 0; d < dim; ++d) {
    vector[d] = static_cast<float>(static_cast<double>(vector[d]) / norm);
  }
}

/// One run of Lloyd's algorithm on a copy of the sampled rows, moved so that their mean is zero.
class Lloyd {
 public:
  Lloyd(size_t dim, const KMeansParams& params, const Host& host, const Context& context)
      : dim_(dim), params_(params), host_(host), context_(context) {}

  absl::Status Sample(const simd::FloatRows& rows) {
    const std::vector<uint32_t> ids =
        SampleRows(static_cast<uint32_t>(rows.count), params_.rows_per_centroid * params_.k,
                   base::MixBits(params_.seed));
    count_ = ids.size();
    VECDB_ASSIGN_OR_RETURN(sample_,
                           base::LargeBuffer::Make(count_ * dim_ * sizeof(float), host_,
                                                   "the sample of k-means", MemoryUse::kBuilds));
    VECDB_ASSIGN_OR_RETURN(
        scratch_, base::Reservation::Make(host_.budget, ScratchBytes(), "the centroids of k-means",
                                          MemoryUse::kBuilds));
    for (size_t i = 0; i < count_; ++i) {
      VECDB_RETURN_IF_ERROR(Poll(i));
      const float* row = rows.rows + ids[i] * rows.stride;
      if (params_.normalised) {
        Normalise(row, dim_, Row(i));
      } else {
        std::memcpy(Row(i), row, dim_ * sizeof(float));
      }
    }
    mean_.assign(params_.nearness == Nearness::kL2 ? dim_ : 0, 0);
    if (!mean_.empty()) {
      VECDB_RETURN_IF_ERROR(Centre());
    }
    nearest_.resize(count_);
    distances_.resize(count_);
    members_.resize(count_);
    return absl::OkStatus();
  }

  absl::StatusOr<KMeans> Run() {
    if (params_.start.empty()) {
      DrawCentroids();
    } else {
      TakeStart();
    }
    KMeans result;
    while (count_ > params_.k && result.rounds < params_.max_rounds) {
      VECDB_ASSIGN_OR_RETURN(const double error, Assign());
      const bool settled =
          result.rounds > 0 && result.error - error < kLeastGain * std::abs(result.error);
      result.error = error;
      ++result.rounds;
      if (settled) break;
      VECDB_RETURN_IF_ERROR(Update());
      FillEmptyClusters();
    }
    for (size_t i = 0; i < centroids_.size() && !mean_.empty(); ++i) {
      centroids_[i] = HeldDifference(centroids_[i], -mean_[i % dim_]);
    }
    result.centroids = Centroids(std::move(centroids_), dim_, params_.nearness, std::move(mean_));
    return result;
  }

 private:
  float* Row(size_t i) { return sample_.as<float>().data() + i * dim_; }

  uint64_t ScratchBytes() const {
    return KMeansBytes(count_, dim_, params_.k) - count_ * dim_ * sizeof(float);
  }

  // Once in some rows.
  absl::Status Poll(size_t row) const {
    return row % kRowsPerPiece == 0 ? context_.Check() : absl::OkStatus();
  }

  absl::Status Centre() {
    std::vector<double> sums(dim_);
    for (size_t i = 0; i < count_; ++i) {
      VECDB_RETURN_IF_ERROR(Poll(i));
      const float* row = Row(i);
      for (size_t d = 0; d < dim_; ++d) sums[d] += static_cast<double>(row[d]);
    }
    for (size_t d = 0; d < dim_ && count_ > 0; ++d) {
      mean_[d] = static_cast<float>(sums[d] / static_cast<double>(count_));
    }
    for (size_t i = 0; i < count_; ++i) {
      VECDB_RETURN_IF_ERROR(Poll(i));
      float* row = Row(i);
      for (size_t d = 0; d < dim_; ++d) row[d] = HeldDifference(row[d], mean_[d]);
    }
    return absl::OkStatus();
  }

  // Different rows as long as there are any, in random order; then the same again.
  void DrawCentroids() {
    std::vector<uint32_t> order(count_);
    std::iota(order.begin(), order.end(), 0U);
    base::SplitMix random(params_.seed);
    const size_t drawn = std::min(count_, params_.k);
    for (size_t i = 0; i < drawn; ++i) {
      std::swap(order[i], order[i + random.Below(count_ - i)]);
    }
    centroids_.assign(params_.k * dim_, 0);
    for (size_t i = 0; i < params_.k && drawn > 0; ++i) {
      float* centroid = &centroids_[i * dim_];
      std::memcpy(centroid, Row(order[i % drawn]), dim_ * sizeof(float));
      if (params_.nearness == Nearness::kDot) ScaleToLengthOne(centroid, dim_);
    }
  }

  void TakeStart() {
    centroids_.assign(params_.start.begin(), params_.start.end());
    for (size_t i = 0; i < centroids_.size() && !mean_.empty(); ++i) {
      centroids_[i] = HeldDifference(centroids_[i], mean_[i % dim_]);
    }
  }

  // The mean distance of the rows to their centroids.
  absl::StatusOr<double> Assign() {
    const Centroids centroids(centroids_, dim_, params_.nearness);
    const size_t at_once =
        std::clamp<size_t>(kProductsPerPiece / (params_.k * dim_), 6, kRowsPerPiece);
    const size_t pieces = PiecesOf(count_, at_once);
    std::vector<double> sums(pieces);
    VECDB_RETURN_IF_ERROR(base::ParallelFor(
        host_.executor, Priority::kBackground, pieces, context_,
        [&](size_t piece, size_t) -> absl::Status {
          const size_t begin = piece * at_once;
          const size_t rows = std::min(at_once, count_ - begin);
          centroids.Assign({Row(begin), dim_, rows}, &nearest_[begin], &distances_[begin]);
          for (size_t i = begin; i < begin + rows; ++i) {
            sums[piece] += static_cast<double>(distances_[i]);
          }
          return absl::OkStatus();
        }));
    return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(count_);
  }

  // Moves each centroid to the mean of its rows, added up in their order.
  absl::Status Update() {
    begins_.assign(params_.k, 0);
    for (const uint32_t cluster : nearest_) ++begins_[cluster];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    for (size_t i = count_; i > 0; --i) {
      members_[--begins_[nearest_[i - 1]]] = static_cast<uint32_t>(i - 1);
    }
    begins_.push_back(static_cast<uint32_t>(count_));
    return base::ParallelFor(host_.executor, Priority::kBackground,
                             PiecesOf(params_.k, kClustersPerPiece), context_,
                             [&](size_t piece, size_t) -> absl::Status {
                               const size_t begin = piece * kClustersPerPiece;
                               const size_t end = std::min(params_.k, begin + kClustersPerPiece);
                               for (size_t i = begin; i < end; ++i) MoveToMean(i);
                               return absl::OkStatus();
                             });
  }

  size_t SizeOf(size_t cluster) const { return begins_[cluster + 1] - begins_[cluster]; }

  void MoveToMean(size_t cluster) {
    if (SizeOf(cluster) == 0) return;
    std::vector<double> sums(dim_);
    for (size_t at = begins_[cluster]; at < begins_[cluster + 1]; ++at) {
      const float* row = Row(members_[at]);
      for (size_t d = 0; d < dim_; ++d) sums[d] += static_cast<double>(row[d]);
    }
    float* centroid = &centroids_[cluster * dim_];
    for (size_t d = 0; d < dim_; ++d) {
      centroid[d] = static_cast<float>(sums[d] / static_cast<double>(SizeOf(cluster)));
    }
    if (params_.nearness == Nearness::kDot) ScaleToLengthOne(centroid, dim_);
  }

  // How much the cluster would gain from a second centroid.
  double ErrorOf(size_t cluster) const {
    if (params_.nearness == Nearness::kDot) return static_cast<double>(SizeOf(cluster)) - 1;
    double sum = 0;
    for (size_t at = begins_[cluster]; at < begins_[cluster + 1]; ++at) {
      sum += static_cast<double>(distances_[members_[at]]);
    }
    return sum;
  }

  // The row of the cluster that was farthest from its centroid.
  size_t FarthestOf(size_t cluster) const {
    const auto begin = members_.begin() + begins_[cluster];
    return *std::max_element(begin, members_.begin() + begins_[cluster + 1],
                             [&](uint32_t a, uint32_t b) { return distances_[a] < distances_[b]; });
  }

  // Once for each cluster at most, as its farthest row is known of this round alone. Clusters of
  // equal rows are left alone: where there are fewer different rows than centroids some stay empty.
  void FillEmptyClusters() {
    std::vector<size_t> empty;
    std::vector<std::pair<double, size_t>> donors;
    for (size_t i = 0; i < params_.k; ++i) {
      if (SizeOf(i) == 0) {
        empty.push_back(i);
      } else if (const double error = ErrorOf(i); error > 0) {
        donors.emplace_back(-error, i);
      }
    }
    if (empty.empty()) return;
    std::sort(donors.begin(), donors.end());
    for (size_t i = 0; i < std::min(empty.size(), donors.size()); ++i) {
      float* centroid = &centroids_[empty[i] * dim_];
      std::memcpy(centroid, Row(FarthestOf(donors[i].second)), dim_ * sizeof(float));
      if (params_.nearness == Nearness::kDot) ScaleToLengthOne(centroid, dim_);
    }
  }

  const size_t dim_;
  const KMeansParams params_;
  const Host host_;
  const Context& context_;
  size_t count_ = 0;  ///< sampled rows
  base::LargeBuffer sample_;
  base::Reservation scratch_;
  std::vector<float> mean_;
  std::vector<float> centroids_;
  std::vector<uint32_t> nearest_;
  std::vector<float> distances_;
  std::vector<uint32_t> members_;  ///< rows by cluster, ascending
  std::vector<uint32_t> begins_;   ///< where the rows of each cluster begin, and where they end
};

}  // namespace

// The sample, the centroids, twice in panels, and three numbers for each row.
uint64_t KMeansBytes(uint64_t sampled, size_t dim, uint64_t k) {
  return (sampled * dim + 4 * k * dim + 3 * sampled) * sizeof(float);
}

absl::StatusOr<KMeans> TrainKMeans(const simd::FloatRows& rows, size_t dim,
                                   const KMeansParams& params, const Host& host,
                                   const Context& context) {
  Lloyd lloyd(dim, params, host, context);
  VECDB_RETURN_IF_ERROR(lloyd.Sample(rows));
  return lloyd.Run();
}

}  // namespace vecdb::codec
