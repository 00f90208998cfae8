#include "crash/kill_writing.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "support/seeded_random.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {
namespace {

constexpr uint64_t kMaxBatches = 400;  // of one run, when nobody kills it

void Tell(const KillRecord& record) {
  if (::write(kKillPipe, &record, sizeof(record)) != sizeof(record)) std::_Exit(2);
}

bool shares_store = false;  // with other writers

[[noreturn]] void Fail(const char* call, const absl::Status& status) {
  const bool is_fenced =
      absl::IsUnknown(status) || absl::IsFailedPrecondition(status) || absl::IsAborted(status);
  if (shares_store && is_fenced) std::_Exit(kFencedExit);
  std::fprintf(stderr, "kill_writer: %s: %s\n", call, status.ToString().c_str());
  std::_Exit(1);
}

void MustBeOk(const char* call, const absl::Status& status) {
  if (!status.ok()) Fail(call, status);
}

struct Place {
  const std::string& name;
  OpenKillStore open_store;
};

struct Opened {
  std::unique_ptr<Database> database;
  std::unique_ptr<Collection> collection;
};

Opened OpenPlace(const Place& place) {
  auto options = KillDatabase(place.name, place.open_store);
  MustBeOk("options", options.status());
  shares_store = options->path.empty();
  options->num_threads = 2;
  auto database = Database::Open(*options);
  MustBeOk("Open", database.status());
  auto collection =
      (*database)->HasCollection(kKillCollection)
          ? (*database)->OpenCollection(kKillCollection)
          : (*database)->CreateCollection(kKillCollection, KillSchema(), KillOptions());
  MustBeOk("OpenCollection", collection.status());
  return {*std::move(database), *std::move(collection)};
}

void WriteOne(Collection& collection, uint64_t seed, int writer, uint64_t number) {
  const KillBatch made = KillBatchOf(seed, writer, number);
  const WriteOptions options{.durability = made.level};
  const auto who = static_cast<uint8_t>(writer);
  Tell({.type = KillRecord::kBegin, .writer = who, .number = number});
  absl::StatusOr<WriteResult> result;
  if (made.batch.is_delete) {
    result = collection.Delete(made.batch.keys, options);
  } else {
    const RowBatch rows = RowsOfBatch(KillSchema(), made.batch.keys, number);
    result = made.kind == KillBatch::Kind::kInsert ? collection.Insert(rows, options)
                                                   : collection.Upsert(rows, options);
  }
  MustBeOk("write", result.status());
  Tell({.type = KillRecord::kAcknowledged,
        .writer = who,
        .level = static_cast<uint8_t>(result->durability),
        .number = number});
}

void FlushOne(Collection& collection, int writer) {
  const auto who = static_cast<uint8_t>(writer);
  Tell({.type = KillRecord::kFlushBegun, .writer = who});
  MustBeOk("Flush", collection.Flush());
  Tell({.type = KillRecord::kFlushed, .writer = who});
}

// Another writer may have done the same meanwhile, so only the codes that say so are right.
void ChangeIndex(Collection& collection) {
  const absl::Status status =
      collection.HasIndex("v") ? collection.DropIndex("v") : collection.CreateIndex("v", Hnsw());
  if (!absl::IsNotFound(status) && !absl::IsAlreadyExists(status)) MustBeOk("index", status);
}

void SearchOne(const Collection& collection, uint64_t number) {
  const auto found = collection.Search(
      {.field = "v", .vectors = GridVector(static_cast<int64_t>(number), 4), .limit = 5});
  if (!absl::IsFailedPrecondition(found.status())) MustBeOk("Search", found.status());
}

void WriteFrom(Collection& collection, uint64_t seed, int writer, uint64_t first) {
  SeededRandom random(seed + first * 2 + static_cast<uint64_t>(writer));
  for (uint64_t number = first; number < first + kMaxBatches; ++number) {
    WriteOne(collection, seed, writer, number);
    const uint64_t dice = random.Below(60);
    if (dice < 4) FlushOne(collection, writer);
    if (dice == 4) ChangeIndex(collection);
    if (dice > 50) SearchOne(collection, number);
  }
}

int Write(const Place& place, uint64_t seed, uint64_t first, int num_writers) {
  Tell({.type = KillRecord::kStarted});
  const Opened open = OpenPlace(place);
  Tell({.type = KillRecord::kOpened});
  std::vector<std::jthread> writers;
  for (int writer = 1; writer < num_writers; ++writer) {
    writers.emplace_back([&, writer] { WriteFrom(*open.collection, seed, writer, first); });
  }
  WriteFrom(*open.collection, seed, 0, first);
  return 0;
}

int Finish(const Place& place) {
  Tell({.type = KillRecord::kStarted});
  const Opened open = OpenPlace(place);
  MustBeOk("Flush", open.collection->Flush());
  if (!open.collection->HasIndex("v")) ChangeIndex(*open.collection);
  MustBeOk("WaitForIndex", open.collection->WaitForIndex("v"));
  SearchOne(*open.collection, 1);
  MustBeOk("Close", open.database->Close());
  Tell({.type = KillRecord::kDone});
  return 0;
}

int Dump(const Place& place, uint64_t seed, uint64_t last, int num_writers) {
  const Opened open = OpenPlace(place);
  std::set<int64_t> keys;
  for (int writer = 0; writer < num_writers; ++writer) {
    for (uint64_t number = 1; number <= last; ++number) {
      const KillBatch made = KillBatchOf(seed, writer, number);
      keys.insert(made.batch.keys.begin(), made.batch.keys.end());
    }
  }
  const auto rows = ReadState(*open.collection, KillSchema(), keys);
  MustBeOk("ReadState", rows.status());
  for (const auto& [key, number] : *rows) {
    Tell({.type = KillRecord::kRow, .number = number, .key = key});
  }
  Tell({.type = KillRecord::kDone});
  return 0;
}

}  // namespace

int RunKillWriter(const std::vector<std::string>& arguments, OpenKillStore open_store) {
  if (arguments.size() < 3) return 2;
  const auto number = [&](size_t at) {
    return std::strtoull(arguments.at(at).c_str(), nullptr, 10);
  };
  const std::string& mode = arguments[1];
  const Place place{arguments[2], open_store};
  if (mode == "finish") return Finish(place);
  const uint64_t seed = number(3);
  const auto num_writers = static_cast<int>(number(5));
  return mode == "dump" ? Dump(place, seed, number(4), num_writers)
                        : Write(place, seed, number(4), num_writers);
}

}  // namespace vecdb::support
