#ifndef VECDB_CODEC_CODEC_SPEC_H_
#define VECDB_CODEC_CODEC_SPEC_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "vecdb/index_spec.h"

namespace vecdb::codec {

/// The numbers are those of the files.
enum class CodecKind : uint32_t {
  kFloat32 = 1,  ///< 4 bytes a dimension, exact
  kFloat16 = 2,  ///< 2 bytes a dimension: 11 significant bits, at most 65504
  kSq8 = 3,      ///< 1 byte a dimension: 256 steps between bounds
  kSq4 = 4,      ///< half a byte a dimension: 16 steps between bounds that all dimensions share
  kPq = 5,       ///< product quantisation (Jegou et al. 2011): m code words
  kRabitq = 6,   ///< RaBitQ (Gao and Long 2024; Gao et al. 2025): 1 to 8 bits a dimension, rotated
};

/// "FLOAT32", "FLOAT16", "SQ8", "SQ4", "PQ", "RABITQ".
std::string_view CodecName(CodecKind kind);

/// How the steps of SQ8 are laid. The numbers are those of the files.
enum class Sq8Range : uint32_t {
  kAuto = 0,          ///< the training rows decide; never in a trained codec
  kUniform = 1,       ///< one step for all dimensions, each with its own lower bound
  kPerDimension = 2,  ///< a step for each dimension; 4 bytes a row more under kL2
};

/// What to code vectors with. A value.
struct CodecSpec {
  CodecKind kind = CodecKind::kFloat32;
  Metric metric = Metric::kL2;
  int32_t dim = 0;

  Sq8Range range = Sq8Range::kAuto;  ///< of kSq8

  int32_t pq_m = 0;        ///< of kPq: parts of a vector; divides dim
  int32_t pq_bits = 8;     ///< of kPq: 1 to 8 bits a part; up to 4 take half a byte, others a byte
  bool pq_rotate = false;  ///< of kPq: learn a rotation first (OPQ: Ge et al. 2013)

  int32_t rabitq_bits = 1;  ///< of kRabitq: 1 to 8

  uint64_t seed = 0;

  /// InvalidArgument, naming parameter, value and range.
  absl::Status Validate() const;

  friend bool operator==(const CodecSpec&, const CodecSpec&) = default;
};

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_CODEC_SPEC_H_
