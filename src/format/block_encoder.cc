#include "format/block_encoder.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "format/bit_packing.h"
#include "format/number_type.h"
#include "format/zstd_block.h"

namespace vecdb::format {
namespace {

using schema::ColumnBlock;

constexpr uint64_t kImpossible = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kPackedHeaderBytes = 16;
constexpr uint64_t kDictionaryHeaderBytes = 8;
// Less is not worth a frame.
constexpr uint64_t kMinCompressedBytes = 512;

uint32_t CodeWidth(uint32_t count) { return static_cast<uint32_t>(std::bit_width(count - 1)); }

// Appends numbers that lie next to each other in memory.
template <typename T>
void PutNumbers(std::span<const T> numbers, std::string* out) {
  out->append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
}

template <typename T>
void PutNumber(T number, std::string* out) {
  PutNumbers(std::span<const T>(&number, 1), out);
}

// At least one integer, each less the smallest of them, all of them in `width` bits.
template <typename T>
class Frame {
 public:
  explicit Frame(std::span<const T> values) : values_(values) {
    const auto [min, max] = MinMax(values);
    base_ = min;
    width_ = static_cast<uint32_t>(std::bit_width(LessBase(max)));
  }

  uint64_t size_bytes() const { return kPackedHeaderBytes + PackedBytes(values_.size(), width_); }

  void Put(std::string* out) const {
    PutNumber(static_cast<int64_t>(base_), out);
    PutNumber(width_, out);
    PutNumber(uint32_t{std::numeric_limits<BitsOf<T>>::digits}, out);
    std::vector<BitsOf<T>> rest(values_.size());
    std::transform(values_.begin(), values_.end(), rest.begin(),
                   [this](T value) { return LessBase(value); });
    PackBits(std::span<const BitsOf<T>>(rest), width_, out);
  }

 private:
  BitsOf<T> LessBase(T value) const {
    return static_cast<BitsOf<T>>(static_cast<BitsOf<T>>(value) - static_cast<BitsOf<T>>(base_));
  }

  std::span<const T> values_;
  T base_ = 0;
  uint32_t width_ = 0;
};

// What the encodings of a block would take.
struct Sizes {
  uint64_t plain = 0;
  uint64_t constant = kImpossible;
  uint64_t packed = kImpossible;
  uint64_t dictionary = kImpossible;

  // Of equal ones the one that is decoded faster.
  BlockEncoding Smallest() const {
    const uint64_t least = std::min({plain, constant, packed, dictionary});
    if (constant == least) return BlockEncoding::kConstant;
    if (plain == least) return BlockEncoding::kPlain;
    return packed == least ? BlockEncoding::kPacked : BlockEncoding::kDictionary;
  }
};

template <typename T>
class NumberEncoder {
 public:
  NumberEncoder(const ColumnBlock& block, const DistinctValues& distinct)
      : type_(block.type), values_(block.as<T>()), distinct_(distinct) {}

  Sizes FindSizes() const {
    const uint32_t count = distinct_.count();
    Sizes sizes{.plain = values_.size_bytes()};
    if constexpr (std::integral<T>) sizes.packed = Frame<T>(values_).size_bytes();
    if (count == 1) sizes.constant = sizeof(T);
    if (type_ == DataType::kBool) return sizes;  // a bit is as short
    sizes.dictionary = kDictionaryHeaderBytes + PackedBytes(values_.size(), CodeWidth(count)) +
                       uint64_t{count} * sizeof(T);
    return sizes;
  }

  void Put(BlockEncoding encoding, std::string* out) const {
    switch (encoding) {
      case BlockEncoding::kPlain:
        return PutNumbers(values_, out);
      case BlockEncoding::kConstant:
        return PutNumber(values_[0], out);
      case BlockEncoding::kPacked:
        if constexpr (std::integral<T>) Frame<T>(values_).Put(out);
        return;
      case BlockEncoding::kDictionary:
        return PutDictionary(out);
    }
  }

 private:
  void PutDictionary(std::string* out) const {
    PutNumber(distinct_.count(), out);
    PutNumber(CodeWidth(distinct_.count()), out);
    PackBits(distinct_.codes(), CodeWidth(distinct_.count()), out);
    for (const uint16_t row : distinct_.rows()) PutNumber(values_[row], out);
  }

  DataType type_;
  std::span<const T> values_;
  const DistinctValues& distinct_;
};

// The bytes of `strings` behind their lengths.
void PutStrings(std::span<const std::string_view> strings, std::span<const uint32_t> lengths,
                std::string* out) {
  Frame<uint32_t>(lengths).Put(out);
  for (const std::string_view string : strings) out->append(string);
}

class StringEncoder {
 public:
  StringEncoder(const ColumnBlock& block, const DistinctValues& distinct) : distinct_(distinct) {
    for (uint32_t row = 0; row < block.num_rows; ++row) Add(block.string(row), &all_);
    for (const uint16_t row : distinct.rows()) Add(block.string(row), &different_);
  }

