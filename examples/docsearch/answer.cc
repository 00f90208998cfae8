#include "docsearch/answer.h"

#include <algorithm>
#include <chrono>

#include "docsearch/progress.h"
#include "docsearch/tokenize.h"
#include "docsearch/utf8_text.h"

namespace docsearch {
namespace {

constexpr size_t kSnippetBytes = 200;
constexpr size_t kDeclarationBytes = 96;

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (space && (line.empty() || line.back() == ' ')) continue;
    line += space ? ' ' : c;
  }
  return line;
}

std::string Shortened(std::string_view text, size_t max_bytes) {
  const std::string_view head = Utf8Prefix(text, max_bytes);
  return std::string(head) + (head.size() < text.size() ? "…" : "");
}

size_t CountShared(std::string_view text, const std::vector<std::string>& terms) {
  const std::vector<std::string> words = Tokenize(text);
  return static_cast<size_t>(
      std::count_if(terms.begin(), terms.end(), [&](const std::string& term) {
        return std::find(words.begin(), words.end(), term) != words.end();
      }));
}

Answer MakeAnswer(const Found& found, const ChunkTable::Entry* entry, std::string_view question) {
  if (entry == nullptr)
    return {.score = found.score, .place = found.doc_id, .source = found.source};
  return {.score = found.score,
          .place = std::string(entry->path) + ":" + std::to_string(entry->line),
          .source = found.source,
          .snippet = Snippet(entry->text, question, kSnippetBytes),
          .declaration = Shortened(entry->declaration, kDeclarationBytes)};
}

absl::StatusOr<std::unique_ptr<Library>> OpenLibrary(const std::string& path) {
  Progress progress("loading the index", 100);
  return Library::Open(
      path, [&progress](int32_t percent) { progress.Update(static_cast<size_t>(percent)); });
}

}  // namespace

absl::StatusOr<Answerer> Answerer::Open(const DataFolder& data) {
  const auto start = std::chrono::steady_clock::now();
  auto model = data.ReadModel();
  if (!model.ok()) return model.status();
  auto table = data.ReadTable();
  if (!table.ok()) return table.status();
  auto library = OpenLibrary(data.database_path());
  if (!library.ok()) return library.status();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return Answerer(*std::move(library), *std::move(model), *std::move(table), elapsed.count());
}

absl::StatusOr<std::vector<Answer>> Answerer::Ask(std::string_view question, int32_t limit,
                                                  std::string_view source) const {
  const std::vector<float> vector = model_.Embed(question);
  const bool no_known_word =
      std::all_of(vector.begin(), vector.end(), [](float x) { return x == 0; });
  if (no_known_word) return std::vector<Answer>();

  const auto found = library_->Search(vector, limit, source);
  if (!found.ok()) return found.status();
  std::vector<Answer> answers;
  for (const Found& one : *found) answers.push_back(MakeAnswer(one, table_.Find(one.id), question));
  return answers;
}

std::string Snippet(std::string_view text, std::string_view question, size_t max_bytes) {
  const std::string line = OneLine(text);
  const std::vector<std::string> terms = Tokenize(question);
  size_t best = 0;
  size_t best_shared = 0;
  for (size_t begin = 0; begin < line.size();) {
    const size_t stop = line.find(". ", begin);
    const size_t end = stop == std::string::npos ? line.size() : stop + 2;
    const size_t shared = CountShared(std::string_view(line).substr(begin, end - begin), terms);
    if (shared > best_shared) {
      best = begin;
      best_shared = shared;
    }
    begin = end;
  }
  return Shortened(std::string_view(line).substr(best), max_bytes);
}

}  // namespace docsearch
