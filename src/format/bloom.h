#ifndef VECDB_FORMAT_BLOOM_H_
#define VECDB_FORMAT_BLOOM_H_

#include <cstdint>
#include <span>
#include <vector>

namespace vecdb::format {

// A split-block Bloom filter (Putze, Sanders, Singler 2007; the layout of Apache Parquet): blocks
// of eight 32-bit words, one bit set in each word of one block per key. About 1 % false positives
// at 10 bits a key.

/// The words of a filter for `num_keys` keys.
uint64_t BloomWords(uint64_t num_keys);

/// An empty filter for `num_keys` keys.
std::vector<uint32_t> MakeBloom(uint64_t num_keys);

/// Adds a key by its 64-bit hash. `words` is of a size that MakeBloom gives.
void BloomAdd(std::span<uint32_t> words, uint64_t hash);

/// False when the key is certainly not in the filter. An empty filter holds anything.
bool BloomMayContain(std::span<const uint32_t> words, uint64_t hash);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_BLOOM_H_
