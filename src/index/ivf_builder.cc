#include "index/ivf_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/fast_scan.h"
#include "codec/held.h"
#include "codec/kmeans.h"
#include "codec/normalise.h"
#include "codec/product_codec.h"
#include "codec/sampling.h"
#include "index/ivf_terms.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kLeastListRows = 39;
constexpr size_t kSampledRowsPerList = 256;  // fewer where they would be more than so many floats
constexpr size_t kSampledFloats = size_t{1} << 28;
constexpr size_t kCodecSample = 65536;
constexpr size_t kFloatsAtOnce = 1 << 18;            // of rows that one piece assigns or codes
constexpr size_t kProductsAtOnce = size_t{1} << 30;  // of rows and centroids, some 20 ms
constexpr size_t kRowsBetweenPolls = 1 << 10;
constexpr size_t kRowsBetweenCountPolls = 1 << 20;

size_t SampledRowsPerList(size_t dim, size_t num_lists) {
  return std::clamp<size_t>(kSampledFloats / dim / num_lists, kLeastListRows, kSampledRowsPerList);
}

class IvfBuilder {
 public:
  IvfBuilder(const VectorView& view, const IndexSpec& spec, const Host& host,
             const Context& context, std::atomic<uint64_t>* rows_done)
      : view_(view),
        dim_(static_cast<size_t>(view.dim)),
        spec_(spec),
        shape_(IvfShapeOf(spec)),
        host_(host),
        context_(context),
        rows_done_(rows_done) {
    lists_.residuals = IvfHasResiduals(spec);
  }

  absl::StatusOr<IvfLists> Build() {
    VECDB_RETURN_IF_ERROR(TrainCentroids());
    VECDB_RETURN_IF_ERROR(AssignRows());
    VECDB_RETURN_IF_ERROR(TrainListCodec());
    VECDB_RETURN_IF_ERROR(ListRows());
    VECDB_RETURN_IF_ERROR(CodeRows());
    if (IvfHasTerms(lists_)) {
      VECDB_RETURN_IF_ERROR(ComputeTerms(&lists_, host_, context_));
    }
    Report();
    return std::move(lists_);
  }

 private:
  bool normalised() const { return spec_.metric == Metric::kCosine; }

  // Whole blocks of rows.
  size_t RowsAtOnce() const {
    const size_t blocks = kFloatsAtOnce / dim_ / simd::kBlockRows;
    return std::clamp<size_t>(blocks, 1, 16) * simd::kBlockRows;
  }

  absl::Status TrainCentroids() {
    const size_t num_lists = EffectiveNlist(shape_.nlist, view_.num_rows);
    const codec::KMeansParams params{.k = num_lists,
                                     .nearness = IvfNearness(spec_.metric),
                                     .normalised = normalised(),
                                     .rows_per_centroid = SampledRowsPerList(dim_, num_lists),
                                     .seed = shape_.seed};
    VECDB_ASSIGN_OR_RETURN(
        codec::KMeans trained,
        codec::TrainKMeans({view_.rows, dim_, view_.num_rows}, dim_, params, host_, context_));
    // With the origin that loading gives them.
    lists_.centroids = codec::Centroids::Centred(std::move(trained.centroids).TakeVectors(), dim_,
                                                 IvfNearness(spec_.metric));
    return BuildListGraph(spec_.metric, shape_.seed, host_, context_, &lists_);
  }

  // Calls body(first row, rows) for each piece of the rows, as they are coded.
  template <typename Body>
  absl::Status ForPieces(Body body) {
    const size_t products = dim_ * lists_.centroids.count();
    const size_t at_once =
        std::clamp<size_t>(kProductsAtOnce / products, simd::kBlockRows, RowsAtOnce());
    const size_t pieces = (view_.num_rows + at_once - 1) / at_once;
    return base::ParallelFor(host_.executor, Priority::kBackground, pieces, context_,
                             [&](size_t piece, size_t) -> absl::Status {
                               const size_t begin = piece * at_once;
                               body(begin, std::min<size_t>(at_once, view_.num_rows - begin));
                               return absl::OkStatus();
                             });
  }

