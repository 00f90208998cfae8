#include "format/block_decoder.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/byte_io.h"
#include "format/bit_packing.h"
#include "format/number_type.h"
#include "format/zstd_block.h"

namespace vecdb::format {
namespace {

using schema::ColumnBlock;

uint64_t WholeWords(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

bool AreBools(std::span<const uint8_t> values) {
  return std::all_of(values.begin(), values.end(), [](uint8_t value) { return value <= 1; });
}

// Whether `ends` do not fall and the last is the number of bytes.
bool AreEnds(std::span<const uint32_t> ends, uint64_t num_bytes) {
  uint32_t last = 0;
  bool rising = true;
  for (const uint32_t end : ends) {
    rising &= end >= last;
    last = end;
  }
  return rising && last == num_bytes;
}

// Where the memory of a block is handed out.
class Memory {
 public:
  explicit Memory(size_t size) : bytes_(size) {}

  template <typename T>
  std::span<T> Take(size_t count) {
    T* const begin = reinterpret_cast<T*>(bytes_.data() + taken_);
    taken_ += WholeWords(count * sizeof(T));
    return {begin, count};
  }
  static size_t WordsOf(size_t bytes) { return WholeWords(bytes); }

  BlockBytes Finish() { return std::move(bytes_); }

 private:
  BlockBytes bytes_;
  size_t taken_ = 0;
};

// The parts of a block of kPacked.
struct Packed {
  int64_t base = 0;
  uint32_t width = 0;
  std::string_view words;
};

// Takes `count` packed integers of `bits` bits from the beginning of `text`.
bool TakePacked(uint64_t count, uint32_t bits, std::string_view* text, Packed* packed) {
  base::ByteReader reader(*text);
  packed->base = reader.Get<int64_t>();
  packed->width = reader.Get<uint32_t>();
  if (reader.Get<uint32_t>() != bits || packed->width > bits) return false;
  const uint64_t bytes = PackedBytes(count, packed->width);
  if (reader.remaining() < bytes) return false;
  packed->words = text->substr(text->size() - reader.remaining(), static_cast<size_t>(bytes));
  text->remove_prefix(text->size() - reader.remaining() + static_cast<size_t>(bytes));
  return true;
}

// Turns lengths into ends; false unless they add up to `num_bytes`.
bool SumLengths(std::span<uint32_t> lengths, uint64_t num_bytes) {
  uint64_t end = 0;
  for (uint32_t& length : lengths) {
    end += length;
    length = static_cast<uint32_t>(end);
  }
  return end == num_bytes;
}

// The strings that are the rest of a block: their lengths, then their bytes.
struct PackedStrings {
  uint32_t count = 0;
  Packed lengths;
  std::string_view bytes;

  size_t memory_bytes() const {
    return Memory::WordsOf(count * sizeof(uint32_t)) + Memory::WordsOf(bytes.size());
  }
  bool Take(uint32_t num_strings, std::string_view text) {
    count = num_strings;
    if (!TakePacked(count, 32, &text, &lengths) || lengths.base < 0 ||
        lengths.base > int64_t{std::numeric_limits<uint32_t>::max()}) {
      return false;
    }
    bytes = text;
    return bytes.size() <= std::numeric_limits<uint32_t>::max();
  }
  bool Decode(Memory* memory, ColumnBlock* block) const {
    const auto ends = memory->Take<uint32_t>(count);
    UnpackBits(lengths.words, lengths.width, static_cast<uint32_t>(lengths.base), ends);
    const auto text = memory->Take<char>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), text.begin());
    block->ends = ends.data();
    block->num_strings = count;
    block->bytes = text.data();
    return SumLengths(ends, bytes.size());
  }
};

bool AreDistinctAndSorted(const ColumnBlock& block) {
  for (uint32_t i = 1; i < block.num_strings; ++i) {
    if (block.text(i - 1) >= block.text(i)) return false;
  }
  return true;
}

// Decodes one block: the view that comes out is of `bytes`, which is replaced by other memory where
// the values are to lie there.
class Decoder {
 public:
  Decoder(const BlockEntry& entry, BlockBytes* bytes, ColumnBlock* block)
      : entry_(entry), bytes_(*bytes), block_(*block) {}

  bool Decode() {
    bool sound = false;
    const bool is_number =
        VisitNumberType(block_.type, [&]<typename T>(T*) { sound = DecodeNumbers<T>(); });
    if (!is_number) return DecodeStrings();
    return sound && (block_.type != DataType::kBool || AreBools(block_.as<uint8_t>()));
  }

