// Row E1 of the test plan: each error code that a header names for a call of Database,
// Collection, Consistency and the helpers of ObjectStore is produced here once. Adding a code to a
// header means adding it to kDocumented, and a case that produces it.
#include <gtest/gtest.h>

#include "api/collection_world.h"
#include "api/error_codes_testing.h"

namespace vecdb::support {
namespace {

// An index of one row that no segment has.
std::unique_ptr<Index> OneRowIndex() {
  const std::vector<float> row = {9, 9, 9, 9};
  return *IndexBuilder(4, Flat()).Build(row);
}

constexpr Documented kDocumented[] = {
    {"Database::Open", Code::kInvalidArgument},
    {"Database::Open", Code::kFailedPrecondition},
    {"Database::Open", Code::kDataLoss},
    {"Database::Open", Code::kPermissionDenied},
    {"Database::Open", Code::kNotFound},
    {"Database::Open", Code::kCancelled},
    {"Database::Open", Code::kDeadlineExceeded},
    {"Database::CreateCollection", Code::kAlreadyExists},
    {"Database::CreateCollection", Code::kInvalidArgument},
    {"Database::CreateCollection", Code::kResourceExhausted},
    {"Database::CreateCollection", Code::kFailedPrecondition},
    {"Database::OpenCollection", Code::kNotFound},
    {"Database::OpenCollection", Code::kDataLoss},
    {"Database::OpenCollection", Code::kFailedPrecondition},
    {"Database::RenameCollection", Code::kNotFound},
    {"Database::RenameCollection", Code::kAlreadyExists},
    {"Database::RenameCollection", Code::kInvalidArgument},
    {"Database::DropCollection", Code::kNotFound},
    {"Database::DropCollection", Code::kFailedPrecondition},
    {"Database::Refresh", Code::kDataLoss},
    {"Database::Refresh", Code::kFailedPrecondition},
    {"Database::CollectGarbage", Code::kUnavailable},
    {"Database::CollectGarbage", Code::kFailedPrecondition},
    {"Database::Verify", Code::kUnavailable},
    {"Database::Checkpoint", Code::kAlreadyExists},
    {"Database::Checkpoint", Code::kInvalidArgument},
    {"Database::Checkpoint", Code::kUnavailable},
    {"Database::Close", Code::kUnavailable},
    {"Database::Close", Code::kFailedPrecondition},
    {"Database::Close", Code::kDeadlineExceeded},
    {"Collection::Insert", Code::kAlreadyExists},
    {"Collection::Insert", Code::kInvalidArgument},
    {"Collection::Insert", Code::kResourceExhausted},
    {"Collection::Insert", Code::kUnknown},
    {"Collection::Insert", Code::kFailedPrecondition},
    {"Collection::Insert", Code::kDeadlineExceeded},
    {"Collection::Insert", Code::kCancelled},
    {"Collection::Upsert", Code::kInvalidArgument},
    {"Collection::Upsert", Code::kResourceExhausted},
    {"Collection::Upsert", Code::kUnknown},
    {"Collection::Upsert", Code::kFailedPrecondition},
    {"Collection::Delete", Code::kInvalidArgument},
    {"Collection::Delete", Code::kUnknown},
    {"Collection::Delete", Code::kFailedPrecondition},
    {"Collection::Get", Code::kNotFound},
    {"Collection::Get", Code::kInvalidArgument},
    {"Collection::Get", Code::kFailedPrecondition},
    {"Collection::Get", Code::kDataLoss},
    {"Collection::Count", Code::kInvalidArgument},
    {"Collection::Count", Code::kFailedPrecondition},
    {"Collection::Count", Code::kUnavailable},
    {"Consistency::AtLeast", Code::kInvalidArgument},
    {"Consistency::AsOf", Code::kFailedPrecondition},
    {"Consistency::AsOf", Code::kInvalidArgument},
    {"Collection::PinSnapshot", Code::kFailedPrecondition},
    {"Collection::Flush", Code::kUnavailable},
    {"Collection::Flush", Code::kUnknown},
    {"Collection::Flush", Code::kFailedPrecondition},
    {"Collection::DurableUpTo", Code::kFailedPrecondition},
    {"Collection::Refresh", Code::kDataLoss},
    {"Collection::CreateIndex", Code::kAlreadyExists},
    {"Collection::CreateIndex", Code::kNotFound},
    {"Collection::CreateIndex", Code::kInvalidArgument},
    {"Collection::CreateIndex", Code::kFailedPrecondition},
    {"Collection::AlterIndex", Code::kNotFound},
    {"Collection::AlterIndex", Code::kInvalidArgument},
    {"Collection::AttachIndex", Code::kNotFound},
    {"Collection::AttachIndex", Code::kInvalidArgument},
    {"Collection::AttachIndex", Code::kFailedPrecondition},
    {"Collection::AttachIndex", Code::kAlreadyExists},
    {"Collection::WaitForIndex", Code::kNotFound},
    {"Collection::WaitForIndex", Code::kResourceExhausted},
    {"Collection::DropIndex", Code::kNotFound},
    {"Collection::DropIndex", Code::kFailedPrecondition},
    {"Collection::DescribeIndex", Code::kNotFound},
    {"Collection::Load", Code::kFailedPrecondition},
    {"Collection::Load", Code::kResourceExhausted},
    {"Collection::Release", Code::kFailedPrecondition},
    {"Collection::Search", Code::kFailedPrecondition},
    {"Collection::Search", Code::kNotFound},
    {"Collection::Search", Code::kInvalidArgument},
    {"Collection::Search", Code::kDataLoss},
    {"Collection::Search", Code::kDeadlineExceeded},
    {"Collection::Search", Code::kCancelled},
    {"Collection::Describe", Code::kFailedPrecondition},
    {"Collection::Segments", Code::kFailedPrecondition},
    {"ObjectPath::Parse", Code::kInvalidArgument},
    {"ObjectPath::Join", Code::kInvalidArgument},
    {"OpenLocalObjectStore", Code::kFailedPrecondition},
    {"WithPrefix", Code::kInvalidArgument},
    {"PutObject", Code::kAlreadyExists},
    {"GetObject", Code::kNotFound},
    {"GetObject", Code::kDataLoss},
};

using Case = CodeCase<World>;

const std::vector<Case>& DatabaseCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Database::Open", Code::kInvalidArgument},
       [](World&) { return Database::Open({}).status(); }},
      {{"Database::Open", Code::kFailedPrecondition},
       [](World& w) { return Database::Open(w.db.options).status(); }},
      {{"Database::Open", Code::kDataLoss},
       [](World& w) {
         w.db.database.reset();
         ReplaceObject(*w.store, "vecdb.json", "damaged");
         return w.db.TryOpen();
       }},
      {{"Database::Open", Code::kPermissionDenied},
       [](World& w) {
         w.db.database.reset();
         w.store_faults->Arm({.call = "Lock", .error = absl::PermissionDeniedError("not yours")});
         return w.db.TryOpen();
       }},
      {{"Database::Open", Code::kNotFound},
       [](World&) {
         return Database::Open({.store = MakeMemoryObjectStore(), .read_only = true}).status();
       }},
      {{"Database::Open", Code::kCancelled},
       [](World& w) { return Database::Open(w.db.options, CancelledContext()).status(); }},
      {{"Database::Open", Code::kDeadlineExceeded},
       [](World& w) { return Database::Open(w.db.options, ExpiredContext()).status(); }},
      {{"Database::CreateCollection", Code::kAlreadyExists},
       [](World& w) { return w.db->CreateCollection("c", w.schema).status(); }},
      {{"Database::CreateCollection", Code::kInvalidArgument},
       [](World& w) { return w.db->CreateCollection("c d", w.schema).status(); }},
      {{"Database::CreateCollection", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.db->CreateCollection("d", w.schema).status();
       }},
      {{"Database::OpenCollection", Code::kNotFound},
       [](World& w) { return w.db->OpenCollection("d").status(); }},
      {{"Database::OpenCollection", Code::kDataLoss},
       [](World& w) {
         w.db.Crash();
         ReplaceObject(*w.store, ObjectsWith(*w.store, "/manifest/").back(), "damaged");
         return w.db->OpenCollection("c").status();
       }},
      {{"Database::OpenCollection", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         w.db.Crash();
         EXPECT_OK(w.logs->Unlink(LogFiles(*w.logs).front()));
         return w.db->OpenCollection("c").status();
       }},
      {{"Database::RenameCollection", Code::kNotFound},
       [](World& w) { return w.db->RenameCollection("d", "e"); }},
      {{"Database::RenameCollection", Code::kAlreadyExists},
       [](World& w) { return w.db->RenameCollection("c", "c"); }},
      {{"Database::RenameCollection", Code::kInvalidArgument},
       [](World& w) { return w.db->RenameCollection("c", ""); }},
      {{"Database::DropCollection", Code::kNotFound},
       [](World& w) { return w.db->DropCollection("d"); }},
      {{"Database::DropCollection", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).db->DropCollection("c"); }},
      {{"Database::Refresh", Code::kDataLoss},
       [](World& w) {
         const Reader reader(w);
         EXPECT_OK(w.db->RenameCollection("c", "other"));
         ReplaceObject(*w.store, ObjectsWith(*w.store, "catalog/").back(), "damaged");
         return reader.db.database->Refresh();
       }},
      {{"Database::Refresh", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.db->Refresh();
       }},
      {{"Database::CollectGarbage", Code::kUnavailable},
       [](World& w) {
         w.FailStore("List", "");
         return w.db->CollectGarbage().status();
       }},
      {{"Database::CollectGarbage", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).db->CollectGarbage().status(); }},
      {{"Database::Verify", Code::kUnavailable},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.FailStore("ReadAt", "");
         return w.db->Verify().status();
       }},
      {{"Database::Checkpoint", Code::kAlreadyExists},
       [](World& w) {
         const auto target = MakeMemoryObjectStore();
         EXPECT_OK(w.db->Checkpoint(target, ""));
         return w.db->Checkpoint(target, "");
       }},
      {{"Database::Checkpoint", Code::kInvalidArgument},
       [](World& w) { return w.db->Checkpoint(nullptr, ""); }},
      {{"Database::Checkpoint", Code::kUnavailable},
       [](World& w) {
         const auto faults = std::make_shared<FaultInjector>();
         faults->Arm({.sticky = true, .error = absl::UnavailableError("away")});
         return w.db->Checkpoint(
             std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults), "");
       }},
      {{"Database::Close", Code::kUnavailable},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         w.FailStore("Create", "/segments/");
         return w.db->Close();
       }},
      {{"Database::Close", Code::kFailedPrecondition},
       [](World& w) {
         w.FailJournal();
         EXPECT_FALSE(w.c->Upsert(w.Rows({2})).ok());
         return w.db->Close();
       }},
      {{"Database::Close", Code::kDeadlineExceeded},
       [](World& w) { return w.db->Close(ExpiredContext()); }},
  };
  return cases;
}

