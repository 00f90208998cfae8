#ifndef VECDB_TESTS_API_ERROR_CODES_TESTING_H_
#define VECDB_TESTS_API_ERROR_CODES_TESTING_H_

// Row E1 of the test plan: each error code that a header names for a call is produced. A test file
// has the list of what its headers name, and a case for each: the two must say the same.

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "vecdb/context.h"

namespace vecdb::support {

/// A call, and a code that its comment names.
struct Documented {
  const char* call;
  absl::StatusCode code;

  friend auto operator<=>(const Documented& a, const Documented& b) {
    return std::pair(std::string_view(a.call), a.code) <=>
           std::pair(std::string_view(b.call), b.code);
  }
};

inline std::string NameOf(const Documented& one) {
  return absl::StrCat(one.call, ", ", absl::StatusCodeToString(one.code));
}

/// How to produce one, in a new World.
template <typename World>
struct CodeCase {
  Documented expected;
  std::function<absl::Status(World&)> call;
};

/// Makes each call in a World of its own: it must give its code, and say something.
template <typename World>
void ExpectCodes(const std::vector<CodeCase<World>>& cases) {
  for (const auto& [expected, call] : cases) {
    SCOPED_TRACE(NameOf(expected));
    World world;
    const absl::Status status = call(world);
    EXPECT_EQ(status.code(), expected.code) << status;
    EXPECT_FALSE(status.message().empty());
  }
}

/// Adds what the cases produce, each once.
template <typename World>
void AddProduced(const std::vector<CodeCase<World>>& cases, std::set<Documented>* produced) {
  for (const CodeCase<World>& one : cases) {
    EXPECT_TRUE(produced->insert(one.expected).second) << NameOf(one.expected) << " twice";
  }
}

inline void ExpectTheSame(std::span<const Documented> documented,
                          const std::set<Documented>& produced) {
  std::set<Documented> listed;
  for (const Documented& one : documented) {
    EXPECT_TRUE(listed.insert(one).second) << NameOf(one) << " twice";
    EXPECT_TRUE(produced.contains(one)) << NameOf(one) << " is produced by no case";
  }
  for (const Documented& one : produced) {
    EXPECT_TRUE(listed.contains(one)) << NameOf(one) << " is not in the list";
  }
}

inline Context ExpiredContext() { return Context::WithTimeout(absl::ZeroDuration()); }

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_ERROR_CODES_TESTING_H_
