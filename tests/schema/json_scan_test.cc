#include "schema/json_scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "schema/json_value.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"

namespace vecdb::schema {
namespace {

using Json = nlohmann::json;
using Kind = JsonScalar::Kind;
using Steps = std::vector<JsonStep>;

JsonScalar Read(std::string_view raw) {
  static std::string buffer;
  return ReadJsonScalar(raw, &buffer);
}

// The text in a block of its own, so that a sanitizer sees each byte read beyond it.
class Exact {
 public:
  explicit Exact(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
  }
  std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// ---- random documents

class RandomJson {
 public:
  explicit RandomJson(support::SeededRandom& random) : random_(random) {}

  std::string Value(int depth) {
    const uint64_t kind = random_.Below(depth > 0 ? 10 : 6);
    if (kind < 2) return Number();
    if (kind < 4) return String();
    if (kind < 6) return Pick({"true", "false", "null"});
    return kind < 8 ? Array(depth) : Object(depth);
  }

  // A place that may be there.
  Steps Path() {
    Steps steps;
    for (uint64_t left = random_.Below(4); left > 0; --left) {
      if (random_.OneIn(3)) {
        steps.emplace_back(static_cast<int64_t>(random_.Below(3)));
      } else {
        steps.emplace_back(std::string(Pick({"a", "b", "\n", "", "\"\\"})));
      }
    }
    return steps;
  }

 private:
  const char* Pick(const std::vector<const char*>& texts) {
    return texts[random_.Below(texts.size())];
  }

  std::string Space() { return random_.OneIn(4) ? Pick({" ", "\n", "\t \r", "  "}) : ""; }

  std::string Number() {
    return Pick({"0",
                 "-0",
                 "1",
                 "-1",
                 "1.0",
                 "-0.0",
                 "1e308",
                 "-1.7976931348623157e308",
                 "5e-324",
                 "1e-400",
                 "0.1",
                 "9223372036854775807",
                 "-9223372036854775808",
                 "9223372036854775808",
                 "-9223372036854775809",
                 "18446744073709551615",
                 "18446744073709551616",
                 "123456789012345678901234567890",
                 "1E5",
                 "1e+2",
                 "1.5"});
  }

  std::string String() {
    std::string text = "\"";
    for (uint64_t left = random_.Below(random_.OneIn(8) ? 40 : 5); left > 0; --left) {
      text += Pick({"a", "bc", "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t", "\\u00e9", "\\u0000",
                    "\\ud834\\udd1e", "\\uDBFF\\uDFFF", "\xc3\xa9", "\xf0\x9d\x84\x9e", "[", "}",
                    ",", "\\\\\\\""});
    }
    return text + "\"";
  }

  std::string Key() {
    return Pick({"\"a\"", "\"a\"", "\"\\u0061\"", "\"b\"", "\"\\n\"", "\"\"", "\"\\\"\\\\\""});
  }

  std::string Array(int depth) {
    std::string text = "[";
    for (uint64_t left = random_.Below(4); left > 0; --left) {
      text += Space() + Value(depth - 1) + Space() + (left > 1 ? "," : "");
    }
    return text + Space() + "]";
  }

  std::string Object(int depth) {
    std::string text = "{";
    for (uint64_t left = random_.Below(5); left > 0; --left) {
      text += Space() + Key() + Space() + ":" + Space() + Value(depth - 1) + Space() +
              (left > 1 ? "," : "");
    }
    return text + Space() + "}";
  }

