#ifndef VECDB_LIMITS_CANCEL_KINDS_H_
#define VECDB_LIMITS_CANCEL_KINDS_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "limits/cancel_world.h"

namespace vecdb::support {

/// A kind of call that is to be cancelled.
struct CancelKind {
  std::string name{};
  std::function<void()> prepare{};  ///< may be null
  std::function<absl::Status(const Context&)> call{};
  /// Looks at what the call has left, and brings back what was there before; may be null.
  std::function<void(const absl::Status&)> settle{};
  /// A trial of it takes long: it gets a quarter of the trials of others.
  bool is_long = false;
};

/// Expects an amount that a call which was OK has found.
inline absl::Status Expecting(uint64_t expected, const absl::StatusOr<uint64_t>& found) {
  if (found.ok()) {
    EXPECT_EQ(*found, expected);
  }
  return found.status();
}

template <typename Iterator, typename CountRows>
absl::StatusOr<uint64_t> RowsOfIterator(absl::StatusOr<std::unique_ptr<Iterator>> opened,
                                        const Context& context, CountRows count_rows) {
  if (!opened.ok()) return opened.status();
  uint64_t rows = 0;
  while (true) {
    const auto batch = (*opened)->Next(context);
    if (!batch.ok()) return batch.status();
    if (count_rows(*batch) == 0) return rows;
    rows += count_rows(*batch);
  }
}

inline std::vector<CancelKind> WriteKinds(CancelWorld& world) {
  // Of rows that are there, and of rows that are not.
  const auto old_ids = Ids(3, world.size().batch_rows);
  const auto new_ids = Ids(1'000'000, world.size().batch_rows);
  const auto remove = [&world, new_ids] {
    const auto removed = world.c().Delete(new_ids);
    EXPECT_OK(removed);
    world.Settled(removed.status(), CancelWorld::Tagged(new_ids, std::nullopt));
  };
  const auto restore = [&world, old_ids] { world.Write(old_ids, "t"); };
  const auto settle = [&world](const std::vector<int64_t>& ids, const char* tag, auto undo) {
    return [&world, undo,
            change = CancelWorld::Tagged(
                ids, tag == nullptr ? std::nullopt : std::optional<std::string>(tag))](
               const absl::Status& status) {
      if (world.Settled(status, change)) undo();
    };
  };
  return {
      {.name = "insert",
       .call =
           [&world, new_ids](const Context& context) {
             return world.c().Insert(world.Rows(new_ids, "new"), context).status();
           },
       .settle = settle(new_ids, "new", remove)},
      {.name = "upsert",
       .call =
           [&world, old_ids](const Context& context) {
             return world.c().Upsert(world.Rows(old_ids, "newer"), context).status();
           },
       .settle = settle(old_ids, "newer", restore)},
      {.name = "delete",
       .call = [&world, old_ids](
                   const Context& context) { return world.c().Delete(old_ids, context).status(); },
       .settle = settle(old_ids, nullptr, restore)},
      {.name = "delete where",
       .prepare = [&world, old_ids] { world.Write(old_ids, "going"); },
       .call =
           [&world](const Context& context) {
             return world.c().DeleteWhere(R"(tag == "going")", context).status();
           },
       .settle = settle(old_ids, nullptr, restore)},
  };
}

/// A segment that was built elsewhere is taken in: all its rows or none.
inline std::vector<CancelKind> IngestKinds(CancelWorld& world) {
  struct Source {
    std::vector<int64_t> ids;  // of one shard
    std::shared_ptr<ObjectStore> store;
    SegmentInfo segment;
  };
  auto source = std::make_shared<Source>();
  const auto candidates = Ids(2'000'000, 2 * world.size().batch_rows);
  const std::vector<int32_t> shards = *world.c().ShardsOf(candidates);
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (shards[i] == 0) source->ids.push_back(candidates[i]);
  }
  source->store = MakeMemoryObjectStore();
  auto builder = *SegmentBuilder::Make(world.schema());
  EXPECT_OK(builder->Add(world.Rows(source->ids, "elsewhere")));
  source->segment = *builder->Finish(*source->store, PathOf("segment"));
  const auto settle = [&world, source](const absl::Status& status) {
    const bool is_in = world.Settled(status, CancelWorld::Tagged(source->ids, "elsewhere"));
    world.Heal(status);
    if (!is_in) return;
    const auto removed = world.c().Delete(source->ids);
    EXPECT_OK(removed);
    world.Settled(removed.status(), CancelWorld::Tagged(source->ids, std::nullopt));
  };
  return {{.name = "ingest segment",
           .call =
               [&world, source](const Context& context) {
                 return world.c().IngestSegment(*source->store, source->segment, context).status();
               },
           .settle = settle}};
}

