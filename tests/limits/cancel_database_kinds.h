#ifndef VECDB_LIMITS_CANCEL_DATABASE_KINDS_H_
#define VECDB_LIMITS_CANCEL_DATABASE_KINDS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "limits/cancel_kinds.h"

namespace vecdb::support {

/// A second database of the executor of a CancelWorld, to be opened and closed: collection "a" has
/// flushed rows and rows in its journal.
class CancelAside {
 public:
  explicit CancelAside(CancelWorld& world)
      : num_rows_(world.size().num_rows / 2), schema_(TaggedSchema(world.size().dim)) {
    options_ = world.options();
    options_.path = directory_.path();
    // Longer than a commit takes, as it is to be: garbage is collected behind after a flush.
    options_.gc_grace_ms = 3'600'000;
    Reopen();
    a_ = *db_->CreateCollection("a", schema_, {.load = LoadPolicy::kManual});
    const auto half = static_cast<size_t>(num_rows_ / 2);
    EXPECT_OK(a_->Upsert(TaggedRows(schema_, Ids(0, half), "t")));
    EXPECT_OK(a_->Flush());
    EXPECT_OK(a_->Upsert(TaggedRows(schema_, Ids(num_rows_ / 2, half), "t")));
  }

  Database& db() { return *db_; }
  const DatabaseOptions& options() const { return options_; }
  const Schema& schema() const { return schema_; }

  void Close() {
    a_.reset();
    db_.reset();
  }
  void Reopen() {
    Close();
    EXPECT_OK(TryOpen({}));
  }
  absl::Status TryOpen(const Context& context) {
    auto opened = Database::Open(options_, context);
    if (!opened.ok()) return opened.status();
    db_ = *std::move(opened);
    return absl::OkStatus();
  }
  absl::Status TryOpenCollection(const Context& context) {
    auto opened = db_->OpenCollection("a", context);
    if (!opened.ok()) return opened.status();
    a_ = *std::move(opened);
    return absl::OkStatus();
  }
  void Write() { EXPECT_OK(a_->Upsert(TaggedRows(schema_, Ids(num_rows_ / 2, 100), "t"))); }
  void ExpectRows() {
    if (db_ == nullptr) {
      EXPECT_OK(TryOpen({}));
    }
    EXPECT_OK(TryOpenCollection({}));
    EXPECT_EQ(*a_->Count(), static_cast<uint64_t>(num_rows_ / 2 * 2));
  }
  /// Expects a collection to be there after the call or before it, as its answer says.
  void ExpectHas(const char* name, const absl::Status& status, bool after) {
    if (!absl::IsUnknown(status)) {
      EXPECT_EQ(db_->HasCollection(name), status.ok() == after) << name << " " << status;
      return;
    }
    Reopen();
  }
  /// Makes a collection be there, or not.
  void Ensure(const char* name, bool present) {
    if (db_->HasCollection(name) == present) return;
    if (present) {
      EXPECT_OK(db_->CreateCollection(name, schema_));
    }
    if (!present) {
      EXPECT_OK(db_->DropCollection(name));
    }
  }

