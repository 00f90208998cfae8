#include "sharded_service/flags.h"

#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sharded_service {

absl::StatusOr<Flags> Flags::Parse(std::span<const char* const> arguments,
                                   const std::set<std::string>& names,
                                   const std::set<std::string>& switches) {
  Flags flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    const std::string name = argument.starts_with("--") ? argument.substr(2) : "";
    if (switches.contains(name)) {
      flags.values_[name].emplace_back();
      continue;
    }
    if (!names.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown argument \"", argument, "\""));
    }
    if (++i == arguments.size()) {
      return absl::InvalidArgumentError(absl::StrCat(argument, ": its value is missing"));
    }
    flags.values_[name].emplace_back(arguments[i]);
  }
  return flags;
}

std::vector<std::string> Flags::All(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::string Flags::Get(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second.back();
}

absl::StatusOr<int32_t> Flags::GetNumber(const std::string& name, int32_t otherwise,
                                         int32_t least) const {
  if (!Has(name)) return otherwise;
  int32_t number = 0;
  if (absl::SimpleAtoi(Get(name), &number) && number >= least) return number;
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, " ", Get(name), ": must be a number of at least ", least));
}

int RunProgram(std::string_view name, int argc, const char* const* argv,
               absl::Status (*run)(std::span<const char* const> arguments)) {
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  const absl::Status status = run(arguments.subspan(1));
  if (!status.ok()) std::cerr << name << ": " << status << "\n";
  return status.ok() ? 0 : 1;
}

}  // namespace sharded_service
