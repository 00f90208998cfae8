#ifndef VECDB_BENCHMARKS_COMMON_FLAGS_H_
#define VECDB_BENCHMARKS_COMMON_FLAGS_H_

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace vecdb::bench {

/// The command line of a benchmark: `--name value` or `--name=value`, each name at most once.
///
/// Values go to the variables that were bound to the names; those not given keep what they hold.
/// Single-threaded.
///
///     Flags flags;
///     flags.Add("k", "neighbours per query", &options.k, 1, 16384);
///     absl::Status status = flags.Parse({argv + 1, argv + argc});
class Flags {
 public:
  void Add(std::string name, std::string help, std::string* value);
  void Add(std::string name, std::string help, int* value, int lowest, int highest);
  /// Comma-separated values; an empty one is an error.
  void Add(std::string name, std::string help, std::vector<std::string>* values);
  void Add(std::string name, std::string help, std::vector<double>* values);

  /// InvalidArgument, naming the flag, for an unknown or repeated one, or a value that does not
  /// fit.
  absl::Status Parse(std::span<const char* const> arguments) const;

  /// One line per flag, with the value it holds now.
  std::string Help() const;

 private:
  struct Flag {
    std::string name;
    std::string help;
    std::string initial;
    std::function<absl::Status(std::string_view)> set;
  };

  const Flag* Find(std::string_view name) const;

  std::vector<Flag> flags_;
};

/// The main of a benchmark: parses the arguments behind the name of the program, and runs it; or,
/// for `--help`, says what there is. The exit status: 1 for an error, which is told.
int RunProgram(std::string_view name, const Flags& flags, int argc, const char* const* argv,
               absl::FunctionRef<absl::Status()> run);

/// The whole of `text` as a number; InvalidArgument, naming `what`, when it is none or out of
/// range.
absl::Status ParseInt(std::string_view what, std::string_view text, int lowest, int highest,
                      int* value);

/// The parts of `text` between commas; "" has none.
std::vector<std::string> SplitCommas(std::string_view text);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_FLAGS_H_
