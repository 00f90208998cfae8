#ifndef DOCSEARCH_OPTIONS_H_
#define DOCSEARCH_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace docsearch {

/// What the command line asks for.
struct Options {
  std::vector<std::string> folders = {"/usr/include", "/usr/share/doc"};
  std::string data;    ///< folder of the database and what lies beside it
  std::string source;  ///< "" means all
  int32_t limit = 3;
  size_t max_chunks = 100'000;
  bool interactive = false;
  bool help = false;
  std::vector<std::string> questions;
};

/// Reads the command line, without the name of the program. InvalidArgument with a message for the
/// user.
absl::StatusOr<Options> ParseOptions(std::span<const char* const> arguments);

/// The text of --help.
extern const std::string_view kHelp;

}  // namespace docsearch

#endif  // DOCSEARCH_OPTIONS_H_
