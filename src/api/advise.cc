#include "vecdb/advise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/index_params.h"
#include "vecdb/collection.h"
#include "vecdb/index.h"

namespace vecdb {
namespace api {
namespace {

constexpr uint64_t kMostRows = uint64_t{1} << 40;
constexpr int32_t kMostDim = 32768;
constexpr int32_t kMostK = 16384;
constexpr int32_t kMostThreads = 1024;

// All figures of docs/sizing.md. With so many rows a walk and a comparison of all take as long.
constexpr uint64_t kFewRows = 2000;
constexpr uint64_t kKeyBytes = 8;
constexpr uint64_t kLeastSegmentBytes = uint64_t{64} << 20;
constexpr double kMeasuredRows = 100'000;
constexpr double kMeasuredK = 10;
constexpr int32_t kDimsPerByte = 4;
constexpr double kVamanaByHnsw = 2.5;  // time of a build

// What the hardest set needed for a recall@10.
struct Setting {
  double recall = 0;
  double ef = 0;          // of HNSW on the rows, or SQ8 or SQ4 codes of them
  double list_share = 0;  // of the lists
  int32_t pq_refine_k = 0;
  double search_list = 0;         // of DISKANN, codes of 4 dims a byte
  double coarse_search_list = 0;  // the same, of 8 dims a byte
};
constexpr std::array<Setting, 4> kSettings = {{{.recall = 0.90,
                                                .ef = 20,
                                                .list_share = 1 / 32.0,
                                                .pq_refine_k = 2,
                                                .search_list = 38,
                                                .coarse_search_list = 76},
                                               {.recall = 0.95,
                                                .ef = 30,
                                                .list_share = 1 / 16.0,
                                                .pq_refine_k = 4,
                                                .search_list = 52,
                                                .coarse_search_list = 100},
                                               {.recall = 0.98,
                                                .ef = 60,
                                                .list_share = 1 / 8.0,
                                                .pq_refine_k = 8,
                                                .search_list = 68,
                                                .coarse_search_list = 136},
                                               {.recall = 0.99,
                                                .ef = 120,
                                                .list_share = 1 / 4.0,
                                                .pq_refine_k = 8,
                                                .search_list = 84,
                                                .coarse_search_list = 160}}};

// Nothing when only comparing all rows is sure to find so many.
std::optional<Setting> SettingOf(double recall) {
  for (const Setting& setting : kSettings) {
    if (setting.recall >= recall) return setting;
  }
  return std::nullopt;
}

absl::Status CheckRequest(const AdviseRequest& request) {
  const auto check = [](const char* name, auto value, auto least, auto most) -> absl::Status {
    if (value >= least && value <= most) return absl::OkStatus();
    return absl::InvalidArgumentError(
        base::StrFormat("%s %d: must be %d to %d", name, value, least, most));
  };
  VECDB_RETURN_IF_ERROR(check("num_rows", request.num_rows, uint64_t{1}, kMostRows));
  VECDB_RETURN_IF_ERROR(check("dim", request.dim, 1, kMostDim));
  VECDB_RETURN_IF_ERROR(check("k", request.k, 1, kMostK));
  VECDB_RETURN_IF_ERROR(check("num_threads", request.num_threads, 1, kMostThreads));
  if (request.target_recall > 0 && request.target_recall <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("target_recall %g: must be above 0, and 1 at most", request.target_recall));
}

double Rows(const AdviseRequest& request) { return static_cast<double>(request.num_rows); }

// Steps of a walk grow with the logarithm of the rows.
double Growth(const AdviseRequest& request) {
  return std::max(1.0, 1 + 0.15 * std::log2(Rows(request) / kMeasuredRows));
}

// Candidates of a walk, where so many were measured.
int32_t EfOf(const AdviseRequest& request, double measured) {
  const double ef = measured * Growth(request) + std::max(0.0, request.k - kMeasuredK);
  return static_cast<int32_t>(std::ceil(ef));
}

double VectorBytes(const AdviseRequest& request) { return Rows(request) * 4 * request.dim; }

// The share of the vectors that codes of so many dims a byte take, or of fewer where there must be
// as many in each; nothing where they cannot be so fine.
std::optional<double> CodeBudget(int32_t dim, int32_t dims_per_byte) {
  constexpr int32_t kFinest = 2;
  for (int32_t dims = dims_per_byte; dims >= kFinest; --dims) {
    if (dim % dims != 0) continue;
    DiskannParams params;
    params.pq_code_budget = std::min(0.25, (dim / dims + 4.5) / (4.0 * dim));
    if (schema::EffectiveCodeParts(params, dim) == dim / dims) return params.pq_code_budget;
  }
  return std::nullopt;
}

// A power of two near the square root of the rows of a segment.
int32_t NlistOf(double segment_rows) {
  const double power = std::round(std::log2(std::sqrt(segment_rows)));
  return static_cast<int32_t>(std::exp2(std::clamp(power, 4.0, 16.0)));
}

double SegmentRows(const AdviseRequest& request, uint64_t segment_max_bytes) {
  const double row_bytes = 4.0 * request.dim;
  return std::clamp(static_cast<double>(segment_max_bytes) / row_bytes, 1.0, Rows(request));
}

// Microseconds of one core for a row: 120 and 0.18 a dim for a graph of SQ8 codes of 100,000 rows,
// a thousandth for a dim and list; what others take relative to these.
double GraphMicros(const AdviseRequest& request, double segment_rows, double factor) {
  const double steps = std::max(1.0, std::log2(segment_rows)) / std::log2(kMeasuredRows);
  return factor * (120 + 0.18 * request.dim) * std::max(0.2, steps);
}
double ListMicros(const AdviseRequest& request, int32_t nlist, double factor) {
  return factor * 0.001 * request.dim * nlist;
}

// Adds what a spec takes, and keeps it if it fits.
class Adviser {
 public:
  explicit Adviser(const AdviseRequest& request) : request_(request) {}