 private:
  template <typename T>
  bool DecodeNumbers() {
    switch (entry_.encoding) {
      case BlockEncoding::kPlain:
        return TakeNumbers<T>(entry_.num_rows);
      case BlockEncoding::kConstant:
        block_.constant = true;
        return TakeNumbers<T>(1);
      case BlockEncoding::kPacked:
        if constexpr (std::integral<T>) return UnpackNumbers<T>();
        return false;
      case BlockEncoding::kDictionary:
        return LookUpNumbers<T>();
    }
    return false;
  }

  bool DecodeStrings() {
    switch (entry_.encoding) {
      case BlockEncoding::kPlain:
        return TakeStrings(entry_.num_rows);
      case BlockEncoding::kConstant:
        block_.constant = true;
        return TakeStrings(1) && FitsText(entry_.num_rows * uint64_t{block_.ends[0]});
      case BlockEncoding::kPacked:
        return UnpackStrings() && FitsText(block_.ends[entry_.num_rows - 1]);
      case BlockEncoding::kDictionary:
        return UnpackDictionary();
    }
    return false;
  }

  template <typename T>
  bool TakeNumbers(uint32_t count) {
    block_.numbers = bytes_.data();
    return bytes_.size() == count * sizeof(T);
  }

  template <typename T>
  bool UnpackNumbers() {
    using Bits = BitsOf<T>;
    std::string_view text = bytes_.text();
    Packed packed;
    if (!TakePacked(entry_.num_rows, std::numeric_limits<Bits>::digits, &text, &packed) ||
        !text.empty() || packed.base < int64_t{std::numeric_limits<T>::min()} ||
        packed.base > int64_t{std::numeric_limits<T>::max()}) {
      return false;
    }
    Memory memory(entry_.num_rows * sizeof(T));
    const auto numbers = memory.Take<Bits>(entry_.num_rows);
    UnpackBits(packed.words, packed.width, static_cast<Bits>(packed.base), numbers);
    block_.numbers = numbers.data();
    bytes_ = memory.Finish();
    return true;
  }

  // Puts the codes of a dictionary into `codes`, and what lies behind them into `text`.
  bool UnpackCodes(uint32_t* count, std::span<uint16_t> codes, std::string_view* text) const {
    base::ByteReader reader(*text);
    *count = reader.Get<uint32_t>();
    const auto width = reader.Get<uint32_t>();
    const uint64_t packed_bytes = PackedBytes(codes.size(), std::min(width, 17u));
    if (*count == 0 || *count > codes.size() || width > 16 || reader.remaining() < packed_bytes) {
      return false;
    }
    text->remove_prefix(text->size() - reader.remaining());
    UnpackBits(text->substr(0, static_cast<size_t>(packed_bytes)), width, uint16_t{0}, codes);
    text->remove_prefix(static_cast<size_t>(packed_bytes));
    return *std::max_element(codes.begin(), codes.end()) < *count;
  }

  template <typename T>
  bool LookUpNumbers() {
    std::string_view text = bytes_.text();
    std::array<uint16_t, schema::kBlockRows> all_codes;
    const auto codes = std::span(all_codes).first(entry_.num_rows);
    uint32_t count = 0;
    if (!UnpackCodes(&count, codes, &text) || text.size() != count * sizeof(T)) return false;
    const T* const values = reinterpret_cast<const T*>(text.data());
    Memory memory(entry_.num_rows * sizeof(T));
    const auto numbers = memory.Take<T>(entry_.num_rows);
    for (size_t row = 0; row < numbers.size(); ++row) numbers[row] = values[codes[row]];
    block_.numbers = numbers.data();
    bytes_ = memory.Finish();
    return true;
  }

  // The ends and bytes of `count` strings, which are all of the block.
  bool TakeStrings(uint32_t count) {
    const uint64_t ends_bytes = uint64_t{count} * sizeof(uint32_t);
    if (bytes_.size() < ends_bytes) return false;
    block_.ends = reinterpret_cast<const uint32_t*>(bytes_.data());
    block_.num_strings = count;
    block_.bytes = bytes_.text().data() + ends_bytes;
    return AreEnds({block_.ends, count}, bytes_.size() - ends_bytes);
  }

