#include "index/partitioned_graph.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/reservation.h"
#include "base/status_macros.h"
#include "index/diskann_file.h"
#include "index/diskann_graph.h"
#include "index/diskann_order.h"
#include "index/row_codes.h"
#include "index/row_partitions.h"

namespace vecdb::index {
namespace {

constexpr uint64_t kLeastRowsOfPart = 2048;
constexpr uint64_t kMostParts = 512;   // each is an open file until all are merged
constexpr uint64_t kShareLeft = 32;    // of the memory, for what is not worth counting
constexpr double kRoomOfParts = 1.15;  // for rows twice: so that most find it in the nearest parts
constexpr uint32_t kCopiesBetweenChecks = 1 << 12;
constexpr size_t kRecordsOfRead = 256;

// What is held of every row, and of those of a part, beside its graph.
constexpr uint64_t kBytesOfRow = 2 * sizeof(uint32_t);
constexpr uint64_t kBytesOfMember = 2 * sizeof(uint32_t);

uint64_t PartBytes(uint64_t num_rows, int32_t dim, const IndexSpec& spec, uint64_t num_strands) {
  const auto& params = std::get<DiskannParams>(spec.params);
  const uint64_t row_bytes = (static_cast<uint64_t>(dim) + 1) * sizeof(float);
  const uint64_t building = row_bytes + kBytesOfMember;
  return num_rows * building + DiskannGraphBytes(num_rows, dim, params, num_strands);
}

// Links in a store, by record.
class StoredLinks final : public LinksOfRows {
 public:
  StoredLinks(std::unique_ptr<const ScratchObject> object, base::LargeBuffer records, size_t degree)
      : object_(std::move(object)), records_(std::move(records)), degree_(degree) {}

  absl::Status Read(std::span<const uint32_t> rows, uint32_t* out,
                    const Context& context) const override {
    for (const uint32_t row : rows) {
      VECDB_RETURN_IF_ERROR(
          object_->Read(records_.as<const uint32_t>()[row], {out, degree_}, context));
      out += degree_;
    }
    return absl::OkStatus();
  }
  uint64_t bytes() const override { return records_.size(); }

 private:
  const std::unique_ptr<const ScratchObject> object_;
  const base::LargeBuffer records_;  // by row
  const size_t degree_;
};

class PartitionedBuilder {
 public:
  PartitionedBuilder(const VectorView& view, const IndexSpec& spec, const PartitionPlan& plan,
                     const BuildScratch& scratch, const Host& host, const Context& context)
      : view_(view),
        spec_(spec),
        plan_(plan),
        scratch_(scratch),
        host_(host),
        context_(context),
        layout_(DiskannLayout::Of(view.num_rows, view.dim,
                                  DiskannDegree(std::get<DiskannParams>(spec.params)))) {}

  absl::StatusOr<OrderedGraph> Build(std::atomic<uint64_t>* rows_done) {
    VECDB_RETURN_IF_ERROR(Prepare());
    for (uint32_t part = 0; part < plan_.num_parts; ++part) {
      VECDB_RETURN_IF_ERROR(LinkPart(part));
      if (rows_done != nullptr) {
        *rows_done = uint64_t{view_.num_rows} * (part + 1) / (plan_.num_parts + 1);
      }
    }
    for (uint32_t part = 0; part < plan_.num_parts; ++part) {
      VECDB_RETURN_IF_ERROR(MergePart(part));
    }
    std::copy(unplaced_.begin(), unplaced_.end(), rows().begin() + num_placed_);
    VECDB_RETURN_IF_ERROR(merged_->Finish(context_));
    if (rows_done != nullptr) *rows_done = view_.num_rows;
    OrderedGraph graph{.rows = std::move(rows_), .entry_row = entry_row_};
    graph.links = std::make_unique<StoredLinks>(std::move(merged_), std::move(records_), degree());
    return graph;
  }

 private:
  // The graph of one part, in a store: its records are those of members.rows.
  struct Part {
    std::unique_ptr<ScratchObject> links;
    std::vector<uint32_t> begins;  // as RowPartitions::Members has them
  };

