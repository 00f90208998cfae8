#ifndef VECDB_CODEC_PRODUCT_CODEC_H_
#define VECDB_CODEC_PRODUCT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "codec/product_codebooks.h"
#include "codec/rotation.h"

namespace vecdb::codec {

/// Product quantisation (Jegou, Douze and Schmid 2011), optionally after a learnt rotation (OPQ: Ge
/// et al. 2013): a row, less the mean of the training rows, is cut into m parts, and each part is
/// stored as the number of the nearest of 2^nbits code words. A distance is the sum of m numbers
/// from a table that SetQuery makes; it is that of the decoded row but for the rounding of m + dim
/// floats.
///
/// A code: with up to 4 bits, byte i holds part 2i in its low nibble and part 2i + 1 in its high
/// one; with more, byte i holds part i. Immutable, thread-safe.
class ProductCodec final : public Codec {
 public:
  /// The dims of the three agree with `spec`, whose pq_bits fit the code words.
  ProductCodec(const CodecSpec& spec, std::vector<float> mean, Rotation rotation,
               ProductCodebooks books);

  size_t code_bytes() const override { return nibbles() ? (m() + 1) / 2 : m(); }
  void Encode(const float* rows, size_t count, uint8_t* codes) const override;
  void Decode(const uint8_t* codes, size_t count, float* rows) const override;
  std::unique_ptr<CodeDistance> MakeDistance() const override;
  void Write(base::ByteWriter* writer) const override;
  uint64_t memory_bytes() const override;

  /// What every decoded row has on top of its words.
  const std::vector<float>& mean() const { return mean_; }

  size_t m() const { return books_.m(); }
  size_t words() const { return books_.words(); }
  bool nibbles() const { return spec().pq_bits <= 4; }
  const Rotation& rotation() const { return rotation_; }
  const ProductCodebooks& books() const { return books_; }

  /// The number of the word of part `j` in a code.
  size_t WordOf(const uint8_t* code, size_t j) const {
    return nibbles() ? (code[j / 2] >> (j % 2 * 4)) & 15 : code[j];
  }

  /// What a part of a code can say, words that do not exist included: 16 or 256.
  size_t table_words() const { return nibbles() ? 16 : 256; }

  /// Writes to `tables`, m * table_words floats: what word w of part j adds to a distance is at
  /// j * table_words + w; words that do not exist add what word 0 does. Returns what every distance
  /// has on top. `scratch` holds 2 * dim floats.
  float FillTables(const float* query, float* scratch, float* tables) const;

 private:
  void PackWords();

  // Rows as the code words see them: normalised under kCosine, less the mean, turned. Both buffers
  // hold count * dim floats; the result is in one of them.
  const float* Prepare(const float* rows, size_t count, float* moved, float* turned) const;

  const std::vector<float> mean_;
  const Rotation rotation_;
  const ProductCodebooks books_;
  std::vector<float> panels_;  ///< the words of all parts, for simd::PartTables
  std::vector<float> biases_;
};

/// The memory that TrainProductCodec, without a rotation, takes for a sample of so many rows.
uint64_t ProductTrainingBytes(uint64_t sampled, const CodecSpec& spec, uint64_t num_strands);

/// Learns mean, rotation and words. Bits shrink until there are no more words than rows, to 1 bit
/// at least.
absl::StatusOr<std::unique_ptr<Codec>> TrainProductCodec(const CodecSpec& spec,
                                                         const TrainingRows& sample,
                                                         const Host& host, const Context& context);

/// DataLoss for what is too short, not finite, or no rotation.
absl::StatusOr<std::unique_ptr<Codec>> ReadProductCodec(const CodecSpec& spec,
                                                        base::ByteReader& reader);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_PRODUCT_CODEC_H_