  absl::Status Offer(IndexSpec spec, SearchParams params, double micros, double recall,
                     std::string reason, LoadMode mode = LoadMode::kRead) {
    Advice advice{.spec = std::move(spec),
                  .params = std::move(params),
                  .load_mode = mode,
                  .segment_max_bytes = segment_max_bytes(),
                  .build_seconds = micros * Rows(request_) / 1e6 / request_.num_threads,
                  .expected_recall = recall,
                  .reason = std::move(reason)};
    VECDB_RETURN_IF_ERROR(Estimate(&advice));
    const uint64_t needed = advice.loaded_bytes + advice.build_bytes;
    least_bytes_ = std::min(least_bytes_, needed);
    if (request_.memory_bytes == 0 || needed <= request_.memory_bytes) {
      advices_.push_back(std::move(advice));
    }
    return absl::OkStatus();
  }

  // Small where memory is: a segment is built in an eighth of it.
  uint64_t segment_max_bytes() const {
    const uint64_t most = CollectionOptions().segment_max_bytes;
    if (request_.memory_bytes == 0) return most;
    return std::clamp(request_.memory_bytes / 8, kLeastSegmentBytes, most);
  }

  // The share of the vectors that pages of an index on disk may take, whose spec has none: what is
  // left, in hundredths.
  absl::StatusOr<double> CacheShare(const IndexSpec& spec) const {
    const double most = DiskannParams().search_cache_budget;
    if (request_.memory_bytes == 0) return most;
    Advice without{.spec = spec};
    VECDB_RETURN_IF_ERROR(Estimate(&without));
    const uint64_t needed = without.loaded_bytes + without.build_bytes;
    if (needed >= request_.memory_bytes) return 0;
    const double left = static_cast<double>(request_.memory_bytes - needed);
    return std::min(most, std::floor(100 * left / VectorBytes(request_)) / 100);
  }

