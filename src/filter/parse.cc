#include "filter/parse.h"

#include <exception>
#include <string>
#include <variant>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "filter/error.h"
#include "filter/expr_builder.h"
#include "filter/literal.h"
#include "tao/pegtl.hpp"

namespace vecdb::filter {
namespace grammar {

// From the tightest to the loosest: operand, like, **, signs and not, * / %, + -, in, < <= > >=,
// == !=, and, or: the order of Milvus 2.2's grammar, except that exists is a prefix of its path.
//
// No text is read twice: whatever comes before an operator has been reduced when the operator is
// seen, and behind one only an operand may follow. So parsing takes linear time.

using namespace tao::pegtl;  // NOLINT: the names of rules

struct State {
  ExprBuilder builder;
  const char* begin = nullptr;  // of the text
  int nesting = 0;
  size_t list_values = 0;
};

// `Rule`, on the way to which at most kMaxFilterDepth others of this kind are open.
template <typename Rule>
struct nested {
  using rule_t = nested;
  using subs_t = type_list<Rule>;

  template <apply_mode A, rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, State& state) {
    if (state.nesting == kMaxFilterDepth) throw parse_error("nested deeper than 64 levels", in);
    ++state.nesting;
    const bool matched = Control<Rule>::template match<A, M, Action, Control>(in, state);
    --state.nesting;
    return matched;
  }
};

struct ws : star<space> {};
template <typename... Spelling>
struct word : seq<sor<Spelling...>, not_at<identifier_other>> {};

struct word_and : word<TAO_PEGTL_STRING("and"), TAO_PEGTL_STRING("AND")> {};
struct word_or : word<TAO_PEGTL_STRING("or"), TAO_PEGTL_STRING("OR")> {};
struct word_not : word<TAO_PEGTL_STRING("not"), TAO_PEGTL_STRING("NOT")> {};
struct word_in : word<TAO_PEGTL_STRING("in"), TAO_PEGTL_STRING("IN")> {};
struct word_like : word<TAO_PEGTL_STRING("like"), TAO_PEGTL_STRING("LIKE")> {};
struct word_exists : word<TAO_PEGTL_STRING("exists"), TAO_PEGTL_STRING("EXISTS")> {};
struct word_true
    : word<TAO_PEGTL_STRING("true"), TAO_PEGTL_STRING("True"), TAO_PEGTL_STRING("TRUE")> {};
struct word_false
    : word<TAO_PEGTL_STRING("false"), TAO_PEGTL_STRING("False"), TAO_PEGTL_STRING("FALSE")> {};
struct reserved
    : sor<word_and, word_or, word_not, word_in, word_like, word_exists, word_true, word_false> {};

// ---- constants

struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<digit>> {};
struct hex_exponent : seq<one<'p', 'P'>, opt<one<'+', '-'>>, plus<digit>> {};
struct hex_number
    : seq<one<'0'>, one<'x', 'X'>, star<xdigit>, opt<one<'.'>, star<xdigit>>, opt<hex_exponent>> {};
struct decimal_number
    : seq<sor<seq<plus<digit>, opt<one<'.'>, star<digit>>>, seq<one<'.'>, plus<digit>>>,
          opt<exponent>> {};
struct binary_number : seq<one<'0'>, one<'b', 'B'>, star<digit>> {};
struct number : sor<hex_number, binary_number, decimal_number> {};
struct number_end : not_at<sor<identifier_other, one<'.'>>> {};
struct whole_number : if_must<at<sor<digit, seq<one<'.'>, digit>>>, number, number_end> {};

template <char Quote>
struct quoted : star<sor<seq<one<'\\'>, any>, not_one<Quote, '\\'>>> {};
struct double_body : quoted<'"'> {};
struct single_body : quoted<'\''> {};
struct double_end : one<'"'> {};
struct single_end : one<'\''> {};
struct string_value
    : sor<if_must<one<'"'>, double_body, double_end>, if_must<one<'\''>, single_body, single_end>> {
};

struct true_value : word_true {};
struct false_value : word_false {};
struct scalar : sor<whole_number, string_value, true_value, false_value> {};

struct minus : one<'-'> {};
struct signed_number : seq<minus, ws, whole_number> {};
struct plus_number : seq<one<'+'>, ws, whole_number> {};
struct list;
struct list_value : sor<scalar, signed_number, plus_number, nested<list>> {};
struct list_open : one<'['> {};
struct list_element : list_value {};
struct list_end : one<']'> {};
struct list : seq<list_open, ws,
                  opt<list_element, ws, star<one<','>, ws, list_element, ws>, opt<one<','>, ws>>,
                  must<list_end>> {};
struct list_constant : list {};
struct scalar_constant : sor<scalar, signed_number, plus_number> {};

struct parameter_name : identifier {};
struct parameter_close : one<'}'> {};
struct parameter_must : seq<parameter_name> {};
struct parameter : if_must<one<'{'>, ws, parameter_must, ws, parameter_close> {};

// ---- operands

struct field_name
    : seq<not_at<reserved>, sor<TAO_PEGTL_STRING("$meta"), identifier>, not_at<identifier_other>> {
};
struct key_double : double_body {};
struct key_single : single_body {};
struct place : plus<digit> {};
struct step_value : sor<if_must<one<'"'>, key_double, double_end>,
                        if_must<one<'\''>, key_single, single_end>, place> {};
struct step_close : one<']'> {};
struct step : if_must<one<'['>, ws, step_value, ws, step_close> {};
struct path : seq<field_name, star<ws, step>> {};
struct path_operand : path {};

struct no_call : not_at<ws, one<'('>> {};
struct field_operand : seq<path_operand, no_call> {};

struct contains_one : word<TAO_PEGTL_STRING("json_contains"), TAO_PEGTL_STRING("JSON_CONTAINS")> {};
struct contains_all
    : word<TAO_PEGTL_STRING("json_contains_all"), TAO_PEGTL_STRING("JSON_CONTAINS_ALL")> {};
struct contains_any
    : word<TAO_PEGTL_STRING("json_contains_any"), TAO_PEGTL_STRING("JSON_CONTAINS_ANY")> {};
struct call_open : one<'('> {};
struct call_path : path {};
struct call_comma : one<','> {};
struct call_value : sor<list_constant, scalar_constant, parameter> {};
struct call_close : one<')'> {};
struct arguments : must<call_open, ws, call_path, ws, call_comma, ws, call_value, ws, call_close> {
};
template <typename Word>
struct call : seq<Word, at<ws, one<'('>>, ws, arguments> {};
struct call_one : call<contains_one> {};
struct call_all : call<contains_all> {};
struct call_any : call<contains_any> {};

struct exists_path : sor<path, seq<one<'('>, ws, path, ws, one<')'>>> {};
struct exists : seq<word_exists, ws, must<exists_path>> {};

struct or_level;
struct expression_expected : seq<or_level> {};
struct close_parenthesis;
struct parentheses
    : seq<one<'('>, ws, must<nested<expression_expected>>, ws, must<close_parenthesis>> {};
struct bit_operator;
struct complement : seq<at<one<'~'>>, bit_operator> {};
struct scalar_operand : scalar {};
struct operand : sor<scalar_operand, exists, call_one, call_all, call_any, field_operand, parameter,
                     parentheses, complement> {};

// ---- operators

struct pattern_constant : string_value {};
struct pattern : sor<pattern_constant, parameter> {};
struct like_tail : seq<ws, word_like, ws, must<pattern>> {};
struct like_level : seq<operand, opt<like_tail>> {};

struct operator_sign : sor<TAO_PEGTL_STRING("=="), TAO_PEGTL_STRING("!="), TAO_PEGTL_STRING("<="),
                           TAO_PEGTL_STRING(">="), one<'<', '>'>, TAO_PEGTL_STRING("**"),
                           one<'+', '-', '*', '/', '%'>> {};
template <typename... Signs>
struct infix : seq<ws, at<sor<Signs...>>, operator_sign, ws> {};
struct not_shift : not_at<sor<TAO_PEGTL_STRING("<<"), TAO_PEGTL_STRING(">>")>> {};

struct power_operand;
struct negated_operand : seq<one<'-'>, ws, nested<power_operand>> {};
struct power_operand : sor<negated_operand, seq<one<'+'>, ws, nested<power_operand>>, like_level> {
};
struct power_expected : seq<power_operand> {};
struct power_tail : seq<infix<TAO_PEGTL_STRING("**")>, must<power_expected>> {};
struct power_level : seq<like_level, star<power_tail>> {};

struct unary;
struct unary_expected : seq<unary> {};
struct negation : seq<one<'-'>, ws, must<nested<unary_expected>>> {};
struct not_sign : sor<seq<one<'!'>, not_at<one<'='>>>, word_not> {};
struct inversion : seq<not_sign, ws, must<nested<unary_expected>>> {};
struct identity : seq<one<'+'>, ws, must<nested<unary_expected>>> {};
struct unary : sor<negation, inversion, identity, power_level> {};

struct product_tail
    : seq<infix<seq<one<'*'>, not_at<one<'*'>>>, one<'/', '%'>>, must<unary_expected>> {};
struct product : seq<unary, star<product_tail>> {};
struct product_expected : product {};
struct sum_tail : seq<infix<one<'+', '-'>>, must<product_expected>> {};
struct sum : seq<product, star<sum_tail>> {};

struct in_list : sor<list_constant, parameter> {};
struct in_tail : seq<ws, word_in, ws, must<in_list>> {};
struct not_in_tail : seq<ws, word_not, plus<space>, word_in, ws, must<in_list>> {};
struct in_level : seq<sum, opt<sor<in_tail, not_in_tail>>> {};

struct in_expected : in_level {};
struct order_tail : seq<infix<seq<not_shift, one<'<', '>'>>>, must<in_expected>> {};
struct order : seq<in_level, star<order_tail>> {};
struct order_expected : order {};
struct equality_tail
    : seq<infix<TAO_PEGTL_STRING("=="), TAO_PEGTL_STRING("!=")>, must<order_expected>> {};
struct equality : seq<order, star<equality_tail>> {};

struct equality_expected : equality {};
struct and_tail : seq<ws, sor<word_and, TAO_PEGTL_STRING("&&")>, ws, must<equality_expected>> {};
struct and_level : seq<equality, star<and_tail>> {};
struct and_expected : and_level {};
struct or_tail : seq<ws, sor<word_or, TAO_PEGTL_STRING("||")>, ws, must<and_expected>> {};
struct or_level : seq<and_level, star<or_tail>> {};

// ---- what must not follow

struct assignment : not_at<one<'='>> {};
struct bit_operator
    : not_at<sor<one<'&', '|', '^', '~'>, TAO_PEGTL_STRING("<<"), TAO_PEGTL_STRING(">>")>> {};
struct close_parenthesis : seq<assignment, bit_operator, one<')'>> {};
struct end : seq<assignment, bit_operator, eof> {};
struct text : must<ws, expression_expected, ws, end> {};

// ---- errors

template <typename Rule>
inline constexpr const char* kExpected = nullptr;
#define VECDB_EXPECTED(rule, text) \
  template <>                      \
  inline constexpr const char* kExpected<rule> = text

constexpr const char* kOperand = "expected a field, a constant, a {parameter} or '('";
VECDB_EXPECTED(expression_expected, kOperand);
VECDB_EXPECTED(nested<expression_expected>, kOperand);
VECDB_EXPECTED(unary_expected, kOperand);
VECDB_EXPECTED(nested<unary_expected>, kOperand);
VECDB_EXPECTED(power_expected, kOperand);
VECDB_EXPECTED(product_expected, kOperand);
VECDB_EXPECTED(in_expected, kOperand);
VECDB_EXPECTED(order_expected, kOperand);
VECDB_EXPECTED(equality_expected, kOperand);
VECDB_EXPECTED(and_expected, kOperand);
VECDB_EXPECTED(number, "expected a number");
VECDB_EXPECTED(number_end, "expected the end of the number");
VECDB_EXPECTED(double_body, "expected text");
VECDB_EXPECTED(single_body, "expected text");
VECDB_EXPECTED(key_double, "expected text");
VECDB_EXPECTED(key_single, "expected text");
VECDB_EXPECTED(double_end, "expected \" at the end of the string");
VECDB_EXPECTED(single_end, "expected ' at the end of the string");
VECDB_EXPECTED(list_end, "expected a constant, ',' or ']'");
VECDB_EXPECTED(in_list, "expected a list like [1, 2] or a {parameter}");
VECDB_EXPECTED(pattern, "expected a string or a {parameter}");
VECDB_EXPECTED(parameter_must, "expected the name of a parameter");
VECDB_EXPECTED(parameter_close, "expected '}'");
VECDB_EXPECTED(step_value, "expected a key in quotes or a place in an array");
VECDB_EXPECTED(step_close, "expected ']'");
VECDB_EXPECTED(call_open, "expected '('");
VECDB_EXPECTED(call_path, "expected a Json field or a value within one");
VECDB_EXPECTED(call_comma, "expected ','");
VECDB_EXPECTED(call_value, "expected a constant, a list or a {parameter}");
VECDB_EXPECTED(call_close, "expected ')'");
VECDB_EXPECTED(exists_path, "expected a value within a Json field");
VECDB_EXPECTED(no_call,
               "unknown function; known are json_contains, json_contains_all, "
               "json_contains_any");
VECDB_EXPECTED(assignment, "= is no operator; write ==");
VECDB_EXPECTED(bit_operator, "bit operators are not supported");
VECDB_EXPECTED(close_parenthesis, "expected an operator or ')'");
VECDB_EXPECTED(end, "expected an operator or the end");
VECDB_EXPECTED(ws, "expected space");
#undef VECDB_EXPECTED

struct errors {
  template <typename Rule>
  static constexpr const char* message = kExpected<Rule>;
};
template <typename Rule>
using control = must_if<errors, normal, false>::control<Rule>;

// ---- actions

template <typename Rule>
struct action : nothing<Rule> {};

// Calls `Do(input, state)`, and raises the mistake that it returns.
template <auto Do>
struct does {
  template <typename Input>
  static void apply(const Input& in, State& state) {
    const std::string_view matched(in.begin(), in.size());
    const ExprBuilder::Mistake mistake =
        Do(state.builder, matched, static_cast<size_t>(in.begin() - state.begin));
    if (mistake != nullptr) throw parse_error(mistake, in);
  }
};

using Builder = ExprBuilder&;
using Text = std::string_view;
using Mistake = ExprBuilder::Mistake;

Operator OperatorOf(Text text) {
  for (int op = 0; op <= static_cast<int>(Operator::kGreaterEqual); ++op) {
    if (text == OperatorText(static_cast<Operator>(op))) return static_cast<Operator>(op);
  }
  return Operator::kAdd;  // the grammar knows no other signs
}

#define VECDB_DO(rule, body)                                                             \
  inline Mistake Do_##rule([[maybe_unused]] Builder builder, [[maybe_unused]] Text text, \
                           [[maybe_unused]] size_t position) {                           \
    body                                                                                 \
  }                                                                                      \
  template <>                                                                            \
  struct action<rule> : does<&Do_##rule> {}

