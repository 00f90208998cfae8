#include "schema/index_params.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>
#include <variant>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/names.h"
#include "vecdb/schema.h"

namespace vecdb::schema {
namespace {

constexpr std::string_view kCodec = "codec";
constexpr std::string_view kSqType = "sq_type";  // in Milvus
constexpr std::string_view kRefine = "refine";
constexpr std::string_view kRefineType = "refine_type";
constexpr std::string_view kSeed = "seed";
constexpr int32_t kMaxLists = 65536;

// An integer parameter of the index type with the parameters T. A smallest value of 0 leaves the
// choice to the library and is not printed.
template <typename T>
struct IntegerParam {
  std::string_view name{};
  int32_t min = 0;
  int32_t max = 0;
  int32_t T::*member = nullptr;   // null: there is one value, which need not be kept
  std::string_view other_name{};  // that Milvus had or has for it
};

// A share of something, from `min` to `max`, either of which may be left out.
template <typename T>
struct ShareParam {
  std::string_view name{};
  double max = 0;
  bool takes_zero = false;
  bool takes_max = false;
  double T::*member = nullptr;
  std::string_view other_names[2]{};

  bool Takes(double value) const {  // written so that NaN is out of range
    return (value > 0 || (takes_zero && value == 0)) &&
           (value < max || (takes_max && value == max));
  }
};

// Graphs over fewer dimensions are walked on the rows.
constexpr int32_t kLeastCodedDim = 64;

// The table. `seed`, `refine` and `codec` are taken by each type that has such a member.
template <typename T>
struct ParamTable;

template <>
struct ParamTable<FlatParams> {
  static constexpr std::string_view kType = "FLAT";
  static constexpr std::array<IntegerParam<FlatParams>, 0> kIntegers{};
};

template <>
struct ParamTable<HnswParams> {
  static constexpr std::string_view kType = "HNSW";
  static constexpr std::array<IntegerParam<HnswParams>, 2> kIntegers{{
      {.name = "M", .min = 2, .max = 2048, .member = &HnswParams::m},
      {.name = "efConstruction", .min = 1, .max = 65536, .member = &HnswParams::ef_construction},
  }};
};

template <>
struct ParamTable<IvfFlatParams> {
  static constexpr std::string_view kType = "IVF_FLAT";
  static constexpr std::array<IntegerParam<IvfFlatParams>, 1> kIntegers{{
      {.name = "nlist", .min = 1, .max = kMaxLists, .member = &IvfFlatParams::nlist},
  }};
};

template <>
struct ParamTable<IvfSq8Params> {
  static constexpr std::string_view kType = "IVF_SQ8";
  static constexpr std::array<IntegerParam<IvfSq8Params>, 2> kIntegers{{
      {.name = "nlist", .min = 1, .max = kMaxLists, .member = &IvfSq8Params::nlist},
      {.name = "nbits", .min = 8, .max = 8},
  }};
};

template <>
struct ParamTable<IvfPqParams> {
  static constexpr std::string_view kType = "IVF_PQ";
  static constexpr std::array<IntegerParam<IvfPqParams>, 3> kIntegers{{
      {.name = "nlist", .min = 1, .max = kMaxLists, .member = &IvfPqParams::nlist},
      {.name = "m", .min = 0, .max = kMaxDim, .member = &IvfPqParams::m},
      {.name = "nbits", .min = 1, .max = 8, .member = &IvfPqParams::nbits},
  }};
};

template <>
struct ParamTable<DiskannParams> {
  static constexpr std::string_view kType = "DISKANN";
  static constexpr std::array<IntegerParam<DiskannParams>, 2> kIntegers{{
      {.name = "max_degree",
       .min = 1,
       .max = 2048,
       .member = &DiskannParams::max_degree,
       .other_name = "MaxDegree"},
      {.name = "search_list_size",
       .min = 1,
       .max = 65536,
       .member = &DiskannParams::search_list_size,
       .other_name = "SearchListSize"},
  }};
  static constexpr std::array<ShareParam<DiskannParams>, 2> kShares{{
      {.name = "pq_code_budget",
       .max = 0.25,
       .takes_max = true,
       .member = &DiskannParams::pq_code_budget,
       .other_names = {"pq_code_budget_gb_ratio", "PQCodeBudgetGBRatio"}},
      {.name = "search_cache_budget",
       .max = 0.3,
       .takes_zero = true,
       .member = &DiskannParams::search_cache_budget,
       .other_names = {"search_cache_budget_gb_ratio", "SearchCacheBudgetGBRatio"}},
  }};
};

template <>
struct ParamTable<InvertedParams> {
  static constexpr std::string_view kType = "INVERTED";
  static constexpr std::array<IntegerParam<InvertedParams>, 0> kIntegers{};
};

template <>
struct ParamTable<SortedParams> {
  static constexpr std::string_view kType = "SORTED";
  static constexpr std::array<IntegerParam<SortedParams>, 0> kIntegers{};
};

template <typename T>
concept HasRefine = requires(T params) {
  params.refine;
};
template <typename T>
concept HasCodec = requires(T params) {
  params.codec;
};
template <typename T>
concept HasSeed = requires(T params) {
  params.seed;
};

template <typename T>
concept HasShares = requires {
  ParamTable<T>::kShares;
};

template <typename T>
absl::Status IntegerOutOfRange(const IntegerParam<T>& param, std::string_view value) {
  if (param.min == param.max) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s is %s; it can only be %d", param.name, value, param.min));
  }
  return absl::InvalidArgumentError(base::StrFormat("%s is %s; it is an integer, %d to %d",
                                                    param.name, value, param.min, param.max));
}

template <typename T>
absl::Status CheckInteger(const IntegerParam<T>& param, int32_t value) {
  if (value >= param.min && value <= param.max) return absl::OkStatus();
  return IntegerOutOfRange(param, std::to_string(value));
}

template <typename T>
absl::Status ShareOutOfRange(const ShareParam<T>& param, std::string_view value) {
  return absl::InvalidArgumentError(base::StrFormat(
      "%s is %s; it is a number, %s0 to %s%g", param.name, value, param.takes_zero ? "" : "above ",
      param.takes_max ? "" : "below ", param.max));
}

template <typename T>
absl::Status CheckShare(const ShareParam<T>& param, double value) {
  return param.Takes(value) ? absl::OkStatus()
                            : ShareOutOfRange(param, base::StrFormat("%g", value));
}

// The spellings of codecs and of what refines; the first of each is printed.
template <typename T>
struct Spelling {
  T value{};
  std::string_view text{};
};
constexpr Spelling<HnswCodec> kCodecs[] = {
    {HnswCodec::kFloat32, "FP32"}, {HnswCodec::kFloat16, "FP16"},  {HnswCodec::kSq8, "SQ8"},
    {HnswCodec::kSq4, "SQ4"},      {HnswCodec::kRabitq, "RABITQ"}, {HnswCodec::kSq4, "SQ4U"},
};
constexpr Spelling<Refine> kRefines[] = {
    {Refine::kFloat32, "FP32"},
    {Refine::kFloat16, "FP16"},
    {Refine::kSq8, "SQ8"},
    {Refine::kFloat32, "FLAT"},
};

template <typename T, size_t N>
absl::Status ReadSpelling(const Spelling<T> (&known)[N], std::string_view name,
                          const std::string& text, T* value) {
  const std::string upper = absl::AsciiStrToUpper(text);
  std::string list;
  for (const Spelling<T>& one : known) {
    if (upper == one.text) {
      *value = one.value;
      return absl::OkStatus();
    }
    list.append(list.empty() ? "" : ", ").append(one.text);
  }
  return absl::InvalidArgumentError(
      base::StrFormat("%s %s is unknown; there are %s", name, Quoted(text), list));
}

template <typename T, size_t N>
std::string_view SpellingOf(const Spelling<T> (&known)[N], T value) {
  for (const Spelling<T>& one : known) {
    if (one.value == value) return one.text;
  }
  return "unknown";
}

absl::Status BadRefine(Refine refine, std::string_view why) {
  return absl::InvalidArgumentError(
      base::StrFormat("refine is %s; %s", SpellingOf(kRefines, refine), why));
}

absl::Status CheckRefine(Refine refine) {
  if (refine >= Refine::kNone && refine <= Refine::kSq8) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("refine is %d; there are 1 (none), 2 (float32), 3 (float16), 4 (SQ8)",
                      static_cast<int32_t>(refine)));
}

