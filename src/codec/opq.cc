#include "codec/opq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "codec/product_codebooks.h"

namespace vecdb::codec {
namespace {

constexpr size_t kTurnedTogether = 512;
constexpr int kWordRounds = 4;  // of k-means between two rotations

/// Adds up out[a][b] += sum over rows of left[a] * right[b]: the products of two sets of rows that
/// are laid out as panels wants them, by dimension.
class CrossProducts {
 public:
  CrossProducts(const simd::FloatRows& left, const simd::FloatRows& right)
      : left_(left), right_(right) {}

  // A dim x dim matrix. Rows go through in blocks, so that both lie in the cache.
  absl::StatusOr<std::vector<float>> Sum(const Host& host, const Context& context) const {
    const size_t dim = left_.stride;
    std::vector<double> sums(dim * dim);
    const size_t groups = (dim + kDimsPerPiece - 1) / kDimsPerPiece;
    VECDB_RETURN_IF_ERROR(base::ParallelFor(
        host.executor, Priority::kBackground, groups, context,
        [&](size_t group, size_t) -> absl::Status {
          const size_t begin = group * kDimsPerPiece;
          return SumDims(begin, std::min(dim, begin + kDimsPerPiece), context, sums.data());
        }));
    return std::vector<float>(sums.begin(), sums.end());
  }

 private:
  static constexpr size_t kDimsPerPiece = 48;

  // The dimensions [begin, end) of the left rows, as rows, with all of the right ones, as vectors.
  absl::Status SumDims(size_t begin, size_t end, const Context& context, double* sums) const {
    const size_t dim = left_.stride;
    std::vector<float> left((end - begin) * kTurnedTogether);
    std::vector<float> panels(simd::PanelFloats(dim, kTurnedTogether));
    std::vector<float> dots((end - begin) * dim);
    for (size_t first = 0; first < left_.count; first += kTurnedTogether) {
      VECDB_RETURN_IF_ERROR(context.Check());
      const size_t rows = std::min(kTurnedTogether, left_.count - first);
      for (size_t i = 0; i < rows; ++i) {
        const float* row = left_.rows + (first + i) * dim;
        for (size_t a = begin; a < end; ++a) left[(a - begin) * rows + i] = row[a];
      }
      PackColumns(right_.rows + first * dim, rows, dim, panels.data());
      simd::PanelDots({left.data(), rows, end - begin}, {panels.data(), dim, rows}, dots.data());
      for (size_t i = 0; i < dots.size(); ++i) {
        sums[begin * dim + i] += static_cast<double>(dots[i]);
      }
    }
    return absl::OkStatus();
  }

  // The columns of `rows` rows as packed vectors of that many numbers.
  static void PackColumns(const float* from, size_t rows, size_t dim, float* panels) {
    for (size_t b = 0; b < dim; b += simd::kPanelWidth) {
      const size_t width = std::min(simd::kPanelWidth, dim - b);
      float* panel = panels + b * rows;
      for (size_t i = 0; i < rows; ++i) {
        std::memcpy(panel + i * simd::kPanelWidth, from + i * dim + b, width * sizeof(float));
      }
    }
  }

  const simd::FloatRows left_;
  const simd::FloatRows right_;
};

// Deals the axes, of falling variance, out to m parts: the next axis goes to the part of the least
// product of variances that has room (the eigenvalue allocation of Ge et al.).
std::vector<float> DealAxes(const std::vector<float>& axes, const std::vector<float>& variances,
                            size_t dim, size_t m) {
  const size_t part_dim = dim / m;
  std::vector<double> logs(m);
  std::vector<size_t> filled(m);
  std::vector<float> dealt(dim * dim);
  for (size_t axis = 0; axis < dim; ++axis) {
    size_t best = m;
    for (size_t j = 0; j < m; ++j) {
      if (filled[j] < part_dim && (best == m || logs[j] < logs[best])) best = j;
    }
    const size_t row = best * part_dim + filled[best]++;
    std::memcpy(&dealt[row * dim], &axes[axis * dim], dim * sizeof(float));
    logs[best] += std::log(std::max(1e-30, static_cast<double>(variances[axis])));
  }
  return dealt;
}

/// The turns of TrainOpq.
class OpqTrainer {
 public:
  OpqTrainer(const simd::FloatRows& rows, const OpqParams& params, const Host& host,
             const Context& context)
      : rows_(rows), dim_(rows.stride), params_(params), host_(host), context_(context) {}

  absl::StatusOr<Opq> Train() {
    const uint64_t bytes = uint64_t{rows_.count} * dim_ * sizeof(float);
    VECDB_ASSIGN_OR_RETURN(
        turned_, base::LargeBuffer::Make(bytes, host_, "rows turned for OPQ", MemoryUse::kBuilds));
    VECDB_ASSIGN_OR_RETURN(decoded_, base::LargeBuffer::Make(bytes, host_, "rows decoded for OPQ",
                                                             MemoryUse::kBuilds));
    VECDB_ASSIGN_OR_RETURN(base::Reservation matrices,
                           base::Reservation::Make(host_.budget, 8 * dim_ * dim_ * sizeof(double),
                                                   "the matrices of OPQ", MemoryUse::kBuilds));
    VECDB_ASSIGN_OR_RETURN(Rotation rotation, BetterStart());
    for (int round = 0; round < params_.rounds; ++round) {
      VECDB_RETURN_IF_ERROR(TurnRows(rotation));
      VECDB_RETURN_IF_ERROR(TrainWords(&books_));
      VECDB_RETURN_IF_ERROR(DecodeRows());
      VECDB_ASSIGN_OR_RETURN(rotation, TowardsCodes());
    }
    return Opq{std::move(rotation), std::move(books_)};
  }

