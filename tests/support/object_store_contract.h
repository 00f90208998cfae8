#ifndef VECDB_SUPPORT_OBJECT_STORE_CONTRACT_H_
#define VECDB_SUPPORT_OBJECT_STORE_CONTRACT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::support {

/// What every ObjectStore must do. A test file instantiates it for a type with
/// `std::shared_ptr<ObjectStore> Open()`, which gives an empty store, and `kNamesAreShorter` when
/// it has no room for the longest names:
///
///     INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreContract, MemoryObjects);
template <typename Source>
class ObjectStoreContract : public ::testing::Test {
 protected:
  // The paths of what is below `prefix`, with sizes, in the order of the list.
  std::string Listing(std::string_view prefix) {
    const auto infos = store_->List(PathOf(prefix));
    if (!infos.ok()) return infos.status().ToString();
    std::string text;
    for (const ObjectInfo& info : *infos) {
      text += info.path.str() + ":" + std::to_string(info.size_bytes) + " ";
    }
    return text;
  }

  Source source_;
  const std::shared_ptr<ObjectStore> store_ = source_.Open();
};

TYPED_TEST_SUITE_P(ObjectStoreContract);

TYPED_TEST_P(ObjectStoreContract, ObjectHoldsWhatWasAppendedInOrder) {
  ObjectStore& store = *this->store_;
  const std::string big((5 << 20) + 123, 'x');  // several chunks, and a rest
  const std::string medium(40000, 'y');         // two of them are more than a buffer
  auto writer = store.Create(PathOf("a/b"));
  ASSERT_OK(writer);
  std::string wanted;
  for (const std::string& part :
       {std::string("one"), std::string(), medium, medium, big, std::string("two"), medium}) {
    ASSERT_OK((*writer)->Append(BytesOf(part)));
    wanted += part;
  }
  ASSERT_OK((*writer)->Finish());
  const auto text = GetObject(store, PathOf("a/b"), kNoLimit);
  ASSERT_OK(text);
  EXPECT_TRUE(*text == wanted);
}

TYPED_TEST_P(ObjectStoreContract, EmptyObjectIsAnObject) {
  ASSERT_OK(PutObject(*this->store_, PathOf("a/empty"), ""));
  EXPECT_EQ(*GetObject(*this->store_, PathOf("a/empty"), 0), "");
  EXPECT_EQ(this->Listing("a"), "a/empty:0 ");
}

TYPED_TEST_P(ObjectStoreContract, ReadsInsideTheObjectOnly) {
  ASSERT_OK(PutObject(*this->store_, PathOf("o"), "0123456789"));
  const auto reader = this->store_->Open(PathOf("o"));
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->size(), 10u);
  struct Case {
    uint64_t offset;
    size_t count;
    bool inside;
  };
  for (const Case& c :
       {Case{0, 10, true}, Case{3, 4, true}, Case{9, 1, true}, Case{10, 0, true},
        Case{0, 11, false}, Case{9, 2, false}, Case{10, 1, false}, Case{11, 0, false},
        Case{~uint64_t{0}, 2, false}, Case{5, size_t{3} << 20, false}}) {
    std::string out(c.count, '?');
    const absl::Status read = (*reader)->ReadAt(c.offset, std::as_writable_bytes(std::span(out)));
    const std::string wanted =
        c.inside ? std::string("0123456789").substr(c.offset, c.count) : std::string(c.count, '?');
    EXPECT_EQ(CodeOf(read), c.inside ? absl::StatusCode::kOk : absl::StatusCode::kOutOfRange)
        << c.offset << " " << c.count;
    EXPECT_TRUE(out == wanted) << c.offset << " " << c.count;
  }
}

TYPED_TEST_P(ObjectStoreContract, MissingObjectIsNotFound) {
  for (const char* path : {"missing", "missing/x/y"}) {
    EXPECT_EQ(CodeOf(this->store_->Open(PathOf(path))), absl::StatusCode::kNotFound);
    EXPECT_EQ(CodeOf(GetObject(*this->store_, PathOf(path), 1)), absl::StatusCode::kNotFound);
  }
}