const std::vector<Case>& WriteCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Collection::Insert", Code::kAlreadyExists},
       [](World& w) {
         EXPECT_OK(w.c->Insert(w.Rows({1})));
         return w.c->Insert(w.Rows({1})).status();
       }},
      {{"Collection::Insert", Code::kInvalidArgument},
       [](World& w) {
         return w.c->Insert(w.Rows({1, 1})).status();
       }},
      {{"Collection::Insert", Code::kResourceExhausted},
       [](World& w) {
         w.Squeeze();
         return w.c->Insert(w.Rows({1})).status();
       }},
      {{"Collection::Insert", Code::kUnknown},
       [](World& w) {
         w.FailJournal();
         return w.c->Insert(w.Rows({2})).status();
       }},
      {{"Collection::Insert", Code::kFailedPrecondition},
       [](World& w) {
         w.FailJournal();
         EXPECT_FALSE(w.c->Insert(w.Rows({2})).ok());
         return w.c->Insert(w.Rows({3})).status();
       }},
      {{"Collection::Insert", Code::kDeadlineExceeded},
       [](World& w) { return w.c->Insert(w.Rows({1}), ExpiredContext()).status(); }},
      {{"Collection::Insert", Code::kCancelled},
       [](World& w) { return w.c->Insert(w.Rows({1}), CancelledContext()).status(); }},
      {{"Collection::Upsert", Code::kInvalidArgument},
       [](World& w) { return w.c->Upsert(w.Rows({})).status(); }},
      {{"Collection::Upsert", Code::kResourceExhausted},
       [](World& w) {
         w.Squeeze();
         return w.c->Upsert(w.Rows({1})).status();
       }},
      {{"Collection::Upsert", Code::kUnknown},
       [](World& w) {
         w.FailJournal();
         return w.c->Upsert(w.Rows({1})).status();
       }},
      {{"Collection::Upsert", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).c->Upsert(w.Rows({1})).status(); }},
      {{"Collection::Delete", Code::kInvalidArgument},
       [](World& w) { return w.c->Delete({std::string("text")}).status(); }},
      {{"Collection::Delete", Code::kUnknown},
       [](World& w) {
         w.FailJournal();
         return w.c->Delete({1}).status();
       }},
      {{"Collection::Delete", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->DropCollection("c"));
         return w.c->Delete({1}).status();
       }},
      {{"Collection::Flush", Code::kUnavailable},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         w.FailStore("Create", "/segments/");
         return w.c->Flush();
       }},
      {{"Collection::Flush", Code::kUnknown},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         w.store_faults->Arm({.call = "Finish",
                              .path_contains = "/manifest/",
                              .mode = FaultMode::kFailAfter,
                              .error = absl::DataLossError("it may go again")});
         return w.c->Flush();
       }},
      {{"Collection::Flush", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).c->Flush(); }},
      {{"Collection::DurableUpTo", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.c->DurableUpTo().status();
       }},
      {{"Collection::CreateIndex", Code::kAlreadyExists},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.c->CreateIndex("v", Hnsw());
       }},
      {{"Collection::CreateIndex", Code::kNotFound},
       [](World& w) { return w.c->CreateIndex("x", Flat()); }},
      {{"Collection::CreateIndex", Code::kInvalidArgument},
       [](World& w) { return w.c->CreateIndex("tag", Flat()); }},
      {{"Collection::CreateIndex", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).c->CreateIndex("v", Flat()); }},
      {{"Collection::AttachIndex", Code::kNotFound},
       [](World& w) { return w.c->AttachIndex("x", *OneRowIndex()); }},
      {{"Collection::AttachIndex", Code::kInvalidArgument},
       [](World& w) { return w.c->AttachIndex("tag", *OneRowIndex()); }},
      {{"Collection::AttachIndex", Code::kFailedPrecondition},
       [](World& w) { return w.c->AttachIndex("v", *OneRowIndex()); }},
      {{"Collection::AttachIndex", Code::kAlreadyExists},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Hnsw()));
         return w.c->AttachIndex("v", *OneRowIndex());
       }},
      {{"Collection::WaitForIndex", Code::kNotFound},
       [](World& w) { return w.c->WaitForIndex("v"); }},
      {{"Collection::WaitForIndex", Code::kResourceExhausted},
       [](World& w) {
         w.FlushIndexed(Hnsw());
         w.Squeeze();
         return w.c->WaitForIndex("v");
       }},
      {{"Collection::DropIndex", Code::kNotFound}, [](World& w) { return w.c->DropIndex("v"); }},
      {{"Collection::DropIndex", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return Reader(w).c->DropIndex("v");
       }},
  };
  return cases;
}

