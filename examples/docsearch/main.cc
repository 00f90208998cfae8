// docsearch: semantic search over the headers and documents of this machine, on vecdb.
//
//     docsearch "how do I lock a mutex with a timeout"
//
// The first run walks the folders, cuts the files into chunks (corpus.h), learns from them a model
// that turns text into vectors (lsa.h), and keeps chunks and vectors in a vecdb collection with an
// HNSW index (library.h). Then, and in every later run while no file changes, it opens the database
// and answers.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "docsearch/answer.h"
#include "docsearch/build.h"
#include "docsearch/data_folder.h"
#include "docsearch/options.h"
#include "docsearch/walk.h"

namespace docsearch {
namespace {

// What every machine that builds vecdb has an answer to.
std::vector<std::string> OwnQuestions() {
  return {"lock a mutex with a timeout", "wait for a child process to exit",
          "singular value decomposition of a matrix"};
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

absl::Status BuildUnlessCurrent(const Options& options, const DataFolder& data) {
  const std::vector<SourceFile> files = WalkFolders(options.folders);
  const std::optional<BuildRecord> record = data.ReadRecord();
  if (record && record->fingerprint == BuildFingerprint(files, options)) return absl::OkStatus();
  if (record) std::fputs("files or options have changed since the last run\n", stderr);
  return Build(files, options, data);
}

// What is missing or damaged is built again: everything here can be.
absl::StatusOr<Answerer> OpenOrRepair(const Options& options, const DataFolder& data) {
  auto answerer = Answerer::Open(data);
  if (!absl::IsDataLoss(answerer.status()) && !absl::IsNotFound(answerer.status())) return answerer;
  std::fprintf(stderr, "%s; building everything again\n",
               std::string(answerer.status().message()).c_str());
  if (const absl::Status status = data.BeginBuild(); !status.ok()) return status;
  if (const absl::Status status = Build(WalkFolders(options.folders), options, data);
      !status.ok()) {
    return status;
  }
  return Answerer::Open(data);
}

absl::Status PrintStats(const Answerer& answerer, const DataFolder& data) {
  const auto stats = answerer.Stats();
  if (!stats.ok()) return stats.status();
  const std::optional<BuildRecord> record = data.ReadRecord();
  constexpr double kMiB = 1 << 20;
  absl::PrintF(
      "%d rows in %d %s, %.1f MiB on disk, %.1f MiB in memory, HNSW index on %d of %d rows\n",
      stats->num_rows, stats->num_segments, stats->num_segments == 1 ? "segment" : "segments",
      static_cast<double>(stats->store_bytes) / kMiB,
      static_cast<double>(stats->memory_bytes) / kMiB, stats->num_indexed_rows,
      stats->num_segment_rows);
  const auto report = answerer.Report();
  if (!report.ok()) return report.status();
  absl::PrintF("%s", *report);
  absl::PrintF("built in %.1f s, opened and loaded in %.3f s\n", record ? record->seconds : 0,
               answerer.open_seconds());
  return absl::OkStatus();
}

void PrintAnswer(size_t number, const Answer& answer) {
  absl::PrintF("%2d. %.3f  %s  (%s)\n", number, answer.score, answer.place, answer.source);
  absl::PrintF("    %s\n", answer.snippet);
  if (!answer.declaration.empty()) absl::PrintF("    %s\n", answer.declaration);
}

absl::Status AnswerQuestion(const Answerer& answerer, const Options& options,
                            const std::string& question) {
  const auto start = std::chrono::steady_clock::now();
  const auto answers = answerer.Ask(question, options.limit, options.source);
  if (!answers.ok()) return answers.status();

  absl::PrintF("\n%s  (%.1f ms)\n", question, SecondsSince(start) * 1000);
  if (answers->empty()) absl::PrintF("    nothing found\n");
  for (size_t i = 0; i < answers->size(); ++i) PrintAnswer(i + 1, (*answers)[i]);
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status AnswerTerminal(const Answerer& answerer, const Options& options) {
  const bool prompt = isatty(STDIN_FILENO) == 1;
  std::string question;
  while (true) {
    if (prompt) std::fputs("\n? ", stdout);
    std::fflush(stdout);
    if (!std::getline(std::cin, question)) return absl::OkStatus();
    if (question.empty()) continue;
    if (const absl::Status status = AnswerQuestion(answerer, options, question); !status.ok())
      return status;
  }
}

absl::Status AnswerAll(const Answerer& answerer, const Options& options) {
  const bool own = options.questions.empty() && !options.interactive;
  for (const std::string& question : own ? OwnQuestions() : options.questions) {
    if (const absl::Status status = AnswerQuestion(answerer, options, question); !status.ok())
      return status;
  }
  return options.interactive ? AnswerTerminal(answerer, options) : absl::OkStatus();
}

absl::Status Run(const Options& options) {
  const auto data = DataFolder::Open(options.data);
  if (!data.ok()) return data.status();
  absl::Status status = BuildUnlessCurrent(options, *data);
  if (!status.ok()) return status;

  auto answerer = OpenOrRepair(options, *data);
  if (!answerer.ok()) return answerer.status();
  status = PrintStats(*answerer, *data);
  if (status.ok()) status = AnswerAll(*answerer, options);
  if (status.ok()) status = answerer->Close();
  return status;
}

int Main(std::span<const char* const> arguments) {
  const auto options = ParseOptions(arguments);
  if (options.ok() && options->help) {
    std::fwrite(kHelp.data(), 1, kHelp.size(), stdout);
    return 0;
  }
  const absl::Status status = options.ok() ? Run(*options) : options.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "docsearch: %s\n", std::string(status.message()).c_str());
  return options.ok() ? 1 : 2;
}

}  // namespace
}  // namespace docsearch

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  return docsearch::Main(arguments.subspan(argc > 0 ? 1 : 0));
}
