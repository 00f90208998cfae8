#include "vecdb/cached_store.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/cache_testing.h"
#include "support/fake_clock.h"
#include "support/object_store_contract.h"

namespace vecdb::support {
namespace {

struct CachedMemoryObjects {
  std::shared_ptr<ObjectStore> Open() {
    return OpenCachedObjectStore(MakeMemoryObjectStore(), {.directory = directory.path(),
                                                           .store_name = std::to_string(++opened),
                                                           .budget_bytes = uint64_t{64} << 20,
                                                           .use = KeepAll})
        .value();
  }
  int opened = 0;
  TempDirectory directory;
};

// Every object is larger than the budget.
struct PassedMemoryObjects {
  std::shared_ptr<ObjectStore> Open() {
    return OpenCachedObjectStore(MakeMemoryObjectStore(), {.directory = directory.path(),
                                                           .store_name = "m",
                                                           .budget_bytes = 1,
                                                           .use = KeepAll})
        .value();
  }
  TempDirectory directory;
};

struct CachedInMemoryFiles {
  std::shared_ptr<ObjectStore> Open() {
    return OpenCachedObjectStore(MakeMemoryObjectStore(), {.file_system = MakeMemoryFileSystem(),
                                                           .store_name = "m",
                                                           .budget_bytes = uint64_t{64} << 20,
                                                           .use = KeepAll})
        .value();
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Cached, ObjectStoreContract, CachedMemoryObjects);
INSTANTIATE_TYPED_TEST_SUITE_P(CachedOverBudget, ObjectStoreContract, PassedMemoryObjects);
INSTANTIATE_TYPED_TEST_SUITE_P(CachedInMemoryFiles, ObjectStoreContract, CachedInMemoryFiles);

using CachedObjectStoreTest = CacheTest;

TEST_F(CachedObjectStoreTest, SecondOpenAsksTheStoreForNothing) {
  const std::string text = Put("a/o", 5 * kMiB + 17);
  const auto store = Open();
  EXPECT_TRUE(TextOf(*store, "a/o") == text);
  EXPECT_EQ(store->usage().fetched_bytes, text.size());
  EXPECT_EQ(store->usage().misses, 1U);
  faults_->Disarm();
  EXPECT_TRUE(TextOf(*store, "a/o") == text);
  EXPECT_TRUE(faults_->calls().empty());
  const CacheUsage usage = store->usage();
  EXPECT_EQ(usage.hits, 1U);
  EXPECT_EQ(usage.fetched_objects, 1U);
  EXPECT_EQ(usage.held_objects, 1U);
  EXPECT_EQ(usage.held_bytes, text.size());
  EXPECT_EQ(usage.open_bytes, 0U);
}

TEST_F(CachedObjectStoreTest, ReopenedCacheServesWhatTheLastOneKept) {
  const std::string text = Put("a/o", 5 * kMiB);
  EXPECT_TRUE(TextOf(*Open(), "a/o") == text);
  faults_->Disarm();
  const auto store = Open();
  EXPECT_EQ(store->usage().held_bytes, text.size());
  EXPECT_TRUE(TextOf(*store, "a/o") == text);
  EXPECT_TRUE(faults_->calls().empty());
}

TEST_F(CachedObjectStoreTest, KeptObjectIsAFileAsOfALocalStore) {
  const std::string text = Put("a/o", 100'000);
  const auto reader = Open()->Open(PathOf("a/o"));
  ASSERT_OK(reader);
  EXPECT_GE((*reader)->descriptor(), 0);
  auto map = (*reader)->Map();
  ASSERT_OK(map);
  EXPECT_TRUE(std::string(reinterpret_cast<const char*>((*map)->bytes().data()),
                          (*map)->bytes().size()) == text);
}

TEST_F(CachedObjectStoreTest, ReadsOfAllSizesAreThoseOfTheStore) {
  const auto store = Open();
  for (size_t size : {size_t{1}, size_t{4095}, 4 * kMiB - 1, 4 * kMiB, 4 * kMiB + 1}) {
    const std::string path = "size/" + std::to_string(size);
    const std::string text = Put(path, size);
    EXPECT_TRUE(TextOf(*store, path) == text) << size;
    EXPECT_TRUE(TextOf(*store, path) == text) << size;
  }
  EXPECT_EQ(store->usage().hits, 5U);
}

TEST_F(CachedObjectStoreTest, OtherStoresOfTheSameDirectoryAreNotMixed) {
  const std::string text = Put("a/o", 1000);
  EXPECT_EQ(TextOf(*Open(), "a/o"), text);
  auto other = MakeMemoryObjectStore();
  ASSERT_OK(PutObject(*other, PathOf("a/o"), "another"));
  CachedStoreOptions options = Options();
  options.store_name = "another store";
  const auto store = OpenCachedObjectStore(other, options);
  ASSERT_OK(store);
  EXPECT_EQ(TextOf(**store, "a/o"), "another");
  EXPECT_EQ(TextOf(*Open(), "a/o"), text);
}

TEST_F(CachedObjectStoreTest, DeletedNameIsNotAnsweredAndMayBeGivenAnew) {
  Put("a/o", 1000);
  const auto store = Open();
  TextOf(*store, "a/o");
  EXPECT_EQ(Kept().size(), 1U);
  const auto reader = store->Open(PathOf("a/o"));
  ASSERT_OK(store->Delete(PathOf("a/o")));
  EXPECT_TRUE(Kept().empty());
  EXPECT_EQ(CodeOf(store->Open(PathOf("a/o"))), absl::StatusCode::kNotFound);
  ASSERT_OK(PutObject(*store, PathOf("a/o"), "new"));
  EXPECT_EQ(TextOf(*store, "a/o"), "new");
  // Another cache of the directory.
  EXPECT_EQ(TextOf(*Open(), "a/o"), "new");
}

TEST_F(CachedObjectStoreTest, NameThatIsGivenAnewElsewhereIsForgottenWhenCreatedHere) {
  const auto store = Open();
  Put("a/o", 1000);
  TextOf(*store, "a/o");
  ASSERT_OK(memory_->Delete(PathOf("a/o")));  // by somebody else
  EXPECT_EQ(TextOf(*store, "a/o").size(), 1000U);
  ASSERT_OK(PutObject(*store, PathOf("a/o"), "new"));
  EXPECT_EQ(TextOf(*store, "a/o"), "new");
}

TEST_F(CachedObjectStoreTest, MissingObjectsAreAskedForEachTime) {
  const auto store = Open();
  EXPECT_EQ(CodeOf(store->Open(PathOf("a/o"))), absl::StatusCode::kNotFound);
  const std::string text = Put("a/o", 10);
  EXPECT_EQ(TextOf(*store, "a/o"), text);
  EXPECT_TRUE(OnTheirWay().empty());
}

TEST_F(CachedObjectStoreTest, WhatIsNotOfASegmentIsNotKept) {
  struct Case {
    const char* path;
    CacheUse use;
  };
  for (const Case& c :
       {Case{"vecdb.json", CacheUse::kStore},
        Case{"catalog/00000000000000000001.json", CacheUse::kStore},
        Case{"collections/c/manifest/00000000000000000001.json", CacheUse::kStore},
        Case{"collections/c/journal/log-1/7.log", CacheUse::kStore},
        Case{"collections/c/segments/s/columns.vseg", CacheUse::kWhenRead},
        Case{"segments/s/101-0.idx", CacheUse::kWhole},
        Case{"segments/s/101.vec", CacheUse::kWhenRead},
        Case{"segments/s/columns.vseg", CacheUse::kWhenRead},
        Case{"collections/segments", CacheUse::kStore}, Case{"my-segments/o", CacheUse::kStore}}) {
    EXPECT_EQ(DefaultCacheUse(PathOf(c.path)), c.use) << c.path;
  }
  CachedStoreOptions options = Options();
  options.use = nullptr;
  const auto store = Open(options);
  Put("catalog/1", 100);
  Put("segments/s/o", 100);
  TextOf(*store, "catalog/1");
  EXPECT_EQ(store->usage(), CacheUsage());
  TextOf(*store, "segments/s/o");
  EXPECT_EQ(Kept().size(), 1U);
}

TEST_F(CachedObjectStoreTest, LeastRecentlyUsedObjectGoesFirst) {
  FakeClock clock;
  CachedStoreOptions options = Options();
  options.budget_bytes = 3000;
  const auto open = [&] { return Open(options, {.clock = &clock}); };
  for (const char* path : {"a", "b", "c", "d"}) Put(path, 1000);
  {
    const auto store = open();
    for (const char* path : {"a", "b", "c", "a", "b"}) {
      clock.Advance(1);
      TextOf(*store, path);
    }
  }
  // The order outlives the process: c was used longest ago, then a.
  const auto store = open();
  TextOf(*store, "d");
  EXPECT_EQ(store->usage().evicted_objects, 1U);
  EXPECT_EQ(store->usage().evicted_bytes, 1000U);
  EXPECT_EQ(store->usage().held_bytes, 3000U);
  faults_->Disarm();
  TextOf(*store, "a");
  TextOf(*store, "b");
  EXPECT_EQ(Calls("Open"), 0);
  TextOf(*store, "c");
  EXPECT_EQ(Calls("Open"), 1);
}

TEST_F(CachedObjectStoreTest, UsesWithinOneMillisecondAreOrdered) {
  const FakeClock clock;
  CachedStoreOptions options = Options();
  options.budget_bytes = 3000;
  const auto store = Open(options, {.clock = &clock});
  for (const char* path : {"a", "b", "c", "d"}) Put(path, 1000);
  for (const char* path : {"c", "b", "a", "c", "d"}) TextOf(*store, path);
  faults_->Disarm();
  for (const char* path : {"a", "c", "d"}) TextOf(*store, path);
  EXPECT_EQ(Calls("Open"), 0);
}

TEST_F(CachedObjectStoreTest, OpenObjectsStayAndWhatHasNoRoomIsReadFromTheStore) {
  CachedStoreOptions options = Options();
  options.budget_bytes = 2500;
  const auto store = Open(options);
  for (const char* path : {"a", "b", "c"}) Put(path, 1000);
  const auto a = store->Open(PathOf("a"));
  auto b = store->Open(PathOf("b"));
  EXPECT_EQ(store->usage().open_bytes, 2000U);
  const auto c = store->Open(PathOf("c"));
  ASSERT_OK(c);
  EXPECT_EQ((*c)->descriptor(), -1);
  EXPECT_TRUE(TextOf(*store, "c") == TextOf(*memory_, "c"));
  CacheUsage usage = store->usage();
  EXPECT_EQ(usage.no_room, 2U);
  EXPECT_EQ(usage.passed_opens, 2U);
  EXPECT_EQ(usage.passed_reads, 1U);
  EXPECT_EQ(usage.passed_bytes, 1000U);
  EXPECT_EQ(usage.evicted_objects, 0U);
  EXPECT_EQ(usage.failures, 0U);
  // A map keeps its object as well.
  auto map = (*b)->Map();
  ASSERT_OK(map);
  b->reset();
  TextOf(*store, "c");
  EXPECT_EQ(store->usage().no_room, 3U);
  map->reset();
  TextOf(*store, "c");
  EXPECT_EQ(store->usage().no_room, 3U);
  EXPECT_EQ(store->usage().evicted_objects, 1U);
}

TEST_F(CachedObjectStoreTest, BudgetIsKeptOnBothSidesOfItsLimit) {
  CachedStoreOptions options = Options();
  options.budget_bytes = 1000;
  const auto store = Open(options);
  for (const auto& [path, size] : {std::pair("fits", 1000), std::pair("larger", 1001)}) {
    Put(path, static_cast<size_t>(size));
  }
  TextOf(*store, "fits");
  EXPECT_EQ(store->usage().held_bytes, 1000U);
  EXPECT_EQ(TextOf(*store, "larger").size(), 1001U);
  EXPECT_EQ(store->usage().no_room, 1U);
  EXPECT_EQ(store->usage().held_bytes, 1000U);  // nothing went for it
}

TEST_F(CachedObjectStoreTest, RangesAreReadFromTheStoreUnlessTheObjectIsKept) {
  const std::string text = Put("a/o", 100'000);
  CachedStoreOptions options = Options();
  options.use = PassAll;
  const auto store = Open(options);
  {
    const auto reader = store->Open(PathOf("a/o"));
    ASSERT_OK(reader);
    std::string page(4096, '\0');
    for (uint64_t at : {uint64_t{0}, uint64_t{8192}, uint64_t{90'000}}) {
      ASSERT_OK((*reader)->ReadAt(at, std::as_writable_bytes(std::span(page))));
      EXPECT_EQ(page, text.substr(at, 4096));
    }
  }
  CacheUsage usage = store->usage();
  EXPECT_EQ(usage.passed_opens, 1U);
  EXPECT_EQ(usage.store_opens, 1U);
  EXPECT_EQ(usage.passed_reads, 3U);
  EXPECT_EQ(usage.passed_bytes, 3U * 4096U);
  EXPECT_EQ(usage.fetched_bytes, 0U);
  EXPECT_TRUE(Kept().empty());
  const std::vector<ObjectPath> paths = {PathOf("a/o")};
  const auto fetched = store->Prefetch(paths);
  ASSERT_OK(fetched);
  EXPECT_EQ(fetched->fetched_objects, 1U);
  const auto reader = store->Open(PathOf("a/o"));
  EXPECT_GE((*reader)->descriptor(), 0);
  EXPECT_EQ(store->usage().hits, 1U);
}

TEST_F(CachedObjectStoreTest, LargerObjectsMayBeReadInRanges) {
  CachedStoreOptions options = Options();
  options.whole_up_to_bytes = 1000;
  const auto store = Open(options);
  Put("small", 1000);
  Put("large", 1001);
  EXPECT_GE((*store->Open(PathOf("small")))->descriptor(), 0);
  EXPECT_EQ((*store->Open(PathOf("large")))->descriptor(), -1);
  EXPECT_EQ(store->usage().store_opens, 2U);
  EXPECT_EQ(store->usage().no_room, 0U);
}

CacheUse WhenRead(const ObjectPath&) { return CacheUse::kWhenRead; }

TEST_F(CachedObjectStoreTest, ObjectThatIsOpenedAndHardlyReadIsNotFetched) {
  CachedStoreOptions options = Options();
  options.use = WhenRead;
  const auto store = Open(options);
  const std::string text = Put("large", 6 * kMiB);
  const auto reader = store->Open(PathOf("large"));
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->descriptor(), -1);
  std::string out(kMiB + 6 * kMiB / 64, '\0');
  ASSERT_OK((*reader)->ReadAt(100, std::as_writable_bytes(std::span(out))));
  EXPECT_TRUE(out == text.substr(100, out.size()));
  EXPECT_EQ(store->usage().fetched_bytes, 0U);
  EXPECT_EQ(store->usage().passed_bytes, out.size());
  // The byte beyond is worth a fetch.
  out.resize(1);
  ASSERT_OK((*reader)->ReadAt(5000, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, text.substr(5000, 1));
  EXPECT_EQ(store->usage().fetched_objects, 1U);
  EXPECT_EQ(store->usage().misses, 1U);
  EXPECT_GE((*reader)->descriptor(), 0);
  faults_->Disarm();
  EXPECT_TRUE(TextOf(*store, "large") == text);
  EXPECT_EQ(Calls("Open") + Calls("ReadAt"), 0);
}

TEST_F(CachedObjectStoreTest, ObjectOfAMegabyteOrThatIsMappedIsFetchedAtOnce) {
  CachedStoreOptions options = Options();
  options.use = WhenRead;
  const auto store = Open(options);
  Put("small", kMiB);
  EXPECT_GE((*store->Open(PathOf("small")))->descriptor(), 0);
  const std::string text = Put("large", kMiB + 1);
  const auto reader = store->Open(PathOf("large"));
  EXPECT_EQ((*reader)->descriptor(), -1);
  const auto map = (*reader)->Map();
  ASSERT_OK(map);
  EXPECT_TRUE(std::string(reinterpret_cast<const char*>((*map)->bytes().data()),
                          (*map)->bytes().size()) == text);
}

TEST_F(CachedObjectStoreTest, ObjectThatCannotBeFetchedWhenReadIsReadFromTheStore) {
  CachedStoreOptions options = Options();
  options.use = WhenRead;
  options.budget_bytes = kMiB;
  const auto store = Open(options);
  const std::string text = Put("large", 3 * kMiB);
  const auto reader = store->Open(PathOf("large"));
  std::string out(text.size(), '\0');
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK((*reader)->ReadAt(0, std::as_writable_bytes(std::span(out))));
    EXPECT_TRUE(out == text);
  }
  EXPECT_EQ(CodeOf((*reader)->Map()), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(store->usage().no_room, 1U);
  // A fetch that fails leaves the read to the store; one that is stopped stops the read.
  options.budget_bytes = 64 * kMiB;
  const auto other = Open(options);
  const auto again = other->Open(PathOf("large"));
  faults_->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
  ASSERT_OK((*again)->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_TRUE(out == text);
  Context context{.cancel = CancelToken::Make()};
  faults_->Arm(
      {.call = "ReadAt", .mode = FaultMode::kSlow, .on_slow = [&] { context.cancel.Cancel(); }});
  EXPECT_EQ(CodeOf((*again)->ReadAt(0, std::as_writable_bytes(std::span(out)), context)),
            absl::StatusCode::kCancelled);
  EXPECT_TRUE(OnTheirWay().empty());
}

TEST_F(CachedObjectStoreTest, PrefetchBringsWhatIsBelowAPrefix) {
  const auto pool = MakeThreadPool(4);
  const auto store = Open(Options(), {.executor = pool.get()});
  for (int i = 0; i < 10; ++i) Put("s/" + std::to_string(i), static_cast<size_t>(i) * 1000);
  Put("t/0", 1000);
  TextOf(*store, "s/3");
  const auto fetched = store->PrefetchBelow(PathOf("s"));
  ASSERT_OK(fetched);
  // The empty one is not worth a file.
  EXPECT_EQ(*fetched,
            (PrefetchResult{.objects = 10, .bytes = 45'000, .fetched_objects = 8, .left_out = 1}));
  EXPECT_EQ(Kept().size(), 9U);
  faults_->Disarm();
  for (int i = 1; i < 10; ++i) TextOf(*store, "s/" + std::to_string(i));
  EXPECT_TRUE(faults_->calls().empty());
  EXPECT_EQ(store->PrefetchBelow(PathOf("none")).value(), PrefetchResult());
}

TEST_F(CachedObjectStoreTest, PrefetchOfMoreThanTheBudgetFetchesNothing) {
  CachedStoreOptions options = Options();
  options.budget_bytes = 1999;
  const auto store = Open(options);
  Put("s/a", 1000);
  Put("s/b", 1000);
  const auto fetched = store->PrefetchBelow(PathOf("s"));
  EXPECT_EQ(CodeOf(fetched), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(fetched.status().message().find("2000"), std::string::npos);
  EXPECT_NE(fetched.status().message().find("1999"), std::string::npos);
  EXPECT_TRUE(Kept().empty());
}

TEST_F(CachedObjectStoreTest, PrefetchGivesTheErrorOfTheStore) {
  const auto store = Open();
  Put("s/a", 1000);
  faults_->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(store->PrefetchBelow(PathOf("s"))), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(OnTheirWay().empty());
  EXPECT_OK(store->PrefetchBelow(PathOf("s")));
}

TEST_F(CachedObjectStoreTest, FailedFetchIsTheErrorOfTheStoreAndLeavesNothing) {
  const std::string text = Put("a/o", 9 * kMiB);
  const auto store = Open();
  faults_->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(store->Open(PathOf("a/o"))), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Kept().empty());
  EXPECT_TRUE(OnTheirWay().empty());
  EXPECT_TRUE(TextOf(*store, "a/o") == text);
}

TEST_F(CachedObjectStoreTest, StoppedFetchGoesOnWhereItWasForThoseWhoWait) {
  const std::string text = Put("a/o", 24 * kMiB);
  CachedStoreOptions options = Options();
  options.range_bytes = 4 * kMiB;
  options.parallel_ranges = 1;
  const auto store = Open(options);
  Context context{.cancel = CancelToken::Make()};
  std::thread other;
  absl::StatusOr<std::unique_ptr<ObjectReader>> opened;
  // In the 3rd range the caller is cancelled while another thread waits for the same object.
  faults_->Arm({.call = "ReadAt", .nth = 3, .mode = FaultMode::kSlow, .on_slow = [&] {
                  other = std::thread([&] { opened = store->Open(PathOf("a/o")); });
                  context.cancel.Cancel();
                }});
  const auto stopped = store->Open(PathOf("a/o"), context);
  other.join();
  EXPECT_EQ(CodeOf(stopped), absl::StatusCode::kCancelled);
  ASSERT_OK(opened);
  std::string read(text.size(), '\0');
  ASSERT_OK((*opened)->ReadAt(0, std::as_writable_bytes(std::span(read))));
  EXPECT_TRUE(read == text);
}

TEST_F(CachedObjectStoreTest, DropForgetsAnObject) {
  Put("a/o", 1000);
  const auto store = Open();
  TextOf(*store, "a/o");
  ASSERT_OK(store->Drop(PathOf("a/o")));
  EXPECT_TRUE(Kept().empty());
  TextOf(*store, "a/o");
  EXPECT_EQ(store->usage().fetched_objects, 2U);
  EXPECT_OK(store->Drop(PathOf("never/was")));
}

TEST_F(CachedObjectStoreTest, BadOptionsAreNamed) {
  struct Case {
    const char* named;
    std::function<void(CachedStoreOptions&)> change;
  };
  for (const Case& c :
       {Case{"directory", [](auto& o) { o.directory = ""; }},
        Case{"file_system", [](auto& o) { o.file_system = MakeMemoryFileSystem(); }},
        Case{"store_name", [](auto& o) { o.store_name = ""; }},
        Case{"store_name", [](auto& o) { o.store_name = std::string(4097, 'x'); }},
        Case{"budget_bytes", [](auto& o) { o.budget_bytes = 0; }},
        Case{"range_bytes", [](auto& o) { o.range_bytes = 0; }},
        Case{"range_bytes", [](auto& o) { o.range_bytes = 5'000'000; }},
        Case{"range_bytes", [](auto& o) { o.range_bytes = uint64_t{2} << 30; }},
        Case{"parallel_ranges", [](auto& o) { o.parallel_ranges = 0; }},
        Case{"parallel_ranges", [](auto& o) { o.parallel_ranges = 65; }}}) {
    CachedStoreOptions options = Options();
    c.change(options);
    const auto store = OpenCachedObjectStore(remote_, options);
    EXPECT_EQ(CodeOf(store), absl::StatusCode::kInvalidArgument) << c.named;
    EXPECT_NE(store.status().message().find(c.named), std::string::npos) << store.status();
  }
  EXPECT_EQ(CodeOf(OpenCachedObjectStore(nullptr, Options())), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::support