TYPED_TEST_P(ObjectStoreContract, TakenNameIsAlreadyExistsAndUnchanged) {
  ObjectStore& store = *this->store_;
  ASSERT_OK(PutObject(store, PathOf("a/o"), "first"));
  EXPECT_EQ(CodeOf(PutObject(store, PathOf("a/o"), "second")), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*GetObject(store, PathOf("a/o"), kNoLimit), "first");
  ASSERT_OK(store.Delete(PathOf("a/o")));
  ASSERT_OK(PutObject(store, PathOf("a/o"), "third"));
  EXPECT_EQ(*GetObject(store, PathOf("a/o"), kNoLimit), "third");
}

TYPED_TEST_P(ObjectStoreContract, FirstOfTwoOpenWritersToFinishWins) {
  ObjectStore& store = *this->store_;
  auto a = store.Create(PathOf("a/o"));
  auto b = store.Create(PathOf("a/o"));
  ASSERT_OK(a);
  ASSERT_OK(b);
  ASSERT_OK((*a)->Append(BytesOf("from a")));
  ASSERT_OK((*b)->Append(BytesOf("from b")));
  ASSERT_OK((*b)->Finish());
  EXPECT_EQ(CodeOf((*a)->Finish()), absl::StatusCode::kAlreadyExists);
  a->reset();
  EXPECT_EQ(*GetObject(store, PathOf("a/o"), kNoLimit), "from b");
}

TYPED_TEST_P(ObjectStoreContract, WriterThatDoesNotFinishLeavesNothing) {
  ObjectStore& store = *this->store_;
  {
    auto writer = store.Create(PathOf("a/b/o"));
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Append(BytesOf(std::string(1 << 20, 'x'))));
    EXPECT_EQ(CodeOf(store.Open(PathOf("a/b/o"))), absl::StatusCode::kNotFound);
    EXPECT_EQ(this->Listing("a"), "");
  }
  EXPECT_EQ(CodeOf(store.Open(PathOf("a/b/o"))), absl::StatusCode::kNotFound);
  EXPECT_EQ(this->Listing("a"), "");
  EXPECT_OK(PutObject(store, PathOf("a/b/o"), "x"));
}

TYPED_TEST_P(ObjectStoreContract, FinishedWriterRefusesMore) {
  auto writer = this->store_->Create(PathOf("o"));
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Finish());
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf((*writer)->Append(BytesOf("x"))), kFailed);
  EXPECT_EQ(CodeOf((*writer)->Finish()), kFailed);
  writer->reset();
  EXPECT_EQ(*GetObject(*this->store_, PathOf("o"), kNoLimit), "");
}

TYPED_TEST_P(ObjectStoreContract, DeleteIsIdempotentAndTakesOneObject) {
  ObjectStore& store = *this->store_;
  for (const char* path : {"a/b/o", "a/b/p", "a/c/o"})
    ASSERT_OK(PutObject(store, PathOf(path), "x"));
  EXPECT_OK(store.Delete(PathOf("a/b/o")));
  EXPECT_OK(store.Delete(PathOf("a/b/o")));
  EXPECT_OK(store.Delete(PathOf("never/was")));
  EXPECT_EQ(this->Listing("a"), "a/b/p:1 a/c/o:1 ");
  EXPECT_OK(store.Delete(PathOf("a/b/p")));
  EXPECT_OK(store.Delete(PathOf("a/c/o")));
  EXPECT_EQ(this->Listing("a"), "");
  EXPECT_OK(PutObject(store, PathOf("a/b/o"), "again"));
}

TYPED_TEST_P(ObjectStoreContract, ReaderOutlivesDeleteAndStore) {
  auto store = this->source_.Open();
  ASSERT_OK(PutObject(*store, PathOf("a/o"), "text"));
  const auto reader = store->Open(PathOf("a/o"));
  ASSERT_OK(reader);
  ASSERT_OK(store->Delete(PathOf("a/o")));
  ASSERT_OK(PutObject(*store, PathOf("a/o"), "other text"));
  store.reset();
  std::string out(4, '?');
  ASSERT_OK((*reader)->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "text");
}

