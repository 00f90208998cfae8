#include "engine/journal_setup.h"

#include <chrono>
#include <utility>

#include "base/file_path.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/flush.h"
#include "journal/log_fence.h"
#include "journal/log_reader.h"

namespace vecdb::engine {
namespace {

// A file that has come to this is followed by another; flushes begin a new one, too.
constexpr uint64_t kLogFileBytes = 64ULL << 20;
// What a reader keeps of a journal in memory.
constexpr uint64_t kKeptLogBytes = 64ULL << 20;

absl::StatusOr<std::unique_ptr<journal::LogPlace>> OpenPlace(const CollectionCore& core,
                                                             const std::string& log_id) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, core.folder().Join("journal/" + log_id));
  if (core.options().journal == JournalPlace::kObjectStore) {
    return journal::MakeObjectLogPlace(core.store(), folder);
  }
  if (core.journal_files() == nullptr) {
    return absl::FailedPreconditionError(base::StrFormat(
        "collection %s keeps its journal in a directory, and this database was opened without one; "
        "give DatabaseOptions::journal_directory",
        core.name()));
  }
  return journal::MakeLocalLogPlace(core.journal_files(), folder.str());
}

journal::LogIdentity IdentityOf(const CollectionCore& core, const std::string& log_id) {
  return {.collection_id = core.id(), .log_id = log_id, .epoch = core.epoch()};
}

absl::StatusOr<journal::LogReader> OpenLog(const CollectionCore& core,
                                           const format::JournalState& state,
                                           journal::LogPlace* place, bool salvage,
                                           const Context& context) {
  return journal::LogReader::Open(place,
                                  {.identity = IdentityOf(core, state.id),
                                   .first_file = state.first_file,
                                   .last_file = state.last_file},
                                  salvage, core.host(), context);
}

// Applies what the segments do not have yet. Borrows everything.
journal::LogReader::Apply ReplayInto(CollectionCore* core, Writer* writer, RecoveryReport* report,
                                     const Context& context) {
  const uint64_t flushed = core->manifest().flushed_timestamp;
  return [=, &context](std::string_view name, const format::LogRecord& record) -> absl::Status {
    if (record.sequence <= flushed && !base::Sabotaged(5)) return absl::OkStatus();
    VECDB_ASSIGN_OR_RETURN(const format::WriteRecord write,
                           format::DecodeWrite(name, core->schema(), record.payload));
    VECDB_ASSIGN_OR_RETURN(const WriteResult applied,
                           writer->Replay(write, record.sequence, context));
    report->num_records += 1;
    report->num_rows += applied.insert_count;
    report->num_deleted_rows += applied.delete_count;
    return absl::OkStatus();
  };
}

absl::Status ReplayAll(CollectionCore* core, Writer* writer, const journal::LogReader& reader,
                       RecoveryReport* report, const Context& context) {
  return reader.ForEach(ReplayInto(core, writer, report, context), core->host(), context);
}

absl::Status WithAdvice(const absl::Status& status, std::string_view collection,
                        std::string_view advice) {
  return absl::Status(status.code(), base::StrFormat("collection %s: %s; %s", collection,
                                                     std::string(status.message()), advice));
}

// The manifest forgets the log, whose files stay where they are.
absl::Status AbandonLog(CollectionCore* core, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  format::Manifest manifest = core->manifest();
  manifest.kept_journals.push_back(manifest.journal.id);
  manifest.journal = {};
  return core->Commit(std::move(manifest), context);
}

// Goes on without the log: what it held is lost, and said to be.
absl::Status GoOnWithout(CollectionCore* core, const absl::Status& missing, RecoveryReport* report,
                         const Context& context) {
  report->lost =
      base::StrFormat("every write after timestamp %d: %s", core->manifest().flushed_timestamp,
                      std::string(missing.message()));
  core->Log(LogLevel::kError,
            base::StrFormat("opened without its journal: lost is %s", report->lost));
  return AbandonLog(core, context);
}

