#ifndef VECDB_CODEC_FLOAT_CODEC_H_
#define VECDB_CODEC_FLOAT_CODEC_H_

#include <memory>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "codec/codec_spec.h"

namespace vecdb::codec {

/// Makes the codec of kFloat32, which learns nothing and writes nothing, or kFloat16.
///
/// A code is the row itself, under kCosine scaled to length 1, in little-endian numbers. kFloat32
/// keeps it exactly. kFloat16 rounds to the nearest: off by at most 2^-11 of a number, or 2^-25 of
/// one below 2^-14; beyond +-65504 it is held to that. Where the greatest number of the sample is
/// above 2^13 or below 2^-3 all numbers are multiplied by a power of two first, 2^40 at most, which
/// brings that one to 2^7 to 2^8, and that of the median row to 2^-13 at least; the power is what
/// the codec learns and writes (i32). Distances are of the
/// query in float32 and the decoded row, off by at most dim / 2^24 of the sum of the absolute
/// terms. One that overflows float may be infinite; what would be no number counts as infinitely
/// far.
std::unique_ptr<Codec> MakeFloat32Codec(const CodecSpec& spec);
std::unique_ptr<Codec> TrainFloat16Codec(const CodecSpec& spec, const TrainingRows& sample);

/// DataLoss for a power that cannot be.
absl::StatusOr<std::unique_ptr<Codec>> ReadFloat16Codec(const CodecSpec& spec,
                                                        base::ByteReader& reader);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_FLOAT_CODEC_H_
