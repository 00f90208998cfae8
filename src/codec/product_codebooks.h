#ifndef VECDB_CODEC_PRODUCT_CODEBOOKS_H_
#define VECDB_CODEC_PRODUCT_CODEBOOKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "codec/centroids.h"
#include "simd/panels.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// The code words of product quantisation: one set for each of `m` equal parts of a vector.
struct ProductCodebooks {
  std::vector<Centroids> parts{};
  double error = 0;  ///< mean squared distance of a training row to the row its code stands for

  size_t m() const { return parts.size(); }
  size_t part_dim() const { return parts.front().dim(); }
  size_t words() const { return parts.front().count(); }

  /// The nearest word of each part of each row: words[j * rows.count + i] for part j of row i.
  void Assign(const simd::FloatRows& rows, uint32_t* words, float* distances) const;
};

struct ProductTraining {
  size_t m = 1;
  size_t words = 256;  ///< of each part
  int max_rounds = 25;
  size_t rows_per_word = 256;  ///< learnt from, at most
  uint64_t seed = 0;
  const ProductCodebooks* start = nullptr;  ///< where the words begin; nullptr: at random rows
};

/// Trains the parts side by side on host.executor; the same for any number of threads. The errors
/// of TrainKMeans.
absl::StatusOr<ProductCodebooks> TrainProduct(const simd::FloatRows& rows, size_t dim,
                                              const ProductTraining& training, const Host& host,
                                              const Context& context);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_PRODUCT_CODEBOOKS_H_
