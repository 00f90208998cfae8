#include "engine/memory_accounts.h"

#include <gtest/gtest.h>

#include <memory>

#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

TEST(MemoryAccountsTest, ACollectionHasOneBudgetForAsLongAsItIsHeld) {
  MemoryBudget host(1000);
  const auto accounts = std::make_shared<MemoryAccounts>(&host, 500);
  const auto budget = accounts->Of("a");
  EXPECT_EQ(accounts->Of("a"), budget);
  const auto other = accounts->Of("b");
  EXPECT_NE(other, budget);
  ASSERT_OK(budget->Reserve(300, "rows", MemoryUse::kGrowingRows));
  EXPECT_EQ(host.used_bytes(MemoryUse::kGrowingRows), 300u);
  EXPECT_EQ(other->FreeBytes(), 200u);
  EXPECT_EQ(support::CodeOf(other->Reserve(201, "rows")), absl::StatusCode::kResourceExhausted);
  const MemoryReport report = accounts->database().Report();
  ASSERT_EQ(report.parts.size(), 2u);
  EXPECT_EQ(report.parts[0].name, "a");
  EXPECT_EQ(report.parts[0].used_bytes, 300u);
  EXPECT_EQ(report.parts[1].used_bytes, 0u);
}

TEST(MemoryAccountsTest, WhatIsHeldOutlivesTheDatabase) {
  MemoryBudget host(1000);
  auto accounts = std::make_shared<MemoryAccounts>(&host, MemoryBudget::kNoLimit);
  auto budget = accounts->Of("a");
  ASSERT_OK(budget->Reserve(300, "rows"));
  accounts.reset();
  EXPECT_EQ(host.used_bytes(), 300u);
  budget->Release(300);
  budget.reset();
  EXPECT_EQ(host.used_bytes(), 0u);
  EXPECT_TRUE(host.Report().parts.empty());
}

}  // namespace
}  // namespace vecdb::engine
