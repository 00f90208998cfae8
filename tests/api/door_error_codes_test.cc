// Row E1 of the test plan: each error code that the headers of Index and Segment, and of the values
// that all doors share, name for a call is produced here once. Adding a code to one of these
// headers means adding it to kDoorCodes, and a case that produces it.
#include <gtest/gtest.h>

#include <memory_resource>
#include <new>

#include "api/api_testing.h"
#include "api/error_codes_testing.h"
#include "format/section_file.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

constexpr Documented kDoorCodes[] = {
    // index.h, index_spec.h
    {"Index::Load", Code::kNotFound},
    {"Index::Load", Code::kDataLoss},
    {"Index::Load", Code::kFailedPrecondition},
    {"Index::Load", Code::kInvalidArgument},
    {"Index::Load", Code::kResourceExhausted},
    {"Index::Search", Code::kInvalidArgument},
    {"Index::Save", Code::kAlreadyExists},
    {"IndexBuilder::Build", Code::kInvalidArgument},
    {"IndexBuilder::Build", Code::kResourceExhausted},
    {"IndexQuery::allowed", Code::kInvalidArgument},
    {"HnswSearchParams::ef", Code::kInvalidArgument},
    {"SearchParams", Code::kInvalidArgument},
    {"IndexSpec::FromJson", Code::kInvalidArgument},
    {"IndexSpec::Validate", Code::kInvalidArgument},
    // segment.h
    {"SegmentInfo::FromJson", Code::kDataLoss},
    {"SegmentBuilder::Make", Code::kInvalidArgument},
    {"SegmentBuilder::Add", Code::kInvalidArgument},
    {"SegmentBuilder::AddIndex", Code::kInvalidArgument},
    {"SegmentBuilder::AddIndex", Code::kAlreadyExists},
    {"SegmentBuilder::Finish", Code::kFailedPrecondition},
    {"SegmentBuilder::Finish", Code::kAlreadyExists},
    {"SegmentBuilder::Finish", Code::kUnavailable},
    {"Segment::Open", Code::kNotFound},
    {"Segment::Open", Code::kDataLoss},
    {"Segment::Open", Code::kFailedPrecondition},
    {"Segment::Load", Code::kResourceExhausted},
    {"Segment::Search", Code::kInvalidArgument},
    {"Segment::Search", Code::kUnavailable},
    {"Segment::FindMatching", Code::kInvalidArgument},
    {"Segment::Read", Code::kNotFound},
    {"Segment::Read", Code::kOutOfRange},
    {"Segment::BuildIndex", Code::kAlreadyExists},
    {"Segment::AttachIndex", Code::kNotFound},
    {"Segment::AttachIndex", Code::kInvalidArgument},
    {"Segment::AttachIndex", Code::kAlreadyExists},
    {"Segment::WithDeletes", Code::kOutOfRange},
    {"Segment::WithDeletes", Code::kInvalidArgument},
    {"MergeSegments", Code::kInvalidArgument},
    {"MergeSegments", Code::kFailedPrecondition},
    // context.h, for each call of these doors that takes a Context
    {"Context::Check", Code::kCancelled},
    {"Context::Check", Code::kDeadlineExceeded},
    {"Index::Load", Code::kCancelled},
    {"Index::Load", Code::kDeadlineExceeded},
    {"Index::Search", Code::kCancelled},
    {"Index::Search", Code::kDeadlineExceeded},
    {"Index::Save", Code::kCancelled},
    {"Index::Save", Code::kDeadlineExceeded},
    {"IndexBuilder::Build", Code::kCancelled},
    {"IndexBuilder::Build", Code::kDeadlineExceeded},
    {"SegmentInfo::Read", Code::kCancelled},
    {"SegmentInfo::Read", Code::kDeadlineExceeded},
    {"SegmentBuilder::Finish", Code::kCancelled},
    {"SegmentBuilder::Finish", Code::kDeadlineExceeded},
    {"Segment::Open", Code::kCancelled},
    {"Segment::Open", Code::kDeadlineExceeded},
    {"Segment::Load", Code::kCancelled},
    {"Segment::Load", Code::kDeadlineExceeded},
    {"Segment::Search", Code::kCancelled},
    {"Segment::Search", Code::kDeadlineExceeded},
    {"Segment::FindRows", Code::kCancelled},
    {"Segment::FindRows", Code::kDeadlineExceeded},
    {"Segment::Read", Code::kCancelled},
    {"Segment::Read", Code::kDeadlineExceeded},
    {"Segment::BuildIndex", Code::kCancelled},
    {"Segment::BuildIndex", Code::kDeadlineExceeded},
    {"Segment::AttachIndex", Code::kCancelled},
    {"Segment::AttachIndex", Code::kDeadlineExceeded},
    {"Segment::WithDeletes", Code::kCancelled},
    {"Segment::WithDeletes", Code::kDeadlineExceeded},
    {"MergeSegments", Code::kCancelled},
    {"MergeSegments", Code::kDeadlineExceeded},
    // schema.h, row_batch.h, memory_budget.h, host.h
    {"Schema::Validate", Code::kInvalidArgument},
    {"RowBatch::FromJson", Code::kInvalidArgument},
    {"RowBatch::status", Code::kInvalidArgument},
    {"MemoryBudget::Reserve", Code::kResourceExhausted},
    {"Host::memory", Code::kResourceExhausted},
};