  double segment_rows() const { return SegmentRows(request_, segment_max_bytes()); }

  absl::StatusOr<std::vector<Advice>> Finish() {
    if (!advices_.empty()) return std::move(advices_);
    return absl::ResourceExhaustedError(base::StrFormat(
        "nothing holds %d rows of dim %d in memory_bytes %d at a recall of %g: the least takes %d",
        request_.num_rows, request_.dim, request_.memory_bytes, request_.target_recall,
        least_bytes_));
  }

 private:
  // A collection is a number of segments of one size.
  absl::Status Estimate(Advice* advice) const {
    const auto rows = static_cast<uint64_t>(segment_rows());
    VECDB_ASSIGN_OR_RETURN(const IndexEstimate one,
                           EstimateIndex(rows, request_.dim, advice->spec, request_.num_threads));
    const double segments = Rows(request_) / static_cast<double>(rows);
    const uint64_t keys = request_.num_rows * kKeyBytes;
    const bool mapped = advice->load_mode == LoadMode::kMap;
    advice->loaded_bytes =
        keys +
        (mapped ? 0 : static_cast<uint64_t>(segments * static_cast<double>(one.loaded_bytes())));
    if (!std::holds_alternative<FlatParams>(advice->spec.params)) {
      advice->build_bytes = one.build_peak_bytes + rows * static_cast<uint64_t>(request_.dim) * 4;
    }
    return absl::OkStatus();
  }

