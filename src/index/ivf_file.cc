#include "index/ivf_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/fast_scan.h"
#include "index/hnsw_file.h"
#include "index/ivf_terms.h"
#include "schema/finite.h"

namespace vecdb::index {
namespace {

// The words of PQ, 256 of the greatest dim, and what else there is.
constexpr uint32_t kRowsBetweenChecks = 1 << 16;
constexpr uint64_t kMaxIvfHeadBytes = uint64_t{64} << 20;

// What IVFH says: how many lists, and the codec.
absl::Status ReadIvfHead(const format::SectionFile& file, const IndexMeta& meta,
                         const Context& context, uint32_t* num_lists, IvfLists* lists) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes,
                         file.ReadSmall(kIvfHeadTag, kMaxIvfHeadBytes, context));
  base::ByteReader reader(bytes);
  *num_lists = reader.Get<uint32_t>();
  codec::CodecSpec spec = IvfCodecSpec(meta.spec, meta.dim);
  const auto kind = reader.Get<uint32_t>();
  spec.range = static_cast<codec::Sq8Range>(reader.Get<uint32_t>());
  spec.pq_m = reader.Get<int32_t>();
  spec.pq_bits = reader.Get<int32_t>();
  const auto most = static_cast<uint32_t>(IvfShapeOf(meta.spec).nlist);
  if (!reader.ok() || *num_lists < 1 || *num_lists > most ||
      kind != static_cast<uint32_t>(spec.kind)) {
    return file.Damaged(base::StrFormat("IVFH tells of %d lists and codec %d", *num_lists, kind));
  }
  auto codec = codec::ReadCodec(spec, reader);
  if (!codec.ok() || reader.remaining() != 0) {
    return file.Damaged(base::StrFormat(
        "IVFH: %s", codec.ok() ? "too many bytes for its codec" : codec.status().message()));
  }
  lists->codec = *std::move(codec);
  lists->packed = IvfIsPacked(spec);
  return absl::OkStatus();
}

absl::Status ReadIvfCentroids(const format::SectionFile& file, const IndexMeta& meta,
                              uint32_t num_lists, const Host& host, const Context& context,
                              IvfLists* lists) {
  const auto dim = static_cast<size_t>(meta.dim);
  VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer buffer,
                         file.ReadLarge(kIvfCentroidsTag, num_lists * dim * sizeof(float), host,
                                        MemoryUse::kBuilds, "the centroids of lists", context));
  const std::span<const float> numbers = buffer.as<float>();
  std::vector<float> vectors(numbers.begin(), numbers.end());
  for (const float value : vectors) {
    if (!std::isfinite(value)) return file.Damaged("a centroid is not finite");
  }
  lists->centroids =
      codec::Centroids::Centred(std::move(vectors), dim, IvfNearness(meta.spec.metric));
  return absl::OkStatus();
}

absl::Status ReadIvfLayout(const format::SectionFile& file, const IndexMeta& meta,
                           uint32_t num_lists, const Context& context, IvfLists* lists) {
  std::vector<uint32_t> sizes(num_lists);
  VECDB_RETURN_IF_ERROR(file.Read(kIvfSizesTag, std::as_writable_bytes(std::span(sizes)), context));
  uint64_t sum = 0;
  for (const uint32_t size : sizes) sum += size;
  if (sum != meta.num_rows) {
    return file.Damaged(
        base::StrFormat("lists of %d rows, where there are %d", sum, meta.num_rows));
  }
  lists->layout = IvfLayout(sizes, lists->codec->code_bytes(), IvfBlockRows(lists->codec->spec()));
  return absl::OkStatus();
}

// What the numbers of IVFK say.
constexpr uint32_t kRowsThemselves = 1;
constexpr uint32_t kResiduals = 2;

absl::Status ReadIvfKind(const format::SectionFile& file, const IndexMeta& meta,
                         const Context& context, IvfLists* lists) {
  lists->residuals = IvfHasResiduals(meta.spec);
  if (!file.Has(kIvfKindTag)) return absl::OkStatus();
  uint32_t kind = 0;
  VECDB_RETURN_IF_ERROR(
      file.Read(kIvfKindTag, std::as_writable_bytes(std::span(&kind, 1)), context));
  const bool is_flat = std::holds_alternative<IvfFlatParams>(meta.spec.params);
  if (kind != kRowsThemselves && (kind != kResiduals || is_flat)) {
    return file.Damaged(base::StrFormat("IVFK says %d", kind));
  }
  lists->residuals = kind == kResiduals;
  return absl::OkStatus();
}