  absl::Status AssignRows() {
    VECDB_ASSIGN_OR_RETURN(
        list_of_row_, base::LargeBuffer::Make(uint64_t{view_.num_rows} * sizeof(uint32_t), host_,
                                              "the lists of rows", MemoryUse::kBuilds));
    uint32_t* lists = list_of_row_.as<uint32_t>().data();
    return ForPieces([&](size_t begin, size_t count) {
      const float* rows = view_.row(static_cast<uint32_t>(begin));
      std::vector<float> scaled(normalised() ? count * dim_ : 0);
      for (size_t i = 0; i < count && normalised(); ++i) {
        codec::Normalise(rows + i * dim_, dim_, &scaled[i * dim_]);
      }
      lists_.centroids.Assign({normalised() ? scaled.data() : rows, dim_, count}, lists + begin,
                              nullptr);
    });
  }

  // A row as the codec sees it: scaled under kCosine, less its centroid where residuals are coded.
  void Prepare(uint32_t row, float* out) const {
    if (normalised()) {
      codec::Normalise(view_.row(row), dim_, out);
    } else {
      std::memcpy(out, view_.row(row), dim_ * sizeof(float));
    }
    if (!lists_.residuals) return;
    const float* centroid = lists_.centroids.vector(list_of_row_.as<const uint32_t>()[row]);
    for (size_t d = 0; d < dim_; ++d) out[d] = codec::HeldDifference(out[d], centroid[d]);
  }

  absl::Status TrainListCodec() {
    const codec::CodecSpec wanted = IvfCodecSpec(spec_, view_.dim);
    const bool learns = wanted.kind != codec::CodecKind::kFloat32;
    const std::vector<uint32_t> ids = codec::SampleRows(
        learns ? view_.num_rows : 0, std::min(kCodecSample, kSampledFloats / dim_), shape_.seed);
    VECDB_ASSIGN_OR_RETURN(base::LargeBuffer sample,
                           base::LargeBuffer::Make(ids.size() * dim_ * sizeof(float), host_,
                                                   "the sample of a codec", MemoryUse::kBuilds));
    float* rows = sample.as<float>().data();
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i % kRowsBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context_.Check());
      Prepare(ids[i], rows + i * dim_);
    }
    VECDB_ASSIGN_OR_RETURN(lists_.codec,
                           codec::TrainCodec(wanted, {rows, ids.size()}, host_, context_));
    lists_.packed = IvfIsPacked(lists_.codec->spec());
    return lists_.ReserveSmallParts(host_);
  }

  // Counting sort of the row numbers by list.
  absl::Status ListRows() {
    const std::span<const uint32_t> list_of_row = list_of_row_.as<const uint32_t>();
    std::vector<uint32_t> sizes(lists_.centroids.count());
    for (uint32_t row = 0; row < view_.num_rows; ++row) {
      if (row % kRowsBetweenCountPolls == 0) VECDB_RETURN_IF_ERROR(context_.Check());
      ++sizes[list_of_row[row]];
    }
    lists_.layout =
        IvfLayout(sizes, lists_.codec->code_bytes(), IvfBlockRows(lists_.codec->spec()));
    VECDB_ASSIGN_OR_RETURN(lists_.rows,
                           base::LargeBuffer::Make(list_of_row_.size(), host_, "the rows of lists",
                                                   MemoryUse::kIndexes));
    VECDB_ASSIGN_OR_RETURN(lists_.codes,
                           base::LargeBuffer::Make(lists_.layout.code_bytes(), host_,
                                                   "the codes of lists", MemoryUse::kIndexes));
    const std::span<uint32_t> rows = lists_.rows.as<uint32_t>();
    std::vector<uint32_t> next(lists_.layout.row_begins.begin(),
                               lists_.layout.row_begins.end() - 1);
    for (uint32_t row = 0; row < view_.num_rows; ++row) {
      if (row % kRowsBetweenCountPolls == 0) VECDB_RETURN_IF_ERROR(context_.Check());
      rows[next[list_of_row[row]]++] = row;
    }
    return absl::OkStatus();
  }

  absl::Status CodeRows() {
    return base::ParallelFor(host_.executor, Priority::kBackground, lists_.layout.num_lists(),
                             context_, [&](size_t list, size_t) { return CodeList(list); });
  }

  absl::Status CodeList(size_t list) {
    const std::span<const uint32_t> rows = lists_.rows_of(list);
    const size_t code_bytes = lists_.codec->code_bytes();
    const uint64_t begin = lists_.layout.code_begins[list];
    uint8_t* out = reinterpret_cast<uint8_t*>(lists_.codes.data()) + begin;
    if (!lists_.packed) {  // what lies between this list and the next
      std::fill(out + rows.size() * code_bytes, out + (lists_.layout.code_begins[list + 1] - begin),
                uint8_t{0});
    }
    const size_t at_once = RowsAtOnce();
    std::vector<float> prepared(std::min(rows.size(), at_once) * dim_);
    std::vector<uint8_t> codes(lists_.packed ? at_once * code_bytes : 0);
    for (size_t first = 0; first < rows.size(); first += at_once) {
      VECDB_RETURN_IF_ERROR(context_.Check());
      const size_t count = std::min(at_once, rows.size() - first);
      for (size_t i = 0; i < count; ++i) Prepare(rows[first + i], &prepared[i * dim_]);
      if (lists_.packed) {
        lists_.codec->Encode(prepared.data(), count, codes.data());
        codec::PackFastScan(codes.data(), count, code_bytes, out + first * code_bytes);
      } else {
        lists_.codec->Encode(prepared.data(), count, out + first * code_bytes);
      }
      if (rows_done_ != nullptr) *rows_done_ += count;
    }
    return absl::OkStatus();
  }

  // Says where parameters became smaller.
  void Report() const {
    if (host_.log == nullptr) return;
    const auto nlist = static_cast<int32_t>(lists_.centroids.count());
    if (nlist < shape_.nlist) {
      Log(base::StrFormat("%s of %d rows: nlist %d became %d", spec_.type_name(), view_.num_rows,
                          shape_.nlist, nlist));
    }
    const int32_t wanted = IvfCodecSpec(spec_, view_.dim).pq_bits;
    const int32_t bits = lists_.codec->spec().pq_bits;
    if (bits < wanted) {
      Log(base::StrFormat("%s of %d rows: nbits %d became %d", spec_.type_name(), view_.num_rows,
                          wanted, bits));
    }
  }
  void Log(const std::string& line) const { host_.log->Write(LogLevel::kInfo, line); }

  const VectorView view_;
  const size_t dim_;
  const IndexSpec spec_;
  const IvfShape shape_;
  const Host host_;
  const Context& context_;
  std::atomic<uint64_t>* const rows_done_;
  base::LargeBuffer list_of_row_;
  IvfLists lists_;
};

}  // namespace

