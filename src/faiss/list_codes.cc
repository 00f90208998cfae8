#include "faiss/list_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <typeinfo>
#include <utility>
#include <vector>

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/float_codec.h"
#include "codec/held.h"
#include "codec/product_codec.h"
#include "codec/scalar_codec.h"
#include "faiss/parts.h"

namespace vecdb::faiss {
namespace {

using ::faiss::IndexIVF;
using ::faiss::IndexIVFFlat;
using ::faiss::IndexIVFPQ;
using ::faiss::IndexIVFScalarQuantizer;
using ::faiss::ScalarQuantizer;

constexpr double kSq8Steps = 255;

codec::CodecSpec CodecSpecFor(const IndexSpec& spec, const IndexIVF& ivf) {
  return index::IvfCodecSpec(spec, ivf.d);
}

absl::StatusOr<ListCoding> FlatCoding(const IndexIVFFlat& ivf, Metric metric) {
  ListCoding coding;
  coding.spec = {.metric = metric,
                 .params = IvfFlatParams{.nlist = static_cast<int32_t>(ivf.nlist)}};
  coding.codec = codec::MakeFloat32Codec(CodecSpecFor(coding.spec, ivf));
  return coding;
}

// A step for each dimension also where FAISS has one for all, so that the query keeps its digits.
codec::ScalarRange GridOf(const ScalarQuantizer& sq) {
  codec::ScalarRange range{.kind = codec::Sq8Range::kPerDimension};
  const bool uniform = sq.qtype == ScalarQuantizer::QT_8bit_uniform;
  for (size_t d = 0; d < sq.d; ++d) {
    const double least = static_cast<double>(sq.trained[uniform ? 0 : d]);
    const double step = static_cast<double>(sq.trained[uniform ? 1 : sq.d + d]) / kSq8Steps;
    range.step.push_back(codec::HeldToFloat(step));
    range.lower.push_back(codec::HeldToFloat(least + step / 2));
  }
  return range;
}

absl::Status CheckBounds(const ScalarQuantizer& sq, int dim) {
  if (sq.qtype != ScalarQuantizer::QT_8bit && sq.qtype != ScalarQuantizer::QT_8bit_uniform) {
    return absl::InvalidArgumentError(base::StrFormat(
        "IndexIVFScalarQuantizer has quantizer type %d; QT_8bit and QT_8bit_uniform can be taken "
        "over",
        static_cast<int>(sq.qtype)));
  }
  const bool uniform = sq.qtype == ScalarQuantizer::QT_8bit_uniform;
  if (sq.d != static_cast<size_t>(dim) || sq.trained.size() != (uniform ? 2 : 2 * sq.d)) {
    return absl::InvalidArgumentError(
        base::StrFormat("IndexIVFScalarQuantizer of dim %d has bounds of dim %d, %d numbers", dim,
                        sq.d, sq.trained.size()));
  }
  for (size_t i = 0; i < sq.trained.size(); ++i) {
    const bool is_width = i >= sq.trained.size() / 2;
    if (std::isfinite(sq.trained[i]) && (!is_width || sq.trained[i] >= 0)) continue;
    return absl::InvalidArgumentError(
        base::StrFormat("IndexIVFScalarQuantizer: number %d of its bounds is %g", i,
                        static_cast<double>(sq.trained[i])));
  }
  return absl::OkStatus();
}

absl::StatusOr<ListCoding> Sq8Coding(const IndexIVFScalarQuantizer& ivf, Metric metric) {
  VECDB_RETURN_IF_ERROR(CheckBounds(ivf.sq, ivf.d));
  ListCoding coding{.residuals = ivf.by_residual};
  coding.spec = {.metric = metric,
                 .params = IvfSq8Params{.nlist = static_cast<int32_t>(ivf.nlist)}};
  VECDB_ASSIGN_OR_RETURN(coding.codec,
                         codec::MakeScalarCodec(CodecSpecFor(coding.spec, ivf), GridOf(ivf.sq)));
  return coding;
}

absl::Status CheckWords(const ::faiss::ProductQuantizer& pq, int dim) {
  const auto width = static_cast<size_t>(dim);
  if (pq.d != width || pq.M < 1 || pq.M > width || pq.dsub * pq.M != width || pq.nbits > 16 ||
      pq.ksub != size_t{1} << pq.nbits || pq.centroids.size() != width * pq.ksub) {
    return absl::InvalidArgumentError(base::StrFormat(
        "IndexIVFPQ of dim %d: %d parts of dim %d with %d words of %d bits and %d numbers do not "
        "fit together",
        dim, pq.M, pq.dsub, pq.ksub, pq.nbits, pq.centroids.size()));
  }
  for (const float number : pq.centroids) {
    if (!std::isfinite(number)) {
      return absl::InvalidArgumentError("IndexIVFPQ: a code word has NaN or Inf");
    }
  }
  return absl::OkStatus();
}

codec::ProductCodebooks BooksOf(const ::faiss::ProductQuantizer& pq) {
  codec::ProductCodebooks books;
  for (size_t part = 0; part < pq.M; ++part) {
    const float* words = pq.get_centroids(part, 0);
    books.parts.emplace_back(std::vector<float>(words, words + pq.ksub * pq.dsub), pq.dsub,
                             codec::Nearness::kL2);
  }
  return books;
}

absl::StatusOr<ListCoding> PqCoding(const IndexIVFPQ& ivf, Metric metric) {
  VECDB_RETURN_IF_ERROR(CheckWords(ivf.pq, ivf.d));
  ListCoding coding{.residuals = ivf.by_residual};
  coding.spec = {.metric = metric,
                 .params = IvfPqParams{.nlist = static_cast<int32_t>(ivf.nlist),
                                       .m = static_cast<int32_t>(ivf.pq.M),
                                       .nbits = static_cast<int32_t>(ivf.pq.nbits)}};
  VECDB_RETURN_IF_ERROR(coding.spec.Validate(ivf.d));
  coding.codec = std::make_unique<codec::ProductCodec>(
      CodecSpecFor(coding.spec, ivf), std::vector<float>(static_cast<size_t>(ivf.d)),
      codec::Rotation(), BooksOf(ivf.pq));
  return coding;
}

absl::StatusOr<ListCoding> CodingByClass(const IndexIVF& ivf, Metric metric) {
  // Classes derived from these keep more than these do.
  const auto& type = typeid(ivf);
  if (type == typeid(IndexIVFFlat)) {
    return FlatCoding(static_cast<const IndexIVFFlat&>(ivf), metric);
  }
  if (type == typeid(IndexIVFScalarQuantizer)) {
    return Sq8Coding(static_cast<const IndexIVFScalarQuantizer&>(ivf), metric);
  }
  if (type == typeid(IndexIVFPQ)) return PqCoding(static_cast<const IndexIVFPQ&>(ivf), metric);
  return absl::InvalidArgumentError(base::StrFormat(
      "%s cannot be taken over; IndexIVFFlat, IndexIVFScalarQuantizer and IndexIVFPQ can",
      ClassOf(ivf)));
}

std::unique_ptr<::faiss::IndexFlat> NewQuantizer(const codec::Centroids& centroids, Metric metric) {
  auto flat = NewFlat(static_cast<int32_t>(centroids.dim()), metric);
  std::copy_n(centroids.vectors().begin(), centroids.vectors().size(),
              MakeRoom(centroids.count(), flat.get()));
  return flat;
}

void FillBounds(const codec::Codec& codec, ScalarQuantizer* sq) {
  const codec::ScalarRange& range = codec::RangeOfScalarCodec(codec);
  sq->trained.resize(2 * codec.dim());
  for (size_t d = 0; d < codec.dim(); ++d) {
    const auto step = static_cast<double>(range.step[d]);
    sq->trained[d] = codec::HeldToFloat(static_cast<double>(range.lower[d]) - step / 2);
    sq->trained[codec.dim() + d] = codec::HeldToFloat(step * kSq8Steps);
  }
}

void FillWords(const codec::ProductCodec& codec, ::faiss::ProductQuantizer* pq) {
  for (size_t part = 0; part < pq->M; ++part) {
    const std::span<const float> words = codec.books().parts[part].vectors();
    float* out = pq->get_centroids(part, 0);
    for (size_t i = 0; i < words.size(); ++i) {
      out[i] = codec::HeldDifference(words[i], -codec.mean()[part * pq->dsub + i % pq->dsub]);
    }
  }
}

// Numbers of `bits` bits, one behind the other, the first in the lowest.
class BitReader {
 public:
  explicit BitReader(const uint8_t* bytes, int bits) : bytes_(bytes), bits_(bits) {}

