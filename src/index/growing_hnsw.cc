#include "index/growing_hnsw.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

#include "base/byte_io.h"
#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/split_mix.h"
#include "base/status_macros.h"
#include "codec/sampling.h"
#include "index/graph_linker.h"
#include "index/hnsw_graph.h"
#include "index/hnsw_index.h"
#include "index/row_codes.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kFirstCapacity = 4096;
// Rows linked at once. They do not see each other, and the lists that they change are copied while
// searches wait.
constexpr uint32_t kLeastLinkedAtOnce = 64;
constexpr uint32_t kMostLinkedAtOnce = 512;
// Levels cost memory for each row above level 0, and fewer of them do no harm.
constexpr uint32_t kLeastLevelBase = 8;
constexpr size_t kFloatsReadAtOnce = 1 << 14;
constexpr size_t kMostReadAtOnce = 64;
constexpr size_t kFloatsSampled = 1 << 19;

size_t RowsReadAtOnce(int32_t dim) {
  return std::clamp<size_t>(kFloatsReadAtOnce / static_cast<size_t>(dim), 1, kMostReadAtOnce);
}

uint32_t RowsLinkedAtOnce(uint32_t linked) {
  if (linked == 0) return 1;
  return std::min({linked, std::max(kLeastLinkedAtOnce, linked / 50), kMostLinkedAtOnce});
}

uint32_t CapacityFor(uint32_t num_rows) {
  uint64_t capacity = kFirstCapacity;
  while (capacity < num_rows) capacity *= 2;
  return static_cast<uint32_t>(std::min<uint64_t>(capacity, kMaxRows));
}

// Room for the rows above level 0, whose number is chance.
uint32_t UpperCapacityFor(uint32_t capacity, uint32_t level_base) {
  const double expected = static_cast<double>(capacity) / level_base;
  return static_cast<uint32_t>(expected + 5 * std::sqrt(expected)) + 8;
}

size_t NumLevelsFor(uint32_t capacity, uint32_t level_base) {
  size_t levels = 1;
  for (uint64_t rows = uint64_t{level_base} * level_base; rows <= capacity; rows *= level_base) {
    ++levels;
  }
  return levels;
}

// The greatest number that a float16 codec tells from greater ones.
float GreatestHeld(const codec::Codec& codec) {
  std::vector<uint8_t> code(codec.code_bytes());
  for (size_t i = 0; i < code.size(); i += 2) {  // 65504, little-endian
    code[i] = 0xff;
    code[i + 1] = 0x7b;
  }
  std::vector<float> row(codec.dim());
  codec.Decode(code.data(), 1, row.data());
  return row.front();
}

bool AreSame(const codec::Codec& a, const codec::Codec& b) {
  base::ByteWriter of_a;
  base::ByteWriter of_b;
  a.Write(&of_a);
  b.Write(&of_b);
  return of_a.str() == of_b.str();
}

IndexSpec SpecOf(Metric metric, const HnswParams& params) {
  HnswParams coded = params;
  coded.codec = HnswCodec::kFloat16;
  coded.refine = Refine::kFloat32;
  return {.metric = metric, .params = coded};
}

}  // namespace

struct GrowingHnsw::State {
  State(const VectorView& view, const IndexSpec& spec, HnswGraph graph, RowCodes walked,
        const Host& host)
      : codes(walked.mutable_codes()),
        upper_rows(graph.upper_rows.as<uint32_t>().data()),
        greatest_held(GreatestHeld(walked.codec())),
        index(view, spec, std::move(graph), HnswCodes{.walked = std::move(walked)}, host) {}

  const RowCodes& walked() const { return index.codes()->walked; }
  uint32_t capacity() const { return index.graph().num_rows; }
  uint32_t upper_capacity() const { return index.graph().level_counts.front(); }

  // Memory of the index, to be written where no search reads, or inside the gate.
  uint8_t* const codes;
  uint32_t* const upper_rows;
  const float greatest_held;
  const HnswIndex index;
  std::unique_ptr<GraphLinker> linker;
};

GrowingHnsw::GrowingHnsw(Metric metric, int32_t dim, const HnswParams& params,
                         std::unique_ptr<const RowReader> rows, const Host& host)
    : spec_(SpecOf(metric, params)),
      params_(params),
      dim_(dim),
      level_base_(std::max(static_cast<uint32_t>(params.m), kLeastLevelBase)),
      rows_(std::move(rows)),
      host_(host) {}

GrowingHnsw::~GrowingHnsw() = default;

absl::Status GrowingHnsw::Extend(uint32_t num_rows, const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  for (uint32_t done = this->num_rows(); done < num_rows;) {
    const uint32_t end = done + std::min(RowsLinkedAtOnce(done), num_rows - done);
    VECDB_RETURN_IF_ERROR(MakeRoom(done, end, num_rows, context));
    VECDB_RETURN_IF_ERROR(Encode(state_.get(), done, end, context));
    VECDB_RETURN_IF_ERROR(LinkBatch(done, end, context));
    done = end;
  }
  return absl::OkStatus();
}