VECDB_DO(number, return builder.AddNumber(text););
VECDB_DO(true_value, return builder.AddBool(true););
VECDB_DO(false_value, return builder.AddBool(false););
VECDB_DO(signed_number, return builder.NegateConstant(););
VECDB_DO(list_open, builder.BeginList(); return nullptr;);
VECDB_DO(list, builder.EndList(); return nullptr;);
VECDB_DO(scalar_operand, return builder.PushConstant(position););
VECDB_DO(scalar_constant, return builder.PushConstant(position););
VECDB_DO(pattern_constant, return builder.PushConstant(position););
VECDB_DO(list_constant, builder.EndList(); return builder.PushConstant(position););
VECDB_DO(parameter_name, return builder.PushName(ExprKind::kParameter, text, position););
VECDB_DO(field_name, return builder.PushName(ExprKind::kPath, text, position););
VECDB_DO(place, return builder.AddPlace(text););
VECDB_DO(exists, return builder.ReduceExists(position););
VECDB_DO(call_one, return builder.ReduceContains(Quantifier::kOne, position););
VECDB_DO(call_all, return builder.ReduceContains(Quantifier::kAll, position););
VECDB_DO(call_any, return builder.ReduceContains(Quantifier::kAny, position););
VECDB_DO(parentheses, builder.Enclose(); return nullptr;);
VECDB_DO(operator_sign, builder.PushOperator(OperatorOf(text), position); return nullptr;);
VECDB_DO(like_tail, return builder.ReduceLike(););
VECDB_DO(negated_operand, return builder.ReduceNegate(););
VECDB_DO(negation, return builder.ReduceNegate(););
VECDB_DO(inversion, return builder.ReduceNot(););
VECDB_DO(power_tail, return builder.ReduceArithmetic(););
VECDB_DO(product_tail, return builder.ReduceArithmetic(););
VECDB_DO(sum_tail, return builder.ReduceArithmetic(););
VECDB_DO(in_tail, return builder.ReduceIn(false, position););
VECDB_DO(not_in_tail, return builder.ReduceIn(true, position););
VECDB_DO(order_tail, return builder.ReduceComparison(););
VECDB_DO(equality_tail, return builder.ReduceComparison(););
VECDB_DO(and_tail, return builder.ReduceJunction(ExprKind::kAnd, position););
VECDB_DO(or_tail, return builder.ReduceJunction(ExprKind::kOr, position););
#undef VECDB_DO

