#include "docsearch/build.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "docsearch/corpus.h"
#include "docsearch/hash.h"
#include "docsearch/library.h"
#include "docsearch/lsa.h"
#include "docsearch/parallel.h"
#include "docsearch/progress.h"

namespace docsearch {
namespace {

// Raise it when a change to the program makes older data useless.
constexpr uint64_t kDataVersion = 1;

constexpr uint64_t kSeed = 1;
constexpr size_t kRowsPerBatch = 4096;

std::vector<Chunk> CutIntoChunks(const std::vector<SourceFile>& files, size_t max_chunks) {
  Progress progress("reading " + std::to_string(files.size()) + " files", files.size());
  return CutCorpus(files, max_chunks, [&](size_t done) { progress.Update(done); });
}

absl::Status NothingToRead(const std::vector<std::string>& folders) {
  std::string message = "found no comment and no paragraph worth keeping below";
  for (const std::string& folder : folders) message += " " + folder;
  return absl::FailedPreconditionError(message);
}

LsaModel LearnModel(std::span<const Chunk> chunks) {
  Progress progress(
      "learning the meaning of words from " + std::to_string(chunks.size()) + " texts", 100);
  std::vector<std::string> texts;
  for (const Chunk& chunk : chunks) texts.push_back(SearchableText(chunk));
  return LsaModel::Fit(texts, kDim, kSeed,
                       [&](double done) { progress.Update(static_cast<size_t>(100 * done)); });
}

std::vector<float> EmbedChunks(std::span<const Chunk> chunks, const LsaModel& model) {
  std::vector<float> vectors(chunks.size() * kDim);
  ForRanges(chunks.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const std::vector<float> vector = model.Embed(SearchableText(chunks[i]));
      std::copy(vector.begin(), vector.end(), vectors.begin() + static_cast<ptrdiff_t>(i * kDim));
    }
  });
  return vectors;
}

absl::Status PutChunks(std::span<const Chunk> chunks, const LsaModel& model, Library& library) {
  Progress progress("storing " + std::to_string(chunks.size()) + " rows", chunks.size());
  for (size_t begin = 0; begin < chunks.size(); begin += kRowsPerBatch) {
    const auto batch = chunks.subspan(begin, std::min(kRowsPerBatch, chunks.size() - begin));
    const std::vector<float> vectors = EmbedChunks(batch, model);
    if (const absl::Status status = library.Put(batch, vectors); !status.ok()) return status;
    progress.Update(begin + batch.size());
  }
  return absl::OkStatus();
}

// The rows of an earlier build that this one does not have.
std::vector<int64_t> IdsThatAreGone(const ChunkTable& earlier, std::span<const Chunk> chunks) {
  std::vector<int64_t> gone;
  for (const ChunkTable::Entry& entry : earlier.entries()) {
    const auto found =
        std::lower_bound(chunks.begin(), chunks.end(), entry.id,
                         [](const Chunk& chunk, int64_t id) { return chunk.id < id; });
    if (found == chunks.end() || found->id != entry.id) gone.push_back(entry.id);
  }
  return gone;
}

absl::Status IndexRows(Library& library) {
  Progress progress("writing the rows and building the HNSW index");
  return library.Finish();
}

// `gone` are rows to remove.
absl::Status FillLibrary(std::span<const Chunk> chunks, const LsaModel& model,
                         const std::vector<int64_t>& gone, const std::string& path) {
  const auto library = Library::OpenOrCreate(path);
  if (!library.ok()) return library.status();
  absl::Status status = PutChunks(chunks, model, **library);
  if (status.ok()) status = (*library)->Remove(gone);
  if (status.ok()) status = IndexRows(**library);
  if (status.ok()) status = (*library)->Close();
  return status;
}

}  // namespace

uint64_t BuildFingerprint(const std::vector<SourceFile>& files, const Options& options) {
  const uint64_t settings[] = {kDataVersion, kSeed, kDim, options.max_chunks};
  const auto* const bytes = reinterpret_cast<const char*>(settings);
  return HashBytes({bytes, sizeof(settings)}, Fingerprint(files));
}

absl::Status Build(const std::vector<SourceFile>& files, const Options& options,
                   const DataFolder& data) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Chunk> chunks = CutIntoChunks(files, options.max_chunks);
  if (chunks.empty()) return NothingToRead(options.folders);
  const LsaModel model = LearnModel(chunks);

  // The table of a finished build lists what its database holds.
  std::vector<int64_t> gone;
  const auto earlier = data.ReadTable();
  const bool replace = data.ReadRecord().has_value() && earlier.ok();
  if (replace) gone = IdsThatAreGone(*earlier, chunks);

  absl::Status status = data.BeginBuild();
  if (status.ok() && !replace) status = data.RemoveDatabase();
  if (status.ok()) status = FillLibrary(chunks, model, gone, data.database_path());
  if (status.ok()) status = data.WriteModel(model);
  if (status.ok()) status = data.WriteTable(chunks);
  if (!status.ok()) return status;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return data.WriteRecord({BuildFingerprint(files, options), elapsed.count()});
}

}  // namespace docsearch