absl::Status Continue(CollectionCore* core, Writer* writer,
                      std::unique_ptr<journal::LogPlace> place, const journal::LogReader& reader,
                      bool is_fenced, const Context& context) {
  const std::string log_id = core->manifest().journal.id;
  if (!reader.findings().damage.empty()) {
    // What was saved goes into segments, so that nothing rests on the damaged files any more.
    VECDB_RETURN_IF_ERROR(Flush(core, writer, context));
    return AbandonLog(core, context);
  }
  VECDB_ASSIGN_OR_RETURN(auto tail, reader.ReadTail(core->host(), context));
  auto log = std::make_shared<journal::Journal>(std::move(place), IdentityOf(*core, log_id),
                                                reader.files(), reader.durable_end(), kLogFileBytes,
                                                std::move(tail), is_fenced);
  core->SetJournal(std::move(log));
  return absl::OkStatus();
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void LogReport(const CollectionCore& core, const RecoveryReport& report) {
  core.Log(report.lost.empty() ? LogLevel::kInfo : LogLevel::kError,
           base::StrFormat("recovered %d records, %d rows and %d deletes from %d bytes in %d log "
                           "files in %.3f s; torn tail %d bytes%s",
                           report.num_records, report.num_rows, report.num_deleted_rows,
                           report.journal_bytes, report.num_files, report.seconds,
                           report.torn_bytes, report.lost.empty() ? "" : "; lost: " + report.lost));
}

}  // namespace

absl::StatusOr<JournalPlace> ResolveJournalPlace(const Environment& environment,
                                                 JournalPlace wanted) {
  const bool has_directory = environment.journal_files != nullptr;
  if (wanted == JournalPlace::kAuto) {
    return has_directory ? JournalPlace::kDirectory : JournalPlace::kObjectStore;
  }
  if (wanted == JournalPlace::kDirectory && !has_directory) {
    return absl::InvalidArgumentError(
        "journal kDirectory: the database has no directory; give "
        "DatabaseOptions::journal_directory");
  }
  return wanted;
}

absl::Status StartJournal(CollectionCore* core, const Context& context) {
  if (core->options().journal == JournalPlace::kNone || core->journal() != nullptr) {
    return absl::OkStatus();
  }
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  if (core->journal() != nullptr) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(core->WriteError());
  const CollectionCore::Job job(core);
  const std::string log_id = base::RandomId();
  VECDB_ASSIGN_OR_RETURN(auto place, OpenPlace(*core, log_id));
  auto log = std::make_shared<journal::Journal>(std::move(place), IdentityOf(*core, log_id),
                                                journal::LogSet(), 0, kLogFileBytes);
  VECDB_RETURN_IF_ERROR(log->BeginFile(context));
  format::Manifest manifest = core->manifest();
  manifest.journal = {.id = log_id, .first_file = 1, .last_file = log->last_number()};
  VECDB_RETURN_IF_ERROR(core->Commit(std::move(manifest), context));
  core->SetJournal(std::move(log));
  return absl::OkStatus();
}

absl::StatusOr<RecoveryReport> RecoverJournal(CollectionCore* core, Writer* writer,
                                              const OpenOptions& options, const Context& context) {
  RecoveryReport report;
  const format::JournalState state = core->manifest().journal;
  if (state.id.empty()) return report;
  const auto begin = std::chrono::steady_clock::now();
  VECDB_ASSIGN_OR_RETURN(auto place, OpenPlace(*core, state.id));
  bool is_fenced = false;
  if (!place->grows() && !base::Sabotaged(25)) {
    VECDB_ASSIGN_OR_RETURN(
        is_fenced, journal::FenceLog(place.get(), IdentityOf(*core, state.id),
                                     {state.first_file, state.last_file}, core->host(), context));
  }
  const auto reader = OpenLog(*core, state, place.get(), options.salvage, context);
  if (absl::IsNotFound(reader.status())) {
    if (options.without_journal) {
      VECDB_RETURN_IF_ERROR(GoOnWithout(core, reader.status(), &report, context));
      return report;
    }
    return WithAdvice(absl::FailedPreconditionError(reader.status().message()), core->name(),
                      "its journal holds acknowledged writes; bring it back, or open with "
                      "OpenOptions::without_journal, which loses them");
  }
  if (absl::IsDataLoss(reader.status())) {
    return WithAdvice(reader.status(), core->name(),
                      "restore the file, or open with OpenOptions::salvage, which keeps what comes "
                      "before the damage");
  }
  VECDB_RETURN_IF_ERROR(reader.status());
  const journal::LogReader::Findings& found = reader->findings();
  // It has taken over while segments were opened here, and goes on behind what was read.
  if (found.newest_epoch > core->epoch()) {
    return absl::FailedPreconditionError(
        base::StrFormat("collection %s: fenced: a newer writer has opened it (epoch %d > %d)",
                        core->name(), found.newest_epoch, core->epoch()));
  }
  report.num_files = found.num_files;
  report.journal_bytes = found.bytes;
  report.torn_bytes = found.torn_bytes;
  report.torn_file = found.torn_file;
  if (!found.damage.empty()) report.lost = "everything behind: " + found.damage;
  VECDB_RETURN_IF_ERROR(ReplayAll(core, writer, *reader, &report, context));
  VECDB_RETURN_IF_ERROR(Continue(core, writer, std::move(place), *reader, is_fenced, context));
  report.seconds = SecondsSince(begin);
  LogReport(*core, report);
  return report;
}

