#ifndef VECDB_CODEC_FLOAT_CODEC_H_
#define VECDB_CODEC_FLOAT_CODEC_H_

#include <memory>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "codec/codec_spec.h"

namespace vecdb::codec {

/// Makes the codec of kFloat32 or kFloat16, which learns nothing and writes nothing.
///
/// A code is the row itself, under kCosine scaled to length 1, in little-endian numbers. kFloat32
/// keeps it exactly. kFloat16 rounds to the nearest: off by at most 2^-11 of a number, or 2^-25 of
/// one below 2^-14; beyond +-65504 it is held to that. Distances are of the query in float32 and
/// the decoded row, off by at most dim / 2^24 of the sum of the absolute terms. One that overflows
/// float may be infinite; what would be no number counts as infinitely far.
absl::StatusOr<std::unique_ptr<Codec>> MakeFloatCodec(const CodecSpec& spec);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_FLOAT_CODEC_H_
