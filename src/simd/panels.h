#ifndef VECDB_SIMD_PANELS_H_
#define VECDB_SIMD_PANELS_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

/// Vectors laid out so that many rows are compared with all of them at the speed of the arithmetic:
/// kPanelWidth vectors side by side, dimension after dimension. Number d of vector j lies at
/// (j / kPanelWidth * dim + d) * kPanelWidth + j % kPanelWidth; what is missing in the last panel
/// is zero.
inline constexpr size_t kPanelWidth = 16;

/// `count` rounded up to whole panels.
constexpr size_t PanelVectors(size_t count) {
  return (count + kPanelWidth - 1) / kPanelWidth * kPanelWidth;
}

constexpr size_t PanelFloats(size_t count, size_t dim) { return PanelVectors(count) * dim; }

/// Lays `count` vectors, row-major, out in PanelFloats(count, dim) floats.
void PackPanels(const float* vectors, size_t count, size_t dim, float* panels);

/// Rows of floats, each the first `dim` at rows + i * stride.
struct FloatRows {
  const float* rows = nullptr;
  size_t stride = 0;  ///< floats from one row to the next
  size_t count = 0;
};

/// Packed vectors to compare rows with.
struct PanelView {
  const float* panels = nullptr;
  size_t count = 0;
  size_t dim = 0;
};

/// out[i * panels.count + j] = the dot product of row i and vector j. A pair has the same bits in
/// every call.
void PanelDots(const FloatRows& rows, const PanelView& panels, float* out);

/// nearest[i] = the j, the lowest if several, with the least biases[j] - row i . vector j, which
/// goes to least[i]. With half the squared norms for biases that is the nearest in Euclidean
/// distance, and the squared distance |row|^2 + 2 least[i]. There is at least one vector;
/// PanelVectors(count) biases, those behind the last vector infinite. NaN counts as infinite.
void PanelNearest(const FloatRows& rows, const PanelView& panels, const float* biases,
                  uint32_t* nearest, float* least);

/// Vectors of the parts of a row: `parts` sets of `words`, a multiple of kPanelWidth, packed one
/// set after another, each with a number to begin with.
struct PartWords {
  const float* panels = nullptr;
  const float* biases = nullptr;  ///< parts * words
  size_t parts = 0;
  size_t words = 0;
  size_t part_dim = 0;
};

/// out[j * words + w] = bias + part j of the row . vector w of part j, all parts in one go: the
/// tables of product quantisation.
void PartTables(const float* row, const PartWords& words, float* out);

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_PANELS_H_