  uint64_t text_bytes() const { return all_.bytes; }

  Sizes FindSizes() const {
    const uint64_t num_rows = all_.strings.size();
    const auto count = distinct_.count();
    Sizes sizes{.plain = num_rows * sizeof(uint32_t) + all_.bytes};
    if (count == 1) sizes.constant = sizeof(uint32_t) + different_.bytes;
    sizes.packed = Frame<uint32_t>(all_.lengths).size_bytes() + all_.bytes;
    sizes.dictionary = kDictionaryHeaderBytes + PackedBytes(num_rows, CodeWidth(count)) +
                       Frame<uint32_t>(different_.lengths).size_bytes() + different_.bytes;
    return sizes;
  }

  void Put(BlockEncoding encoding, std::string* out) const {
    switch (encoding) {
      case BlockEncoding::kPlain:
        return PutPlain(all_, out);
      case BlockEncoding::kConstant:
        return PutPlain(different_, out);
      case BlockEncoding::kPacked:
        return PutStrings(all_.strings, all_.lengths, out);
      case BlockEncoding::kDictionary:
        return PutDictionary(out);
    }
  }

 private:
  struct Strings {
    std::vector<std::string_view> strings;
    std::vector<uint32_t> lengths;
    uint64_t bytes = 0;
  };

  static void Add(std::string_view string, Strings* strings) {
    strings->strings.push_back(string);
    strings->lengths.push_back(static_cast<uint32_t>(string.size()));
    strings->bytes += string.size();
  }

  static void PutPlain(const Strings& strings, std::string* out) {
    std::vector<uint32_t> ends(strings.lengths.size());
    std::partial_sum(strings.lengths.begin(), strings.lengths.end(), ends.begin());
    PutNumbers(std::span<const uint32_t>(ends), out);
    for (const std::string_view string : strings.strings) out->append(string);
  }

  // Values are numbered anew, in the order of their bytes.
  void PutDictionary(std::string* out) const {
    const uint32_t count = distinct_.count();
    std::vector<uint16_t> order(count);
    std::iota(order.begin(), order.end(), uint16_t{0});
    std::sort(order.begin(), order.end(), [this](uint16_t a, uint16_t b) {
      return different_.strings[a] < different_.strings[b];
    });
    Strings sorted;
    std::vector<uint16_t> place(count);
    for (const uint16_t value : order) {
      place[value] = static_cast<uint16_t>(sorted.strings.size());
      Add(different_.strings[value], &sorted);
    }
    std::vector<uint16_t> codes(distinct_.codes().size());
    std::transform(distinct_.codes().begin(), distinct_.codes().end(), codes.begin(),
                   [&place](uint16_t code) { return place[code]; });
    PutNumber(count, out);
    PutNumber(CodeWidth(count), out);
    PackBits(std::span<const uint16_t>(codes), CodeWidth(count), out);
    PutStrings(sorted.strings, sorted.lengths, out);
  }

  const DistinctValues& distinct_;
  Strings all_;
  Strings different_;
};

template <typename Encoder>
EncodedBlock EncodeWith(const Encoder& encoder, BlockEncoding encoding) {
  EncodedBlock encoded;
  encoded.entry.encoding = encoding;
  encoder.Put(encoding, &encoded.bytes);
  return encoded;
}

// Calls `encode` with the encoder for the type of the block.
template <typename Encode>
EncodedBlock VisitEncoder(const ColumnBlock& block, const DistinctValues& distinct, Encode encode) {
  EncodedBlock encoded;
  const bool is_number = VisitNumberType(
      block.type, [&]<typename T>(T*) { encoded = encode(NumberEncoder<T>(block, distinct)); });
  if (!is_number) {
    const StringEncoder encoder(block, distinct);
    encoded = encode(encoder);
    encoded.entry.text_bytes = static_cast<uint32_t>(encoder.text_bytes());
  }
  encoded.entry.num_rows = block.num_rows;
  encoded.entry.size_bytes = encoded.bytes.size();
  encoded.entry.raw_bytes = static_cast<uint32_t>(encoded.bytes.size());
  return encoded;
}

}  // namespace

EncodedBlock EncodeBlockAs(BlockEncoding encoding, const ColumnBlock& block,
                           const DistinctValues& distinct) {
  return VisitEncoder(block, distinct,
                      [&](const auto& encoder) { return EncodeWith(encoder, encoding); });
}

EncodedBlock EncodeBlock(const ColumnBlock& block, const DistinctValues& distinct) {
  EncodedBlock encoded = VisitEncoder(block, distinct, [&](const auto& encoder) {
    return EncodeWith(encoder, encoder.FindSizes().Smallest());
  });
  if (encoded.bytes.size() < kMinCompressedBytes) return encoded;
  if (auto frame = CompressBlock(encoded.bytes); frame.has_value()) {
    encoded.bytes = *std::move(frame);
    encoded.entry.compressed = true;
    encoded.entry.size_bytes = encoded.bytes.size();
  }
  return encoded;
}

}  // namespace vecdb::format