  size_t degree() const { return layout_.degree; }
  std::span<uint32_t> rows() { return rows_.as<uint32_t>(); }
  std::span<uint32_t> records() { return records_.as<uint32_t>(); }

  absl::Status Prepare() {
    VECDB_ASSIGN_OR_RETURN(
        partitions_,
        RowPartitions::Make(view_, spec_.metric, plan_.num_parts, plan_.most_rows,
                            std::get<DiskannParams>(spec_.params).seed, host_, context_));
    const uint64_t bytes = uint64_t{view_.num_rows} * sizeof(uint32_t);
    VECDB_ASSIGN_OR_RETURN(
        rows_,
        base::LargeBuffer::Make(bytes, host_, "the order of rows in pages", MemoryUse::kIndexes));
    VECDB_ASSIGN_OR_RETURN(
        records_, base::LargeBuffer::Make(bytes, host_, "the places of links", MemoryUse::kBuilds));
    begins_.resize(plan_.num_parts + 1);
    for (uint32_t row = 0; row < view_.num_rows; ++row) ++begins_[partitions_.first(row) + 1u];
    for (uint32_t i = 0; i < plan_.num_parts; ++i) begins_[i + 1] += begins_[i];
    std::vector<uint32_t> ends(begins_.begin(), begins_.end() - 1);
    for (uint32_t row = 0; row < view_.num_rows; ++row) {
      records()[row] = ends[partitions_.first(row)]++;
    }
    VECDB_ASSIGN_OR_RETURN(merged_, ScratchObject::Create(scratch_, "links", degree(), context_));
    return absl::OkStatus();
  }

  absl::Status LinkPart(uint32_t number) {
    VECDB_ASSIGN_OR_RETURN(const base::Reservation reserved,
                           base::Reservation::Make(host_.budget, plan_.most_rows * kBytesOfMember,
                                                   "rows of a part", MemoryUse::kBuilds));
    RowPartitions::Members members = partitions_.MembersOf(number);
    Part part{.links = nullptr, .begins = std::move(members.begins)};
    VECDB_ASSIGN_OR_RETURN(part.links, ScratchObject::Create(scratch_, "part", degree(), context_));
    if (!members.rows.empty()) {
      VECDB_ASSIGN_OR_RETURN(const HnswGraph graph, LinkRows(members.rows));
      if (entry_row_ == kNoRow) entry_row_ = members.rows[graph.entry_row];
      VECDB_RETURN_IF_ERROR(WriteLinks(graph, members.rows, part.links.get()));
    }
    VECDB_RETURN_IF_ERROR(part.links->Finish(context_));
    parts_.push_back(std::move(part));
    return absl::OkStatus();
  }

  // The graph of a copy of some rows: it is gone through again and again.
  absl::StatusOr<HnswGraph> LinkRows(std::span<const uint32_t> rows) const {
    const auto dim = static_cast<size_t>(view_.dim);
    VECDB_ASSIGN_OR_RETURN(base::LargeBuffer copies,
                           base::LargeBuffer::Make(rows.size() * (dim + 1) * sizeof(float), host_,
                                                   "rows of a part", MemoryUse::kBuilds));
    float* const vectors = copies.as<float>().data();
    float* const norms = vectors + rows.size() * dim;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i % kCopiesBetweenChecks == 0) VECDB_RETURN_IF_ERROR(context_.Check());
      std::memcpy(vectors + i * dim, view_.row(rows[i]), dim * sizeof(float));
      if (view_.inverse_norms != nullptr) norms[i] = view_.inverse_norms[rows[i]];
    }
    const VectorView view{.rows = vectors,
                          .num_rows = static_cast<uint32_t>(rows.size()),
                          .dim = view_.dim,
                          .inverse_norms = view_.inverse_norms == nullptr ? nullptr : norms};
    return BuildDiskannGraph(view, spec_, host_, context_, nullptr);
  }

