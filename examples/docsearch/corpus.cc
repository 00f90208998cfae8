#include "docsearch/corpus.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "docsearch/hash.h"
#include "docsearch/sample.h"

namespace docsearch {
namespace {

// "" for a file that went away or became unreadable since it was listed.
std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Equal for passages that differ in spaces, marks and digits only.
uint64_t ContentHash(const Passage& passage) {
  std::string letters;
  for (const char c : passage.text + passage.declaration) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) letters += c;
  }
  return HashBytes(letters);
}

int64_t ChunkId(const std::string& path, const Passage& passage) {
  const uint64_t hash = HashBytes(passage.declaration, HashBytes(passage.text, HashBytes(path)));
  return static_cast<int64_t>(hash);
}

bool HasSmallerId(const Chunk& a, const Chunk& b) { return a.id < b.id; }

// The chunks kept so far, by source.
class Collector {
 public:
  explicit Collector(size_t max_chunks) : max_chunks_(max_chunks) {}

  void Add(const SourceFile& file) {
    for (Passage& passage : CutPassages(file.kind, ReadWhole(file.path))) {
      if (!IsWorthKeeping(passage) || !seen_.insert(ContentHash(passage)).second) continue;
      const int64_t id = ChunkId(file.path, passage);
      by_source_[file.source].push_back(
          {id, file.path, file.source, file.mtime, std::move(passage)});
      ++num_chunks_;
    }
    if (num_chunks_ > 2 * max_chunks_) Thin();
  }

  std::vector<Chunk> Take() {
    Thin();
    std::vector<Chunk> chunks;
    for (auto& [source, group] : by_source_) {
      std::move(group.begin(), group.end(), std::back_inserter(chunks));
    }
    std::sort(chunks.begin(), chunks.end(), HasSmallerId);
    return chunks;
  }

 private:
  // Keeps the fair share of each source, its smallest ids. The shares only shrink as files are
  // added, so that thinning now and then, which bounds the memory, keeps the same chunks as
  // thinning once at the end.
  void Thin() {
    if (num_chunks_ <= max_chunks_) return;
    std::vector<size_t> sizes;
    for (const auto& [source, group] : by_source_) sizes.push_back(group.size());
    const std::vector<size_t> shares = FairShares(sizes, max_chunks_);

    auto share = shares.begin();
    for (auto& [source, group] : by_source_) {
      std::sort(group.begin(), group.end(), HasSmallerId);
      group.resize(*share++);
    }
    num_chunks_ = max_chunks_;
  }

  const size_t max_chunks_;
  size_t num_chunks_ = 0;
  std::map<std::string, std::vector<Chunk>> by_source_;
  std::unordered_set<uint64_t> seen_;
};

}  // namespace

std::vector<Chunk> CutCorpus(const std::vector<SourceFile>& files, size_t max_chunks,
                             const std::function<void(size_t)>& on_file) {
  Collector collector(max_chunks);
  for (size_t i = 0; i < files.size(); ++i) {
    collector.Add(files[i]);
    if (on_file) on_file(i + 1);
  }
  return collector.Take();
}

std::string SearchableText(const Chunk& chunk) {
  return chunk.passage.text + " " + chunk.passage.declaration + " " + chunk.source;
}

}  // namespace docsearch