template <>
struct action<list_element> {
  template <typename Input>
  static void apply(const Input& in, State& state) {
    if (++state.list_values > kMaxFilterListValues) {
      throw parse_error(kTooManyListValues, in);
    }
    if (const Mistake mistake = state.builder.EndElement(); mistake != nullptr) {
      throw parse_error(mistake, in);
    }
  }
};

// The body of a string, whose escapes are read where they stand.
template <typename Use>
struct decoded {
  template <typename Input>
  static void apply(const Input& in, State& state) {
    auto value = DecodeString(std::string_view(in.begin(), in.size()));
    if (const auto* wrong = std::get_if<StringError>(&value)) {
      auto at = in.position();
      at.byte += wrong->position;
      throw parse_error(wrong->what, at);
    }
    const Mistake mistake = Use::To(state.builder, std::get<std::string>(std::move(value)));
    if (mistake != nullptr) throw parse_error(mistake, in);
  }
};
struct AsConstant {
  static Mistake To(Builder builder, std::string value) {
    return builder.AddString(std::move(value));
  }
};
struct AsKey {
  static Mistake To(Builder builder, std::string key) { return builder.AddKey(std::move(key)); }
};
template <>
struct action<double_body> : decoded<AsConstant> {};
template <>
struct action<single_body> : decoded<AsConstant> {};
template <>
struct action<key_double> : decoded<AsKey> {};
template <>
struct action<key_single> : decoded<AsKey> {};

}  // namespace grammar

absl::StatusOr<Expr> ParseFilter(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("filter: %d bytes; at most %d", text.size(), kMaxFilterBytes));
  }
  VECDB_RETURN_IF_ERROR(CheckUtf8(text));
  grammar::State state;
  state.begin = text.data();
  try {
    grammar::memory_input<grammar::tracking_mode::lazy> in(text.data(), text.data() + text.size(),
                                                           "");
    grammar::parse<grammar::text, grammar::action, grammar::control>(in, state);
    return state.builder.Take();
  } catch (const grammar::parse_error& error) {
    return ErrorAt(text, error.positions().front().byte, error.message());
  } catch (const std::exception& error) {  // memory
    return absl::ResourceExhaustedError(base::StrFormat("filter: %s", error.what()));
  }
}

}  // namespace vecdb::filter