inline std::vector<CancelKind> ReadKinds(CancelWorld& world) {
  const QueryRequest every{.filter = R"(tag != "x")", .output_fields = {"tag", "v"}};
  return {
      {.name = "get",
       .call =
           [&world](const Context& context) {
             const auto got = world.c().Get(Ids(0, world.num_rows()), {}, context);
             return Expecting(world.num_rows(),
                              got.ok() ? absl::StatusOr<uint64_t>(got->num_rows()) : got.status());
           }},
      {.name = "count",
       .call =
           [&world](const Context& context) {
             // Another filter each time, whose bits nobody remembers.
             static int number = 0;
             const std::string filter = absl::StrCat("tag != \"", ++number, "\"");
             return Expecting(world.num_rows(), world.c().Count(RowFilter(filter), context));
           }},
      {.name = "query",
       .call = [&world, every](
                   const Context& context) { return world.c().Query(every, context).status(); }},
      {.name = "query iterator",
       .call =
           [&world, every](const Context& context) {
             return Expecting(
                 world.num_rows(),
                 RowsOfIterator(world.c().OpenQueryIterator(every, {.batch_size = 100}, context),
                                context, [](const RowBatch& rows) { return rows.num_rows(); }));
           }},
      {.name = "pin snapshot",
       .call =
           [&world](const Context& context) { return world.c().PinSnapshot(context).status(); }},
  };
}

inline std::vector<CancelKind> SearchKinds(CancelWorld& world) {
  const auto dim = static_cast<size_t>(world.size().dim);
  auto queries = std::make_shared<std::vector<float>>();
  const size_t many = world.size().num_queries;
  for (int64_t i = 0; i < static_cast<int64_t>(many); ++i) {
    const std::vector<float> vector = GridVector(i * 7, dim);
    queries->insert(queries->end(), vector.begin(), vector.end());
  }
  const auto load = [&world] { EXPECT_OK(world.c().Load()); };
  const auto search = [&world, queries, dim](size_t count, auto change) {
    return [&world, queries, change, floats = count * dim](const Context& context) {
      SearchRequest request{
          .field = "v", .vectors = std::span(*queries).first(floats), .limit = 20};
      change(&request);
      return world.c().Search(request, context).status();
    };
  };
  const auto as_it_is = [](SearchRequest*) {};
  const auto custom = [](const FilteredRows& rows, std::span<uint64_t> bits) {
    for (uint32_t row = 0; row < rows.num_rows(); row += 3) bits[row / 64] |= 1ULL << (row % 64);
    return absl::OkStatus();
  };
  return {
      {.name = "search", .prepare = load, .call = search(1, as_it_is)},
      {.name = "search batch", .prepare = load, .call = search(many, as_it_is)},
      {.name = "search groups",
       .prepare = load,
       .call = search(many / 4, [](SearchRequest* request) { request->group_by = "id"; })},
      {.name = "search of a range",
       .prepare = load,
       .call = search(many / 8,
                      [](SearchRequest* request) {
                        request->radius = 1e9f;
                        request->limit = 1000;
                      })},
      {.name = "search own filter",
       .prepare = load,
       .call = search(many / 4,
                      [custom](SearchRequest* request) {
                        request->filter = RowFilter::Custom(custom);
                        request->output_fields = {"tag", "v"};
                      })},
      {.name = "search iterator",
       .prepare = load,
       .call =
           [&world, queries, dim](const Context& context) {
             const SearchRequest request{.field = "v", .vectors = std::span(*queries).first(dim)};
             return Expecting(
                 world.num_rows(),
                 RowsOfIterator(world.c().OpenSearchIterator(request, {.batch_size = 300}, context),
                                context,
                                [](const SearchResult& result) { return result.hits(0).size(); }));
           }},
      {.name = "explain",
       .prepare = load,
       .call =
           [&world, queries, dim, many](const Context& context) {
             return world.c()
                 .Explain({.field = "v",
                           .vectors = std::span(*queries).first(many * dim),
                           .filter = R"(tag == "t")"},
                          context)
                 .status();
           }},
  };
}