class RefusingMemory final : public std::pmr::memory_resource {
  void* do_allocate(size_t, size_t) override { throw std::bad_alloc(); }
  void do_deallocate(void*, size_t, size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

// A store with the segment "s" of ten rows in it, and a host with little memory.
class DoorWorld {
 public:
  DoorWorld() {
    const auto builder = Builder();
    EXPECT_OK(builder->Add(Rows(Ids(0, 10))));
    info = *builder->Finish(*store, PathOf("s"));
    segment = *Segment::Open(faulty, info);
  }

  RowBatch Rows(const std::vector<int64_t>& ids) const { return TaggedRows(schema, ids, "t"); }
  std::unique_ptr<SegmentBuilder> Builder() const { return *SegmentBuilder::Make(schema); }
  std::unique_ptr<SegmentBuilder> FilledBuilder() const {
    auto builder = Builder();
    EXPECT_OK(builder->Add(Rows({1})));
    return builder;
  }
  /// An index of five rows.
  std::unique_ptr<Index> BuildIndex(const IndexSpec& spec = Flat()) const {
    return *IndexBuilder(4, spec).Build(floats);
  }
  /// The name of a new object that holds such an index.
  ObjectPath SaveIndex(const SaveOptions& options = {}) const {
    EXPECT_OK(BuildIndex()->Save(*store, PathOf("saved.idx"), options));
    return PathOf("saved.idx");
  }
  absl::Status SearchIndex(const IndexQuery& asked, const IndexSpec& spec = Flat()) const {
    return BuildIndex(spec)->Search(asked).status();
  }
  absl::Status SearchSegment(int32_t k, const Context& context = {}) const {
    return segment->Search({.field = "v", .vectors = query, .k = k, .metric = Metric::kL2}, context)
        .status();
  }
  /// Takes the place of the columns of the segment, in a format that is yet to come.
  SegmentInfo PutNewerColumns() const {
    SegmentInfo changed = info;
    for (ObjectRef& object : changed.objects) {
      if (object.name != "columns.vseg") continue;
      EXPECT_OK(store->Delete(PathOf("s/columns.vseg")));
      auto writer = *format::SectionWriter::Create(*store, PathOf("s/columns.vseg"),
                                                   format::FileKind::kColumns, {});
      EXPECT_OK(writer->AddSection(format::Tag("NEWS"), {}, {}));
      const auto summary = writer->Finish({});
      object.size_bytes = summary->size_bytes;
      object.checksum = summary->checksum;
    }
    return changed;
  }

  const Schema schema = TaggedSchema();
  const std::vector<float> floats = std::vector<float>(20, 1.0f);
  const std::span<const float> query = std::span(floats).first(4);
  const std::vector<uint32_t> first_row = {0};
  const std::vector<uint32_t> no_row = {10};
  const std::shared_ptr<FaultInjector> faults = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore();
  FaultObjectStore faulty{store, faults};
  MemoryBudget budget{32};
  SegmentInfo info;
  std::unique_ptr<Segment> segment;  // of `faulty`
};

using DoorCase = CodeCase<DoorWorld>;

std::vector<DoorCase> IndexCases() {
  return {
      {{"Index::Load", Code::kNotFound},
       [](DoorWorld& w) { return Index::Load(*w.store, PathOf("missing")).status(); }},
      {{"Index::Load", Code::kDataLoss},
       [](DoorWorld& w) {
         EXPECT_OK(PutObject(*w.store, PathOf("foreign"), std::string(5000, 'x')));
         return Index::Load(*w.store, PathOf("foreign")).status();
       }},
      {{"Index::Load", Code::kFailedPrecondition},
       [](DoorWorld& w) {
         const ObjectPath path = w.SaveIndex({.include_rows = false});
         return Index::Load(*w.store, path).status();
       }},
      {{"Index::Load", Code::kInvalidArgument},
       [](DoorWorld& w) {
         const ObjectPath path = w.SaveIndex({.include_rows = false});
         return Index::Load(*w.store, path, {}, w.query).status();
       }},
      {{"Index::Load", Code::kResourceExhausted},
       [](DoorWorld& w) {
         return Index::Load(*w.store, w.SaveIndex(), {.budget = &w.budget}).status();
       }},
      {{"Index::Search", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.SearchIndex({.vectors = w.query.first(3)}); }},
      {{"Index::Save", Code::kAlreadyExists},
       [](DoorWorld& w) { return w.BuildIndex()->Save(*w.store, w.SaveIndex()); }},
      {{"IndexBuilder::Build", Code::kInvalidArgument},
       [](DoorWorld& w) { return IndexBuilder(0, Flat()).Build(w.floats).status(); }},
      {{"IndexBuilder::Build", Code::kResourceExhausted},
       [](DoorWorld& w) {
         return IndexBuilder(4, Flat(), {.budget = &w.budget}).Build(w.floats).status();
       }},
      {{"IndexQuery::allowed", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.SearchIndex({.vectors = w.query, .allowed = RowBitmap()}); }},
      {{"HnswSearchParams::ef", Code::kInvalidArgument},
       [](DoorWorld& w) {
         return w.SearchIndex({.vectors = w.query, .k = 5, .params = HnswSearchParams{.ef = 4}},
                              Hnsw());
       }},
      {{"SearchParams", Code::kInvalidArgument},
       [](DoorWorld& w) {
         return w.SearchIndex({.vectors = w.query, .params = HnswSearchParams{}});
       }},
      {{"IndexSpec::FromJson", Code::kInvalidArgument},
       [](DoorWorld&) { return IndexSpec::FromJson("{\"index_type\":\"ANNOY\"}").status(); }},
      {{"IndexSpec::Validate", Code::kInvalidArgument},
       [](DoorWorld&) { return IndexSpec{.params = HnswParams{.m = 1}}.Validate(); }},
  };
}

std::vector<DoorCase> SegmentBuilderCases() {
  return {
      {{"SegmentInfo::FromJson", Code::kDataLoss},
       [](DoorWorld&) { return SegmentInfo::FromJson("{}").status(); }},
      {{"SegmentBuilder::Make", Code::kInvalidArgument},
       [](DoorWorld&) { return SegmentBuilder::Make({}).status(); }},
      {{"SegmentBuilder::Add", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.Builder()->Add(TaggedRows(TaggedSchema(8), {1}, "t")); }},
      {{"SegmentBuilder::AddIndex", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.Builder()->AddIndex("tag", Flat()); }},
      {{"SegmentBuilder::AddIndex", Code::kAlreadyExists},
       [](DoorWorld& w) {
         const auto builder = w.Builder();
         EXPECT_OK(builder->AddIndex("v", Flat()));
         return builder->AddIndex("v", Hnsw());
       }},
      {{"SegmentBuilder::Finish", Code::kFailedPrecondition},
       [](DoorWorld& w) { return w.Builder()->Finish(*w.store, PathOf("t")).status(); }},
      {{"SegmentBuilder::Finish", Code::kAlreadyExists},
       [](DoorWorld& w) { return w.FilledBuilder()->Finish(*w.store, PathOf("s")).status(); }},
      {{"SegmentBuilder::Finish", Code::kUnavailable},
       [](DoorWorld& w) {
         w.faults->Arm({.call = "Finish", .error = absl::UnavailableError("away")});
         return w.FilledBuilder()->Finish(w.faulty, PathOf("t")).status();
       }},
  };
}

std::vector<DoorCase> SegmentCases() {
  return {
      {{"Segment::Open", Code::kNotFound},
       [](DoorWorld& w) {
         EXPECT_OK(w.store->Delete(PathOf("s/columns.vseg")));
         return Segment::Open(*w.store, w.info).status();
       }},
      {{"Segment::Open", Code::kDataLoss},
       [](DoorWorld& w) {
         ReplaceObject(*w.store, "s/columns.vseg", "foreign");
         return Segment::Open(*w.store, w.info).status();
       }},
      {{"Segment::Open", Code::kFailedPrecondition},
       [](DoorWorld& w) { return Segment::Open(*w.store, w.PutNewerColumns()).status(); }},
      {{"Segment::Load", Code::kResourceExhausted},
       [](DoorWorld& w) {
         return (*Segment::Open(*w.store, w.info, {.budget = &w.budget}))->Load();
       }},
      {{"Segment::Search", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.SearchSegment(0); }},
      {{"Segment::Search", Code::kUnavailable},
       [](DoorWorld& w) {
         w.faults->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
         return w.SearchSegment(1);
       }},
      {{"Segment::FindMatching", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.segment->FindMatching("nope nope").status(); }},
      {{"Segment::Read", Code::kNotFound},
       [](DoorWorld& w) {
         const std::vector<std::string> fields = {"x"};
         return w.segment->Read(w.first_row, fields).status();
       }},
      {{"Segment::Read", Code::kOutOfRange},
       [](DoorWorld& w) { return w.segment->Read(w.no_row, {}).status(); }},
      {{"Segment::BuildIndex", Code::kAlreadyExists},
       [](DoorWorld& w) {
         const auto indexed = w.segment->BuildIndex("v", Flat());
         EXPECT_OK(indexed);
         return (*Segment::Open(*w.store, *indexed))->BuildIndex("v", Hnsw()).status();
       }},
      {{"Segment::AttachIndex", Code::kNotFound},
       [](DoorWorld& w) { return w.segment->AttachIndex("x", *w.BuildIndex()).status(); }},
      {{"Segment::AttachIndex", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.segment->AttachIndex("v", *w.BuildIndex()).status(); }},
      {{"Segment::AttachIndex", Code::kAlreadyExists},
       [](DoorWorld& w) {
         const auto indexed = w.segment->BuildIndex("v", Flat());
         EXPECT_OK(indexed);
         return (*Segment::Open(*w.store, *indexed))->AttachIndex("v", *w.BuildIndex()).status();
       }},
      {{"Segment::WithDeletes", Code::kOutOfRange},
       [](DoorWorld& w) { return w.segment->WithDeletes(w.no_row, 7).status(); }},
      {{"Segment::WithDeletes", Code::kInvalidArgument},
       [](DoorWorld& w) { return w.segment->WithDeletes(w.first_row, 0).status(); }},
      {{"MergeSegments", Code::kInvalidArgument},
       [](DoorWorld& w) { return MergeSegments({}, *w.store, PathOf("m")).status(); }},
      {{"MergeSegments", Code::kFailedPrecondition},
       [](DoorWorld& w) {
         std::vector<uint32_t> all(10);
         std::iota(all.begin(), all.end(), 0u);
         const auto dead = Segment::Open(*w.store, *w.segment->WithDeletes(all, 7));
         const Segment* const inputs[] = {dead->get()};
         return MergeSegments(inputs, *w.store, PathOf("m")).status();
       }},
  };
}

std::vector<DoorCase> ValueCases() {
  return {
      {{"Schema::Validate", Code::kInvalidArgument},
       [](DoorWorld&) { return Schema().Validate(); }},
      {{"RowBatch::FromJson", Code::kInvalidArgument},
       [](DoorWorld& w) { return RowBatch::FromJson(w.schema, "[{}]").status(); }},
      {{"RowBatch::status", Code::kInvalidArgument},
       [](DoorWorld& w) {
         RowBatch rows = w.Rows({1});
         rows.SetBool("x", {});
         EXPECT_EQ(w.Builder()->Add(rows), rows.status());
         return rows.status();
       }},
      {{"MemoryBudget::Reserve", Code::kResourceExhausted},
       [](DoorWorld& w) { return w.budget.Reserve(33, "rows"); }},
      {{"Host::memory", Code::kResourceExhausted},
       [](DoorWorld& w) {
         RefusingMemory memory;
         return IndexBuilder(4, Flat(), {.memory = &memory}).Build(w.floats).status();
       }},
  };
}

// A call that is stopped by its Context.
struct Stoppable {
  const char* call;
  absl::Status (*run)(DoorWorld&, const Context&);
};

constexpr Stoppable kStoppable[] = {
    {"Context::Check", [](DoorWorld&, const Context& context) { return context.Check(); }},
    {"Index::Load",
     [](DoorWorld& w, const Context& context) {
       return Index::Load(*w.store, w.SaveIndex(), {}, {}, context).status();
     }},
    {"Index::Search",
     [](DoorWorld& w, const Context& context) {
       return w.BuildIndex()->Search({.vectors = w.query}, context).status();
     }},
    {"Index::Save",
     [](DoorWorld& w, const Context& context) {
       return w.BuildIndex()->Save(*w.store, PathOf("a"), {}, context);
     }},
    {"IndexBuilder::Build",
     [](DoorWorld& w, const Context& context) {
       return IndexBuilder(4, Hnsw()).Build(w.floats, RowStorage::kView, context).status();
     }},
    {"SegmentInfo::Read",
     [](DoorWorld& w, const Context& context) {
       return SegmentInfo::Read(*w.store, PathOf("s"), context).status();
     }},
    {"SegmentBuilder::Finish",
     [](DoorWorld& w, const Context& context) {
       return w.FilledBuilder()->Finish(*w.store, PathOf("t"), context).status();
     }},
    {"Segment::Open",
     [](DoorWorld& w, const Context& context) {
       return Segment::Open(*w.store, w.info, {}, context).status();
     }},
    {"Segment::Load",
     [](DoorWorld& w, const Context& context) { return w.segment->Load(context); }},
    {"Segment::Search",
     [](DoorWorld& w, const Context& context) { return w.SearchSegment(1, context); }},
    {"Segment::FindRows",
     [](DoorWorld& w, const Context& context) {
       return w.segment->FindRows({1}, context).status();
     }},
    {"Segment::Read",
     [](DoorWorld& w, const Context& context) {
       return w.segment->Read(w.first_row, {}, context).status();
     }},
    {"Segment::BuildIndex",
     [](DoorWorld& w, const Context& context) {
       return w.segment->BuildIndex("v", Hnsw(), context).status();
     }},
    {"Segment::AttachIndex",
     [](DoorWorld& w, const Context& context) {
       return w.segment->AttachIndex("v", *w.BuildIndex(), context).status();
     }},
    {"Segment::WithDeletes",
     [](DoorWorld& w, const Context& context) {
       return w.segment->WithDeletes(w.first_row, 7, context).status();
     }},
    {"MergeSegments",
     [](DoorWorld& w, const Context& context) {
       const Segment* const inputs[] = {w.segment.get()};
       return MergeSegments(inputs, *w.store, PathOf("m"), {}, context).status();
     }},
};

std::vector<DoorCase> StoppedCases() {
  std::vector<DoorCase> cases;
  for (const auto& [call, run] : kStoppable) {
    cases.push_back({{call, Code::kCancelled},
                     [run = run](DoorWorld& w) { return run(w, CancelledContext()); }});
    cases.push_back({{call, Code::kDeadlineExceeded},
                     [run = run](DoorWorld& w) { return run(w, ExpiredContext()); }});
  }
  return cases;
}

TEST(DoorErrorCodesTest, OfAnIndex) { ExpectCodes(IndexCases()); }
TEST(DoorErrorCodesTest, OfBuildingASegment) { ExpectCodes(SegmentBuilderCases()); }
TEST(DoorErrorCodesTest, OfASegment) { ExpectCodes(SegmentCases()); }
TEST(DoorErrorCodesTest, OfValues) { ExpectCodes(ValueCases()); }
TEST(DoorErrorCodesTest, OfStoppedCalls) { ExpectCodes(StoppedCases()); }

TEST(DoorErrorCodesTest, EveryDocumentedOneIsProduced) {
  std::set<Documented> produced;
  for (const auto& cases :
       {IndexCases(), SegmentBuilderCases(), SegmentCases(), ValueCases(), StoppedCases()}) {
    AddProduced(cases, &produced);
  }
  ExpectTheSame(kDoorCodes, produced);
}

}  // namespace
}  // namespace vecdb::support
