#include "storage/rows.h"

#include <algorithm>
#include <random>

#include "base/status_macros.h"

namespace vecdb::bench {

absl::StatusOr<Matrix> ScatteredRows(uint64_t num_rows, uint64_t dim, uint64_t seed) {
  constexpr size_t kCentres = 100;
  std::mt19937_64 random(seed);
  std::normal_distribution<float> noise;
  VECDB_ASSIGN_OR_RETURN(Matrix centres, Matrix::Make(kCentres, dim));
  for (float& value : centres.values()) value = noise(random);
  VECDB_ASSIGN_OR_RETURN(Matrix rows, Matrix::Make(num_rows, dim));
  for (size_t row = 0; row < num_rows; ++row) {
    const auto centre = centres.row(random() % kCentres);
    std::transform(centre.begin(), centre.end(), rows.row(row).begin(),
                   [&](float value) { return value + 0.5F * noise(random); });
  }
  return rows;
}

}  // namespace vecdb::bench
