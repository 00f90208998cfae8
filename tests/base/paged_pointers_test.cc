#include "base/paged_pointers.h"

#include <gtest/gtest.h>

#include <memory>

namespace vecdb::base {
namespace {

struct Counted {
  explicit Counted(int* live_count) : live(live_count) { ++*live; }
  ~Counted() { --*live; }
  int* live;
};

TEST(PagedPointersTest, GivesBackWhatWasSetAndNullElsewhere) {
  int live = 0;
  {
    PagedPointers<Counted> objects;
    using Objects = PagedPointers<Counted>;
    for (const size_t i :
         {size_t{0}, Objects::kLeafSlots - 1, Objects::kLeafSlots, Objects::kCapacity - 1}) {
      Counted* set = objects.Set(i, std::make_unique<Counted>(&live));
      EXPECT_EQ(objects.Get(i), set);
    }
    EXPECT_EQ(objects.Get(1), nullptr);
    EXPECT_EQ(objects.Get(3 * Objects::kLeafSlots), nullptr);
    EXPECT_EQ(live, 4);
  }
  EXPECT_EQ(live, 0);
}

}  // namespace
}  // namespace vecdb::base
