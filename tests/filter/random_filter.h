#ifndef VECDB_FILTER_RANDOM_FILTER_H_
#define VECDB_FILTER_RANDOM_FILTER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/seeded_random.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

/// Filters as text, of few fields and constants, so that collisions, contradictions and limits are
/// common.
namespace vecdb::filter::naive {

inline Schema RandomFilterSchema() {
  return {.fields = {{.name = "i64", .type = DataType::kInt64, .primary_key = true},
                     {.name = "b", .type = DataType::kBool},
                     {.name = "i8", .type = DataType::kInt8},
                     {.name = "f", .type = DataType::kFloat},
                     {.name = "d", .type = DataType::kDouble},
                     {.name = "v", .type = DataType::kVarChar, .max_length = 100},
                     {.name = "j", .type = DataType::kJson},
                     {.name = "vector", .type = DataType::kFloatVector, .dim = 2}},
          .enable_dynamic_field = true};
}

inline FilterParameters RandomFilterParameters() {
  return {{"zero", 0},
          {"half", 2.5},
          {"text", "a"},
          {"pattern", "a_%"},
          {"yes", true},
          {"numbers", FilterValue::List{1, 2.5, -1}},
          {"mixed", FilterValue::List{"a", true, 0.0, "b"}}};
}

/// Single-threaded.
class RandomFilter {
 public:
  explicit RandomFilter(support::SeededRandom& random) : random_(random) {}

  /// A condition within which conditions are nested up to `depth` deep. Most fit
  /// RandomFilterSchema.
  std::string Condition(int depth) {
    if (depth == 0 || random_.OneIn(3)) return Leaf();
    const std::string child = Condition(depth - 1);
    switch (random_.Below(4)) {
      case 0:
        return absl::StrCat(Pick({"not (", "!(", "NOT ("}), child, ")");
      case 1:
        return absl::StrCat("(", child, ")", Pick({" and ", " && ", " AND "}), "(",
                            Condition(depth - 1), ")");
      case 2:
        return absl::StrCat(child, Pick({" or ", "||", " OR "}), Condition(depth - 1));
      default:
        return absl::StrCat("(", child, Pick({" or ", " and "}), Condition(depth - 1),
                            Pick({" or ", " and "}), Leaf(), ")");
    }
  }

 private:
  enum class Kind { kNumber, kString, kBool, kJson };
  using Texts = std::vector<std::string_view>;

  std::string Pick(const Texts& texts) { return std::string(texts[random_.Below(texts.size())]); }

  // ---- constants

  std::string NumberConstant() {
    if (!random_.OneIn(3)) return Pick({"0", "1", "-1", "2", "3", "2.5", "0.1", "-0.5", "1.0"});
    return Pick({"127",
                 "-128",
                 "128",
                 "-129",
                 "126",
                 "0x10",
                 "010",
                 "0b11",
                 ".5",
                 "-0.0",
                 "9223372036854775807",
                 "-9223372036854775808",
                 "9223372036854775808.0",
                 "-9223372036854775807",
                 "1e19",
                 "-1e300",
                 "5e-324",
                 "3.4028235e38",
                 "16777217",
                 "1152921573326323713",
                 "9007199254740993",
                 "9007199254740992.0",
                 "{zero}",
                 "{half}"});
  }

  std::string StringConstant() {
    return Pick({R"("")", R"('')", R"("a")", R"('a')", R"("ab")", R"("b")", R"("é")", R"("\u00e9")",
                 R"("a\%")", R"("a\\")", R"("日")", R"("\udbff\udfff")", R"("\x00")", R"('"')",
                 "{text}"});
  }

  std::string BoolConstant() { return Pick({"true", "false", "True", "FALSE", "{yes}"}); }

  std::string Constant(Kind kind) {
    if (kind == Kind::kJson) kind = static_cast<Kind>(random_.Below(3));
    if (random_.OneIn(60)) kind = Kind::kBool;  // most often a mistake
    if (kind == Kind::kNumber) return NumberConstant();
    return kind == Kind::kString ? StringConstant() : BoolConstant();
  }

  std::string List(Kind kind) {
    if (kind == Kind::kNumber && random_.OneIn(8)) return "{numbers}";
    if (kind == Kind::kJson && random_.OneIn(8)) return "{mixed}";
    std::string list = "[";
    for (uint64_t left = random_.Below(4); left > 0; --left) {
      absl::StrAppend(&list, Constant(kind), left > 1 || random_.OneIn(4) ? ", " : "");
    }
    // Lists hold no parameters.
    return list.find('{') == std::string::npos ? list + "]" : "[]";
  }

  // ---- what rows have