  absl::Status WriteLinks(const HnswGraph& graph, std::span<const uint32_t> rows,
                          ScratchObject* out) const {
    const HnswLevel level = graph.level(0);
    std::vector<uint32_t> record(degree());
    for (uint32_t i = 0; i < rows.size(); ++i) {
      std::copy_n(level.of(i), degree(), record.begin());
      for (uint32_t& link : record) link = link == kNoRow ? kNoRow : rows[link];
      VECDB_RETURN_IF_ERROR(out->Append(record, context_));
    }
    return absl::OkStatus();
  }

  // Puts together the links of the rows whose first part this is, and lays these rows in pages.
  absl::Status MergePart(uint32_t number) {
    const uint32_t begin = begins_[number];
    const uint32_t count = begins_[number + 1] - begin;
    if (count == 0) return absl::OkStatus();
    VECDB_ASSIGN_OR_RETURN(const base::Reservation reserved,
                           base::Reservation::Make(host_.budget, count * kBytesOfMember,
                                                   "rows of a part", MemoryUse::kBuilds));
    const uint64_t words = uint64_t{count} * degree();
    VECDB_ASSIGN_OR_RETURN(base::LargeBuffer links,
                           base::LargeBuffer::Make(words * sizeof(uint32_t), host_,
                                                   "links of a part", MemoryUse::kBuilds));
    VECDB_RETURN_IF_ERROR(
        parts_[number].links->Read(parts_[number].begins[number], links.as<uint32_t>(), context_));
    VECDB_ASSIGN_OR_RETURN(const std::vector<uint32_t> members, AddOtherLinks(number, &links));
    VECDB_RETURN_IF_ERROR(merged_->Append(links.as<uint32_t>(), context_));
    return PlaceRows(members, begin, std::move(links));
  }

  // Adds what the rows have for links in their second parts; returns the rows.
  absl::StatusOr<std::vector<uint32_t>> AddOtherLinks(uint32_t number, base::LargeBuffer* links) {
    std::vector<uint32_t> rows;
    std::vector<std::vector<uint32_t>> of_second(plan_.num_parts);  // places among `rows`
    for (uint32_t row = 0; row < view_.num_rows; ++row) {
      if (partitions_.first(row) != number) continue;
      of_second[partitions_.second(row)].push_back(static_cast<uint32_t>(rows.size()));
      rows.push_back(row);
    }
    for (uint32_t second = 0; second < plan_.num_parts; ++second) {
      VECDB_RETURN_IF_ERROR(AddLinksOf(number, second, of_second[second], links));
    }
    return rows;
  }

  // Those that part `second` has for rows whose first part is `number`: they lie together.
  absl::Status AddLinksOf(uint32_t number, uint32_t second, std::span<const uint32_t> places,
                          base::LargeBuffer* links) {
    const Part& part = parts_[second];
    for (size_t at = 0; at < places.size(); at += kRecordsOfRead) {
      const size_t count = std::min(kRecordsOfRead, places.size() - at);
      reading_.resize(count * degree());
      VECDB_RETURN_IF_ERROR(part.links->Read(part.begins[number] + at, reading_, context_));
      for (size_t i = 0; i < count; ++i) {
        MergeLinks(links->as<uint32_t>().subspan(places[at + i] * degree(), degree()),
                   std::span<const uint32_t>(reading_).subspan(i * degree(), degree()));
      }
    }
    return absl::OkStatus();
  }

  // In turn from both, as each has its nearest first.
  void MergeLinks(std::span<uint32_t> own, std::span<const uint32_t> others) {
    merging_.clear();
    const size_t most = static_cast<size_t>(std::get<DiskannParams>(spec_.params).max_degree);
    for (size_t i = 0; i < degree() && merging_.size() < most; ++i) {
      for (const uint32_t link : {own[i], others[i]}) {
        const bool is_new = std::find(merging_.begin(), merging_.end(), link) == merging_.end();
        if (link < view_.num_rows && is_new && merging_.size() < most) merging_.push_back(link);
      }
    }
    merging_.resize(degree(), kNoRow);
    std::copy(merging_.begin(), merging_.end(), own.begin());
  }

