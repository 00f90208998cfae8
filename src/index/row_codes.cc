#include "index/row_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/sampling.h"

namespace vecdb::index {
namespace {

constexpr size_t kMostSampledFloats = size_t{1} << 24;
constexpr size_t kFloatsOfPiece = 1 << 18;
constexpr size_t kSampledRowsBetweenPolls = 1 << 10;
constexpr uint64_t kMaxCodecHeadBytes = uint64_t{64} << 20;  // the words of PQ, of the greatest dim

// The row with the greatest number, which float16 must hold.
absl::StatusOr<uint32_t> GreatestRow(const VectorView& view, const Context& context) {
  const auto dim = static_cast<size_t>(view.dim);
  uint32_t greatest_row = 0;
  float greatest = 0;
  for (uint32_t row = 0; row < view.num_rows; ++row) {
    if (row % kSampledRowsBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context.Check());
    float most = 0;
    for (size_t d = 0; d < dim; ++d) most = std::max(most, std::abs(view.row(row)[d]));
    if (most > greatest) greatest_row = row;
    greatest = std::max(greatest, most);
  }
  return greatest_row;
}

size_t MostSampledRows(size_t dim) {
  return std::clamp<size_t>(kMostSampledFloats / dim, 1, RowCodes::kMostSampledRows);
}

// A sample of the rows, in memory of the budget.
absl::StatusOr<base::LargeBuffer> SampleOf(const VectorView& view, const codec::CodecSpec& spec,
                                           size_t most_sampled, const Host& host,
                                           const Context& context) {
  const auto dim = static_cast<size_t>(view.dim);
  std::vector<uint32_t> ids =
      codec::SampleRows(view.num_rows, std::min(most_sampled, MostSampledRows(dim)), spec.seed);
  if (spec.kind == codec::CodecKind::kFloat16 && spec.metric != Metric::kCosine &&
      view.num_rows > 0) {
    VECDB_ASSIGN_OR_RETURN(ids.back(), GreatestRow(view, context));
  }
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer sample,
                         base::LargeBuffer::Make(ids.size() * dim * sizeof(float), host,
                                                 "the sample of a codec", MemoryUse::kBuilds));
  float* out = sample.as<float>().data();
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i % kSampledRowsBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context.Check());
    std::memcpy(out + i * dim, view.row(ids[i]), dim * sizeof(float));
  }
  return sample;
}

}  // namespace

uint64_t RowCodes::SampleBytes(uint64_t num_rows, int32_t dim) {
  const auto num_floats = static_cast<size_t>(dim);
  return std::min<uint64_t>(num_rows, MostSampledRows(num_floats)) * num_floats * sizeof(float);
}

absl::StatusOr<RowCodes> RowCodes::Build(const VectorView& view, const codec::CodecSpec& spec,
                                         const Host& host, const Context& context,
                                         size_t most_sampled) {
  std::unique_ptr<codec::Codec> codec;
  const auto dim = static_cast<size_t>(view.dim);
  {
    VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer sample,
                           SampleOf(view, spec, most_sampled, host, context));
    const std::span<const float> floats = sample.as<const float>();
    VECDB_ASSIGN_OR_RETURN(
        codec, codec::TrainCodec(spec, {.rows = floats.data(), .count = floats.size() / dim}, host,
                                 context));
  }
  VECDB_ASSIGN_OR_RETURN(RowCodes made, MakeEmpty(std::move(codec), view.num_rows, host));
  uint8_t* const codes = made.mutable_codes();
  const size_t at_once = std::max<size_t>(1, kFloatsOfPiece / dim);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kBackground, (view.num_rows + at_once - 1) / at_once, context,
      [&](size_t piece, size_t) {
        const size_t begin = piece * at_once;
        made.codec_->Encode(view.row(static_cast<uint32_t>(begin)),
                            std::min<size_t>(at_once, view.num_rows - begin),
                            codes + begin * made.code_bytes());
        return absl::OkStatus();
      }));
  return made;
}

absl::StatusOr<RowCodes> RowCodes::MakeEmpty(std::unique_ptr<codec::Codec> codec, uint32_t num_rows,
                                             const Host& host) {
  RowCodes made;
  made.codec_ = std::move(codec);
  VECDB_RETURN_IF_ERROR(made.ReserveCodec(host));
  VECDB_ASSIGN_OR_RETURN(made.codes_,
                         base::LargeBuffer::Make(uint64_t{num_rows} * made.code_bytes(), host,
                                                 "the codes of rows", MemoryUse::kIndexes));
  return made;
}

absl::Status RowCodes::ReserveCodec(const Host& host) {
  VECDB_ASSIGN_OR_RETURN(reserved_,
                         base::Reservation::Make(host.budget, codec_->memory_bytes(),
                                                 "the codec of an index", MemoryUse::kIndexes));
  return absl::OkStatus();
}

absl::Status RowCodes::Write(const RowCodesTags& tags, format::SectionWriter& writer,
                             const Context& context) const {
  base::ByteWriter head;
  head.Put(codec_->spec().kind);
  head.Put(codec_->spec().range);
  codec_->Write(&head);
  VECDB_RETURN_IF_ERROR(writer.AddSection(tags.head, base::AsBytes(head.str()), context));
  return writer.AddSection(tags.codes, codes_.bytes(), context);
}

absl::StatusOr<RowCodes> RowCodes::Read(const format::SectionFile& file, const RowCodesTags& tags,
                                        const codec::CodecSpec& spec, uint32_t num_rows,
                                        const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes,
                         file.ReadSmall(tags.head, kMaxCodecHeadBytes, context));
  base::ByteReader reader(bytes);
  const auto kind = reader.Get<uint32_t>();
  codec::CodecSpec stored = spec;
  stored.range = static_cast<codec::Sq8Range>(reader.Get<uint32_t>());
  if (!reader.ok() || kind != static_cast<uint32_t>(spec.kind)) {
    return file.Damaged(base::StrFormat("codec %d, where %s belongs", kind,
                                        std::string(codec::CodecName(spec.kind))));
  }
  auto codec = codec::ReadCodec(stored, reader);
  if (!codec.ok() || reader.remaining() != 0) {
    return file.Damaged(base::StrFormat("codes of rows: %s", codec.ok()
                                                                 ? "too many bytes for the codec"
                                                                 : codec.status().message()));
  }
  RowCodes read;
  read.codec_ = *std::move(codec);
  VECDB_RETURN_IF_ERROR(read.ReserveCodec(host));
  VECDB_ASSIGN_OR_RETURN(
      read.codes_, file.ReadLarge(tags.codes, uint64_t{num_rows} * read.code_bytes(), host,
                                  MemoryUse::kIndexes, "the codes of rows", context, tags.use));
  return read;
}

}  // namespace vecdb::index
