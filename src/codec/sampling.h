#ifndef VECDB_CODEC_SAMPLING_H_
#define VECDB_CODEC_SAMPLING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecdb::codec {

/// `wanted` of the rows 0 to num_rows - 1, or all if there are no more, ascending: the rows are cut
/// into so many runs of equal length, and a seeded draw takes one of each, so that no part of the
/// data is left out.
std::vector<uint32_t> SampleRows(uint32_t num_rows, size_t wanted, uint64_t seed);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_SAMPLING_H_