TYPED_TEST_P(ObjectStoreContract, ListGivesWhatIsBelowThePrefixSorted) {
  ObjectStore& store = *this->store_;
  // '-' and '.' sort before '/', digits after it.
  for (const char* path : {"a/b/c/d", "a/b/c0", "a/b/c-1", "a/b/c.x", "a/b0", "a/bc/d", "ab", "b/a",
                           "a/b/B", "LOCK"}) {
    ASSERT_OK(PutObject(store, PathOf(path), std::string(path)));
  }
  EXPECT_EQ(this->Listing("a/b"), "a/b/B:5 a/b/c-1:7 a/b/c.x:7 a/b/c/d:7 a/b/c0:6 ");
  EXPECT_EQ(this->Listing("a"), "a/b/B:5 a/b/c-1:7 a/b/c.x:7 a/b/c/d:7 a/b/c0:6 a/b0:4 a/bc/d:6 ");
  EXPECT_EQ(this->Listing("b"), "b/a:3 ");
  EXPECT_EQ(this->Listing("unknown/prefix"), "");
}

TYPED_TEST_P(ObjectStoreContract, ListAfterBeginsBehindAName) {
  ObjectStore& store = *this->store_;
  for (const char* path : {"a/1", "a/2", "a/3", "a-b", "b/4"}) {
    ASSERT_OK(PutObject(store, PathOf(path), "text"));
  }
  const auto after = [&](const char* name) {
    const auto infos = store.ListAfter(PathOf("a"), PathOf(name));
    if (!infos.ok()) return infos.status().ToString();
    std::string text;
    for (const ObjectInfo& info : *infos) {
      text += info.path.str() + ":" + std::to_string(info.size_bytes) + " ";
    }
    return text;
  };
  EXPECT_EQ(after("a/0"), "a/1:4 a/2:4 a/3:4 ");
  EXPECT_EQ(after("a/1"), "a/2:4 a/3:4 ");
  EXPECT_EQ(after("a/11"), "a/2:4 a/3:4 ");
  EXPECT_EQ(after("a/3"), "");
  // Names outside of the prefix.
  EXPECT_EQ(after("A"), "a/1:4 a/2:4 a/3:4 ");
  EXPECT_EQ(after("b"), "");
  EXPECT_OK(store.Delete(PathOf("a/1")));
  EXPECT_EQ(after("a/1"), "a/2:4 a/3:4 ");
}

TYPED_TEST_P(ObjectStoreContract, LongestPathWorksEverywhere) {
  if constexpr (requires { TypeParam::kNamesAreShorter; }) GTEST_SKIP() << "as its comment says";
  const std::string part(63, 'x');
  std::string text = std::string(71, 'y');  // 8 segments, 512 bytes
  for (int i = 0; i < 7; ++i) text = part.substr(i == 0 ? 8 : 0) + "/" + text;
  while (text.size() < 512) text += 'z';
  ASSERT_EQ(text.size(), 512u);
  ASSERT_OK(PutObject(*this->store_, PathOf(text), "x"));
  EXPECT_EQ(this->Listing(text.substr(0, text.find('/'))), text + ":1 ");
  EXPECT_OK(this->store_->Delete(PathOf(text)));
}

TYPED_TEST_P(ObjectStoreContract, NameThatIsAlsoAPrefixHarmsNothing) {
  ObjectStore& store = *this->store_;
  ASSERT_OK(PutObject(store, PathOf("a/b"), "x"));
  // A store may take these or refuse them.
  PutObject(store, PathOf("a"), "y").IgnoreError();
  PutObject(store, PathOf("a/b/c"), "z").IgnoreError();
  EXPECT_EQ(*GetObject(store, PathOf("a/b"), kNoLimit), "x");
}

