#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "tree/checks.h"

namespace vecdb::tree {
namespace {

enum class Form {
  kWord,  // The name anywhere.
  kCall,  // A call of the free function or of std's, not of a member or of a class's own.
  kLib,   // std::name or absl::name itself, not a member of it such as std::thread::id.
};

struct Ban {
  std::string_view name;
  Form form;
  std::string_view allowed_in;  // A path may begin so and use the name all the same.
};

constexpr std::string_view kNowhere = "nowhere";

constexpr Ban kBans[] = {
    // Printing.
    {"printf", Form::kCall, kNowhere},
    {"fprintf", Form::kCall, kNowhere},
    {"dprintf", Form::kCall, kNowhere},
    {"vprintf", Form::kCall, kNowhere},
    {"vfprintf", Form::kCall, kNowhere},
    {"puts", Form::kCall, kNowhere},
    {"fputs", Form::kCall, kNowhere},
    {"putchar", Form::kCall, kNowhere},
    {"perror", Form::kCall, kNowhere},
    {"PrintF", Form::kLib, kNowhere},
    {"FPrintF", Form::kLib, kNowhere},
    {"stdout", Form::kWord, kNowhere},
    {"stderr", Form::kWord, kNowhere},
    {"cout", Form::kWord, kNowhere},
    {"cerr", Form::kWord, kNowhere},
    {"clog", Form::kWord, kNowhere},
    // Ending the host's process.
    {"abort", Form::kCall, kNowhere},
    {"exit", Form::kCall, kNowhere},
    {"_exit", Form::kCall, kNowhere},
    {"_Exit", Form::kCall, kNowhere},
    {"quick_exit", Form::kCall, kNowhere},
    {"terminate", Form::kCall, kNowhere},
    {"throw", Form::kWord, "src/filter/parse."},  // how a PEGTL grammar fails; caught there
    // Threads.
    {"thread", Form::kLib, "src/base/thread_pool."},
    {"jthread", Form::kLib, "src/base/thread_pool."},
    {"async", Form::kLib, kNowhere},
    {"pthread_create", Form::kWord, kNowhere},
    // The wall clock.
    {"system_clock", Form::kWord, "src/base/clock."},
    {"gettimeofday", Form::kWord, "src/base/clock."},
    {"clock_gettime", Form::kWord, "src/base/clock."},
    {"time", Form::kCall, "src/base/clock."},
    {"Now", Form::kLib, "src/base/clock."},
    {"GetCurrentTimeNanos", Form::kWord, "src/base/clock."},
    // Sleeping.
    {"sleep", Form::kCall, kNowhere},
    {"usleep", Form::kWord, kNowhere},
    {"nanosleep", Form::kWord, kNowhere},
    {"sleep_for", Form::kWord, kNowhere},
    {"sleep_until", Form::kWord, kNowhere},
    {"SleepFor", Form::kLib, kNowhere},
    // Randomness that no seed repeats.
    {"rand", Form::kCall, kNowhere},
    {"rand_r", Form::kWord, kNowhere},
    {"srand", Form::kCall, kNowhere},
    {"random_device", Form::kWord, "src/base/random_id."},
    {"getrandom", Form::kWord, "src/base/random_id."},
    {"getentropy", Form::kWord, "src/base/random_id."},
    // What ends the process, or is left broken, when there is no memory: base::StrFormat and std's
    // containers throw.
    {"StrFormat", Form::kLib, kNowhere},
    {"StrAppendFormat", Form::kLib, kNowhere},
    {"flat_hash_map", Form::kLib, kNowhere},
    {"flat_hash_set", Form::kLib, kNowhere},
    {"node_hash_map", Form::kLib, kNowhere},
    {"node_hash_set", Form::kLib, kNowhere},
    // Files of FAISS, whose reader crashes on damaged ones: a host reads its own.
    {"read_index", Form::kWord, kNowhere},
    // State of the host's process.
    {"signal", Form::kCall, kNowhere},
    {"sigaction", Form::kWord, kNowhere},
    {"setlocale", Form::kWord, kNowhere},
};

constexpr std::string_view kSystemHeaders[] = {"unistd.h", "fcntl.h",  "sys/",    "dirent.h",
                                               "poll.h",   "signal.h", "csignal", "pthread.h"};
constexpr std::string_view kSystemFolders[] = {"src/base/", "src/store/"};

constexpr std::string_view kMarks[] = {"TODO", "FIXME", "XXX"};

// The token `back` places before `at`, or nothing at the start of the file.
std::string_view Before(const SourceFile& file, size_t at, size_t back) {
  return at >= back ? std::string_view(file.tokens[at - back].text) : std::string_view();
}

std::string_view After(const SourceFile& file, size_t at) {
  return at + 1 < file.tokens.size() ? std::string_view(file.tokens[at + 1].text)
                                     : std::string_view();
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsWord(std::string_view token) { return !token.empty() && IsWordCharacter(token.front()); }

bool HasWord(std::string_view line, std::string_view word) {
  for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsWordCharacter(line[at - 1]);
    const bool ends = end == line.size() || !IsWordCharacter(line[end]);
    if (begins && ends) return true;
  }
  return false;
}

bool IsFreeCall(const SourceFile& file, size_t at) {
  if (After(file, at) != "(") return false;
  const std::string_view previous = Before(file, at, 1);
  if (previous == "." || previous == "->") return false;
  if (previous == "::") {
    const std::string_view scope = Before(file, at, 2);
    return !IsWord(scope) || scope == "std" || scope == "absl" || scope == "return";
  }
  // A word before the name is the type of a declaration, but for these.
  return !IsWord(previous) || previous == "return" || previous == "else" || previous == "do";
}

bool IsLibraryName(const SourceFile& file, size_t at) {
  const std::string_view scope = Before(file, at, 2);
  return Before(file, at, 1) == "::" && (scope == "std" || scope == "absl") &&
         After(file, at) != "::";
}

bool Matches(const Ban& ban, const SourceFile& file, size_t at) {
  if (file.tokens[at].text != ban.name) return false;
  switch (ban.form) {
    case Form::kWord:
      return true;
    case Form::kCall:
      return IsFreeCall(file, at);
    case Form::kLib:
      return IsLibraryName(file, at);
  }
  return false;
}

void CheckNames(const SourceFile& file, Violations& out) {
  for (size_t at = 0; at < file.tokens.size(); ++at) {
    for (const Ban& ban : kBans) {
      if (!Matches(ban, file, at) || file.path.starts_with(ban.allowed_in)) continue;
      out.push_back(
          absl::StrFormat("%s:%d: %s is banned here", file.path, file.tokens[at].line, ban.name));
    }
  }
}

void CheckSystemHeaders(const SourceFile& file, Violations& out) {
  for (const std::string_view folder : kSystemFolders) {
    if (file.path.starts_with(folder)) return;
  }
  for (const Include& include : file.includes) {
    for (const std::string_view header : kSystemHeaders) {
      if (!include.path.starts_with(header)) continue;
      out.push_back(absl::StrFormat("%s:%d: <%s>: system calls are made in base/ and store/ alone",
                                    file.path, include.line, include.path));
    }
  }
}

void CheckMarks(const SourceFile& file, Violations& out) {
  int number = 0;
  for (const std::string& line : file.lines) {
    ++number;
    for (const std::string_view mark : kMarks) {
      if (!HasWord(line, mark)) continue;
      out.push_back(
          absl::StrFormat("%s:%d: %s: finish it or open an issue", file.path, number, mark));
    }
  }
}

}  // namespace

Violations CheckBannedNames(const SourceTree& tree) {
  Violations out;
  for (const auto& [path, file] : tree.files()) {
    if (!path.starts_with("src/") && !path.starts_with("include/")) continue;
    CheckNames(file, out);
    CheckSystemHeaders(file, out);
    CheckMarks(file, out);
  }
  return out;
}

}  // namespace vecdb::tree