 private:
  const int64_t num_rows_;
  const Schema schema_;
  const TempDirectory directory_{ParentInMemory()};
  DatabaseOptions options_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> a_;
};

inline std::vector<CancelKind> OpenKinds(std::shared_ptr<CancelAside> aside) {
  const auto expect_rows = [aside](const absl::Status&) { aside->ExpectRows(); };
  return {
      {.name = "open database",
       .prepare = [aside] { aside->Close(); },
       .call = [aside](const Context& context) { return aside->TryOpen(context); },
       .settle = expect_rows},
      {.name = "open collection",
       .prepare = [aside] { aside->Reopen(); },
       .call = [aside](const Context& context) { return aside->TryOpenCollection(context); },
       .settle = expect_rows},
      {.name = "close",
       .prepare =
           [aside] {
             aside->Reopen();
             aside->ExpectRows();
             aside->Write();
           },
       .call = [aside](const Context& context) { return aside->db().Close(context); },
       .settle =
           [aside](const absl::Status& status) {
             if (status.ok() || absl::IsUnknown(status)) aside->Reopen();
             aside->ExpectRows();
           }},
      {.name = "create collection",
       .prepare = [aside] { aside->Ensure("t", false); },
       .call =
           [aside](const Context& context) {
             return aside->db().CreateCollection("t", aside->schema(), {}, context).status();
           },
       .settle = [aside](const absl::Status& status) { aside->ExpectHas("t", status, true); }},
      {.name = "rename collection",
       .prepare =
           [aside] {
             aside->Ensure("t", true);
             aside->Ensure("u", false);
           },
       .call =
           [aside](const Context& context) {
             return aside->db().RenameCollection("t", "u", context);
           },
       .settle = [aside](const absl::Status& status) { aside->ExpectHas("u", status, true); }},
      {.name = "drop collection",
       .prepare = [aside] { aside->Ensure("t", true); },
       .call = [aside](const Context& context) { return aside->db().DropCollection("t", context); },
       .settle = [aside](const absl::Status& status) { aside->ExpectHas("t", status, false); }},
  };
}

inline std::vector<CancelKind> DatabaseKinds(CancelWorld& world) {
  auto backup = std::make_shared<std::shared_ptr<ObjectStore>>();
  const auto open_backup = [backup, &world] {
    return Database::Open(
        {.store = *backup, .read_only = true, .host = {.executor = &world.executor()}});
  };
  return {
      {.name = "verify",
       .call =
           [&world](const Context& context) {
             const auto report = world.db().Verify(context);
             if (report.ok()) {
               EXPECT_TRUE(report->damage.empty());
             }
             return report.status();
           }},
      {.name = "checkpoint",
       .prepare = [backup] { *backup = MakeMemoryObjectStore(); },
       .call = [&world, backup](
                   const Context& context) { return world.db().Checkpoint(*backup, "", context); },
       .settle =
           [&world, open_backup](const absl::Status& status) {
             const auto copy = open_backup();
             EXPECT_EQ(copy.ok(), status.ok()) << status << copy.status();
             if (!status.ok()) return;
             const auto c = (*copy)->OpenCollection("c");
             ASSERT_OK(c);
             EXPECT_EQ(*(*c)->Count(), world.num_rows());
           }},
  };
}

/// Of a reader of the database of a CancelWorld, which sees what that has written.
inline std::vector<CancelKind> RefreshKinds(CancelWorld& world) {
  struct Reader {
    std::unique_ptr<Database> db;
    std::unique_ptr<Collection> c;
  };
  auto reader = std::make_shared<Reader>();
  const auto change = [&world, reader] {
    if (reader->db == nullptr) {
      reader->db = *Database::Open({.path = world.options().path,
                                    .read_only = true,
                                    .host = {.executor = &world.executor()}});
      reader->c = *reader->db->OpenCollection("c");
    }
    world.Write(Ids(7, world.size().batch_rows), "t");
  };
  const auto close = [&world, reader](const absl::Status&) {
    EXPECT_EQ(*reader->c->Count(), world.num_rows());
    reader->c.reset();
    reader->db.reset();
    EXPECT_OK(world.c().Flush());
  };
  return {{.name = "refresh collection",
           .prepare = change,
           .call = [reader](const Context& context) { return reader->c->Refresh(context); },
           .settle = close},
          {.name = "refresh database",
           .prepare = change,
           .call = [reader](const Context& context) { return reader->db->Refresh(context); },
           .settle = close}};
}

/// The calls of the doors Index and Segment.
inline std::vector<CancelKind> DoorKinds(CancelWorld& world) {
  struct Doors {
    Host host;
    std::shared_ptr<ObjectStore> store;
    std::vector<float> vectors;
    std::unique_ptr<Index> index;
    std::unique_ptr<Segment> segment;
    size_t num_queries = 0;
    int64_t next_folder = 0;

    ObjectPath NewFolder() { return PathOf(absl::StrCat("folder", next_folder++)); }
  };
  auto doors = std::make_shared<Doors>();
  const auto dim = static_cast<size_t>(world.size().dim);
  const IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{.m = 8, .ef_construction = 40}};
  const auto num_rows = static_cast<size_t>(world.size().num_rows / 4);
  doors->num_queries = world.size().num_queries;
  doors->host = {.executor = &world.executor()};
  const auto ready = [&world, doors, dim, spec, num_rows] {
    doors->store = MakeMemoryObjectStore();
    if (doors->segment == nullptr) doors->vectors.clear();
    if (doors->vectors.empty()) {
      for (size_t i = 0; i < num_rows; ++i) {
        const auto vector = GridVector(static_cast<int64_t>(i), dim);
        doors->vectors.insert(doors->vectors.end(), vector.begin(), vector.end());
      }
    }
    if (doors->index == nullptr) {
      doors->index = *IndexBuilder(world.size().dim, spec, doors->host).Build(doors->vectors);
    }
    auto builder = *SegmentBuilder::Make(world.schema(), doors->host);
    EXPECT_OK(builder->Add(world.Rows(Ids(0, num_rows), "t")));
    const auto info = builder->Finish(*doors->store, doors->NewFolder());
    ASSERT_OK(info);
    doors->segment = *Segment::Open(*doors->store, *info, doors->host);
  };
  const auto gone = [doors](const absl::Status&) {
    doors->segment.reset();
    doors->store.reset();
  };
  const auto merge = [doors](const Context& context) {
    const std::vector<const Segment*> segments = {doors->segment.get()};
    return MergeSegments(segments, *doors->store, doors->NewFolder(), doors->host, context)
        .status();
  };
  const auto search_index = [doors, dim](const Context& context) {
    const auto queries = std::span(doors->vectors).first(doors->num_queries * dim);
    return doors->index->Search({.vectors = queries, .k = 10}, context).status();
  };
  const auto search_segment = [doors, dim](const Context& context) {
    const auto queries = std::span(doors->vectors).first(doors->num_queries * dim);
    return doors->segment
        ->Search({.field = "v", .vectors = queries, .metric = Metric::kL2}, context)
        .status();
  };
  return {
      {.name = "Index: build",
       .prepare = ready,
       .call =
           [doors, spec, dim](const Context& context) {
             return IndexBuilder(static_cast<int32_t>(dim), spec, doors->host)
                 .Build(doors->vectors, RowStorage::kView, context)
                 .status();
           },
       .settle = gone,
       .is_long = true},
      {.name = "Index: search", .prepare = ready, .call = search_index, .settle = gone},
      {.name = "Index: save",
       .prepare = ready,
       .call =
           [doors](const Context& context) {
             return doors->index->Save(*doors->store, PathOf("index"), {}, context);
           },
       .settle =
           [doors, gone](const absl::Status& status) {
             EXPECT_EQ(Index::Load(*doors->store, PathOf("index"), doors->host).ok(), status.ok());
             gone(status);
           }},
      {.name = "Segment: load",
       .prepare = ready,
       .call = [doors](const Context& context) { return doors->segment->Load(context); },
       .settle = gone},
      {.name = "Segment: search", .prepare = ready, .call = search_segment, .settle = gone},
      {.name = "Segment: build index",
       .prepare = ready,
       .call =
           [doors, spec](const Context& context) {
             return doors->segment->BuildIndex("v", spec, context).status();
           },
       .settle = gone,
       .is_long = true},
      {.name = "Segment: merge", .prepare = ready, .call = merge, .settle = gone},
  };
}

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_CANCEL_DATABASE_KINDS_H_
