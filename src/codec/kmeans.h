#ifndef VECDB_CODEC_KMEANS_H_
#define VECDB_CODEC_KMEANS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "codec/centroids.h"
#include "simd/panels.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

struct KMeansParams {
  size_t k = 1;  ///< centroids, at least 1
  /// kDot: spherical k-means; centroids have length 1.
  Nearness nearness = Nearness::kL2;
  bool normalised = false;  ///< learn from the rows scaled to length 1
  /// Rows learnt from, at most, for each centroid; more are sampled down.
  size_t rows_per_centroid = 256;
  int max_rounds = 25;
  uint64_t seed = 0;
  /// The first centroids, k * dim floats; none: rows drawn at random. Borrowed for the call.
  std::span<const float> start{};
};

struct KMeans {
  Centroids centroids{};
  double error = 0;  ///< mean squared distance of a sampled row to its centroid; kDot: mean -dot
  int rounds = 0;
};

/// The memory that TrainKMeans takes for `sampled` rows, and reserves first.
uint64_t KMeansBytes(uint64_t sampled, size_t dim, uint64_t k);

/// Lloyd's algorithm from rows drawn as the first centroids. A centroid that no row is nearest to
/// moves to the farthest row of a cluster that errs much. It ends when a round gains less than a
/// ten-thousandth, or after max_rounds.
///
/// The same for the same rows and seed, whatever the number of threads of host.executor. With fewer
/// rows than k some centroids are equal, or are zero when there are none. Rows are finite.
/// ResourceExhausted; Cancelled and DeadlineExceeded, looked at after some thousand rows.
absl::StatusOr<KMeans> TrainKMeans(const simd::FloatRows& rows, size_t dim,
                                   const KMeansParams& params, const Host& host,
                                   const Context& context);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_KMEANS_H_
