#include "codec/product_codebooks.h"

#include <utility>

#include "base/parallel_for.h"
#include "base/split_mix.h"
#include "base/status_macros.h"
#include "codec/kmeans.h"

namespace vecdb::codec {
namespace {

// Part `j` of all rows.
simd::FloatRows PartOf(const simd::FloatRows& rows, size_t j, size_t part_dim) {
  if (rows.count == 0) return {};
  return {rows.rows + j * part_dim, rows.stride, rows.count};
}

}  // namespace

void ProductCodebooks::Assign(const simd::FloatRows& rows, uint32_t* words,
                              float* distances) const {
  for (size_t j = 0; j < m(); ++j) {
    parts[j].Assign(PartOf(rows, j, part_dim()), words + j * rows.count,
                    distances == nullptr ? nullptr : distances + j * rows.count);
  }
}

absl::StatusOr<ProductCodebooks> TrainProduct(const simd::FloatRows& rows, size_t dim,
                                              const ProductTraining& training, const Host& host,
                                              const Context& context) {
  const size_t part_dim = dim / training.m;
  Host alone = host;
  alone.executor = nullptr;
  ProductCodebooks books;
  books.parts.resize(training.m);
  std::vector<double> errors(training.m);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kBackground, training.m, context,
      [&](size_t j, size_t) -> absl::Status {
        KMeansParams params{.k = training.words,
                            .rows_per_centroid = training.rows_per_word,
                            .max_rounds = training.max_rounds,
                            .seed = base::MixBits(training.seed + j)};
        if (training.start != nullptr) params.start = training.start->parts[j].vectors();
        VECDB_ASSIGN_OR_RETURN(KMeans trained, TrainKMeans(PartOf(rows, j, part_dim), part_dim,
                                                           params, alone, context));
        errors[j] = trained.error;
        const std::span<const float> words = trained.centroids.vectors();
        books.parts[j] = Centroids({words.begin(), words.end()}, part_dim, Nearness::kL2);
        return absl::OkStatus();
      }));
  for (const double error : errors) books.error += error;
  return books;
}

}  // namespace vecdb::codec
