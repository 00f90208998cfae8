#ifndef VECDB_CODEC_FINITE_FLOATS_H_
#define VECDB_CODEC_FINITE_FLOATS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/byte_io.h"

namespace vecdb::codec {

/// The next `count` floats of a file. DataLoss, naming `what`, when fewer are left or one is not
/// finite.
absl::StatusOr<std::vector<float>> TakeFloats(base::ByteReader& reader, uint64_t count,
                                              std::string_view what);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_FINITE_FLOATS_H_