// Every row in one list, ascending within each.
absl::Status CheckListRows(const format::SectionFile& file, const IvfLists& lists,
                           uint32_t num_rows, const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const base::Reservation bits,
                         base::Reservation::Make(host.budget, num_rows / 8 + 1,
                                                 "a bit for each row", MemoryUse::kBuilds));
  std::vector<bool> met(num_rows);
  for (size_t list = 0; list < lists.layout.num_lists(); ++list) {
    VECDB_RETURN_IF_ERROR(context.Check());
    uint32_t least = 0;
    for (const uint32_t row : lists.rows_of(list)) {
      if (row % kRowsBetweenChecks == 0) VECDB_RETURN_IF_ERROR(context.Check());
      if (row < least || row >= num_rows || met[row]) {
        return file.Damaged(base::StrFormat("list %d holds row %d of %d twice or out of order",
                                            list, row, num_rows));
      }
      met[row] = true;
      least = row + 1;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadTerms(const format::SectionFile& file, uint32_t num_rows, const Host& host,
                       const Context& context, IvfLists* lists) {
  if (!file.Has(kIvfTermsTag)) return ComputeTerms(lists, host, context);
  SetMiddle(lists);
  VECDB_ASSIGN_OR_RETURN(
      lists->terms, base::LargeBuffer::Make((uint64_t{num_rows} + simd::kBlockRows) * sizeof(float),
                                            host, "the terms of rows", MemoryUse::kIndexes));
  const std::span<float> terms = lists->terms.as<float>();
  std::fill(terms.begin() + num_rows, terms.end(), 0.0f);
  VECDB_RETURN_IF_ERROR(
      file.Read(kIvfTermsTag, std::as_writable_bytes(terms.first(num_rows)), context));
  if (!schema::FindNonFinite(terms).has_value()) return absl::OkStatus();
  return file.Damaged("the term of a row is not finite");
}

}  // namespace

absl::Status WriteIvfLists(const IvfLists& lists, const IndexSpec& spec,
                           format::SectionWriter& writer, const Context& context) {
  base::ByteWriter head;
  head.Put(static_cast<uint32_t>(lists.layout.num_lists()));
  head.Put(lists.codec->spec().kind);
  head.Put(lists.codec->spec().range);
  head.Put(lists.codec->spec().pq_m);
  head.Put(lists.codec->spec().pq_bits);
  lists.codec->Write(&head);
  std::vector<uint32_t> sizes;
  for (size_t list = 0; list < lists.layout.num_lists(); ++list) {
    sizes.push_back(lists.layout.size(list));
  }
  VECDB_RETURN_IF_ERROR(writer.AddSection(kIvfHeadTag, base::AsBytes(head.str()), context));
  VECDB_RETURN_IF_ERROR(
      writer.AddSection(kIvfCentroidsTag, std::as_bytes(lists.centroids.vectors()), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kIvfSizesTag, std::as_bytes(std::span(sizes)), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kIvfRowsTag, lists.rows.bytes(), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kIvfCodesTag, lists.codes.bytes(), context));
  if (IvfHasTerms(lists)) {
    const auto terms = lists.terms.as<const float>().first(lists.layout.row_begins.back());
    VECDB_RETURN_IF_ERROR(writer.AddSection(kIvfTermsTag, std::as_bytes(terms), context));
  }
  if (lists.residuals == IvfHasResiduals(spec)) return absl::OkStatus();
  const uint32_t kind = lists.residuals ? kResiduals : kRowsThemselves;
  return writer.AddSection(kIvfKindTag, std::as_bytes(std::span(&kind, 1)), context);
}

absl::StatusOr<IvfLists> ReadIvfLists(const format::SectionFile& file, const IndexMeta& meta,
                                      const Host& host, const Context& context) {
  IvfLists lists;
  uint32_t num_lists = 0;
  VECDB_RETURN_IF_ERROR(ReadIvfHead(file, meta, context, &num_lists, &lists));
  VECDB_RETURN_IF_ERROR(ReadIvfKind(file, meta, context, &lists));
  VECDB_RETURN_IF_ERROR(ReadIvfCentroids(file, meta, num_lists, host, context, &lists));
  VECDB_RETURN_IF_ERROR(lists.ReserveSmallParts(host));
  VECDB_RETURN_IF_ERROR(ReadIvfLayout(file, meta, num_lists, context, &lists));
  VECDB_ASSIGN_OR_RETURN(
      lists.rows, file.ReadLarge(kIvfRowsTag, uint64_t{meta.num_rows} * sizeof(uint32_t), host,
                                 MemoryUse::kIndexes, "the rows of lists", context));
  VECDB_ASSIGN_OR_RETURN(lists.codes, file.ReadLarge(kIvfCodesTag, lists.layout.code_bytes(), host,
                                                     MemoryUse::kIndexes, "the codes of lists",
                                                     context, format::SectionUse::kContent));
  if (IvfHasTerms(lists)) {
    VECDB_RETURN_IF_ERROR(ReadTerms(file, meta.num_rows, host, context, &lists));
  }
  VECDB_RETURN_IF_ERROR(CheckListRows(file, lists, meta.num_rows, host, context));
  if (num_lists > kMostComparedLists) {
    VECDB_ASSIGN_OR_RETURN(lists.graph, ReadHnswGraph(file, num_lists, kListGraphM, host, context));
  }
  return lists;
}

}  // namespace vecdb::index
