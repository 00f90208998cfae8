#include "journal/kept_log_place.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "journal/journal_testing.h"
#include "support/counting_object_store.h"

namespace vecdb::journal {
namespace {

class KeptLogPlaceTest : public ::testing::Test {
 protected:
  KeptLogPlaceTest() {
    for (uint64_t number = 1; number <= 3; ++number) {
      EXPECT_OK(place_.Create(number, base::AsBytes(TextOf(number)), 0).status());
    }
  }
  static std::string TextOf(uint64_t number) {
    return "file " + std::to_string(number) + std::string(90, '.');
  }
  // Reads a file, and says how many requests that took.
  uint64_t RequestsOf(uint64_t number, const Host& host = {}) {
    const uint64_t before = store_->num_requests();
    const auto bytes = place_.Read(number, host, {});
    EXPECT_OK(bytes);
    EXPECT_EQ(ToText(bytes->bytes()), TextOf(number));
    return store_->num_requests() - before;
  }

  const std::shared_ptr<support::CountingObjectStore> store_ =
      std::make_shared<support::CountingObjectStore>(MakeMemoryObjectStore());
  KeptLogPlace place_{MakeObjectLogPlace(store_, support::PathOf(kFolder)), 200};
};

TEST_F(KeptLogPlaceTest, FileThatWasReadIsNotAskedForAgain) {
  EXPECT_EQ(RequestsOf(1), 1u);
  EXPECT_EQ(RequestsOf(1), 0u);
  EXPECT_EQ(RequestsOf(2), 1u);
  EXPECT_EQ(RequestsOf(2), 0u);
}

TEST_F(KeptLogPlaceTest, WhatHasNoRoomIsReadEachTime) {
  for (uint64_t number = 1; number <= 3; ++number) RequestsOf(number);
  EXPECT_EQ(RequestsOf(1), 0u);
  EXPECT_EQ(RequestsOf(3), 1u);
  EXPECT_EQ(RequestsOf(3), 1u);
}

TEST_F(KeptLogPlaceTest, ForgettingMakesRoom) {
  MemoryBudget budget(1 << 20);
  const Host host{.budget = &budget};
  RequestsOf(1, host);
  RequestsOf(2, host);
  EXPECT_GT(budget.used_bytes(), 0u);
  place_.Forget(3);
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_EQ(RequestsOf(3, host), 1u);
  EXPECT_EQ(RequestsOf(3, host), 0u);
  EXPECT_EQ(RequestsOf(1, host), 1u);
  place_.Forget(~uint64_t{0});
}

TEST_F(KeptLogPlaceTest, WithoutBudgetNothingIsKept) {
  MemoryBudget budget(150);  // one file, not a copy beside it
  const Host host{.budget = &budget};
  EXPECT_EQ(RequestsOf(1, host), 1u);
  EXPECT_EQ(RequestsOf(1, host), 1u);
}

TEST_F(KeptLogPlaceTest, EverythingElseIsPassedOn) {
  EXPECT_FALSE(place_.grows());
  EXPECT_EQ(place_.NameOf(7), PathOfFile(7));
  EXPECT_EQ(NumbersIn(place_), Sequences(1, 3));
  EXPECT_EQ(place_.ListAfter(2, {})->size(), 1u);
  EXPECT_EQ(CodeOf(place_.Read(4, {}, {})), absl::StatusCode::kNotFound);
  ASSERT_OK(place_.Remove(3));
  EXPECT_EQ(NumbersIn(place_), Sequences(1, 2));
}

}  // namespace
}  // namespace vecdb::journal
