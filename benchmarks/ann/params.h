#ifndef VECDB_BENCHMARKS_ANN_PARAMS_H_
#define VECDB_BENCHMARKS_ANN_PARAMS_H_

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace vecdb::bench {

struct Param {
  std::string key{};
  std::string value{};

  friend bool operator==(const Param&, const Param&) = default;
};

/// Parameters of a build or of a search, in the order in which they were written.
using Params = std::vector<Param>;

/// Reads `M=16,efConstruction=200`; "" gives none. InvalidArgument for an empty key or value, or a
/// key twice.
absl::StatusOr<Params> ParseParams(std::string_view text);

/// Reads the settings to search with. A value without a key of its own is another value of the key
/// before it, and keys may also be parted by ':' or ';': `ef=10,20`, `nprobe=1,4:refine_k=2` and
/// `nprobe=1,4,refine_k=2` are understood. Every value of one key meets every value of the others,
/// the last key turning fastest. "" gives one setting without parameters. Errors as ParseParams.
absl::StatusOr<std::vector<Params>> ParseSweep(std::string_view text);

/// The spelling that ParseParams reads.
std::string ParamsText(const Params& params);

/// The number that `key` has, or `fallback` when the key is not there. InvalidArgument when its
/// value is no number from `lowest` to `highest`.
absl::StatusOr<int> IntParam(const Params& params, std::string_view key, int fallback,
                             int lowest = 0, int highest = std::numeric_limits<int>::max());

/// The same for a number that need not be whole, of any size but finite.
absl::StatusOr<double> NumberParam(const Params& params, std::string_view key, double fallback);

/// The same for `true` and `false`.
absl::StatusOr<bool> BoolParam(const Params& params, std::string_view key, bool fallback);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_PARAMS_H_