  uint8_t Next() {
    const size_t byte = at_ / 8;
    const size_t shift = at_ % 8;
    uint32_t both = bytes_[byte];
    const bool spills = shift + static_cast<size_t>(bits_) > 8;
    if (spills) both |= uint32_t{bytes_[byte + 1]} << 8;
    at_ += static_cast<size_t>(bits_);
    return static_cast<uint8_t>(both >> shift & ((1U << bits_) - 1));
  }

 private:
  const uint8_t* const bytes_;
  const int bits_;
  size_t at_ = 0;
};

// Writes them into bytes that are 0. Of a number that is too large the upper bits are lost.
class BitWriter {
 public:
  BitWriter(uint8_t* bytes, int bits) : bytes_(bytes), bits_(bits) {}

  void Put(size_t number) {
    const size_t byte = at_ / 8;
    const uint32_t moved = (static_cast<uint32_t>(number) & ((1U << bits_) - 1)) << at_ % 8;
    bytes_[byte] = static_cast<uint8_t>(bytes_[byte] | (moved & 0xff));
    if (moved > 0xff) bytes_[byte + 1] = static_cast<uint8_t>(moved >> 8);
    at_ += static_cast<size_t>(bits_);
  }

 private:
  uint8_t* const bytes_;
  const int bits_;
  size_t at_ = 0;
};

void WordsFromFaiss(const codec::ProductCodec& codec, const uint8_t* theirs, uint8_t* ours) {
  BitReader words(theirs, codec.spec().pq_bits);
  std::fill_n(ours, codec.code_bytes(), uint8_t{0});
  for (size_t part = 0; part < codec.m(); ++part) {
    const uint8_t word = words.Next();
    if (!codec.nibbles()) {
      ours[part] = word;
    } else {
      ours[part / 2] = static_cast<uint8_t>(ours[part / 2] | word << (part % 2 * 4));
    }
  }
}

}  // namespace

absl::StatusOr<ListCoding> CodingOf(const IndexIVF& ivf) {
  VECDB_ASSIGN_OR_RETURN(const Metric metric, MetricOf(ivf));
  const IndexSpec shape{
      .metric = metric,
      .params = IvfFlatParams{.nlist = static_cast<int32_t>(std::min<size_t>(ivf.nlist, 1 << 30))}};
  VECDB_RETURN_IF_ERROR(shape.Validate(ivf.d));
  VECDB_ASSIGN_OR_RETURN(ListCoding coding, CodingByClass(ivf, metric));
  const size_t code_bytes = FaissCodeBytes(*coding.codec);
  if (ivf.code_size == code_bytes && ivf.invlists->code_size == code_bytes) return coding;
  return absl::InvalidArgumentError(
      base::StrFormat("%s has codes of %d bytes, in lists for %d; such codes have %d", ClassOf(ivf),
                      ivf.code_size, ivf.invlists->code_size, code_bytes));
}

std::unique_ptr<IndexIVF> NewIvf(const index::IvfLists& lists, const IndexSpec& spec) {
  auto quantizer = NewQuantizer(lists.centroids, spec.metric);
  const size_t dim = lists.centroids.dim();
  const size_t nlist = lists.centroids.count();
  const ::faiss::MetricType metric = FaissMetricOf(spec.metric);
  std::unique_ptr<IndexIVF> ivf;
  if (const auto* product = dynamic_cast<const codec::ProductCodec*>(lists.codec.get())) {
    auto made = std::make_unique<IndexIVFPQ>(quantizer.get(), dim, nlist, product->m(),
                                             static_cast<size_t>(product->spec().pq_bits), metric);
    made->by_residual = lists.residuals;
    FillWords(*product, &made->pq);
    ivf = std::move(made);
  } else if (lists.codec->spec().kind == codec::CodecKind::kSq8) {
    auto made = std::make_unique<IndexIVFScalarQuantizer>(
        quantizer.get(), dim, nlist, ScalarQuantizer::QT_8bit, metric, lists.residuals);
    FillBounds(*lists.codec, &made->sq);
    ivf = std::move(made);
  } else {
    ivf = std::make_unique<IndexIVFFlat>(quantizer.get(), dim, nlist, metric);
  }
  quantizer.release();
  ivf->own_fields = true;
  ivf->is_trained = true;
  return ivf;
}

size_t FaissCodeBytes(const codec::Codec& codec) {
  const codec::CodecSpec& spec = codec.spec();
  if (spec.kind != codec::CodecKind::kPq) {
    return codec.dim() * (spec.kind == codec::CodecKind::kSq8 ? 1 : sizeof(float));
  }
  return (static_cast<size_t>(spec.pq_m) * static_cast<size_t>(spec.pq_bits) + 7) / 8;
}

void CodeFromFaiss(const codec::Codec& codec, const uint8_t* theirs, uint8_t* ours) {
  if (codec.spec().kind == codec::CodecKind::kPq) {
    WordsFromFaiss(static_cast<const codec::ProductCodec&>(codec), theirs, ours);
  } else if (codec.spec().kind == codec::CodecKind::kSq8) {
    codec::CompleteSq8Code(codec, theirs, ours);
  } else {
    std::memcpy(ours, theirs, codec.code_bytes());
  }
}

void CodeToFaiss(const codec::Codec& codec, const uint8_t* ours, uint8_t* theirs) {
  if (codec.spec().kind != codec::CodecKind::kPq) {
    std::memcpy(theirs, ours, FaissCodeBytes(codec));
    return;
  }
  const auto& product = static_cast<const codec::ProductCodec&>(codec);
  std::fill_n(theirs, FaissCodeBytes(codec), uint8_t{0});
  BitWriter words(theirs, codec.spec().pq_bits);
  for (size_t part = 0; part < product.m(); ++part) words.Put(product.WordOf(ours, part));
}

}  // namespace vecdb::faiss
