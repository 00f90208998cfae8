#ifndef VECDB_CODEC_SCALAR_CODEC_H_
#define VECDB_CODEC_SCALAR_CODEC_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/byte_io.h"
#include "codec/codec.h"
#include "codec/codec_spec.h"
#include "codec/scalar_range.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// Scalar quantisation: each number by itself becomes the nearest point of a grid between bounds
/// that LearnScalarRange learns. A decoded number is off by at most half a step, and a rounding of
/// float, where the number lies within the bounds; a number beyond is held to them.
///
/// A code, max = 255 or 15 being the greatest code of a number:
///
///   kSq8  dim bytes c
///   kSq4  with half = ceil(dim / 2), half bytes: byte j holds dimension j in its low four bits and
///         dimension j + half in the high four, which are 0 where there is none
///   then, under kL2, but not for kSq8 with uniform steps, 4 bytes of a row term r:
///     kSq8  float32, the sum of (step / the greatest step)^2 (c - 127.5)^2
///     kSq4  uint32, the sum of (2 c - 15)^2
///
/// Distances, all but for a rounding to float:
///
///   kSq8, uniform steps, kL2   The query is coded too, and held to the bounds: step^2 times the
///       exact sum of squared differences of codes. So the query adds an error like that of a row,
///       and a query outside the bounds is compared as if it lay on them.
///   otherwise   The query meets the codes as weights w of 16 bits, in units u of the greatest
///       |w| / 32639, with the codes taken from the middle of the grid:
///         kIp, kCosine   w = query * step; off by dim * max * u / 4 at most
///         kL2            w = (query - middle) * step; off by dim * max * u / 2 at most, and for
///                        kSq8 by 2^-24 of the sum of step^2 (c - 127.5)^2; never below 0
///       Roundings differ in sign, so the error is by far smaller as a rule: it grows as the
///       root of dim does. The query is not held to the bounds.
///
/// What is beyond the range of float is held to it: no distance is infinite.

/// Trains kSq8 or kSq4. The range of the codec's spec is kUniform or kPerDimension; kSq4 has one
/// step. Cancelled, DeadlineExceeded.
absl::StatusOr<std::unique_ptr<Codec>> TrainScalarCodec(const CodecSpec& spec,
                                                        const TrainingRows& rows, const Host& host,
                                                        const Context& context);

/// The codec with grids that were learnt elsewhere; its range is that of `range`, whose vectors
/// have dim numbers each. InvalidArgument when a bound is not finite, a step negative, or a code
/// stands for what is not finite.
absl::StatusOr<std::unique_ptr<Codec>> MakeScalarCodec(const CodecSpec& spec, ScalarRange range);

/// The grids of a codec of this file.
const ScalarRange& RangeOfScalarCodec(const Codec& codec);

/// Makes a code of kSq8 from its numbers, dim bytes: adds the row term where there is one. `codec`
/// is of kSq8.
void CompleteSq8Code(const Codec& codec, const uint8_t* numbers, uint8_t* code);

/// Takes what Write put: the step, or dim of them for kPerDimension, then dim lower bounds, all
/// float32. The range of `spec` is that of the written codec. DataLoss when bytes are missing, a
/// number is not finite, a step negative, or a code stands for what is not finite.
absl::StatusOr<std::unique_ptr<Codec>> ReadScalarCodec(const CodecSpec& spec,
                                                       base::ByteReader& reader);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_SCALAR_CODEC_H_
