#include "engine/verify.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/journal_setup.h"
#include "engine/segment_objects.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

using support::Ids;
using support::PathOf;

class VerifyTest : public CoreFixture {
 protected:
  void SetUp() override {
    ASSERT_OK(StartJournal(core_.get(), {}));
    ASSERT_OK(writer_.Insert(Rows(Ids(0, 30)), false, {}, {}));
    ASSERT_OK(writer_.Delete({3}, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
    ASSERT_OK(writer_.Insert(Rows(Ids(30, 5)), false, {}, {}));
  }
  VerifyReport Verify() {
    VerifyReport report;
    EXPECT_OK(VerifyCollection(core_.get(), &report, {}));
    return report;
  }
  void Damage(const std::string& name) {
    std::string bytes = *GetObject(*store_, PathOf(name), support::kNoLimit);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ASSERT_OK(store_->Delete(PathOf(name)));
    ASSERT_OK(PutObject(*store_, PathOf(name), bytes));
  }
  Writer writer_{core_.get()};
};

TEST_F(VerifyTest, GoodDataHasNoDamageAndEveryObjectIsRead) {
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.damage.empty());
  EXPECT_GE(report.num_objects, ObjectNamesOf(core_->manifest()).size() + 1);
  EXPECT_GT(report.bytes, 0u);
}

TEST_F(VerifyTest, EachDamagedOrMissingObjectIsNamed) {
  const std::vector<std::string> names = ObjectNamesOf(core_->manifest());
  for (size_t i = 0; i < names.size(); ++i) {
    Damage(names[i]);
    const VerifyReport report = Verify();
    ASSERT_EQ(report.damage.size(), i + 1);
  }
  ASSERT_OK(store_->Delete(PathOf(names[0])));
  EXPECT_EQ(Verify().damage.size(), names.size());
}

TEST_F(VerifyTest, DamageOfTheJournalIsNamed) {
  const ObjectPath journal = PathOf("collections/" + id_ + "/journal");
  const auto logs = store_->List(journal);
  ASSERT_FALSE(logs->empty());
  Damage(logs->back().path.str());
  const VerifyReport report = Verify();
  ASSERT_EQ(report.damage.size(), 1u);
  EXPECT_NE(report.damage[0].find("journal"), std::string::npos);
}

}  // namespace
}  // namespace vecdb::engine
