#include "index/hnsw_file.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::index {
namespace {

constexpr uint64_t kMaxHeadBytes = 4096;
constexpr size_t kCheckedNodes = 1 << 14;

absl::Status ReadHead(const format::SectionFile& file, HnswGraph* graph, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes, file.ReadSmall(kHnswTag, kMaxHeadBytes, context));
  base::ByteReader reader(bytes);
  graph->entry_row = reader.Get<uint32_t>();
  const auto levels = reader.Get<uint32_t>();
  if (!reader.ok() || levels > HnswGraph::kMaxLevels ||
      reader.remaining() != levels * sizeof(uint32_t)) {
    return file.Damaged("HNSW has a wrong length");
  }
  uint32_t most = graph->num_rows;
  for (uint32_t level = 1; level <= levels; ++level) {
    const auto count = reader.Get<uint32_t>();
    if (count == 0 || count > most) {
      return file.Damaged(base::StrFormat("%d nodes on level %d above %d", count, level, most));
    }
    graph->level_counts.push_back(count);
    most = count;
  }
  const bool entry_exists = graph->entry_row < graph->num_rows;
  if (graph->num_rows == 0 ? graph->entry_row != kNoRow : !entry_exists) {
    return file.Damaged(
        base::StrFormat("the entry is row %d of %d", graph->entry_row, graph->num_rows));
  }
  return absl::OkStatus();
}

absl::StatusOr<base::LargeBuffer> ReadNumbers(const format::SectionFile& file, uint32_t tag,
                                              uint64_t count, const Host& host,
                                              const Context& context) {
  return file.ReadLarge(tag, count * sizeof(uint32_t), host, MemoryUse::kIndexes, "HNSW links",
                        context);
}

// Without a branch per link, so that the pass runs at the speed of memory.
bool LinksHold(std::span<const uint32_t> links, size_t degree, uint32_t num_nodes) {
  bool wrong = false;
  for (size_t begin = 0; begin < links.size(); begin += degree) {
    bool ended = false;
    for (size_t i = begin; i < begin + degree; ++i) {
      const bool is_link = links[i] != kNoRow;
      wrong |= is_link & ((links[i] >= num_nodes) | ended);
      ended |= !is_link;
    }
  }
  return !wrong;
}

absl::Status CheckLevel(const format::SectionFile& file, const HnswGraph& graph, size_t level,
                        const Host& host, const Context& context) {
  const size_t degree = graph.degree(level);
  const uint32_t num_nodes = graph.num_nodes(level);
  const std::span<const uint32_t> links(graph.level(level).links, degree * num_nodes);
  const size_t piece_links = kCheckedNodes * degree;
  const size_t pieces = (links.size() + piece_links - 1) / piece_links;
  return base::ParallelFor(
      host.executor, Priority::kFlush, pieces, context, [&](size_t piece, size_t) -> absl::Status {
        const size_t begin = piece * piece_links;
        const size_t count = std::min(piece_links, links.size() - begin);
        if (LinksHold(links.subspan(begin, count), degree, num_nodes)) {
          return absl::OkStatus();
        }
        return file.Damaged(
            base::StrFormat("a link of level %d leads out of its %d nodes", level, num_nodes));
      });
}

absl::Status CheckUpperRows(const format::SectionFile& file, const HnswGraph& graph) {
  const std::span<const uint32_t> rows = graph.upper_rows.as<uint32_t>();
  const bool hold =
      std::all_of(rows.begin(), rows.end(), [&](uint32_t row) { return row < graph.num_rows; });
  if (hold && (rows.empty() || rows.front() == graph.entry_row)) return absl::OkStatus();
  return file.Damaged(
      base::StrFormat("a node of level 1 is none of the %d rows, or the first one is "
                      "not the entry",
                      graph.num_rows));
}

}  // namespace

absl::Status WriteHnswGraph(const HnswGraph& graph, format::SectionWriter& writer,
                            const Context& context) {
  base::ByteWriter head;
  head.Put(graph.entry_row);
  head.Put(static_cast<uint32_t>(graph.level_counts.size()));
  for (const uint32_t count : graph.level_counts) head.Put(count);
  VECDB_RETURN_IF_ERROR(writer.AddSection(kHnswTag, base::AsBytes(head.str()), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kBaseLinksTag, graph.base_links.bytes(), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kUpperRowsTag, graph.upper_rows.bytes(), context));
  return writer.AddSection(kUpperLinksTag, graph.upper_links.bytes(), context);
}

absl::StatusOr<HnswGraph> ReadHnswGraph(const format::SectionFile& file, uint32_t num_rows,
                                        uint32_t m, const Host& host, const Context& context) {
  HnswGraph graph;
  graph.num_rows = num_rows;
  graph.m = m;
  VECDB_RETURN_IF_ERROR(ReadHead(file, &graph, context));
  uint64_t upper_nodes = 0;
  for (const uint32_t count : graph.level_counts) upper_nodes += count;
  const uint64_t named = graph.level_counts.empty() ? 0 : graph.level_counts.front();
  VECDB_ASSIGN_OR_RETURN(graph.base_links, ReadNumbers(file, kBaseLinksTag,
                                                       num_rows * graph.degree(0), host, context));
  VECDB_ASSIGN_OR_RETURN(graph.upper_rows, ReadNumbers(file, kUpperRowsTag, named, host, context));
  VECDB_ASSIGN_OR_RETURN(graph.upper_links,
                         ReadNumbers(file, kUpperLinksTag, upper_nodes * m, host, context));
  VECDB_RETURN_IF_ERROR(CheckUpperRows(file, graph));
  for (size_t level = 0; level <= graph.top_level(); ++level) {
    VECDB_RETURN_IF_ERROR(CheckLevel(file, graph, level, host, context));
  }
  return graph;
}

}  // namespace vecdb::index