  std::string Path() {
    return Pick({"x", "x", "x", R"(j["a"])", R"(j["a"])", R"(j['b'])", "y", R"($meta["x"])",
                 R"(x["a"])", R"(j["a"]["b"])", "x[0]", R"(j["a"][1]["a"])", R"(j["it's \"\\"])"});
  }

  std::string Variable(Kind kind) {
    if (kind == Kind::kJson) return Path();
    if (kind == Kind::kString) return "v";
    if (kind == Kind::kBool) return "b";
    return Pick({"i8", "i8", "i64", "i64", "f", "f", "d"});
  }

  std::string Arithmetic(int depth) {
    if (depth == 0 || random_.OneIn(4)) {
      return random_.OneIn(3) ? NumberConstant()
                              : Variable(random_.OneIn(3) ? Kind::kJson : Kind::kNumber);
    }
    if (random_.OneIn(6)) return absl::StrCat(Pick({"-", "- ", "+"}), Arithmetic(depth - 1));
    const std::string left = Arithmetic(depth - 1);
    const std::string op = Pick({" + ", " - ", " * ", " / ", " % ", " ** "});
    const std::string right = Arithmetic(depth - 1);
    return random_.OneIn(2) ? absl::StrCat("(", left, op, right, ")")
                            : absl::StrCat(left, op, right);
  }

  // ---- leaves

  std::string Order() { return Pick({" < ", " <= ", " > ", " >= "}); }

  std::string Comparison(Kind kind) {
    return kind == Kind::kBool || random_.OneIn(3) ? Pick({" == ", " != ", "=="}) : Order();
  }

  std::string Range(const std::string& term, Kind kind) {
    const Kind constants = kind == Kind::kJson && random_.OneIn(2) ? Kind::kString : Kind::kNumber;
    const std::string low = Constant(kind == Kind::kString ? kind : constants);
    const std::string high = Constant(kind == Kind::kString ? kind : constants);
    return random_.OneIn(2)
               ? absl::StrCat(low, Pick({" < ", " <= "}), term, Pick({" < ", " <= "}), high)
               : absl::StrCat(high, Pick({" > ", " >= "}), term, Pick({" > ", " >= "}), low);
  }

  std::string Like(const std::string& term) {
    return absl::StrCat(term, Pick({" like ", " LIKE "}),
                        Pick({R"("%")",
                              R"("a%")",
                              R"('%b')",
                              R"("a_")",
                              R"("_")",
                              R"("%a%")",
                              R"("é%")",
                              R"("_b%")",
                              R"("a\%")",
                              R"("a\%%")",
                              R"("a\\\\")",
                              R"("")",
                              R"("ab")",
                              R"("%%")",
                              R"("_%_")",
                              R"("%_%")",
                              R"("\udbff\udfff%")",
                              R"("%a%b%")",
                              R"("%é")",
                              "{pattern}",
                              "{text}"}));
  }

  std::string Contains() {
    const std::string path = random_.OneIn(8) ? Pick({"j", "$meta"}) : Path();
    if (random_.OneIn(3)) {
      return absl::StrCat("json_contains(", path, ", ", Constant(Kind::kJson), ")");
    }
    return absl::StrCat(Pick({"json_contains", "JSON_CONTAINS_ALL", "json_contains_any"}), "(",
                        path, ", ", random_.OneIn(4) ? "[[1, 2], 0, \"a\"]" : List(Kind::kJson),
                        ")");
  }

  // A condition about one term and constants.
  std::string About(const std::string& term, Kind kind) {
    switch (random_.Below(7)) {
      case 0:
        return absl::StrCat(term, Pick({" in ", " not in ", " IN "}), List(kind));
      case 1:
        if (kind != Kind::kBool) return Range(term, kind);
        return term;
      case 2:
        if (kind == Kind::kString || kind == Kind::kJson) return Like(term);
        [[fallthrough]];
      case 3: {
        const std::string constant = Constant(kind);
        return absl::StrCat(constant, Comparison(kind), term);
      }
      default: {
        const std::string constant = Constant(kind);
        const bool is_bool = constant == "true" || constant == "false" || constant == "True" ||
                             constant == "FALSE" || constant == "{yes}";
        return absl::StrCat(term, Comparison(is_bool ? Kind::kBool : kind), constant);
      }
    }
  }

  std::string BetweenTerms() {
    switch (random_.Below(4)) {
      case 0:
        return absl::StrCat(Path(), Order(), Path());
      case 1:
        return absl::StrCat(Path(), Pick({" == ", " != "}),
                            Variable(static_cast<Kind>(random_.Below(4))));
      case 2:
        return absl::StrCat(Arithmetic(1), Pick({" < ", " <= "}), Arithmetic(2),
                            random_.OneIn(3) ? " < 2" : "");
      default:
        return absl::StrCat(Arithmetic(2), Comparison(Kind::kNumber), Arithmetic(1));
    }
  }

  // Half of all leaves are about the same term as the one before.
  std::string Leaf() {
    if (!last_term_.empty() && random_.OneIn(2)) return About(last_term_, last_kind_);
    switch (random_.Below(10)) {
      case 0:
        return absl::StrCat(Pick({"exists ", "EXISTS "}), Path());
      case 1:
        return Contains();
      case 2:
      case 3:
        return BetweenTerms();
      case 4:
        return Pick({"b", "not b", "1 < 2", "1 == 1.0", R"("a" like "b")", "1 / 0 == 1", "1 in [1]",
                     "2 in []", "i8 in []", "v not in []", "1 < i8 <= i64", "f < d <= 2.5"});
      case 5:
        last_term_ = Arithmetic(1);
        last_kind_ = Kind::kNumber;
        break;
      default:
        last_kind_ = static_cast<Kind>(random_.Below(4));
        last_term_ = Variable(last_kind_);
    }
    return About(last_term_, last_kind_);
  }

  support::SeededRandom& random_;
  std::string last_term_;
  Kind last_kind_ = Kind::kNumber;
};

}  // namespace vecdb::filter::naive

#endif  // VECDB_FILTER_RANDOM_FILTER_H_
