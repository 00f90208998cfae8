#ifndef SHARDED_SERVICE_FLAGS_H_
#define SHARDED_SERVICE_FLAGS_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sharded_service {

/// The flags of a command line: `--name value`, or `--name` alone for a switch.
class Flags {
 public:
  /// InvalidArgument, naming it, for a flag that is not in `names` (with a value) or `switches`,
  /// for one without its value, and for an argument that is no flag.
  static absl::StatusOr<Flags> Parse(std::span<const char* const> arguments,
                                     const std::set<std::string>& names,
                                     const std::set<std::string>& switches = {});

  bool Has(const std::string& name) const { return values_.contains(name); }
  /// Every value that a flag was given, in order.
  std::vector<std::string> All(const std::string& name) const;
  /// The last one.
  std::string Get(const std::string& name, const std::string& otherwise = {}) const;
  /// The same as a number; InvalidArgument, naming it, for what is none or below `least`.
  absl::StatusOr<int32_t> GetNumber(const std::string& name, int32_t otherwise,
                                    int32_t least = 0) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

/// What main() returns: 0, or 1 after `run` of the arguments behind the name of the program has
/// failed and its error was written to stderr under `name`.
int RunProgram(std::string_view name, int argc, const char* const* argv,
               absl::Status (*run)(std::span<const char* const> arguments));

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_FLAGS_H_