  support::SeededRandom& random_;
};

// ---- the oracle

const Json* Find(const Json& root, const Steps& steps) {
  const Json* at = &root;
  for (const JsonStep& step : steps) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      if (!at->is_object() || !at->contains(*key)) return nullptr;
      at = &(*at)[*key];
    } else {
      const auto place = static_cast<size_t>(std::get<int64_t>(step));
      if (!at->is_array() || place >= at->size()) return nullptr;
      at = &(*at)[place];
    }
  }
  return at;
}

bool IsInt64(const Json& value) {
  return value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t{INT64_MAX}
                                    : value.is_number_integer();
}

void ExpectSame(const JsonScalar& scalar, const Json* expected) {
  if (expected == nullptr) {
    EXPECT_EQ(scalar.kind, Kind::kMissing);
  } else if (expected->is_null()) {
    EXPECT_EQ(scalar.kind, Kind::kNull);
  } else if (expected->is_boolean()) {
    ASSERT_EQ(scalar.kind, Kind::kBool);
    EXPECT_EQ(scalar.boolean, expected->get<bool>());
  } else if (expected->is_string()) {
    ASSERT_EQ(scalar.kind, Kind::kString);
    EXPECT_EQ(scalar.text, expected->get_ref<const std::string&>());
  } else if (expected->is_structured()) {
    ASSERT_EQ(scalar.kind, expected->is_array() ? Kind::kArray : Kind::kObject);
    EXPECT_EQ(Json::parse(scalar.raw), *expected);
  } else if (IsInt64(*expected)) {
    ASSERT_EQ(scalar.kind, Kind::kInteger);
    EXPECT_EQ(scalar.integer, expected->get<int64_t>());
  } else {
    ASSERT_EQ(scalar.kind, Kind::kReal);
    EXPECT_EQ(scalar.real, expected->get<double>());
    EXPECT_EQ(std::signbit(scalar.real), std::signbit(expected->get<double>()));
  }
}

void ExpectWalksAsParsed(const JsonScalar& scalar) {
  std::string buffer;
  if (scalar.kind == Kind::kArray) {
    const Json parsed = Json::parse(scalar.raw);
    size_t count = 0;
    ForEachElement(scalar.raw, [&](std::string_view element) {
      ExpectSame(ReadJsonScalar(element, &buffer), &parsed.at(count++));
      return true;
    });
    EXPECT_EQ(count, parsed.size());
  } else if (scalar.kind == Kind::kObject) {
    Json built = Json::object();
    ForEachMember(scalar.raw, [&](std::string_view key, std::string_view value) {
      built[std::string(key)] = Json::parse(value);
      return true;
    });
    EXPECT_EQ(built, Json::parse(scalar.raw));
  }
}

// ---- tests

TEST(JsonScanTest, RandomDocumentsReadAsParsed) {
  const uint64_t seed = support::TestSeed("JsonScanTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  RandomJson source(random);
  std::string buffer;
  for (int i = support::ScaledCount(3'000); i > 0 && !testing::Test::HasFailure(); --i) {
    const std::string text = source.Value(5);
    SCOPED_TRACE(text);
    ASSERT_OK(CheckJsonValue(text));
    const Json parsed = Json::parse(text);
    const Exact exact(text);
    for (int n = 0; n < 6; ++n) {
      const Steps steps = source.Path();
      const JsonScalar found = FindInJson(exact.text(), steps, &buffer);
      ExpectSame(found, Find(parsed, steps));
      ExpectWalksAsParsed(found);
    }
  }
}

// Nothing but that it ends, and that a sanitizer finds no byte read beyond the text.
TEST(JsonScanTest, HostileTextIsReadWithinItsBounds) {
  const uint64_t seed = support::TestSeed("JsonScanTest.Hostile");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  RandomJson source(random);
  std::string buffer;
  for (int i = support::ScaledCount(4'000); i > 0; --i) {
    std::string text = source.Value(4);
    for (uint64_t left = random.Below(4); left > 0; --left) {
      text[random.Below(text.size())] = "\"\\{}[],:u-0e\0 "[random.Below(14)];
    }
    const Exact exact(std::string_view(text).substr(0, random.Below(text.size() + 1)));
    const JsonScalar found = FindInJson(exact.text(), source.Path(), &buffer);
    EXPECT_TRUE(std::isfinite(found.real));
    ForEachElement(exact.text(), [](std::string_view) { return true; });
    ForEachMember(exact.text(), [](std::string_view, std::string_view) { return true; });
  }
}

TEST(JsonScanTest, BrokenTextGivesSomeAnswer) {
  for (const std::string_view text :
       {"",   " ",    "\"",     "\"\\",    "\"\\u", "\"\\u12", "\"\\ud834", "\"\\ud834\\u",
        "{",  "{\"a", "{\"a\"", "{\"a\":", "[",     "[,",      "[1",        "[]]",
        "}",  "-",    "-inf",   "inf",     "nan",   "1e999",   "+1",        "[}",
        "{]", "{,:"}) {
    const Exact exact(text);
    std::string buffer;
    for (const Steps& steps : {Steps{}, Steps{std::string("a")}, Steps{int64_t{0}}}) {
      EXPECT_TRUE(std::isfinite(FindInJson(exact.text(), steps, &buffer).real)) << text;
    }
  }
  EXPECT_EQ(Read("\"\\ud834x\"").text, "\xef\xbf\xbdx");
  EXPECT_EQ(Read("\"\\udd1e\"").text, "\xef\xbf\xbd");
}

TEST(JsonScanTest, OfAKeyThatComesTwiceTheLastValueCounts) {
  std::string buffer;
  const std::string_view text = R"({"a":{"b":1},"\u0061":{"c":2}})";
  EXPECT_EQ(FindInJson(text, Steps{std::string("a"), std::string("b")}, &buffer).kind,
            Kind::kMissing);
  EXPECT_EQ(FindInJson(text, Steps{std::string("a"), std::string("c")}, &buffer).integer, 2);
}

TEST(JsonScanTest, IntegersBeyond64BitsAreReals) {
  EXPECT_EQ(Read("9223372036854775807").integer, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Read("9223372036854775808").kind, Kind::kReal);
  EXPECT_EQ(Read("9223372036854775808").real, 9223372036854775808.0);
  EXPECT_EQ(Read("-9223372036854775808").integer, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Read("-9223372036854775809").kind, Kind::kReal);
  EXPECT_EQ(Read("-0").kind, Kind::kInteger);
  EXPECT_EQ(Read("1.0").kind, Kind::kReal);
}

TEST(JsonScanTest, OnlyAStringWithEscapesUsesTheBuffer) {
  std::string buffer = "untouched";
  const std::string_view text = R"({"k":"plain \u0020"})";
  EXPECT_EQ(ReadJsonScalar("\"plain\"", &buffer).text, "plain");
  EXPECT_EQ(buffer, "untouched");
  EXPECT_EQ(FindInJson(text, Steps{std::string("k")}, &buffer).text, "plain  ");
  EXPECT_EQ(buffer, "plain  ");
}

TEST(JsonScanTest, AQuoteIsFoundAtEveryPlaceOfAWord) {
  for (size_t length = 0; length < 40; ++length) {
    for (size_t escape = 0; escape <= length; ++escape) {
      std::string text(length, 'x');
      text.insert(escape, "\\\"");
      const Exact exact("\"" + text + "\",\"y\"");
      std::string expected(length, 'x');
      expected.insert(escape, "\"");
      EXPECT_EQ(Read(exact.text()).text, expected);
    }
  }
}

TEST(JsonScanTest, TheDeepestNestingIsWalked) {
  std::string buffer;
  const std::string text = std::string(32, '[') + "7" + std::string(32, ']');
  EXPECT_EQ(FindInJson(text, Steps(32, int64_t{0}), &buffer).integer, 7);
  EXPECT_EQ(FindInJson(text, Steps(33, int64_t{0}), &buffer).kind, Kind::kMissing);
}

TEST(JsonScanTest, AVisitorThatHasSeenEnoughEndsTheWalk) {
  int seen = 0;
  ForEachElement("[1,2,3]", [&seen](std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
  ForEachMember(R"({"a":1,"b":2,"c":3})",
                [&seen](std::string_view key, std::string_view) { return ++seen, key != "b"; });
  EXPECT_EQ(seen, 4);
}

TEST(JsonScanTest, OtherValuesHaveNoElements) {
  for (const char* text : {"1", "null", "\"[1]\"", "{}"}) {
    ForEachElement(text, [](std::string_view) { return ADD_FAILURE(), true; });
  }
  for (const char* text : {"1", "null", "\"{}\"", "[1]"}) {
    ForEachMember(text, [](std::string_view, std::string_view) { return ADD_FAILURE(), true; });
  }
}

}  // namespace
}  // namespace vecdb::schema
