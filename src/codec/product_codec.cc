#include "codec/product_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/large_buffer.h"
#include "base/status_macros.h"
#include "codec/finite_floats.h"
#include "codec/held.h"
#include "codec/kmeans.h"
#include "codec/normalise.h"
#include "codec/opq.h"
#include "codec/training_sample.h"
#include "simd/distance.h"

namespace vecdb::codec {
namespace {

constexpr size_t kCodedTogether = 96;
constexpr size_t kRowsPerWord = 256;

// A rotation has far more to learn than words have: from fewer rows it fits those alone.
constexpr size_t kRowsPerRotation = 65536;

/// Sums of table entries. Four sums side by side, part j in the sum j % 4, whatever is compared.
class ProductDistance final : public CodeDistance {
 public:
  explicit ProductDistance(const ProductCodec& codec)
      : codec_(codec), scratch_(2 * codec.dim()), tables_(codec.m() * codec.table_words()) {}

  void SetQuery(const float* query) override {
    base_ = codec_.FillTables(query, scratch_.data(), tables_.data());
  }

  void Compare(const simd::CodeRows& rows, float* out) const override {
    for (size_t i = 0; i < rows.count; ++i) {
      out[i] = codec_.nibbles() ? OfNibbles(rows.row(i)) : OfBytes(rows.row(i));
      if (out[i] != out[i]) out[i] = std::numeric_limits<float>::infinity();  // beyond float
    }
  }

 private:
  float OfBytes(const uint8_t* code) const {
    const size_t m = codec_.m();
    const size_t words = codec_.table_words();
    const float* table = tables_.data();
    float sums[4] = {};
    size_t j = 0;
    for (; j + 4 <= m; j += 4, table += 4 * words) {
      sums[0] += table[code[j]];
      sums[1] += table[words + code[j + 1]];
      sums[2] += table[2 * words + code[j + 2]];
      sums[3] += table[3 * words + code[j + 3]];
    }
    for (; j < m; ++j, table += words) sums[j % 4] += table[code[j]];
    return base_ + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }

  float OfNibbles(const uint8_t* code) const {
    const size_t m = codec_.m();
    const size_t words = codec_.table_words();
    const float* table = tables_.data();
    float sums[4] = {};
    size_t j = 0;
    for (; j + 4 <= m; j += 4, code += 2, table += 4 * words) {
      sums[0] += table[code[0] & 15];
      sums[1] += table[words + (code[0] >> 4)];
      sums[2] += table[2 * words + (code[1] & 15)];
      sums[3] += table[3 * words + (code[1] >> 4)];
    }
    for (size_t rest = 0; j < m; ++j, ++rest, table += words) {
      sums[j % 4] += table[(code[rest / 2] >> (rest % 2 * 4)) & 15];
    }
    return base_ + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }

  const ProductCodec& codec_;
  std::vector<float> scratch_;
  std::vector<float> tables_;
  float base_ = 0;
};

int BitsFor(int wanted, size_t num_rows) {
  int bits = wanted;
  while (bits > 1 && (size_t{1} << bits) > num_rows) --bits;
  return bits;
}

size_t WordsOf(int bits) { return size_t{1} << bits; }

}  // namespace

ProductCodec::ProductCodec(const CodecSpec& spec, std::vector<float> mean, Rotation rotation,
                           ProductCodebooks books)
    : Codec(spec),
      mean_(std::move(mean)),
      rotation_(std::move(rotation)),
      books_(std::move(books)) {
  PackWords();
}

void ProductCodec::PackWords() {
  const size_t part_dim = books_.part_dim();
  const size_t part_floats = simd::PanelFloats(table_words(), part_dim);
  panels_.resize(m() * part_floats);
  biases_.resize(m() * table_words());
  std::vector<float> all(table_words() * part_dim);
  for (size_t j = 0; j < m(); ++j) {
    for (size_t w = 0; w < table_words(); ++w) {
      const float* word = books_.parts[j].vector(w < words() ? w : 0);
      std::memcpy(&all[w * part_dim], word, part_dim * sizeof(float));
      if (spec().metric == Metric::kL2) {
        biases_[j * table_words() + w] = SquaredNorm(word, part_dim);
      }
    }
    simd::PackPanels(all.data(), table_words(), part_dim, &panels_[j * part_floats]);
  }
}

const float* ProductCodec::Prepare(const float* rows, size_t count, float* moved,
                                   float* turned) const {
  for (size_t i = 0; i < count; ++i) {
    const float* row = rows + i * dim();
    float* out = moved + i * dim();
    if (spec().metric == Metric::kCosine) {
      Normalise(row, dim(), out);
      row = out;
    }
    for (size_t d = 0; d < dim(); ++d) out[d] = HeldDifference(row[d], mean_[d]);
  }
  if (rotation_.is_identity()) return moved;
  rotation_.Turn(moved, count, turned);
  return turned;
}

void ProductCodec::Encode(const float* rows, size_t count, uint8_t* codes) const {
  const size_t together = std::min(count, kCodedTogether);
  std::vector<float> scratch(2 * together * dim());
  std::vector<uint32_t> words(together * m());
  std::fill_n(codes, count * code_bytes(), uint8_t{0});
  for (size_t begin = 0; begin < count; begin += together) {
    const size_t part = std::min(together, count - begin);
    const float* prepared =
        Prepare(rows + begin * dim(), part, scratch.data(), scratch.data() + together * dim());
    books_.Assign({prepared, dim(), part}, words.data(), nullptr);
    for (size_t j = 0; j < m(); ++j) {
      for (size_t i = 0; i < part; ++i) {
        uint8_t* code = codes + (begin + i) * code_bytes();
        const uint32_t word = words[j * part + i];
        if (nibbles()) {
          code[j / 2] = static_cast<uint8_t>(code[j / 2] | word << (j % 2 * 4));
        } else {
          code[j] = static_cast<uint8_t>(word);
        }
      }
    }
  }
}

void ProductCodec::Decode(const uint8_t* codes, size_t count, float* rows) const {
  const size_t part_dim = books_.part_dim();
  std::vector<float> turned(rotation_.is_identity() ? 0 : dim());
  for (size_t i = 0; i < count; ++i) {
    float* row = rows + i * dim();
    float* to = turned.empty() ? row : turned.data();
    for (size_t j = 0; j < m(); ++j) {
      // Bytes of a damaged file may name a word that there is not.
      const size_t word = std::min(WordOf(codes + i * code_bytes(), j), words() - 1);
      std::memcpy(to + j * part_dim, books_.parts[j].vector(word), part_dim * sizeof(float));
    }
    if (!turned.empty()) rotation_.TurnBack(turned.data(), 1, row);
    for (size_t d = 0; d < dim(); ++d) row[d] = HeldDifference(row[d], -mean_[d]);
  }
}

std::unique_ptr<CodeDistance> ProductCodec::MakeDistance() const {
  return std::make_unique<ProductDistance>(*this);
}

float ProductCodec::FillTables(const float* query, float* scratch, float* tables) const {
  const simd::PartWords all{panels_.data(), biases_.data(), m(), table_words(), books_.part_dim()};
  float* moved = scratch;
  float* turned = scratch + dim();
  if (spec().metric == Metric::kL2) {
    // |query - word|^2 = |query|^2 + |word|^2 - 2 query . word
    const float* prepared = Prepare(query, 1, moved, turned);
    const float base = -simd::KernelsFor(Metric::kIp).one(prepared, prepared, dim());
    for (size_t d = 0; d < dim(); ++d) moved[d] = -2 * prepared[d];
    simd::PartTables(moved, all, tables);
    return base;
  }
  // -query . (mean + word)
  double with_mean = 0;
  std::memcpy(moved, query, dim() * sizeof(float));
  if (spec().metric == Metric::kCosine) Normalise(query, dim(), moved);
  for (size_t d = 0; d < dim(); ++d) {
    with_mean += static_cast<double>(moved[d]) * static_cast<double>(mean_[d]);
    moved[d] = -moved[d];
  }
  if (!rotation_.is_identity()) rotation_.Turn(moved, 1, turned);
  simd::PartTables(rotation_.is_identity() ? moved : turned, all, tables);
  return static_cast<float>(-with_mean);
}

uint64_t ProductCodec::memory_bytes() const {
  uint64_t bytes = (mean_.size() + panels_.size() + biases_.size()) * sizeof(float);
  bytes += rotation_.memory_bytes();
  for (const Centroids& part : books_.parts) bytes += part.memory_bytes();
  return bytes;
}

void ProductCodec::Write(base::ByteWriter* writer) const {
  for (const float value : mean_) writer->Put(value);
  for (const float value : rotation_.matrix()) writer->Put(value);
  for (const Centroids& part : books_.parts) {
    for (const float value : part.vectors()) writer->Put(value);
  }
}

absl::StatusOr<std::unique_ptr<Codec>> TrainProductCodec(const CodecSpec& spec,
                                                         const TrainingRows& sample,
                                                         const Host& host, const Context& context) {
  CodecSpec trained = spec;
  trained.pq_bits = BitsFor(spec.pq_bits, sample.count);
  const auto dim = static_cast<size_t>(spec.dim);
  const auto m = static_cast<size_t>(spec.pq_m);
  const size_t words = WordsOf(trained.pq_bits);
  const size_t wanted = spec.pq_rotate ? kRowsPerRotation : kRowsPerWord * words;
  VECDB_ASSIGN_OR_RETURN(
      TrainingSample rows,
      TrainingSample::Make(sample, dim, wanted, spec.seed, spec.metric == Metric::kCosine, host));
  rows.SubtractMean();
  ProductTraining training{.m = m, .words = words, .seed = spec.seed};
  Opq opq;
  if (spec.pq_rotate) {
    const OpqParams params{.m = m, .words = words, .seed = spec.seed};
    VECDB_ASSIGN_OR_RETURN(opq, TrainOpq(rows.rows(), params, host, context));
    VECDB_RETURN_IF_ERROR(rows.Turn(opq.rotation, host));
    training.rows_per_word = rows.rows().count;
    training.start = &opq.books;
  }
  VECDB_ASSIGN_OR_RETURN(ProductCodebooks books,
                         TrainProduct(rows.rows(), dim, training, host, context));
  return std::make_unique<ProductCodec>(trained, rows.mean(), std::move(opq.rotation),
                                        std::move(books));
}

uint64_t ProductTrainingBytes(uint64_t sampled, const CodecSpec& spec, uint64_t num_strands) {
  const auto dim = static_cast<size_t>(spec.dim);
  const auto m = static_cast<uint64_t>(spec.pq_m);
  const uint64_t words = WordsOf(BitsFor(spec.pq_bits, sampled));
  const uint64_t rows = std::min<uint64_t>(sampled, kRowsPerWord * words);
  return rows * dim * sizeof(float) +
         std::min(num_strands, m) * KMeansBytes(rows, static_cast<size_t>(dim / m), words);
}

absl::StatusOr<std::unique_ptr<Codec>> ReadProductCodec(const CodecSpec& spec,
                                                        base::ByteReader& reader) {
  const auto dim = static_cast<size_t>(spec.dim);
  const auto m = static_cast<size_t>(spec.pq_m);
  const size_t part_floats = dim / m * WordsOf(spec.pq_bits);
  VECDB_ASSIGN_OR_RETURN(std::vector<float> mean, TakeFloats(reader, dim, "mean"));
  Rotation rotation;
  if (spec.pq_rotate) {
    VECDB_ASSIGN_OR_RETURN(std::vector<float> matrix, TakeFloats(reader, dim * dim, "rotation"));
    if (!IsOrthogonal(matrix, dim)) {
      return absl::DataLossError("the rotation of a product codec is none");
    }
    rotation = Rotation(std::move(matrix), dim);
  }
  ProductCodebooks books;
  for (size_t j = 0; j < m; ++j) {
    VECDB_ASSIGN_OR_RETURN(std::vector<float> words, TakeFloats(reader, part_floats, "words"));
    books.parts.emplace_back(std::move(words), dim / m, Nearness::kL2);
  }
  return std::make_unique<ProductCodec>(spec, std::move(mean), std::move(rotation),
                                        std::move(books));
}

}  // namespace vecdb::codec
