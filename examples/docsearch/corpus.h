#ifndef DOCSEARCH_CORPUS_H_
#define DOCSEARCH_CORPUS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "docsearch/passage.h"
#include "docsearch/walk.h"

namespace docsearch {

/// A passage and where it came from: one row of the collection.
struct Chunk {
  int64_t id = 0;  ///< hash of path and contents: the same as long as both are
  std::string path;
  std::string source;
  int64_t mtime = 0;
  Passage passage;
};

/// Reads the files and cuts them into at most `max_chunks` chunks, in the order of their ids. What
/// several files repeat is taken once. When there are too many chunks, every source keeps the same
/// number of its own, chosen by id, and small sources keep all: a function of the files alone.
/// `on_file` is told how many files are read.
std::vector<Chunk> CutCorpus(const std::vector<SourceFile>& files, size_t max_chunks,
                             const std::function<void(size_t)>& on_file = {});

/// The text that stands for a chunk when it is embedded: its words, what they describe, and its
/// source.
std::string SearchableText(const Chunk& chunk);

}  // namespace docsearch

#endif  // DOCSEARCH_CORPUS_H_
