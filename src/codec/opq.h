#ifndef VECDB_CODEC_OPQ_H_
#define VECDB_CODEC_OPQ_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "codec/product_codebooks.h"
#include "codec/rotation.h"
#include "simd/panels.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

struct OpqParams {
  size_t m = 1;        ///< parts of product quantisation
  size_t words = 256;  ///< code words of each part
  int rounds = 32;     ///< of training words and turning
  uint64_t seed = 0;
};

struct Opq {
  Rotation rotation{};
  ProductCodebooks books{};  ///< of the turned rows, to go on from
};

/// The rotation after which product quantisation errs least (Ge et al. 2013). It begins at the
/// better of the axes as they are and the principal ones, dealt out so that every part gets about
/// the same product of variances, and then takes turns between training words and the rotation that
/// brings the rows nearest to their codes.
///
/// `rows` are dense (stride dim), their mean about zero. The same for any number of threads. The
/// errors of TrainKMeans.
absl::StatusOr<Opq> TrainOpq(const simd::FloatRows& rows, const OpqParams& params, const Host& host,
                             const Context& context);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_OPQ_H_