  // Full pages, of rows of this part; a few rows are left for the last pages.
  absl::Status PlaceRows(std::span<const uint32_t> members, uint32_t begin,
                         base::LargeBuffer links) {
    for (uint32_t& link : links.as<uint32_t>()) {
      const bool is_inside = link != kNoRow && records()[link] - begin < members.size();
      link = is_inside ? records()[link] - begin : kNoRow;
    }
    for (size_t i = 0; i < members.size(); ++i) {
      const std::span<uint32_t> room = links.as<uint32_t>().subspan(i * degree(), degree());
      std::fill(std::remove(room.begin(), room.end(), kNoRow), room.end(), kNoRow);
    }
    HnswGraph graph;
    graph.num_rows = static_cast<uint32_t>(members.size());
    graph.m = layout_.degree / 2;
    graph.entry_row = 0;
    graph.base_links = std::move(links);
    const DiskannLayout layout = DiskannLayout::Of(graph.num_rows, view_.dim, layout_.degree);
    VECDB_ASSIGN_OR_RETURN(const base::LargeBuffer order,
                           OrderRows(graph, layout, host_, context_));
    const uint32_t num_full = graph.num_rows / layout.nodes_per_page * layout.nodes_per_page;
    for (uint32_t place = 0; place < graph.num_rows; ++place) {
      const uint32_t row = members[order.as<const uint32_t>()[place]];
      if (place < num_full) {
        rows()[num_placed_++] = row;
      } else {
        unplaced_.push_back(row);
      }
    }
    return absl::OkStatus();
  }

  const VectorView view_;
  const IndexSpec spec_;
  const PartitionPlan plan_;
  const BuildScratch& scratch_;
  const Host host_;
  const Context& context_;
  const DiskannLayout layout_;
  RowPartitions partitions_;
  std::vector<uint32_t> begins_;  // of the records of each first part
  base::LargeBuffer rows_;        // by place
  base::LargeBuffer records_;     // by row
  uint32_t num_placed_ = 0;
  std::vector<uint32_t> unplaced_;
  uint32_t entry_row_ = kNoRow;
  std::vector<Part> parts_;
  std::unique_ptr<ScratchObject> merged_;
  std::vector<uint32_t> reading_;
  std::vector<uint32_t> merging_;
};

}  // namespace

std::optional<PartitionPlan> PlanPartitions(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            uint64_t num_strands, uint64_t free_bytes) {
  const uint64_t of_all =
      num_rows * kBytesOfRow + RowPartitions::Bytes(num_rows) + free_bytes / kShareLeft;
  if (free_bytes <= of_all) return std::nullopt;
  uint64_t fits = 0;
  for (uint64_t step = std::bit_floor(num_rows); step > 0; step /= 2) {
    const uint64_t more = fits + step;
    if (more <= num_rows && PartBytes(more, dim, spec, num_strands) <= free_bytes - of_all) {
      fits = more;
    }
  }
  if (fits < kLeastRowsOfPart) return std::nullopt;
  // All parts but one have room for every row twice.
  const auto needed = static_cast<double>(2 * num_rows) * kRoomOfParts;
  const uint64_t num_parts = std::max(static_cast<uint64_t>(needed / static_cast<double>(fits)),
                                      (2 * num_rows + fits - 1) / fits) +
                             1;
  if (num_parts > kMostParts) return std::nullopt;
  const auto count = static_cast<uint32_t>(num_parts);
  if (RowPartitions::LeastBytes(num_rows, dim, count) > free_bytes) return std::nullopt;
  return PartitionPlan{.num_parts = count, .most_rows = static_cast<uint32_t>(fits)};
}

absl::StatusOr<OrderedGraph> BuildPartitionedGraph(const VectorView& view, const IndexSpec& spec,
                                                   const PartitionPlan& plan,
                                                   const BuildScratch& scratch, const Host& host,
                                                   const Context& context,
                                                   std::atomic<uint64_t>* rows_done) {
  return PartitionedBuilder(view, spec, plan, scratch, host, context).Build(rows_done);
}

}  // namespace vecdb::index
