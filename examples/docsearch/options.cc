#include "docsearch/options.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace docsearch {
namespace {

constexpr size_t kMaxLimit = 100;
constexpr size_t kMaxChunks = 1'000'000;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string DefaultData() {
  const std::string name = "vecdb-docsearch";
  if (const std::string cache = Variable("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/" + name;
  if (const std::string home = Variable("HOME"); !home.empty()) return home + "/.cache/" + name;
  std::error_code error;
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(error);
  return error ? "/tmp/" + name : (temporary / name).string();
}

absl::StatusOr<size_t> ParseNumber(std::string_view name, std::string_view text, size_t largest) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > largest) {
    return absl::InvalidArgumentError(absl::StrFormat("%s takes a number from 1 to %d, not \"%s\"",
                                                      std::string(name), largest,
                                                      std::string(text)));
  }
  return number;
}

absl::Status CheckFolders(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
      return absl::InvalidArgumentError("--folder: there is no folder " + folder);
    }
  }
  return absl::OkStatus();
}

// Walks through the arguments once, filling `options`.
class Parser {
 public:
  explicit Parser(std::span<const char* const> arguments) : rest_(arguments) {}

  absl::StatusOr<Options> Parse() {
    while (!rest_.empty()) {
      if (const absl::Status status = TakeOne(); !status.ok()) return status;
    }
    if (!folders_.empty()) {
      if (const absl::Status status = CheckFolders(folders_); !status.ok()) return status;
      options_.folders = folders_;
    }
    if (options_.data.empty()) options_.data = DefaultData();
    return options_;
  }

 private:
  absl::Status TakeOne() {
    const std::string_view argument = Next();
    if (argument == "-i") {
      options_.interactive = true;
    } else if (argument == "-h" || argument == "--help") {
      options_.help = true;
    } else if (argument.starts_with('-')) {
      return TakeOption(argument);
    } else if (!argument.empty()) {
      options_.questions.emplace_back(argument);
    }
    return absl::OkStatus();
  }

  // "--name value" or "--name=value".
  absl::Status TakeOption(std::string_view argument) {
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    if (name != "--folder" && name != "--data" && name != "--source" && name != "--limit" &&
        name != "--max-chunks") {
      return absl::InvalidArgumentError("unknown option " + std::string(name));
    }
    if (equals != std::string_view::npos) return Set(name, argument.substr(equals + 1));
    if (rest_.empty()) return absl::InvalidArgumentError(std::string(name) + " needs a value");
    return Set(name, Next());
  }

  absl::Status Set(std::string_view name, std::string_view value) {
    if (value.empty()) return absl::InvalidArgumentError(std::string(name) + " needs a value");
    if (name == "--folder") {
      folders_.emplace_back(value);
    } else if (name == "--data") {
      options_.data = value;
    } else if (name == "--source") {
      options_.source = value;
    } else {
      const bool is_limit = name == "--limit";
      const auto number = ParseNumber(name, value, is_limit ? kMaxLimit : kMaxChunks);
      if (!number.ok()) return number.status();
      if (is_limit) options_.limit = static_cast<int32_t>(*number);
      if (!is_limit) options_.max_chunks = *number;
    }
    return absl::OkStatus();
  }

  std::string_view Next() {
    const std::string_view next = rest_.front();
    rest_ = rest_.subspan(1);
    return next;
  }

  std::span<const char* const> rest_;
  std::vector<std::string> folders_;
  Options options_;
};

}  // namespace

absl::StatusOr<Options> ParseOptions(std::span<const char* const> arguments) {
  return Parser(arguments).Parse();
}

const std::string_view kHelp =
    R"(docsearch [options] [question...]

Finds text by its meaning in the headers and documents of this machine. The first run reads them and
builds a database; later runs answer at once, until a file changes. Without a question it answers
three of its own.

  -i               read questions from the terminal, one a line
  --source NAME    only from this library or package, for example --source absl
  --limit N        answers per question, 1 to 100 (3)
  --folder FOLDER  read this folder; may be repeated (/usr/include and /usr/share/doc)
  --max-chunks N   keep at most so many pieces of text (100000)
  --data FOLDER    where the database is kept ($XDG_CACHE_HOME or ~/.cache, vecdb-docsearch)
  -h, --help       this text
)";

}  // namespace docsearch