// Makes a state that has room for rows [begin, end), and a codec that holds their numbers, unless
// there is one.
absl::Status GrowingHnsw::MakeRoom(uint32_t begin, uint32_t end, uint32_t num_rows,
                                   const Context& context) {
  VECDB_ASSIGN_OR_RETURN(Greatest greatest, FindGreatest(begin, end, context));
  if (greatest.number <= greatest_.number) greatest = greatest_;
  const bool is_full = state_ == nullptr || end > state_->capacity();
  // From zeros nothing was learnt. Where no power of two holds a number, there is nothing to learn
  // before there is a greater one.
  const bool is_greater = !is_full && greatest.number > greatest_.number;
  const bool is_beyond =
      is_greater && (greatest_.number == 0 || greatest.number > state_->greatest_held);
  if (is_full || is_beyond) {
    VECDB_ASSIGN_OR_RETURN(std::unique_ptr<codec::Codec> codec,
                           LearnCodec(num_rows, greatest, context));
    if (is_full || !AreSame(*codec, state_->walked().codec())) {
      const uint32_t capacity = is_full ? CapacityFor(num_rows) : state_->capacity();
      VECDB_ASSIGN_OR_RETURN(std::unique_ptr<State> next, MakeState(capacity, std::move(codec)));
      VECDB_RETURN_IF_ERROR(CarryOver(next.get(), context));
      memory_bytes_.store(next->index.index_bytes(), std::memory_order_relaxed);
      const base::ReaderGate::Alone alone(&gate_);
      state_.swap(next);
    }
  }
  greatest_ = greatest;
  return absl::OkStatus();
}

absl::StatusOr<GrowingHnsw::Greatest> GrowingHnsw::FindGreatest(uint32_t begin, uint32_t end,
                                                                const Context& context) const {
  Greatest greatest{.row = begin};
  if (spec_.metric == Metric::kCosine) return greatest;  // rows of length 1
  const auto dim = static_cast<size_t>(dim_);
  std::vector<uint32_t> ids(std::min<size_t>(RowsReadAtOnce(dim_), end - begin));
  std::vector<float> rows(ids.size() * dim);
  while (begin < end) {
    const size_t count = std::min<size_t>(ids.size(), end - begin);
    std::iota(ids.begin(), ids.end(), begin);
    VECDB_RETURN_IF_ERROR(rows_->Read(std::span(ids).first(count), rows.data(), context));
    for (size_t i = 0; i < count * dim; ++i) {
      if (std::abs(rows[i]) <= greatest.number) continue;
      greatest = {begin + static_cast<uint32_t>(i / dim), std::abs(rows[i])};
    }
    begin += static_cast<uint32_t>(count);
  }
  return greatest;
}

absl::StatusOr<std::unique_ptr<codec::Codec>> GrowingHnsw::LearnCodec(
    uint32_t num_rows, Greatest greatest, const Context& context) const {
  const codec::CodecSpec spec = *WalkedSpec(spec_, dim_);
  if (spec_.metric == Metric::kCosine) return codec::TrainCodec(spec, {}, host_, context);
  const auto dim = static_cast<size_t>(dim_);
  std::vector<uint32_t> ids =
      codec::SampleRows(num_rows, std::max<size_t>(1, kFloatsSampled / dim), params_.seed);
  ids.back() = greatest.row;
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer sample,
                         base::LargeBuffer::Make(ids.size() * dim * sizeof(float), host_,
                                                 "the sample of a codec", MemoryUse::kBuilds));
  float* const rows = sample.as<float>().data();
  VECDB_RETURN_IF_ERROR(rows_->Read(ids, rows, context));
  return codec::TrainCodec(spec, {.rows = rows, .count = ids.size()}, host_, context);
}

absl::StatusOr<std::unique_ptr<GrowingHnsw::State>> GrowingHnsw::MakeState(
    uint32_t capacity, std::unique_ptr<codec::Codec> codec) const {
  const uint32_t upper = UpperCapacityFor(capacity, level_base_);
  const std::vector<uint32_t> level_counts(NumLevelsFor(capacity, level_base_), upper);
  VECDB_ASSIGN_OR_RETURN(
      HnswGraph graph,
      HnswGraph::Make(capacity, static_cast<uint32_t>(params_.m), level_counts, host_));
  // Other lists are written before something leads to them.
  for (size_t level = 0; level <= graph.top_level(); ++level) {
    const HnswLevel view = graph.level(level);
    std::fill(view.of(0), view.of(0) + view.degree, kNoRow);
  }
  graph.entry_row = 0;
  graph.upper_rows.as<uint32_t>()[0] = 0;
  VECDB_ASSIGN_OR_RETURN(RowCodes codes, RowCodes::MakeEmpty(std::move(codec), capacity, host_));
  const VectorView view{.num_rows = capacity, .dim = dim_, .reader = rows_.get()};
  return std::make_unique<State>(view, spec_, std::move(graph), std::move(codes), host_);
}

