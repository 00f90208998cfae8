#include "codec/sampling.h"

#include <algorithm>

#include "base/split_mix.h"

namespace vecdb::codec {

std::vector<uint32_t> SampleRows(uint32_t num_rows, size_t wanted, uint64_t seed) {
  const size_t count = std::min<size_t>(wanted, num_rows);
  std::vector<uint32_t> rows(count);
  base::SplitMix random(seed);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t begin = uint64_t{num_rows} * i / count;
    const uint64_t end = uint64_t{num_rows} * (i + 1) / count;
    rows[i] = static_cast<uint32_t>(begin + random.Below(end - begin));
  }
  return rows;
}

}  // namespace vecdb::codec