// Flushes, indexes and compactions.
inline std::vector<CancelKind> WorkKinds(CancelWorld& world) {
  const auto some = Ids(50, world.size().batch_rows);
  const auto segments = [&world, some] {
    for (int i = 0; i < 2; ++i) {
      world.Write(some, "t");
      EXPECT_OK(world.c().Flush());
    }
  };
  const auto heal = [&world](const absl::Status& status) {
    world.Heal(status);
    world.ExpectCount();
  };
  const auto build_due = [&world] {
    world.EnsureIndex({.metric = Metric::kL2, .params = HnswParams{.m = 4, .ef_construction = 20}});
  };
  const auto build_on_disk_due = [&world] {
    world.EnsureIndex(
        {.metric = Metric::kL2, .params = DiskannParams{.max_degree = 8, .search_list_size = 20}});
  };
  const auto built = [&world](const absl::Status& status) {
    world.Heal(status);
    EXPECT_OK(world.c().WaitForIndex("w"));
    world.EnsureNoIndex();
  };
  // That the index is of one spec or the other, or not there: as the call says.
  const auto has = [&world](const absl::Status& status, bool after, bool before) {
    const bool found = world.c().HasIndex("w");
    if (status.ok()) {
      EXPECT_EQ(found, after);
    }
    if (!status.ok() && !absl::IsUnknown(status)) {
      EXPECT_EQ(found, before) << status;
    }
    world.Heal(status);
  };
  return {
      {.name = "flush",
       .prepare = [&world, some] { world.Write(some, "t"); },
       .call = [&world](const Context& context) { return world.c().Flush(context); },
       .settle =
           [&world, heal](const absl::Status& status) {
             heal(status);
             EXPECT_OK(world.c().Flush());
           }},
      {.name = "create index",
       .prepare = [&world] { world.EnsureNoIndex(); },
       .call =
           [&world](const Context& context) { return world.c().CreateIndex("w", Flat(), context); },
       .settle = [has](const absl::Status& status) { has(status, true, false); }},
      {.name = "drop index",
       .prepare = [&world] { world.EnsureIndex(Flat()); },
       .call = [&world](const Context& context) { return world.c().DropIndex("w", context); },
       .settle = [has](const absl::Status& status) { has(status, false, true); }},
      {.name = "alter index",
       .prepare = [&world] { world.EnsureIndex(Flat()); },
       .call =
           [&world](const Context& context) {
             return world.c().AlterIndex("w", {.metric = Metric::kL2, .params = IvfFlatParams{}},
                                         context);
           },
       .settle =
           [&world](const absl::Status& status) {
             const bool is_flat = world.c().DescribeIndex("w")->spec == Flat();
             if (!absl::IsUnknown(status)) {
               EXPECT_EQ(is_flat, !status.ok()) << status;
             }
             world.Heal(status);
             EXPECT_OK(world.c().WaitForIndex("w"));
             world.EnsureNoIndex();
           }},
      {.name = "wait for index",
       .prepare = build_due,
       .call = [&world](const Context& context) { return world.c().WaitForIndex("w", context); },
       .settle = built,
       .is_long = true},
      {.name = "wait for index on disk",
       .prepare = build_on_disk_due,
       .call = [&world](const Context& context) { return world.c().WaitForIndex("w", context); },
       .settle = built,
       .is_long = true},
      {.name = "compact",
       .prepare = segments,
       .call = [&world](const Context& context) { return world.c().Compact({}, context).status(); },
       .settle = heal,
       .is_long = true},
      {.name = "wait for compaction",
       .prepare = segments,
       .call =
           [&world](const Context& context) {
             const auto begun = world.c().Compact({}, {});
             EXPECT_OK(begun);
             return world.c().WaitForCompaction(*begun, context);
           },
       .settle =
           [&world, heal](const absl::Status& status) {
             heal(status);
             world.executor().AwaitIdle();
           },
       .is_long = true},
      {.name = "maintain",
       .prepare = build_due,
       .call =
           [&world](const Context& context) {
             return world.c().Maintain({.time_ms = 60'000}, context).status();
           },
       .settle = built,
       .is_long = true},
      {.name = "collect garbage",
       .prepare = segments,
       .call =
           [&world](const Context& context) { return world.db().CollectGarbage(context).status(); },
       .settle =
           [&world, heal](const absl::Status& status) {
             heal(status);
             EXPECT_OK(world.db().CollectGarbage());
           }},
  };
}

inline std::vector<CancelKind> LoadKinds(CancelWorld& world) {
  const auto release = [&world] { EXPECT_OK(world.c().Release()); };
  const auto loaded = [&world](const absl::Status& status) {
    EXPECT_EQ(world.c().LoadState() == LoadState::kLoaded, status.ok()) << status;
  };
  return {
      {.name = "load",
       .prepare = release,
       .call = [&world](const Context& context) { return world.c().Load(context); },
       .settle = loaded},
      {.name = "load, mapped",
       .prepare = release,
       .call =
           [&world](const Context& context) {
             return world.c().Load({.mode = LoadMode::kMap}, context);
           },
       .settle = loaded},
      {.name = "wait for load",
       .prepare = release,
       .call =
           [&world](const Context& context) {
             const auto job = world.c().StartLoad({}, context);
             return job.ok() ? (*job)->Wait(context) : job.status();
           },
       .settle =
           [&world](const absl::Status&) {
             world.executor().AwaitIdle();
             EXPECT_OK(world.c().Load());
           }},
      {.name = "release",
       .prepare = [&world] { EXPECT_OK(world.c().Load()); },
       .call = [&world](const Context& context) { return world.c().Release(context); },
       .settle =
           [&world](const absl::Status& status) {
             EXPECT_EQ(world.c().LoadState() == LoadState::kLoaded, !status.ok()) << status;
           }},
  };
}

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_CANCEL_KINDS_H_
