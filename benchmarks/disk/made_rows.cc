#include "disk/made_rows.h"

#include <array>
#include <random>
#include <vector>

#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

constexpr size_t kInnerDim = 20;
constexpr size_t kCentres = 1000;
constexpr float kSpread = 0.6F;  // of the rows of a centre, beside 1 of the centres
constexpr float kNoise = 0.1F;

class RowMaker {
 public:
  RowMaker(uint64_t dim, uint64_t seed) : random_(seed), axes_(kInnerDim * dim) {
    for (Point& centre : centres_) Draw(1, &centre);
    for (float& value : axes_) value = normal_(random_);
  }

  void Fill(Matrix* rows) {
    Point point;
    for (size_t row = 0; row < rows->num_rows(); ++row) {
      Draw(kSpread, &point);
      const Point& centre = centres_[random_() % kCentres];
      const auto out = rows->row(row);
      for (float& value : out) value = kNoise * normal_(random_);
      for (size_t i = 0; i < kInnerDim; ++i) {
        const float along = centre[i] + point[i];
        const float* const axis = &axes_[i * out.size()];
        for (size_t d = 0; d < out.size(); ++d) out[d] += along * axis[d];
      }
    }
  }

 private:
  using Point = std::array<float, kInnerDim>;

  void Draw(float spread, Point* point) {
    for (float& value : *point) value = spread * normal_(random_);
  }

  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  std::array<Point, kCentres> centres_{};
  std::vector<float> axes_;
};

}  // namespace

absl::StatusOr<MadeRows> MakeRows(uint64_t num_rows, uint64_t num_queries, uint64_t dim,
                                  uint64_t seed) {
  MadeRows made;
  VECDB_ASSIGN_OR_RETURN(made.base, Matrix::Make(num_rows, dim));
  VECDB_ASSIGN_OR_RETURN(made.queries, Matrix::Make(num_queries, dim));
  RowMaker maker(dim, seed);
  maker.Fill(&made.base);
  maker.Fill(&made.queries);
  return made;
}

}  // namespace vecdb::bench