// Copies what there is, which nobody but the caller changes, into a state that is as large at
// least.
absl::Status GrowingHnsw::CarryOver(State* to, const Context& context) const {
  if (state_ == nullptr) return MakeLinker(to);
  const State& from = *state_;
  const size_t num_linked = num_rows();
  if (AreSame(from.walked().codec(), to->walked().codec())) {
    std::memcpy(to->codes, from.codes, num_linked * to->walked().code_bytes());
  } else {
    VECDB_RETURN_IF_ERROR(Encode(to, 0, num_rows(), context));
  }
  std::memcpy(to->upper_rows, from.upper_rows, num_upper_ * sizeof(uint32_t));
  for (size_t level = 0; level <= from.index.graph().top_level(); ++level) {
    const HnswLevel old = from.index.graph().level(level);
    const size_t count = level == 0 ? num_linked : num_upper_;
    std::memcpy(to->index.graph().level(level).links, old.links,
                count * old.degree * sizeof(uint32_t));
  }
  return MakeLinker(to);
}

absl::Status GrowingHnsw::MakeLinker(State* to) const {
  VECDB_ASSIGN_OR_RETURN(to->linker,
                         GraphLinker::Make({.view = {.num_rows = to->capacity(), .dim = dim_},
                                            .codes = &to->walked(),
                                            .metric = spec_.metric,
                                            .ef = static_cast<size_t>(params_.ef_construction),
                                            .defer = true},
                                           to->index.graph(), num_rows(), host_));
  return absl::OkStatus();
}

absl::Status GrowingHnsw::Encode(State* state, uint32_t begin, uint32_t end,
                                 const Context& context) const {
  const codec::Codec& codec = state->walked().codec();
  const size_t at_once = RowsReadAtOnce(dim_);
  const size_t pieces = (end - begin + at_once - 1) / at_once;
  return base::ParallelFor(host_.executor, Priority::kBackground, pieces, context,
                           [&](size_t piece, size_t) -> absl::Status {
                             const size_t first = begin + piece * at_once;
                             std::vector<uint32_t> ids(std::min<size_t>(at_once, end - first));
                             std::iota(ids.begin(), ids.end(), static_cast<uint32_t>(first));
                             std::vector<float> rows(ids.size() * static_cast<size_t>(dim_));
                             VECDB_RETURN_IF_ERROR(rows_->Read(ids, rows.data(), context));
                             codec.Encode(rows.data(), ids.size(),
                                          state->codes + first * codec.code_bytes());
                             return absl::OkStatus();
                           });
}

// Links rows whose codes are in place, and shows them to searches.
absl::Status GrowingHnsw::LinkBatch(uint32_t begin, uint32_t end, const Context& context) {
  std::vector<NewNode> batch;
  uint32_t num_upper = num_upper_;
  for (uint32_t row = begin; row < end; ++row) {
    const bool has_room = num_upper < state_->upper_capacity();
    NewNode next{.row = row, .top_level = has_room ? LevelOf(row) : 0};
    if (next.top_level > 0 || row == 0) {
      next.node = num_upper++;
      state_->upper_rows[next.node] = row;
    }
    batch.push_back(next);
  }
  // The first row is there already, on every level, and has no other to be linked to.
  if (begin > 0) VECDB_RETURN_IF_ERROR(state_->linker->Link(batch, context));
  num_upper_ = num_upper;
  const base::ReaderGate::Alone alone(&gate_);
  state_->linker->Apply();
  num_rows_.store(end, std::memory_order_release);
  return absl::OkStatus();
}

size_t GrowingHnsw::LevelOf(uint32_t row) const {
  const uint64_t number = base::MixBits(base::MixBits(params_.seed) + row);
  const size_t top_level = state_->index.graph().top_level();
  size_t level = 0;
  uint64_t below = std::numeric_limits<uint64_t>::max() / level_base_;
  for (; level < top_level && number < below; ++level) below /= level_base_;
  return level;
}

absl::StatusOr<uint32_t> GrowingHnsw::Search(const RowQuery& query, const Context& context,
                                             std::vector<Candidate>* out) const {
  out->clear();
  if (query.counts != nullptr) *query.counts = {};
  const base::ReaderGate::Visit inside(&gate_);
  const uint32_t num_linked = num_rows();
  const uint32_t num_visible = query.mask.num_rows;
  if (num_linked == 0 || num_visible < num_linked / 2) return 0;
  RowQuery linked = query;
  linked.mask.num_rows = num_linked;
  const auto* hnsw = std::get_if<HnswSearchParams>(&query.params);
  linked.params = HnswSearchParams{.ef = hnsw == nullptr ? 0 : hnsw->ef};
  std::vector<uint64_t> allowed;
  if (num_visible < num_linked) {
    // A walk may come to the others.
    allowed = base::AllowedFrom(query.mask, 0, num_linked);
    linked.mask.allowed = allowed.data();
    if (query.mask.allowed == nullptr) linked.num_set_bits = num_visible;
  } else if (num_visible > num_linked) {
    linked.num_set_bits.reset();
  }
  VECDB_RETURN_IF_ERROR(state_->index.Search(linked, context, out));
  return std::min(num_linked, num_visible);
}

}  // namespace vecdb::index