absl::Status CheckRefineOf(const IvfSq8Params& params) {
  VECDB_RETURN_IF_ERROR(CheckRefine(params.refine));
  if (params.refine != Refine::kSq8) return absl::OkStatus();
  return BadRefine(params.refine, "IVF_SQ8 has such codes already");
}

absl::Status CheckRefineOf(const IvfPqParams& params) { return CheckRefine(params.refine); }

absl::Status CheckRefineOf(const HnswParams& params) {
  if (params.codec != HnswCodec::kAuto && SpellingOf(kCodecs, params.codec) == "unknown") {
    return absl::InvalidArgumentError(base::StrFormat(
        "codec is %d; there are 0 (auto), 1 (float32), 2 (float16), 3 (SQ8), 4 (SQ4), 6 (RaBitQ)",
        static_cast<int32_t>(params.codec)));
  }
  if (params.refine == Refine::kAuto) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(CheckRefine(params.refine));
  if (params.refine == Refine::kNone) return absl::OkStatus();
  switch (params.codec) {
    case HnswCodec::kAuto:
      return BadRefine(params.refine, "name the codec too");
    case HnswCodec::kFloat32:
      return BadRefine(params.refine, "codec FP32 has nothing to refine");
    case HnswCodec::kFloat16:
      if (params.refine == Refine::kFloat32) break;
      return BadRefine(params.refine, "codec FP16 is as fine");
    case HnswCodec::kSq8:
      if (params.refine != Refine::kSq8) break;
      return BadRefine(params.refine, "codec SQ8 is as fine");
    case HnswCodec::kSq4:
    case HnswCodec::kRabitq:
      break;
  }
  return absl::OkStatus();
}

