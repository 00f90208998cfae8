#ifndef VECDB_INDEX_ROW_CODES_H_
#define VECDB_INDEX_ROW_CODES_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "base/reservation.h"
#include "codec/codec.h"
#include "format/section_file.h"
#include "index/vector_view.h"
#include "simd/code_rows.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// The two sections that RowCodes are kept in.
///
///   head   codec u32 (codec::CodecKind), range of SQ8 u32, then what the codec has learnt
///          (codec::Codec::Write)
///   codes  row after row, by number
struct RowCodesTags {
  uint32_t head = 0;
  uint32_t codes = 0;
  format::SectionUse use = format::SectionUse::kContent;  ///< of the codes
};

/// What the graph is walked on, and what candidates are refined by.
inline constexpr RowCodesTags kWalkCodesTags = {format::Tag("WLKH"), format::Tag("WLKC")};
inline constexpr RowCodesTags kRefineCodesTags = {format::Tag("RFNH"), format::Tag("RFNC"),
                                                  format::SectionUse::kCopies};

/// A code for each row of a view, by row number. Immutable, thread-safe, but for what is written
/// through mutable_codes().
class RowCodes {
 public:
  static constexpr size_t kMostSampledRows = 65536;

  /// Learns the codec that `spec` asks for from a sample of the rows, `most_sampled` of them at
  /// most, and codes all of them. The same for any number of threads of host.executor.
  /// ResourceExhausted, Cancelled, DeadlineExceeded.
  static absl::StatusOr<RowCodes> Build(const VectorView& view, const codec::CodecSpec& spec,
                                        const Host& host, const Context& context,
                                        size_t most_sampled = kMostSampledRows);

  /// Room for the codes of `num_rows` rows, not initialised, for somebody who writes them there
  /// before anybody reads them. ResourceExhausted.
  static absl::StatusOr<RowCodes> MakeEmpty(std::unique_ptr<codec::Codec> codec, uint32_t num_rows,
                                            const Host& host);

  /// Reads what Write wrote for `num_rows` rows. DataLoss for what cannot be; ResourceExhausted.
  static absl::StatusOr<RowCodes> Read(const format::SectionFile& file, const RowCodesTags& tags,
                                       const codec::CodecSpec& spec, uint32_t num_rows,
                                       const Host& host, const Context& context);

  /// Of the memory that Build needs for a sample of the rows.
  static uint64_t SampleBytes(uint64_t num_rows, int32_t dim);

  absl::Status Write(const RowCodesTags& tags, format::SectionWriter& writer,
                     const Context& context) const;

  const codec::Codec& codec() const { return *codec_; }
  size_t code_bytes() const { return codec_->code_bytes(); }
  uint64_t bytes() const { return codes_.size() + codec_->memory_bytes(); }

  const uint8_t* row(uint32_t row) const { return all().codes + size_t{row} * code_bytes(); }

  /// All of them, row after row.
  uint8_t* mutable_codes() { return reinterpret_cast<uint8_t*>(codes_.data()); }

  /// The codes of all rows, or of `count` rows.
  simd::CodeRows all() const {
    return {.codes = reinterpret_cast<const uint8_t*>(codes_.data()), .stride = code_bytes()};
  }
  simd::CodeRows of(const uint32_t* rows, size_t count) const {
    simd::CodeRows some = all();
    some.ids = rows;
    some.count = count;
    return some;
  }

 private:
  absl::Status ReserveCodec(const Host& host);

  std::unique_ptr<codec::Codec> codec_;
  base::LargeBuffer codes_;
  base::Reservation reserved_;  // for the codec
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_CODES_H_