const std::vector<Case>& ReadCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Collection::Get", Code::kNotFound},
       [](World& w) {
         const std::vector<std::string> fields = {"x"};
         return w.c->Get({1}, fields).status();
       }},
      {{"Collection::Get", Code::kInvalidArgument},
       [](World& w) { return w.c->Get({std::string("text")}).status(); }},
      {{"Collection::Get", Code::kFailedPrecondition},
       [](World& w) { return w.c->Get({1}, {}, Consistency::AsOf(1)).status(); }},
      {{"Collection::Get", Code::kDataLoss},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.Damage(".vseg");
         w.Crash();
         return w.c->Get({1}).status();
       }},
      {{"Collection::Count", Code::kInvalidArgument},
       [](World& w) { return w.c->Count(std::shared_ptr<const Snapshot>()).status(); }},
      {{"Collection::Count", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         return Reader(w).c->Count(ConsistencyLevel::kStrong).status();
       }},
      {{"Collection::Count", Code::kUnavailable},
       [](World& w) {
         EXPECT_OK(w.c->Upsert(w.Rows({1})));
         return Reader(w).c->Count(Consistency::Bounded(0)).status();
       }},
      {{"Consistency::AtLeast", Code::kInvalidArgument},
       [](World& w) { return w.c->Count(Consistency::AtLeast(~uint64_t{0})).status(); }},
      {{"Consistency::AsOf", Code::kFailedPrecondition},
       [](World& w) { return w.c->Count(Consistency::AsOf(1)).status(); }},
      {{"Consistency::AsOf", Code::kInvalidArgument},
       [](World& w) { return w.c->Count(Consistency::AsOf(~uint64_t{0})).status(); }},
      {{"Collection::PinSnapshot", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.c->PinSnapshot().status();
       }},
      {{"Collection::Refresh", Code::kDataLoss},
       [](World& w) {
         const Reader reader(w);
         EXPECT_OK(w.db->Close());
         EXPECT_OK(w.db.TryOpen());
         EXPECT_OK(w.db->OpenCollection("c"));  // another manifest
         ReplaceObject(*w.store, ObjectsWith(*w.store, "/manifest/").back(), "damaged");
         return reader.c->Refresh();
       }},
      {{"Collection::AlterIndex", Code::kNotFound},
       [](World& w) { return w.c->AlterIndex("v", support::Flat()); }},
      {{"Collection::AlterIndex", Code::kInvalidArgument},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", support::Flat()));
         return w.c->AlterIndex("v", support::Flat(Metric::kIp));
       }},
      {{"Collection::DescribeIndex", Code::kNotFound},
       [](World& w) { return w.c->DescribeIndex("v").status(); }},
      {{"Collection::Load", Code::kFailedPrecondition}, [](World& w) { return w.c->Load(); }},
      {{"Collection::Load", Code::kResourceExhausted},
       [](World& w) {
         w.FlushIndexed(Flat());
         EXPECT_OK(w.c->Release());
         w.Squeeze();
         return w.c->Load();
       }},
      {{"Collection::Release", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.c->Release();
       }},
      {{"Collection::Search", Code::kFailedPrecondition}, [](World& w) { return w.Search({}); }},
      {{"Collection::Search", Code::kNotFound},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({.field = "x"});
       }},
      {{"Collection::Search", Code::kInvalidArgument},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({.limit = 0});
       }},
      {{"Collection::Search", Code::kDataLoss},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.Damage(".vec");
         w.Crash();
         return w.Search({});
       }},
      {{"Collection::Search", Code::kDeadlineExceeded},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({}, ExpiredContext());
       }},
      {{"Collection::Search", Code::kCancelled},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({}, CancelledContext());
       }},
      {{"Collection::Describe", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.c->Describe().status();
       }},
      {{"Collection::Segments", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.db->Close());
         return w.c->Segments().status();
       }},
      {{"ObjectPath::Parse", Code::kInvalidArgument},
       [](World&) { return ObjectPath::Parse("../x").status(); }},
      {{"ObjectPath::Join", Code::kInvalidArgument},
       [](World&) { return PathOf("a").Join("/").status(); }},
      {{"OpenLocalObjectStore", Code::kFailedPrecondition},
       [](World&) { return OpenLocalObjectStore("/proc/self/exe").status(); }},
      {{"WithPrefix", Code::kInvalidArgument},
       [](World& w) { return WithPrefix(w.store, "a/").status(); }},
      {{"PutObject", Code::kAlreadyExists},
       [](World& w) { return PutObject(*w.store, PathOf("vecdb.json"), "x"); }},
      {{"GetObject", Code::kNotFound},
       [](World& w) { return GetObject(*w.store, PathOf("missing"), 1).status(); }},
      {{"GetObject", Code::kDataLoss},
       [](World& w) { return GetObject(*w.store, PathOf("vecdb.json"), 1).status(); }},
  };
  return cases;
}

TEST(ErrorCodesTest, OfTheDatabase) { ExpectCodes(DatabaseCases()); }
TEST(ErrorCodesTest, OfWriting) { ExpectCodes(WriteCases()); }
TEST(ErrorCodesTest, OfReading) { ExpectCodes(ReadCases()); }

TEST(ErrorCodesTest, EveryDocumentedOneIsProduced) {
  std::set<Documented> produced;
  for (const auto* cases : {&DatabaseCases(), &WriteCases(), &ReadCases()}) {
    AddProduced(*cases, &produced);
  }
  // Takes long: limit_slow_test.cc.
  produced.insert({"Database::CreateCollection", Code::kResourceExhausted});
  ExpectTheSame(kDocumented, produced);
}

}  // namespace
}  // namespace vecdb::support