template <typename Number>
std::optional<Number> NumberFrom(const std::string& text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional<Number>(number) : std::nullopt;
}

template <typename T>
absl::Status ReadInteger(const IntegerParam<T>& param, const std::string& text, T* params) {
  const std::optional<int32_t> number = NumberFrom<int32_t>(text);
  if (!number) return IntegerOutOfRange(param, Quoted(text));
  if (param.member != nullptr) params->*param.member = *number;
  return CheckInteger(param, *number);
}

template <typename T>
absl::Status ReadShare(const ShareParam<T>& param, const std::string& text, T* params) {
  const std::optional<double> number = NumberFrom<double>(text);
  if (!number || !param.Takes(*number)) return ShareOutOfRange(param, Quoted(text));
  params->*param.member = *number;
  return absl::OkStatus();
}

absl::Status ReadSeed(const std::string& text, uint64_t* seed) {
  const std::optional<uint64_t> number = NumberFrom<uint64_t>(text);
  if (!number) {
    return absl::InvalidArgumentError(
        base::StrFormat("seed is %s; it is an integer, 0 to 2^64 - 1", Quoted(text)));
  }
  *seed = *number;
  return absl::OkStatus();
}

// The two parameters that together say how candidates are refined.
struct RefineTexts {
  std::optional<bool> refine{};
  std::optional<Refine> type{};
};

absl::Status ReadRefine(const std::string& text, RefineTexts* out) {
  if (text != "true" && text != "false") {
    return absl::InvalidArgumentError(
        base::StrFormat("refine is %s; it is true or false", Quoted(text)));
  }
  out->refine = text == "true";
  return absl::OkStatus();
}

absl::Status ReadRefineType(const std::string& text, RefineTexts* out) {
  Refine type{};
  VECDB_RETURN_IF_ERROR(ReadSpelling(kRefines, kRefineType, text, &type));
  out->type = type;
  return absl::OkStatus();
}

absl::StatusOr<Refine> RefineOf(const RefineTexts& texts, Refine fallback) {
  if (texts.refine.value_or(true)) {
    if (texts.type.has_value()) return *texts.type;
    return texts.refine.has_value() ? Refine::kFloat32 : fallback;
  }
  if (!texts.type.has_value()) return Refine::kNone;
  return absl::InvalidArgumentError(base::StrFormat(
      "refine is false, so there is no refine_type; it is %s", SpellingOf(kRefines, *texts.type)));
}

