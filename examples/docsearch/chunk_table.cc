#include "docsearch/chunk_table.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "docsearch/pack.h"

namespace docsearch {

std::string ChunkTable::Pack(std::span<const Chunk> chunks) {
  Packer packer;
  packer.AddNumber(chunks.size());
  for (const Chunk& chunk : chunks) {
    packer.AddNumber(static_cast<uint64_t>(chunk.id));
    packer.AddNumber(chunk.passage.line);
    packer.AddText(chunk.path);
    packer.AddText(chunk.passage.text);
    packer.AddText(chunk.passage.declaration);
  }
  return packer.Take();
}

absl::StatusOr<ChunkTable> ChunkTable::Unpack(std::string bytes) {
  ChunkTable table;
  table.bytes_ = std::make_unique<const std::string>(std::move(bytes));
  Unpacker unpacker(*table.bytes_);
  const uint64_t count = unpacker.Number();
  for (uint64_t i = 0; i < count && unpacker.ok(); ++i) {
    Entry entry;
    entry.id = static_cast<int64_t>(unpacker.Number());
    entry.line = unpacker.Number();
    entry.path = unpacker.Text();
    entry.text = unpacker.Text();
    entry.declaration = unpacker.Text();
    table.entries_.push_back(entry);
  }
  if (!unpacker.ok()) return absl::DataLossError("the table of chunks is damaged");
  return table;
}

const ChunkTable::Entry* ChunkTable::Find(int64_t id) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), id,
                       [](const Entry& entry, int64_t wanted) { return entry.id < wanted; });
  return found != entries_.end() && found->id == id ? &*found : nullptr;
}

}  // namespace docsearch