namespace {

// With what `before` has read of the same log.
absl::StatusOr<std::shared_ptr<journal::KeptLogPlace>> OpenKept(const CollectionCore& core,
                                                                const std::string& log_id,
                                                                const FollowedJournal* before) {
  if (before != nullptr && before->place != nullptr && before->log_id == log_id) {
    before->place->Forget(core.manifest().journal.first_file);
    return before->place;
  }
  VECDB_ASSIGN_OR_RETURN(auto place, OpenPlace(core, log_id));
  const uint64_t kept_bytes = place->grows() ? 0 : kKeptLogBytes;
  return std::make_shared<journal::KeptLogPlace>(std::move(place), kept_bytes);
}

}  // namespace

absl::StatusOr<FollowedJournal> ReadJournal(CollectionCore* core, Writer* writer,
                                            const FollowedJournal* before, RecoveryReport* report,
                                            const Context& context) {
  const format::JournalState state = core->manifest().journal;
  FollowedJournal followed{.log_id = state.id};
  if (state.id.empty()) {
    followed.is_complete = core->options().journal != JournalPlace::kNone;
    return followed;
  }
  if (!core->environment().tail_journal) return followed;
  const auto begin = std::chrono::steady_clock::now();
  auto place = OpenKept(*core, state.id, before);
  if (absl::IsFailedPrecondition(place.status())) return followed;
  VECDB_RETURN_IF_ERROR(place.status());
  followed.is_read = true;
  const auto reader = OpenLog(*core, state, place->get(), false, context);
  if (absl::IsNotFound(reader.status())) return followed;
  VECDB_RETURN_IF_ERROR(reader.status());
  report->num_files = reader->findings().num_files;
  report->journal_bytes = reader->findings().bytes;
  VECDB_RETURN_IF_ERROR(ReplayAll(core, writer, *reader, report, context));
  report->seconds = SecondsSince(begin);
  followed.is_complete = true;
  followed.last_file = reader->files().last_number();
  if ((*place)->grows()) return followed;
  followed.place = *std::move(place);
  followed.follower =
      std::make_unique<journal::LogFollower>(followed.place, IdentityOf(*core, state.id), *reader);
  return followed;
}

absl::StatusOr<uint64_t> ReadJournalOn(CollectionCore* core, Writer* writer,
                                       std::span<const journal::LogFileInfo> news,
                                       journal::LogFollower* follower, const Context& context) {
  RecoveryReport report;
  VECDB_RETURN_IF_ERROR(
      follower->Read(news, ReplayInto(core, writer, &report, context), core->host(), context));
  return report.num_rows;
}

absl::Status VerifyJournal(CollectionCore* core, VerifyReport* report, const Context& context) {
  format::JournalState state = core->manifest().journal;
  if (state.id.empty()) return absl::OkStatus();
  if (const auto log = core->journal(); log != nullptr) {
    VECDB_RETURN_IF_ERROR(log->Reach(log->last_ticket(), Durability::kSynced, context));
    state.last_file = log->last_number();  // of which the manifest does not know yet
  }
  VECDB_ASSIGN_OR_RETURN(auto place, OpenPlace(*core, state.id));
  VECDB_ASSIGN_OR_RETURN(const auto reader, OpenLog(*core, state, place.get(), false, context));
  report->num_objects += reader.findings().num_files;
  report->bytes += reader.findings().bytes;
  return absl::OkStatus();
}

absl::Status RemoveJournals(FileSystem& files, const std::string& directory) {
  const auto logs = files.List(directory);
  if (absl::IsNotFound(logs.status())) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(logs.status());
  for (const DirectoryEntry& log : *logs) {
    const std::string log_directory = base::JoinPath(directory, log.name);
    VECDB_ASSIGN_OR_RETURN(const auto entries, files.List(log_directory));
    for (const DirectoryEntry& entry : entries) {
      VECDB_RETURN_IF_ERROR(files.Unlink(base::JoinPath(log_directory, entry.name)));
    }
    VECDB_RETURN_IF_ERROR(files.RemoveDirectory(log_directory));
  }
  return files.RemoveDirectory(directory);
}

}  // namespace vecdb::engine