 private:
  simd::FloatRows Turned() const { return {turned_.as<float>().data(), dim_, rows_.count}; }
  simd::FloatRows Decoded() const { return {decoded_.as<float>().data(), dim_, rows_.count}; }

  absl::StatusOr<Rotation> AtPrincipalAxes() const {
    VECDB_ASSIGN_OR_RETURN(std::vector<float> covariance,
                           CrossProducts(rows_, rows_).Sum(host_, context_));
    const float count = std::max(1.0f, static_cast<float>(rows_.count));
    for (float& value : covariance) value /= count;
    std::vector<float> variances;
    VECDB_ASSIGN_OR_RETURN(const std::vector<float> axes,
                           PrincipalAxes(covariance, dim_, &variances));
    return Rotation(DealAxes(axes, variances, dim_, params_.m), dim_);
  }

  // The axes as they come, which suit vectors of a natural order (SIFT), or the principal ones.
  absl::StatusOr<Rotation> BetterStart() {
    VECDB_RETURN_IF_ERROR(TurnRows(Rotation(Unturned(), dim_)));
    VECDB_RETURN_IF_ERROR(TrainWords(nullptr));
    ProductCodebooks unturned = std::move(books_);
    VECDB_ASSIGN_OR_RETURN(Rotation principal, AtPrincipalAxes());
    VECDB_RETURN_IF_ERROR(TurnRows(principal));
    VECDB_RETURN_IF_ERROR(TrainWords(nullptr));
    if (books_.error < unturned.error) return principal;
    books_ = std::move(unturned);
    return Rotation(Unturned(), dim_);
  }

  std::vector<float> Unturned() const {
    std::vector<float> matrix(dim_ * dim_);
    for (size_t i = 0; i < dim_; ++i) matrix[i * dim_ + i] = 1;
    return matrix;
  }

  template <typename Body>
  absl::Status ForRows(Body body) const {
    const size_t pieces = (rows_.count + kTurnedTogether - 1) / kTurnedTogether;
    return base::ParallelFor(host_.executor, Priority::kBackground, pieces, context_,
                             [&](size_t piece, size_t) -> absl::Status {
                               const size_t begin = piece * kTurnedTogether;
                               body(begin, std::min(kTurnedTogether, rows_.count - begin));
                               return absl::OkStatus();
                             });
  }

  absl::Status TurnRows(const Rotation& rotation) {
    float* out = turned_.as<float>().data();
    return ForRows([&, this](size_t begin, size_t count) {
      rotation.Turn(rows_.rows + begin * dim_, count, out + begin * dim_);
    });
  }

  absl::Status TrainWords(const ProductCodebooks* start) {
    const ProductTraining training{.m = params_.m,
                                   .words = params_.words,
                                   .max_rounds = kWordRounds,
                                   .rows_per_word = rows_.count,
                                   .seed = params_.seed,
                                   .start = start};
    VECDB_ASSIGN_OR_RETURN(ProductCodebooks books,
                           TrainProduct(Turned(), dim_, training, host_, context_));
    books_ = std::move(books);
    return absl::OkStatus();
  }

  absl::Status DecodeRows() {
    const size_t part_dim = books_.part_dim();
    float* out = decoded_.as<float>().data();
    return ForRows([&, this](size_t begin, size_t count) {
      std::vector<uint32_t> words(books_.m() * count);
      books_.Assign({Turned().rows + begin * dim_, dim_, count}, words.data(), nullptr);
      for (size_t j = 0; j < books_.m(); ++j) {
        for (size_t i = 0; i < count; ++i) {
          std::memcpy(out + (begin + i) * dim_ + j * part_dim,
                      books_.parts[j].vector(words[j * count + i]), part_dim * sizeof(float));
        }
      }
    });
  }

  // The rotation that brings the rows nearest to what their codes stand for (Procrustes).
  absl::StatusOr<Rotation> TowardsCodes() const {
    VECDB_ASSIGN_OR_RETURN(const std::vector<float> products,
                           CrossProducts(Decoded(), rows_).Sum(host_, context_));
    VECDB_ASSIGN_OR_RETURN(std::vector<float> matrix, NearestOrthogonal(products, dim_));
    return Rotation(std::move(matrix), dim_);
  }

  const simd::FloatRows rows_;
  const size_t dim_;
  const OpqParams params_;
  const Host host_;
  const Context& context_;
  base::LargeBuffer turned_;
  base::LargeBuffer decoded_;
  ProductCodebooks books_;
};

}  // namespace

absl::StatusOr<Opq> TrainOpq(const simd::FloatRows& rows, const OpqParams& params, const Host& host,
                             const Context& context) {
  return OpqTrainer(rows, params, host, context).Train();
}

}  // namespace vecdb::codec
