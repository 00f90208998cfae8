#include "common/flags.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

absl::Status ParseList(std::string_view name, std::string_view text,
                       std::vector<std::string>* values) {
  std::vector<std::string> parts = SplitCommas(text);
  for (const std::string& part : parts) {
    if (part.empty()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--%s: \"%s\" has an empty value", name, text));
    }
  }
  *values = std::move(parts);
  return absl::OkStatus();
}

absl::Status ParseDoubles(std::string_view name, std::string_view text,
                          std::vector<double>* values) {
  std::vector<std::string> parts;
  VECDB_RETURN_IF_ERROR(ParseList(name, text, &parts));
  values->clear();
  for (const std::string& part : parts) {
    char* end = nullptr;
    values->push_back(std::strtod(part.c_str(), &end));
    if (*end != '\0') {
      return absl::InvalidArgumentError(absl::StrFormat("--%s: \"%s\" is no number", name, part));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseInt(std::string_view what, std::string_view text, int lowest, int highest,
                      int* value) {
  int parsed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, parsed);
  if (error != std::errc() || stop != end || parsed < lowest || parsed > highest) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: \"%s\" is no number from %d to %d", what, text, lowest, highest));
  }
  *value = parsed;
  return absl::OkStatus();
}

std::vector<std::string> SplitCommas(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    parts.emplace_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

void Flags::Add(std::string name, std::string help, std::string* value) {
  auto set = [value](std::string_view text) {
    *value = std::string(text);
    return absl::OkStatus();
  };
  flags_.push_back({std::move(name), std::move(help), *value, std::move(set)});
}

void Flags::Add(std::string name, std::string help, int* value, int lowest, int highest) {
  auto set = [name, value, lowest, highest](std::string_view text) {
    return ParseInt(absl::StrCat("--", name), text, lowest, highest, value);
  };
  flags_.push_back({std::move(name), std::move(help), absl::StrCat(*value), std::move(set)});
}

void Flags::Add(std::string name, std::string help, std::vector<std::string>* values) {
  auto set = [name, values](std::string_view text) { return ParseList(name, text, values); };
  flags_.push_back({std::move(name), std::move(help), absl::StrJoin(*values, ","), std::move(set)});
}

void Flags::Add(std::string name, std::string help, std::vector<double>* values) {
  auto set = [name, values](std::string_view text) { return ParseDoubles(name, text, values); };
  flags_.push_back({std::move(name), std::move(help), absl::StrJoin(*values, ","), std::move(set)});
}

const Flags::Flag* Flags::Find(std::string_view name) const {
  for (const Flag& flag : flags_) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

absl::Status Flags::Parse(std::span<const char* const> arguments) const {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    const size_t equals = argument.find('=');
    const bool has_value = argument.starts_with("--") && equals != argument.npos;
    const std::string_view name = argument.substr(0, has_value ? equals : argument.size());
    const Flag* flag = name.starts_with("--") ? Find(name.substr(2)) : nullptr;
    if (flag == nullptr) {
      return absl::InvalidArgumentError(absl::StrFormat("unknown argument \"%s\"", name));
    }
    if (!seen.insert(flag->name).second) {
      return absl::InvalidArgumentError(absl::StrFormat("%s is given twice", name));
    }
    if (!has_value && ++i == arguments.size()) {
      return absl::InvalidArgumentError(absl::StrFormat("%s needs a value", name));
    }
    VECDB_RETURN_IF_ERROR(
        flag->set(has_value ? argument.substr(equals + 1) : std::string_view(arguments[i])));
  }
  return absl::OkStatus();
}

std::string Flags::Help() const {
  std::string text;
  for (const Flag& flag : flags_) {
    absl::StrAppendFormat(&text, "  --%-14s %s", flag.name, flag.help);
    if (!flag.initial.empty()) absl::StrAppendFormat(&text, " [%s]", flag.initial);
    text += '\n';
  }
  return text;
}

int RunProgram(std::string_view name, const Flags& flags, int argc, const char* const* argv,
               absl::FunctionRef<absl::Status()> run) {
  const std::string program(name);
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::printf("%s [flags]\n\n%s", program.c_str(), flags.Help().c_str());
    return 0;
  }
  absl::Status status = flags.Parse({argv + 1, argv + argc});
  if (status.ok()) status = run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s: %s\n", program.c_str(), std::string(status.message()).c_str());
  return 1;
}

}  // namespace vecdb::bench
