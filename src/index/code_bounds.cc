#include "index/code_bounds.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::index {
namespace {

constexpr size_t kFloatsOfErrors = 1 << 16;  // that are decoded at once
constexpr double kErrorSteps = 255;

double NormOf(const float* row, size_t dim) {
  double sum = 0;
  for (size_t d = 0; d < dim; ++d) sum += double{row[d]} * double{row[d]};
  return std::sqrt(sum);
}

// Calls `use(row, error, norm)` for every row, several at a time.
template <class Use>
absl::Status ForEachError(const VectorView& view, const RowCodes& codes, const Host& host,
                          const Context& context, Use use) {
  const auto dim = static_cast<size_t>(view.dim);
  const bool scales = codes.codec().spec().metric == Metric::kCosine;
  const size_t at_once = std::max<size_t>(1, kFloatsOfErrors / dim);
  const size_t pieces = (view.num_rows + at_once - 1) / at_once;
  return base::ParallelFor(
      host.executor, Priority::kBackground, pieces, context,
      [&](size_t piece, size_t strand) -> absl::Status {
        const auto begin = static_cast<uint32_t>(piece * at_once);
        const auto count = static_cast<uint32_t>(std::min<size_t>(at_once, view.num_rows - begin));
        std::vector<float> decoded(count * dim);
        codes.codec().Decode(codes.row(begin), count, decoded.data());
        for (uint32_t i = 0; i < count; ++i) {
          const float* const row = view.row(begin + i);
          const float* const coded = &decoded[i * dim];
          const double norm = NormOf(row, dim);
          const double scale = !scales ? 1 : norm > 0 ? 1 / norm : 0;
          double sum = 0;
          for (size_t d = 0; d < dim; ++d) {
            const double off = double{row[d]} * scale - double{coded[d]};
            sum += off * off;
          }
          use(begin + i, strand, std::sqrt(sum), scales ? 1.0 : norm);
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<CodeBounds> CodeBounds::Build(const VectorView& view, const RowCodes& codes,
                                             const Host& host, const Context& context) {
  struct Most {
    double error = 0;
    double norm = 0;
  };
  std::vector<Most> of_strands(base::MaxStrands(host.executor));
  VECDB_RETURN_IF_ERROR(ForEachError(view, codes, host, context,
                                     [&](uint32_t, size_t strand, double error, double norm) {
                                       Most& most = of_strands[strand];
                                       most.error = std::max(most.error, error);
                                       most.norm = std::max(most.norm, norm);
                                     }));
  Most most;
  for (const Most& one : of_strands) {
    most = {std::max(most.error, one.error), std::max(most.norm, one.norm)};
  }
  const float head[] = {UpToFloat(most.error), UpToFloat(most.norm)};
  if (!std::isfinite(head[0]) || !std::isfinite(head[1])) return CodeBounds();
  CodeBounds bounds;
  VECDB_ASSIGN_OR_RETURN(
      bounds.bytes_, base::LargeBuffer::Make(BytesFor(view.num_rows), host, "the errors of codes",
                                             MemoryUse::kIndexes));
  std::memcpy(bounds.bytes_.data(), head, sizeof(head));
  auto* const errors = reinterpret_cast<uint8_t*>(bounds.bytes_.data()) + kHeadBytes;
  const double steps = head[0] > 0 ? kErrorSteps / double{head[0]} : 0;
  VECDB_RETURN_IF_ERROR(
      ForEachError(view, codes, host, context, [&](uint32_t row, size_t, double error, double) {
        errors[row] = static_cast<uint8_t>(std::min(kErrorSteps, std::ceil(error * steps)));
      }));
  return bounds;
}

absl::StatusOr<CodeBounds> CodeBounds::Read(const format::SectionFile& file, uint32_t num_rows,
                                            const Host& host, const Context& context) {
  CodeBounds bounds;
  if (!file.Has(kCodeBoundsTag)) return bounds;
  VECDB_ASSIGN_OR_RETURN(
      bounds.bytes_, file.ReadLarge(kCodeBoundsTag, BytesFor(num_rows), host, MemoryUse::kIndexes,
                                    "the errors of codes", context));
  for (const float value : {bounds.largest_error(), bounds.largest_norm()}) {
    if (std::isfinite(value) && value >= 0) continue;
    return file.Damaged(base::StrFormat("CBND has %g for an error or a norm", double{value}));
  }
  return bounds;
}

absl::Status CodeBounds::Write(format::SectionWriter& writer, const Context& context) const {
  if (empty()) return absl::OkStatus();
  return writer.AddSection(kCodeBoundsTag, bytes_.bytes(), context);
}

CodeBounds::OfQuery::OfQuery(const CodeBounds& bounds, const codec::CodecSpec& codec,
                             const float* query)
    : errors_(bounds.errors()), metric_(codec.metric) {
  const auto dim = static_cast<size_t>(codec.dim);
  const double norm = metric_ == Metric::kCosine ? 1 : NormOf(query, dim);
  constexpr double kLeast = std::numeric_limits<float>::min();
  constexpr double kMost = std::numeric_limits<float>::max();
  const double largest = double{bounds.largest_norm()};
  step_ = double{bounds.largest_error()} / kErrorSteps;
  // Each number is off by half an ulp of what it is a sum of. Codes are of rows less their mean,
  // whose norm is no greater than the largest: so is that of what they stand for, about.
  const double units = static_cast<double>(codec.pq_m) + 2 * static_cast<double>(dim) + 64;
  const double rounding = units * double{std::numeric_limits<float>::epsilon()};
  const double greatest =
      metric_ == Metric::kL2 ? (norm + 3 * largest) * (norm + 3 * largest) : 3 * norm * largest;
  slack_ = rounding * greatest + units * kLeast;
  if (metric_ != Metric::kL2) step_ *= norm;
  // Beyond what floats can add up, and where a query cannot be made one of length 1, codes say
  // nothing.
  is_any_ = greatest > kMost / 4;
  if (metric_ == Metric::kCosine) {
    const double length = NormOf(query, dim);
    is_any_ = length != 0 && (length < 4 * kLeast || length > kMost / 4);
  }
}

DistanceBounds CodeBounds::OfQuery::Of(uint32_t row, float distance) const {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  if (is_any_ || !std::isfinite(distance)) return {-kAny, kAny};
  const double error = step_ * errors_[row];
  if (metric_ != Metric::kL2) {
    return {double{distance} - error - slack_, double{distance} + error + slack_};
  }
  const double nearest = std::sqrt(std::max(0.0, double{distance} - slack_)) - error;
  const double farthest = std::sqrt(std::max(0.0, double{distance} + slack_)) + error;
  return {std::max(0.0, nearest) * std::max(0.0, nearest) - slack_, farthest * farthest + slack_};
}

}  // namespace vecdb::index