template <typename T>
std::string NamesOfParams() {
  std::vector<std::string_view> names;
  for (const IntegerParam<T>& param : ParamTable<T>::kIntegers) names.push_back(param.name);
  if constexpr (HasShares<T>) {
    for (const ShareParam<T>& param : ParamTable<T>::kShares) names.push_back(param.name);
  }
  if constexpr (HasCodec<T>) names.insert(names.end(), {kCodec, kSqType});
  if constexpr (HasRefine<T>) names.insert(names.end(), {kRefine, kRefineType});
  if constexpr (HasSeed<T>) names.push_back(kSeed);
  if (names.empty()) return "none";
  std::string list(names[0]);
  for (size_t i = 1; i < names.size(); ++i) list.append(", ").append(names[i]);
  return list;
}

template <typename T>
absl::Status ReadParam(std::string_view type, const ParamText& text, T* params,
                       [[maybe_unused]] RefineTexts* refine) {
  for (const IntegerParam<T>& param : ParamTable<T>::kIntegers) {
    const bool is_other = !param.other_name.empty() && text.name == param.other_name;
    if (text.name == param.name || is_other) return ReadInteger(param, text.value, params);
  }
  if constexpr (HasShares<T>) {
    for (const ShareParam<T>& param : ParamTable<T>::kShares) {
      if (text.name == param.name || text.name == param.other_names[0] ||
          text.name == param.other_names[1]) {
        return ReadShare(param, text.value, params);
      }
    }
  }
  if constexpr (HasCodec<T>) {
    if (text.name == kCodec || text.name == kSqType) {
      return ReadSpelling(kCodecs, text.name, text.value, &params->codec);
    }
  }
  if constexpr (HasRefine<T>) {
    if (text.name == kRefine) return ReadRefine(text.value, refine);
    if (text.name == kRefineType) return ReadRefineType(text.value, refine);
  }
  if constexpr (HasSeed<T>) {
    if (text.name == kSeed) return ReadSeed(text.value, &params->seed);
  }
  return absl::InvalidArgumentError(base::StrFormat("%s has no parameter %s; it has %s", type,
                                                    Quoted(text.name), NamesOfParams<T>()));
}

template <typename T>
absl::StatusOr<IndexParams> ReadParamsFrom(T params, std::string_view type,
                                           std::span<const ParamText> texts) {
  RefineTexts refine;
  for (const ParamText& text : texts) {
    VECDB_RETURN_IF_ERROR(ReadParam(type, text, &params, &refine));
  }
  if constexpr (HasRefine<T>) {
    VECDB_ASSIGN_OR_RETURN(params.refine, RefineOf(refine, params.refine));
  }
  return params;
}

template <typename T>
absl::StatusOr<IndexParams> ReadParamsOf(std::string_view type, std::span<const ParamText> texts) {
  return ReadParamsFrom(T{}, type, texts);
}

absl::StatusOr<IndexParams> ReadHnswSq(std::string_view type, std::span<const ParamText> texts) {
  return ReadParamsFrom(HnswParams{.codec = HnswCodec::kSq8}, type, texts);
}

struct TypeReader {
  std::string_view type{};
  absl::StatusOr<IndexParams> (*read)(std::string_view, std::span<const ParamText>) = nullptr;
};

template <typename T>
constexpr TypeReader kReaderOf = {.type = ParamTable<T>::kType, .read = &ReadParamsOf<T>};

constexpr TypeReader kTypeReaders[] = {
    kReaderOf<FlatParams>,
    kReaderOf<HnswParams>,
    kReaderOf<IvfFlatParams>,
    kReaderOf<IvfSq8Params>,
    kReaderOf<IvfPqParams>,
    kReaderOf<DiskannParams>,
    kReaderOf<InvertedParams>,
    kReaderOf<SortedParams>,
    {.type = "HNSW_SQ", .read = &ReadHnswSq},                   // in Milvus
    {.type = "STL_SORT", .read = &ReadParamsOf<SortedParams>},  // in Milvus
};

ParamText QuotedParam(std::string_view name, std::string_view value) {
  return {.name = std::string(name), .value = base::StrFormat("\"%s\"", value)};
}

// Reads back as the same number.
std::string ShortestText(double value) {
  char text[32];
  const auto written = std::to_chars(std::begin(text), std::end(text), value);
  return {text, written.ptr};
}