  bool UnpackStrings() {
    PackedStrings strings;
    if (!strings.Take(entry_.num_rows, bytes_.text())) return false;
    Memory memory(strings.memory_bytes());
    if (!strings.Decode(&memory, &block_)) return false;
    bytes_ = memory.Finish();
    return true;
  }

  bool UnpackDictionary() {
    std::string_view text = bytes_.text();
    std::array<uint16_t, schema::kBlockRows> all_codes;
    const auto codes = std::span(all_codes).first(entry_.num_rows);
    uint32_t count = 0;
    PackedStrings strings;
    if (!UnpackCodes(&count, codes, &text) || !strings.Take(count, text)) return false;
    Memory memory(strings.memory_bytes() + Memory::WordsOf(codes.size_bytes()));
    const auto kept_codes = memory.Take<uint16_t>(codes.size());
    std::copy(codes.begin(), codes.end(), kept_codes.begin());
    block_.codes = kept_codes.data();
    if (!strings.Decode(&memory, &block_) || !AreDistinctAndSorted(block_)) return false;
    bytes_ = memory.Finish();
    uint64_t text_bytes = 0;
    for (const uint16_t code : codes) text_bytes += block_.text(code).size();
    return FitsText(text_bytes);
  }

  bool FitsText(uint64_t text_bytes) const { return text_bytes == entry_.text_bytes; }

  const BlockEntry& entry_;
  BlockBytes& bytes_;
  ColumnBlock& block_;
};

template <typename T>
void AppendNumbers(const ColumnBlock& block, std::vector<T>* numbers) {
  const auto values = block.as<T>();
  if (block.constant) {
    numbers->insert(numbers->end(), block.num_rows, values[0]);
  } else {
    numbers->insert(numbers->end(), values.begin(), values.end());
  }
}

void AppendStrings(const ColumnBlock& block, Column::Strings* strings) {
  for (uint32_t row = 0; row < block.num_rows; ++row) {
    strings->bytes.append(block.string(row));
    strings->ends.push_back(strings->bytes.size());
  }
}

}  // namespace

uint64_t DecodedBytes(const BlockEntry& entry, DataType type) {
  if (const size_t bytes = NumberBytes(type); bytes > 0) return WholeWords(entry.num_rows * bytes);
  const uint64_t ends_bytes = WholeWords(entry.num_rows * sizeof(uint32_t));
  switch (entry.encoding) {
    case BlockEncoding::kPlain:
    case BlockEncoding::kConstant:
      return WholeWords(entry.raw_bytes);
    case BlockEncoding::kPacked:
      return ends_bytes + WholeWords(entry.raw_bytes);
    case BlockEncoding::kDictionary:
      break;
  }
  return WholeWords(entry.num_rows * sizeof(uint16_t)) + ends_bytes + WholeWords(entry.raw_bytes);
}

uint64_t ColumnBytes(const BlockEntry& entry, DataType type) {
  if (const size_t bytes = NumberBytes(type); bytes > 0) return entry.num_rows * bytes;
  const uint64_t ends_bytes = entry.num_rows * sizeof(uint64_t);
  if (entry.encoding != BlockEncoding::kPlain) return entry.text_bytes + ends_bytes;
  return entry.raw_bytes - std::min<uint64_t>(entry.raw_bytes, ends_bytes / 2) + ends_bytes;
}

std::optional<DecodedBlock> DecodeBlock(const BlockEntry& entry, DataType type, BlockBytes bytes) {
  if (entry.compressed) {
    BlockBytes raw(entry.raw_bytes);
    if (!DecompressBlock(bytes.bytes(), raw.bytes()).ok()) return std::nullopt;
    bytes = std::move(raw);
  }
  DecodedBlock decoded;
  decoded.block.type = type;
  decoded.block.num_rows = entry.num_rows;
  if (!Decoder(entry, &bytes, &decoded.block).Decode()) return std::nullopt;
  decoded.memory_bytes = WholeWords(bytes.size());
  decoded.block.owner = BlockBytes::Share(std::move(bytes));
  return decoded;
}

void AppendBlock(const ColumnBlock& block, Column::Values* values) {
  const bool is_number = VisitNumberType(block.type, [&]<typename T>(T*) {
    AppendNumbers(block, &std::get<std::vector<T>>(*values));
  });
  if (!is_number) AppendStrings(block, &std::get<Column::Strings>(*values));
}

}  // namespace vecdb::format
