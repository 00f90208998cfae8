#include "simd/panels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

std::vector<float> Random(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double Dot(const float* a, const float* b, size_t dim) {
  double sum = 0;
  for (size_t d = 0; d < dim; ++d) sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
  return sum;
}

// `count` vectors and `rows` rows, which lie `gap` floats apart and end where their memory ends.
struct PanelData {
  PanelData(size_t rows, size_t count, size_t dim, size_t gap)
      : vectors(Random(count * dim, 1)),
        memory(Random(rows * (dim + gap) - gap, 2)),
        panels(PanelFloats(count, dim)),
        biases(PanelVectors(count), std::numeric_limits<float>::infinity()),
        float_rows{memory.data(), dim + gap, rows},
        view{panels.data(), count, dim} {
    PackPanels(vectors.data(), count, dim, panels.data());
    for (size_t j = 0; j < count; ++j) {
      biases[j] = static_cast<float>(Dot(vector(j), vector(j), dim) / 2);
    }
  }
  const float* row(size_t i) const { return memory.data() + i * float_rows.stride; }
  const float* vector(size_t j) const { return vectors.data() + j * view.dim; }

  std::vector<float> vectors, memory, panels, biases;
  FloatRows float_rows;
  PanelView view;
};

class PanelsTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

constexpr size_t kRowCounts[] = {1, 2, 5, 6, 7, 13};
constexpr size_t kVectorCounts[] = {1, 2, 15, 16, 17, 48, 63, 64, 65, 100};
constexpr size_t kPanelDims[] = {1, 3, 4, 17, 129};

TEST_P(PanelsTest, DotsAgreeWithDoubleAndHaveTheSameBitsAlone) {
  for (const size_t rows : kRowCounts) {
    for (const size_t count : kVectorCounts) {
      for (const size_t dim : kPanelDims) {
        const PanelData data(rows, count, dim, rows % 2 * 3);
        std::vector<float> dots(rows * count);
        PanelDots(data.float_rows, data.view, dots.data());
        for (size_t i = 0; i < rows; ++i) {
          std::vector<float> alone(count);
          PanelDots({data.row(i), dim, 1}, data.view, alone.data());
          EXPECT_EQ(std::memcmp(alone.data(), &dots[i * count], count * sizeof(float)), 0);
          for (size_t j = 0; j < count; ++j) {
            ASSERT_NEAR(dots[i * count + j], Dot(data.row(i), data.vector(j), dim), 1e-4);
          }
        }
      }
    }
  }
}

TEST_P(PanelsTest, NearestIsTheFirstOfTheLeast) {
  for (const size_t rows : kRowCounts) {
    for (const size_t count : kVectorCounts) {
      for (const size_t dim : kPanelDims) {
        const PanelData data(rows, count, dim, 0);
        std::vector<float> dots(rows * count);
        PanelDots(data.float_rows, data.view, dots.data());
        std::vector<uint32_t> nearest(rows);
        std::vector<float> least(rows);
        PanelNearest(data.float_rows, data.view, data.biases.data(), nearest.data(), least.data());
        for (size_t i = 0; i < rows; ++i) {
          size_t best = 0;
          for (size_t j = 1; j < count; ++j) {
            const float value = data.biases[j] - dots[i * count + j];
            if (value < data.biases[best] - dots[i * count + best]) best = j;
          }
          EXPECT_EQ(nearest[i], best);
          EXPECT_EQ(least[i], data.biases[best] - dots[i * count + best]);
        }
      }
    }
  }
}

TEST_P(PanelsTest, AmongEqualVectorsTheFirstIsNearest) {
  const std::vector<float> row = {1, 2};
  std::vector<float> vectors;
  for (size_t j = 0; j < 70; ++j) vectors.insert(vectors.end(), {j < 21 ? 9.0f : 1.0f, 2});
  std::vector<float> panels(PanelFloats(70, 2));
  PackPanels(vectors.data(), 70, 2, panels.data());
  std::vector<float> biases(PanelVectors(70), std::numeric_limits<float>::infinity());
  for (size_t j = 0; j < 70; ++j) {
    biases[j] = (vectors[2 * j] * vectors[2 * j] + vectors[2 * j + 1] * vectors[2 * j + 1]) / 2;
  }
  uint32_t nearest = 99;
  float least = 0;
  PanelNearest({row.data(), 2, 1}, {panels.data(), 70, 2}, biases.data(), &nearest, &least);
  EXPECT_EQ(nearest, 21U);
  EXPECT_EQ(least, -2.5f);
}

TEST_P(PanelsTest, NumbersBeyondFloatGiveSomeVectorThatExists) {
  const std::vector<float> huge(6 * 3, 3e38f);
  std::vector<float> panels(PanelFloats(5, 3));
  PackPanels(huge.data(), 5, 3, panels.data());
  const std::vector<float> biases(PanelVectors(5), std::numeric_limits<float>::infinity());
  std::vector<uint32_t> nearest(6, 99);
  std::vector<float> least(6);
  PanelNearest({huge.data(), 3, 6}, {panels.data(), 5, 3}, biases.data(), nearest.data(),
               least.data());
  for (const uint32_t vector : nearest) EXPECT_LT(vector, 5U);
}

TEST_P(PanelsTest, TablesOfPartsAreBiasAndDotProduct) {
  for (const size_t parts : std::initializer_list<size_t>{1, 2, 7}) {
    for (const size_t words : std::initializer_list<size_t>{16, 48, 256}) {
      for (const size_t part_dim : std::initializer_list<size_t>{1, 2, 5}) {
        const std::vector<float> row = Random(parts * part_dim, 5);
        const std::vector<float> vectors = Random(parts * words * part_dim, 6);
        const std::vector<float> biases = Random(parts * words, 7);
        std::vector<float> panels(parts * words * part_dim);
        for (size_t j = 0; j < parts; ++j) {
          PackPanels(&vectors[j * words * part_dim], words, part_dim,
                     &panels[j * words * part_dim]);
        }
        std::vector<float> tables(parts * words);
        PartTables(row.data(), {panels.data(), biases.data(), parts, words, part_dim},
                   tables.data());
        for (size_t i = 0; i < tables.size(); ++i) {
          const double dot = Dot(&row[i / words * part_dim], &vectors[i * part_dim], part_dim);
          EXPECT_NEAR(tables[i], static_cast<double>(biases[i]) + dot, 1e-5);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, PanelsTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& test) { return std::string(hwy::TargetName(test.param)); });

}  // namespace
}  // namespace vecdb::simd
