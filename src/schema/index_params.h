#ifndef VECDB_SCHEMA_INDEX_PARAMS_H_
#define VECDB_SCHEMA_INDEX_PARAMS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/index_spec.h"

namespace vecdb::schema {

// The parameters of each index type: how they are spelled and what they may be. One table in the
// .cc file says it all; a new index type is a new row there.

/// The index types, for messages.
inline constexpr std::string_view kIndexTypes =
    "FLAT, HNSW, HNSW_SQ, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN, INVERTED, SORTED";

/// A parameter as text: a JSON string by what it holds, any other value as it is spelled. So 16 and
/// "16" are one, as are true and "true".
struct ParamText {
  std::string name{};
  std::string value{};

  friend bool operator==(const ParamText&, const ParamText&) = default;
};

/// Reads the parameters of the index type called `type`, one of kIndexTypes or STL_SORT. Those that
/// are missing have their defaults. InvalidArgument for what is unknown or out of range.
absl::StatusOr<IndexParams> ReadIndexParams(std::string_view type,
                                            std::span<const ParamText> texts);

/// What ReadIndexParams makes equal parameters from; each value is a JSON token. Defaults of
/// `codec`, `refine` and `seed`, and 0 where it leaves a choice to the library, are left out.
std::vector<ParamText> PrintIndexParams(const IndexParams& params);

/// InvalidArgument, naming parameter, value and range.
absl::Status CheckIndexParams(const IndexParams& params);

/// The one of kIndexTypes; HNSW for HNSW_SQ.
std::string_view IndexTypeName(const IndexParams& params);

/// What a graph over vectors of `dim` is walked on and refined by, for parameters that are valid:
/// those given, or the library's choice. Neither is kAuto; kNone with codes of float32.
struct HnswCoding {
  HnswCodec codec = HnswCodec::kFloat32;
  Refine refine = Refine::kNone;

  friend bool operator==(const HnswCoding&, const HnswCoding&) = default;
};
HnswCoding EffectiveHnswCoding(const HnswParams& params, int32_t dim);

/// How candidates of an index of vectors of `dim` are refined; kNone for indexes that do not.
Refine EffectiveRefine(const IndexSpec& spec, int32_t dim);

/// Parts that vectors of `dim`, 1 or more, are cut into, for parameters that are valid for it: `m`,
/// or, where that is 0, the largest number that divides dim and is at most dim / 2 with up to 4
/// bits, dim / 4 with more.
int32_t EffectivePqM(const IvfPqParams& params, int32_t dim);

/// Parts, of a byte each, that the codes of a DISKANN index of vectors of `dim` have: the largest
/// number that divides dim and, with the 4 bytes that each row takes beside, keeps to the budget; 1
/// at least, dim / 2 at most.
int32_t EffectiveCodeParts(const DiskannParams& params, int32_t dim);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_INDEX_PARAMS_H_