uint32_t EffectiveNlist(int32_t nlist, uint32_t num_rows) {
  return std::clamp(num_rows / kLeastListRows, 1U, static_cast<uint32_t>(nlist));
}

uint64_t IvfTrainingBytes(uint64_t num_rows, int32_t dim, const IndexSpec& spec, uint64_t nlist,
                          uint64_t num_strands) {
  const auto num_floats = static_cast<size_t>(dim);
  const uint64_t sampled =
      std::min<uint64_t>(num_rows, nlist * SampledRowsPerList(num_floats, nlist));
  const uint64_t of_centroids = codec::KMeansBytes(sampled, num_floats, nlist);
  const codec::CodecSpec codec = IvfCodecSpec(spec, dim);
  if (codec.kind == codec::CodecKind::kFloat32) return of_centroids;
  const uint64_t for_codec =
      std::min<uint64_t>({num_rows, kCodecSample, kSampledFloats / num_floats});
  uint64_t of_codec = num_rows * sizeof(uint32_t) + for_codec * num_floats * sizeof(float);
  if (codec.kind == codec::CodecKind::kPq) {
    of_codec += codec::ProductTrainingBytes(for_codec, codec, num_strands);
  }
  return std::max(of_centroids, of_codec);
}

absl::StatusOr<IvfLists> BuildIvf(const VectorView& view, const IndexSpec& spec, const Host& host,
                                  const Context& context, std::atomic<uint64_t>* rows_done) {
  return IvfBuilder(view, spec, host, context, rows_done).Build();
}

}  // namespace vecdb::index