template <typename T>
std::vector<ParamText> PrintParams(const T& params) {
  std::vector<ParamText> texts;
  for (const IntegerParam<T>& param : ParamTable<T>::kIntegers) {
    if (param.member == nullptr) continue;
    const int32_t value = params.*param.member;
    if (value == 0 && param.min == 0) continue;
    texts.push_back({.name = std::string(param.name), .value = std::to_string(value)});
  }
  if constexpr (HasShares<T>) {
    for (const ShareParam<T>& param : ParamTable<T>::kShares) {
      const double value = params.*param.member;
      if (value == T{}.*param.member) continue;
      texts.push_back({.name = std::string(param.name), .value = ShortestText(value)});
    }
  }
  if constexpr (HasCodec<T>) {
    if (params.codec != T{}.codec) {
      texts.push_back(QuotedParam(kCodec, SpellingOf(kCodecs, params.codec)));
    }
  }
  if constexpr (HasRefine<T>) {
    if (params.refine == Refine::kNone) {
      texts.push_back({.name = std::string(kRefine), .value = "false"});
    } else if (params.refine != T{}.refine) {
      texts.push_back(QuotedParam(kRefineType, SpellingOf(kRefines, params.refine)));
    }
  }
  if constexpr (HasSeed<T>) {
    if (params.seed != 0) {
      texts.push_back({.name = std::string(kSeed), .value = std::to_string(params.seed)});
    }
  }
  return texts;
}

template <typename T>
absl::Status CheckParams(const T& params) {
  for (const IntegerParam<T>& param : ParamTable<T>::kIntegers) {
    if (param.member == nullptr) continue;
    VECDB_RETURN_IF_ERROR(CheckInteger(param, params.*param.member));
  }
  if constexpr (HasShares<T>) {
    for (const ShareParam<T>& param : ParamTable<T>::kShares) {
      VECDB_RETURN_IF_ERROR(CheckShare(param, params.*param.member));
    }
  }
  if constexpr (HasRefine<T>) return CheckRefineOf(params);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IndexParams> ReadIndexParams(std::string_view type,
                                            std::span<const ParamText> texts) {
  for (const TypeReader& reader : kTypeReaders) {
    if (type == reader.type) return reader.read(type, texts);
  }
  return absl::InvalidArgumentError(
      base::StrFormat("index_type %s is unknown; there are %s", Quoted(type), kIndexTypes));
}

std::vector<ParamText> PrintIndexParams(const IndexParams& params) {
  return std::visit([](const auto& one) { return PrintParams(one); }, params);
}

absl::Status CheckIndexParams(const IndexParams& params) {
  return std::visit([](const auto& one) { return CheckParams(one); }, params);
}

std::string_view IndexTypeName(const IndexParams& params) {
  return std::visit([]<typename T>(const T&) { return ParamTable<T>::kType; }, params);
}

HnswCoding EffectiveHnswCoding(const HnswParams& params, int32_t dim) {
  HnswCoding coding{.codec = params.codec, .refine = params.refine};
  if (coding.codec == HnswCodec::kAuto) {
    coding.codec = dim >= kLeastCodedDim ? HnswCodec::kSq8 : HnswCodec::kFloat32;
  }
  if (coding.codec == HnswCodec::kFloat32) {
    coding.refine = Refine::kNone;
  } else if (coding.refine == Refine::kAuto) {
    coding.refine = coding.codec == HnswCodec::kFloat16 ? Refine::kFloat32 : Refine::kFloat16;
  }
  return coding;
}

Refine EffectiveRefine(const IndexSpec& spec, int32_t dim) {
  if (const auto* hnsw = std::get_if<HnswParams>(&spec.params)) {
    return EffectiveHnswCoding(*hnsw, dim).refine;
  }
  if (const auto* sq8 = std::get_if<IvfSq8Params>(&spec.params)) return sq8->refine;
  if (const auto* pq = std::get_if<IvfPqParams>(&spec.params)) return pq->refine;
  return Refine::kNone;
}

int32_t EffectivePqM(const IvfPqParams& params, int32_t dim) {
  if (params.m != 0) return params.m;
  int32_t parts = std::max(1, params.nbits <= 4 ? dim / 2 : dim / 4);
  while (dim % parts != 0) --parts;
  return parts;
}

int32_t EffectiveCodeParts(const DiskannParams& params, int32_t dim) {
  constexpr int32_t kBytesBeside = 4;
  const double budget = params.pq_code_budget * 4 * dim - kBytesBeside;
  int32_t parts = std::clamp(static_cast<int32_t>(budget), 1, std::max(1, dim / 2));
  while (dim % parts != 0) --parts;
  return parts;
}

}  // namespace vecdb::schema