TYPED_TEST_P(ObjectStoreContract, CancelledOrExpiredCallsDoNothing) {
  ObjectStore& store = *this->store_;
  ASSERT_OK(PutObject(store, PathOf("a/o"), "text"));
  const auto reader = store.Open(PathOf("a/o"));
  ASSERT_OK(reader);
  const Context cancelled = CancelledContext();
  const Context expired = Context::WithTimeout(absl::ZeroDuration());
  for (const auto& [context, code] : {std::pair(cancelled, absl::StatusCode::kCancelled),
                                      std::pair(expired, absl::StatusCode::kDeadlineExceeded)}) {
    std::string out(4, '?');
    EXPECT_EQ(CodeOf(store.Open(PathOf("a/o"), context)), code);
    EXPECT_EQ(CodeOf((*reader)->ReadAt(0, std::as_writable_bytes(std::span(out)), context)), code);
    EXPECT_EQ(out, "????");
    EXPECT_EQ(CodeOf(store.Create(PathOf("a/p"), context)), code);
    EXPECT_EQ(CodeOf(store.Delete(PathOf("a/o"), context)), code);
    EXPECT_EQ(CodeOf(store.List(PathOf("a"), context)), code);
    EXPECT_EQ(CodeOf(store.Lock(context)), code);
    EXPECT_EQ(CodeOf(PutObject(store, PathOf("a/p"), "x", context)), code);
    EXPECT_EQ(CodeOf(GetObject(store, PathOf("a/o"), kNoLimit, context)), code);
  }
  EXPECT_EQ(this->Listing("a"), "a/o:4 ");
  EXPECT_OK(store.Lock());
}

TYPED_TEST_P(ObjectStoreContract, WriterIsDeadAfterACancelledCall) {
  const Context cancelled = CancelledContext();
  auto in_append = this->store_->Create(PathOf("a/o"));
  auto in_finish = this->store_->Create(PathOf("a/p"));
  ASSERT_OK(in_append);
  ASSERT_OK(in_finish);
  EXPECT_EQ(CodeOf((*in_append)->Append(BytesOf("x"), cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf((*in_finish)->Finish(cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf((*in_append)->Finish()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf((*in_finish)->Finish()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(this->Listing("a"), "");
}

TYPED_TEST_P(ObjectStoreContract, LockHasOneHolderAtATime) {
  auto lock = this->store_->Lock();
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf(this->store_->Lock()), absl::StatusCode::kFailedPrecondition);
  lock->reset();
  EXPECT_OK(this->store_->Lock());
}

TYPED_TEST_P(ObjectStoreContract, LockDoesNotDisturbWritersOfTheSameStore) {
  auto writer = this->store_->Create(PathOf("a/o"));
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Append(BytesOf("text")));
  const auto lock = this->store_->Lock();
  ASSERT_OK(lock);
  ASSERT_OK((*writer)->Finish());
  EXPECT_EQ(*GetObject(*this->store_, PathOf("a/o"), kNoLimit), "text");
}

REGISTER_TYPED_TEST_SUITE_P(ObjectStoreContract, ObjectHoldsWhatWasAppendedInOrder,
                            EmptyObjectIsAnObject, ReadsInsideTheObjectOnly,
                            MissingObjectIsNotFound, TakenNameIsAlreadyExistsAndUnchanged,
                            FirstOfTwoOpenWritersToFinishWins, WriterThatDoesNotFinishLeavesNothing,
                            FinishedWriterRefusesMore, DeleteIsIdempotentAndTakesOneObject,
                            ReaderOutlivesDeleteAndStore, ListGivesWhatIsBelowThePrefixSorted,
                            ListAfterBeginsBehindAName, LongestPathWorksEverywhere,
                            NameThatIsAlsoAPrefixHarmsNothing, CancelledOrExpiredCallsDoNothing,
                            WriterIsDeadAfterACancelledCall, LockHasOneHolderAtATime,
                            LockDoesNotDisturbWritersOfTheSameStore);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_OBJECT_STORE_CONTRACT_H_
