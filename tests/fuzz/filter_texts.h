#ifndef VECDB_TESTS_FUZZ_FILTER_TEXTS_H_
#define VECDB_TESTS_FUZZ_FILTER_TEXTS_H_

#include <string_view>

namespace vecdb::fuzz {

// The corpus of filter_text: every construct of the language, over the fields of RichSchema, and
// every kind of mistake.

struct FilterText {
  std::string_view name;
  std::string_view text;
};

inline constexpr FilterText kFilterTexts[] = {
    // Conditions.
    {"empty", ""},
    {"spaces", " \t\r\n"},
    {"constants", "true"},
    {"false", "FALSE"},
    {"bool_field", "bool and not bool"},
    {"equalities", "key == 1 or int8 != -1 or double == .5e-3 or text == 'x' or bool != true"},
    {"orders", "key < 10 and int16 <= 300 and float > 0.1 and double >= -1e300"},
    {"two_fields", "key < int8 or float == double and text != json[\"a\"]"},
    {"mirrored", "10 > key && 'm' <= text || 1.5 != float"},
    {"range", "1 < key <= 9 and 'a' <= text < 'b'"},
    {"range_down", "9.5 >= double > -2 and not (7 > int8 > 3)"},
    {"range_of_constants", "1 < 2 < key"},
    {"in", "key in [1, 2, 3,] or text IN ['a', \"b\"] or bool in [True]"},
    {"not_in", "int32 not in [7, -7, 0x7] and text NOT  IN []"},
    {"in_mixed", "json[\"a\"] in [1, 1.0, 'a', true, -2.5] and 3 in [1, 3]"},
    {"like", "text like 'vec%' and text LIKE '%a_b%c' and not (text like '100\\%')"},
    {"like_escapes", R"(text like "a\\\\b\_c\\\\" or text like "" or text like "%%_%%")"},
    {"like_json", "json['t'] like '_%' or json['t'] like 'pre%' and 'abc' like 'a%'"},
    {"like_last", "text like '\xf4\x8f\xbf\xbf%' or text like '\xed\x9f\xbf%'"},
    {"words", "NOT bool AND key == 1 OR not bool and ! bool or int8 > 1"},
    {"signs", "!(bool)&&!bool||bool"},
    {"precedence", "bool or key == 1 and int8 == 2 or (bool or key == 3) and int8 == 4"},
    {"parentheses", "(((key) == ((1)))) and ((bool) or (not (bool)))"},
    {"merged", "key > 1 and key < 9 and key != 5 or key in [11, 13] or not (key < 20)"},
    {"contradiction", "key > 9 and key < 1 or text < ''"},
    {"tautology", "int8 >= -128 or double < 0 or double >= 0"},
    {"newlines", "key == 1\n  and bool\n\tor int8 > 2"},
    // Arithmetic.
    {"arithmetic", "key * 2 + 1 - int8 / 3 % 5 < 10"},
    {"power", "2 ** key ** 2 > 1e3 or key ** -2 < 1 or -key ** 2 == +4"},
    {"grouped", "(key + 1) * (int8 - (int16 - 2)) / (3 % (4 * 5)) == -(-key)"},
    {"folded", "key == 1 + 2 * 3 - 7 / 2 and double < 2 ** 0.5 and key == - - 5"},
    {"overflow", "key < 9223372036854775807 + 1 or key == 1 / 0 or double > 1e308 * 10"},
    {"arithmetic_json", "json['a'] + 1 > double and -json[\"b\"] in [1] and json['c'] % 2 == 0"},
    // Numbers.
    {"decimal", "key in [0, 7, -7, 9223372036854775807, -9223372036854775808]"},
    {"bases", "key in [0x1F, 0XaB, 017, 0b101, 0B0, -0x8000000000000000, - 0b1, + 3]"},
    {"reals", "double in [1., .5, 0.5e10, 1E-3, 1e+2, 5e-324, 1.7976931348623157e308, -0.0]"},
    {"hex_reals", "double in [0x1p3, 0x1.8P-2, 0x.8p0, 0xA.bcp+1, 0x1.fffffffffffffp1023]"},
    {"float_values",
     "float == 0.1 and float in [16777217, 3.5e38, 1e-46] and float < 3.4028236e38"},
    {"int_against_real", "int8 < 1.5 and int8 > -1e9 and key == 9.223372036854775808e18"},
    // Strings.
    {"escapes", R"(text in ["\n\t\r\b\f\\\"\'\/", '\x41\x00\x7f', "\u00e9\ud83d\ude00\uFFFF"])"},
    {"quotes", R"(text == "it's" or text == 'say "x"' or text == '' or text < "a\%b\_c\\%")"},
    {"utf8", "text == 'z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80' and json[\"\xc3\xa9\"] == 1"},
    // Json.
    {"path", R"(json["a"]['b'][0] [ 12 ]["c d\n"] == 1 and json[9223372036854775807] != "x")"},
    {"dynamic", "color == 'red' and $meta[\"size\"][\"x\"] > 3 and tags[0] in ['a'] and not_a < 1"},
    {"json_kinds", "json['a'] != 1 or json['a'] not in [1, 'x'] or not (json['a'] == true)"},
    {"json_sets", "json['a'] < 1 or json['a'] >= 1 or json['a'] == true or json['a'] < 'x'"},
    {"json_all", "json['a'] == 1 or json['a'] != 1 and not (json['a'] < 5)"},
    {"json_compare", "json['a'] < json['b'] and not (json['a'] >= key) or json[0] != json[1]"},
    {"exists",
     "exists json['a'] and EXISTS (json[\"b\"][1]) and not exists $meta['c'] or exists d"},
    {"contains",
     "json_contains(json, 1) and JSON_CONTAINS(json['a'], [1, 'x']) and not json_contains(d, "
     "-1.5)"},
    {"contains_all",
     "json_contains_all(json['a'], [1, [2, []], 'x', true]) or JSON_CONTAINS_ALL(json, {all})"},
    {"contains_any", "json_contains_any( json [ 'a' ] , [ ] ) or JSON_CONTAINS_ANY(json, [1,])"},
    // Parameters.
    {"parameter", "key == {value}"},
    {"parameter_kinds", "text like {p} or key in { list } or json_contains(json, {p}) or bool"},
    {"parameter_of_constants", "{p} in [1, 2] or {p} == {q} or 1 < {p} <= 3 or 'a' like {r}"},
    {"parameter_arithmetic", "-{p} ** 2 + {q} * (key - {p}) < 10 and not ({p} == key)"},
    {"parameter_printed",
     "(key == {p} and (bool and int8 > 1)) or not (text in {l} or -int8 >= -5 - (- 1))"},
    // Mistakes.
    {"error_operand", "key == "},
    {"error_end", "key == 1 bool"},
    {"error_assignment", "key = 1"},
    {"error_bits", "key & 1 == 1 or key << 2 == 4"},
    {"error_parenthesis", "(key == 1"},
    {"error_string", "text == \"abc"},
    {"error_escape", R"(text == "\q")"},
    {"error_surrogate", R"(text == "\ud83d\u0041" or text == "\u12")"},
    {"error_number", "key == 12abc"},
    {"error_octal", "key == 089"},
    {"error_integer", "key == 9223372036854775808"},
    {"error_real", "double == 1e999"},
    {"error_list", "key in [1 2]"},
    {"error_in", "key in 1"},
    {"error_pattern", "text like 5 or text like 'a\\\\'"},
    {"error_call", "strlen(text) == 1"},
    {"error_call_arguments", "json_contains(json)"},
    {"error_exists", "exists 1"},
    {"error_parameter", "key == {1a}"},
    {"error_path", "json[a] == 1"},
    {"error_place", "json[9223372036854775808] == 1"},
    {"error_range", "1 < key > 3"},
    {"error_three_ends", "1 < key < 3 < 4"},
    {"error_field", "kex == 1 and duble > 2"},
    {"error_vector", "vector == 1"},
    {"error_keys", "text['a'] == 1"},
    {"error_kinds", "key == 'a'"},
    {"error_order", "bool < true"},
    {"error_value", "key + 1"},
    {"error_condition", "(key == 1) + 1 == 2"},
    {"error_not", "not key == 1"},
    {"error_json", "json == 1"},
    {"error_list_value", "json['a'] == [1]"},
    {"error_list_in_list", "key in [1, [2]]"},
    {"error_contains", "json_contains_all(json, 1) or json_contains(text, 1)"},
    {"error_number_operand", "text + 1 == 2"},
    {"error_utf8", "text == '\xff'"},
    {"error_line", "key == 1 and\n\xc3\xa9 == \x01 2\n and bool"},
};

}  // namespace vecdb::fuzz

#endif  // VECDB_TESTS_FUZZ_FILTER_TEXTS_H_
