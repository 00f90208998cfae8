// The snippet of the README as a program: make a collection, fill it, index it, search it.
//
//     quickstart [folder]
//
// Keeps its database in the folder, or in one below the system's folder for temporary files. It may
// be run again: the rows are replaced.

#include <vecdb/vecdb.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace {

vecdb::Schema DocsSchema() {
  return {.description = "documentation chunks",
          .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                     {.name = "embedding", .type = vecdb::DataType::kFloatVector, .dim = 4},
                     {.name = "source", .type = vecdb::DataType::kVarChar, .max_length = 64},
                     {.name = "doc_id", .type = vecdb::DataType::kVarChar, .max_length = 64},
                     {.name = "timestamp", .type = vecdb::DataType::kInt64}}};
}

absl::StatusOr<std::unique_ptr<vecdb::Collection>> OpenDocs(vecdb::Database& db) {
  if (db.HasCollection("docs")) return db.OpenCollection("docs");
  return db.CreateCollection("docs", DocsSchema(), {.num_shards = 4});
}

absl::Status Fill(vecdb::Collection& docs) {
  const std::vector<int64_t> ids = {1, 2, 3, 4, 5};
  // A model makes these from text. Here: how much a text is about storage, search, threads,
  // cooking.
  const std::vector<float> vectors = {0.9F, 0.3F, 0.1F, 0.0F,  //
                                      0.2F, 0.9F, 0.1F, 0.0F,  //
                                      0.1F, 0.2F, 0.9F, 0.0F,  //
                                      0.5F, 0.7F, 0.2F, 0.0F,  //
                                      0.0F, 0.1F, 0.0F, 1.0F};
  const std::vector<std::string> sources = {"manual", "manual", "blog", "blog", "letters"};
  const std::vector<std::string> doc_ids = {"journal.md", "graphs.md", "locks.html", "files.html",
                                            "pancakes.txt"};
  const std::vector<int64_t> times = {1700000000, 1700000100, 1700000200, 1700000300, 1700000400};

  vecdb::RowBatch batch(DocsSchema());
  batch.SetInt64("id", ids);
  batch.SetFloatVectors("embedding", vectors);
  batch.SetVarChar("source", sources);
  batch.SetVarChar("doc_id", doc_ids);
  batch.SetInt64("timestamp", times);
  // Insert would refuse the second run of this program: the keys are there already.
  const auto written = docs.Upsert(batch);
  if (!written.ok()) return written.status();
  std::cout << written->upsert_count << " rows written, " << written->delete_count << " replaced\n";
  return absl::OkStatus();
}

absl::Status Index(vecdb::Collection& docs) {
  if (!docs.HasIndex("embedding")) {
    const absl::Status created = docs.CreateIndex(
        "embedding", {.metric = vecdb::Metric::kCosine,
                      .params = vecdb::HnswParams{.m = 16, .ef_construction = 200}});
    if (!created.ok()) return created;
  }
  return docs.Load();
}

absl::Status Search(const vecdb::Collection& docs) {
  const std::vector<float> query = {0.4F, 0.9F, 0.0F, 0.0F};
  const auto result = docs.Search({.field = "embedding",
                                   .vectors = query,
                                   .limit = 3,
                                   .params = vecdb::HnswSearchParams{.ef = 64},
                                   .filter = R"(source in ["manual", "blog"])",
                                   .output_fields = {"doc_id", "source"}});
  if (!result.ok()) return result.status();
  for (const vecdb::Hit& hit : result->hits(0)) {
    std::cout << hit.score() << "  " << hit.int64_key() << "  " << hit.GetVarChar("doc_id") << "  ("
              << hit.GetVarChar("source") << ")\n";
  }
  return absl::OkStatus();
}

absl::Status Quickstart(const std::string& folder) {
  const auto db = vecdb::Database::Open({.path = folder});
  if (!db.ok()) return db.status();
  const auto docs = OpenDocs(**db);
  if (!docs.ok()) return docs.status();

  absl::Status status = Fill(**docs);
  if (status.ok()) status = Index(**docs);
  if (status.ok()) status = Search(**docs);
  // Close makes the rows durable and ends every thread of the library.
  if (status.ok()) status = (*db)->Close();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::error_code error;
  const auto temporary = std::filesystem::temp_directory_path(error) / "vecdb-quickstart";
  const absl::Status status = Quickstart(argc > 1 ? argv[1] : temporary.string());
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