  const AdviseRequest& request_;
  std::vector<Advice> advices_{};
  uint64_t least_bytes_ = std::numeric_limits<uint64_t>::max();
};

absl::Status OfferGraphs(const AdviseRequest& request, const Setting& setting, Adviser* adviser) {
  const HnswSearchParams params{.ef = EfOf(request, setting.ef)};
  const double rows = adviser->segment_rows();
  IndexSpec spec{.metric = request.metric, .params = HnswParams{}};
  VECDB_RETURN_IF_ERROR(adviser->Offer(spec, params, GraphMicros(request, rows, 1), setting.recall,
                                       "a graph is the fastest, and fits"));
  if (request.dim < 64) return absl::OkStatus();
  HnswParams small;
  small.codec = HnswCodec::kSq4;
  spec.params = small;
  return adviser->Offer(spec, params, GraphMicros(request, rows, 1.5), setting.recall,
                        "a graph on codes of half a byte a dimension takes less");
}

absl::Status OfferDisk(const AdviseRequest& request, const Setting& setting, Adviser* adviser) {
  const std::optional<double> codes = CodeBudget(request.dim, kDimsPerByte);
  if (!codes.has_value()) return absl::OkStatus();
  DiskannParams params;
  params.pq_code_budget = *codes;
  params.search_cache_budget = 0;
  IndexSpec spec{.metric = request.metric, .params = params};
  VECDB_ASSIGN_OR_RETURN(params.search_cache_budget, adviser->CacheShare(spec));
  spec.params = params;
  return adviser->Offer(
      spec, DiskannSearchParams{.search_list = EfOf(request, setting.search_list)},
      GraphMicros(request, adviser->segment_rows(), kVamanaByHnsw), setting.recall,
      "a graph on disk: searches read some 40 pages of each segment");
}

absl::Status OfferSmallDisk(const AdviseRequest& request, const Setting& setting,
                            Adviser* adviser) {
  const std::optional<double> codes = CodeBudget(request.dim, 2 * kDimsPerByte);
  if (!codes.has_value() || codes >= CodeBudget(request.dim, kDimsPerByte)) return absl::OkStatus();
  DiskannParams params;
  params.pq_code_budget = *codes;
  params.search_cache_budget = 0;
  return adviser->Offer(
      {.metric = request.metric, .params = params},
      DiskannSearchParams{.search_list = EfOf(request, setting.coarse_search_list)},
      GraphMicros(request, adviser->segment_rows(), kVamanaByHnsw), setting.recall,
      "a graph on disk with half the codes and no page in memory: searches read half as much "
      "again");
}

IvfSearchParams ListParams(const Setting& setting, int32_t nlist, double refine_k) {
  const auto nprobe = static_cast<int32_t>(std::ceil(nlist * setting.list_share));
  return {.nprobe = std::max(1, nprobe), .refine_k = static_cast<float>(refine_k)};
}

absl::Status OfferByteLists(const AdviseRequest& request, const Setting& setting,
                            Adviser* adviser) {
  const int32_t nlist = NlistOf(adviser->segment_rows());
  return adviser->Offer({.metric = request.metric, .params = IvfSq8Params{.nlist = nlist}},
                        ListParams(setting, nlist, 2), ListMicros(request, nlist, 1),
                        setting.recall, "lists of codes of a byte a dimension have no links");
}

absl::Status OfferProductLists(const AdviseRequest& request, const Setting& setting,
                               Adviser* adviser) {
  if (request.dim % 2 != 0) return absl::OkStatus();
  const int32_t nlist = NlistOf(adviser->segment_rows());
  return adviser->Offer(
      {.metric = request.metric,
       .params = IvfPqParams{.nlist = nlist, .m = request.dim / 2, .nbits = 4}},
      ListParams(setting, nlist, setting.pq_refine_k), ListMicros(request, nlist, 1.5),
      setting.recall,
      "product codes of 2 bits a dimension take little memory; candidates are read from the store");
}

// Lists read their candidates from the store, which is the disk where the vectors do not fit.
absl::Status OfferRest(const AdviseRequest& request, const Setting& setting, Adviser* adviser) {
  const bool fits = request.memory_bytes == 0 ||
                    VectorBytes(request) <= static_cast<double>(request.memory_bytes);
  if (!fits || request.on_disk) VECDB_RETURN_IF_ERROR(OfferDisk(request, setting, adviser));
  if (!request.on_disk) {
    VECDB_RETURN_IF_ERROR(OfferByteLists(request, setting, adviser));
    if (fits) VECDB_RETURN_IF_ERROR(OfferDisk(request, setting, adviser));
    VECDB_RETURN_IF_ERROR(OfferProductLists(request, setting, adviser));
  }
  return OfferSmallDisk(request, setting, adviser);
}

absl::Status OfferMapped(const AdviseRequest& request, const Setting& setting, Adviser* adviser) {
  return adviser->Offer({.metric = request.metric, .params = HnswParams{}},
                        HnswSearchParams{.ef = EfOf(request, setting.ef)},
                        GraphMicros(request, adviser->segment_rows(), 1), setting.recall,
                        "a graph in files that the system maps: searches wait for the disk where "
                        "it is not in the page cache",
                        LoadMode::kMap);
}

}  // namespace
}  // namespace api

absl::StatusOr<std::vector<Advice>> Advise(const AdviseRequest& request) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<Advice>> {
    VECDB_RETURN_IF_ERROR(api::CheckRequest(request));
    api::Adviser adviser(request);
    const std::optional<api::Setting> setting = api::SettingOf(request.target_recall);
    if (!setting.has_value() || request.num_rows <= api::kFewRows) {
      VECDB_RETURN_IF_ERROR(adviser.Offer(
          {.metric = request.metric}, {}, 0, 1,
          setting.has_value() ? "so few rows are compared as fast as an index finds them"
                              : "only comparing all rows is sure to find so many",
          request.on_disk ? LoadMode::kMap : LoadMode::kRead));
      return adviser.Finish();
    }
    if (!request.on_disk) {
      VECDB_RETURN_IF_ERROR(api::OfferGraphs(request, *setting, &adviser));
    }
    VECDB_RETURN_IF_ERROR(api::OfferRest(request, *setting, &adviser));
    VECDB_RETURN_IF_ERROR(api::OfferMapped(request, *setting, &adviser));
    return adviser.Finish();
  });
}

}  // namespace vecdb
