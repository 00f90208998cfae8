#include "docsearch/library.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "docsearch/utf8_text.h"

namespace docsearch {
namespace {

constexpr std::string_view kCollection = "docs";
constexpr int32_t kMaxNameBytes = 64;

vecdb::Schema DocsSchema() {
  return {
      .description = "documentation chunks",
      .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                 {.name = "embedding", .type = vecdb::DataType::kFloatVector, .dim = kDim},
                 {.name = "source", .type = vecdb::DataType::kVarChar, .max_length = kMaxNameBytes},
                 {.name = "doc_id", .type = vecdb::DataType::kVarChar, .max_length = kMaxNameBytes},
                 {.name = "timestamp", .type = vecdb::DataType::kInt64}}};
}

// Names of files need not be UTF-8, and paths may be longer than the schema allows.
std::string ShortName(const std::string& name) { return KeepTail(CleanUtf8(name), kMaxNameBytes); }

absl::Status LoadDocs(vecdb::Collection& docs, const std::function<void(int32_t)>& on_percent) {
  const auto job = docs.StartLoad();
  if (!job.ok()) return job.status();
  absl::Status loaded;
  do {
    loaded = (*job)->Wait(vecdb::Context::WithTimeout(absl::Milliseconds(100)));
    on_percent((*job)->percent());
  } while (absl::IsDeadlineExceeded(loaded));
  return loaded;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Library>> Library::OpenOrCreate(const std::string& path) {
  auto database = vecdb::Database::Open({.path = path});
  if (!database.ok()) return database.status();
  auto docs = (*database)->HasCollection(kCollection)
                  ? (*database)->OpenCollection(kCollection)
                  : (*database)->CreateCollection(kCollection, DocsSchema(),
                                                  {.load = vecdb::LoadPolicy::kManual});
  if (!docs.ok()) return docs.status();
  return std::unique_ptr<Library>(new Library(*std::move(database), *std::move(docs)));
}

absl::StatusOr<std::unique_ptr<Library>> Library::Open(
    const std::string& path, const std::function<void(int32_t percent)>& on_percent) {
  auto database = vecdb::Database::Open({.path = path});
  if (!database.ok()) return database.status();
  auto docs = (*database)->OpenCollection(kCollection);
  if (!docs.ok()) return docs.status();
  if (const absl::Status loaded = LoadDocs(**docs, on_percent); !loaded.ok()) return loaded;
  return std::unique_ptr<Library>(new Library(*std::move(database), *std::move(docs)));
}

absl::Status Library::Put(std::span<const Chunk> chunks, std::span<const float> vectors) {
  std::vector<int64_t> ids;
  std::vector<std::string> sources;
  std::vector<std::string> doc_ids;
  std::vector<int64_t> timestamps;
  for (const Chunk& chunk : chunks) {
    ids.push_back(chunk.id);
    sources.push_back(ShortName(chunk.source));
    doc_ids.push_back(ShortName(chunk.path));
    timestamps.push_back(chunk.mtime);
  }

  vecdb::RowBatch batch(DocsSchema());
  batch.SetInt64("id", ids);
  batch.SetFloatVectors("embedding", vectors);
  batch.SetVarChar("source", sources);
  batch.SetVarChar("doc_id", doc_ids);
  batch.SetInt64("timestamp", timestamps);
  return docs_->Upsert(batch).status();
}

absl::Status Library::Remove(const std::vector<int64_t>& ids) {
  return ids.empty() ? absl::OkStatus() : docs_->Delete(ids).status();
}

absl::Status Library::Finish() {
  if (const absl::Status status = docs_->Flush(); !status.ok()) return status;
  if (!docs_->HasIndex("embedding")) {
    const absl::Status status = docs_->CreateIndex(
        "embedding", {.metric = vecdb::Metric::kCosine,
                      .params = vecdb::HnswParams{.m = 16, .ef_construction = 200}});
    if (!status.ok()) return status;
  }
  return docs_->WaitForIndex("embedding");
}

absl::StatusOr<std::vector<Found>> Library::Search(std::span<const float> vector, int32_t limit,
                                                   std::string_view source) const {
  vecdb::SearchRequest request{.field = "embedding",
                               .vectors = vector,
                               .limit = limit,
                               .params = vecdb::HnswSearchParams{.ef = std::max(128, limit)},
                               .output_fields = {"doc_id", "source"}};
  if (!source.empty()) {
    request.filter =
        vecdb::RowFilter("source == {source}", {{"source", ShortName(std::string(source))}});
  }
  const auto result = docs_->Search(request);
  if (!result.ok()) return result.status();
  std::vector<Found> found;
  for (const vecdb::Hit& hit : result->hits(0)) {
    found.push_back({.score = hit.score(),
                     .id = hit.int64_key(),
                     .source = std::string(hit.GetVarChar("source")),
                     .doc_id = std::string(hit.GetVarChar("doc_id"))});
  }
  return found;
}

absl::StatusOr<LibraryStats> Library::Stats() const {
  const auto collection = docs_->Describe();
  if (!collection.ok()) return collection.status();
  const auto segments = docs_->Segments();
  if (!segments.ok()) return segments.status();

  LibraryStats stats{.num_rows = collection->num_rows,
                     .num_segments = segments->size(),
                     .store_bytes = collection->store_bytes};
  for (const auto& index : collection->indexes) {
    stats.num_segment_rows += index.total_rows;
    stats.num_indexed_rows += index.indexed_rows;
  }
  for (const auto& segment : *segments) stats.memory_bytes += segment.memory_bytes;
  return stats;
}

absl::StatusOr<std::string> Library::Report() const {
  const auto segments = docs_->Segments();
  if (!segments.ok()) return segments.status();
  constexpr double kMiB = 1 << 20;
  std::string report = absl::StrFormat("%-34s %9s %9s %10s %10s  %s\n", "segment", "rows",
                                       "deleted", "disk MiB", "memory MiB", "indexed fields");
  for (const auto& segment : *segments) {
    const std::string name = segment.id.empty() ? "(growing)" : segment.id;
    absl::StrAppendFormat(&report, "%-34s %9d %9d %10.1f %10.1f  %s\n", name, segment.num_rows,
                          segment.num_deleted_rows, static_cast<double>(segment.store_bytes) / kMiB,
                          static_cast<double>(segment.memory_bytes) / kMiB,
                          absl::StrJoin(segment.indexed_fields, ", "));
  }
  return report + database_->MemoryReport().ToString();
}

absl::Status Library::Close() { return database_->Close(); }

}  // namespace docsearch
