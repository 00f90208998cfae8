#include "ann/ivf_params.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

constexpr size_t kRowsPerList = 39;
constexpr int kMaxLists = 65536;
constexpr int kMaxPartBits = 8;
constexpr double kMaxRefineK = 1000;
constexpr float kRefineKOfSq8 = 2;
constexpr float kRefineKOfPq = 8;

absl::StatusOr<int> ReadNumParts(const Params& build, int num_bits, int dim) {
  VECDB_ASSIGN_OR_RETURN(const int m, IntParam(build, "m", 0, 0, dim));
  const int dims_per_part = num_bits <= 4 ? 2 : 4;
  if (m == 0 && dim % dims_per_part == 0) return dim / dims_per_part;
  if (m != 0 && dim % m == 0) return m;
  return absl::InvalidArgumentError(
      m == 0 ? absl::StrFormat("m is missing; a peer cannot guess vecdb's for dim %d", dim)
             : absl::StrFormat("m is %d; it divides dim %d", m, dim));
}

}  // namespace

bool IsIvf(std::string_view index) {
  return index == "IVF_FLAT" || index == "IVF_SQ8" || index == "IVF_PQ";
}

absl::StatusOr<IvfBuild> ReadIvfBuild(std::string_view index, const Params& build, size_t num_rows,
                                      size_t dim) {
  const IvfPqParams defaults;
  IvfBuild read;
  VECDB_ASSIGN_OR_RETURN(const int nlist, IntParam(build, "nlist", defaults.nlist, 1, kMaxLists));
  const size_t most_lists = std::max(num_rows / kRowsPerList, size_t{1});
  read.nlist = static_cast<int>(std::min(static_cast<size_t>(nlist), most_lists));
  if (index == "IVF_FLAT") return read;
  VECDB_ASSIGN_OR_RETURN(read.refine,
                         BoolParam(build, "refine", defaults.refine == Refine::kFloat32));
  if (index != "IVF_PQ") return read;
  VECDB_ASSIGN_OR_RETURN(read.num_bits, IntParam(build, "nbits", defaults.nbits, 1, kMaxPartBits));
  VECDB_ASSIGN_OR_RETURN(read.num_parts, ReadNumParts(build, read.num_bits, static_cast<int>(dim)));
  return read;
}

absl::StatusOr<IvfSearchParams> ReadIvfSearch(const Params& search) {
  IvfSearchParams read;
  VECDB_ASSIGN_OR_RETURN(read.nprobe, IntParam(search, "nprobe", read.nprobe, 1, kMaxLists));
  VECDB_ASSIGN_OR_RETURN(const double refine_k, NumberParam(search, "refine_k", 0));
  if (refine_k != 0 && !(refine_k >= 1 && refine_k <= kMaxRefineK)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("refine_k is %g; it is 0, or from 1 to %g", refine_k, kMaxRefineK));
  }
  read.refine_k = static_cast<float>(refine_k);
  return read;
}

float EffectiveRefineK(std::string_view index, const IvfSearchParams& search) {
  if (search.refine_k != 0) return search.refine_k;
  return index == "IVF_PQ" ? kRefineKOfPq : kRefineKOfSq8;
}

}  // namespace vecdb::bench
