#ifndef VECDB_TESTS_STORE_READ_QUEUE_TESTING_H_
#define VECDB_TESTS_STORE_READ_QUEUE_TESTING_H_

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "store/read_queue.h"
#include "support/status_testing.h"
#include "support/temp_directory.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

// Page p is filled with bytes that p decides, and a few bytes follow the last page.
inline std::string TestPages(size_t count) {
  std::string bytes;
  for (size_t page = 0; page < count; ++page) {
    for (size_t i = 0; i < kPageBytes; ++i) {
      bytes.push_back(static_cast<char>(page * 31 + i % 251 + i / 251));
    }
  }
  return bytes + "end";
}

inline ObjectPath PagesPath() { return *ObjectPath::Parse("pages"); }

// An object of so many pages, opened.
inline std::shared_ptr<const ObjectReader> OpenPages(ObjectStore& store, size_t count) {
  EXPECT_OK(PutObject(store, PagesPath(), TestPages(count)));
  auto reader = store.Open(PagesPath());
  EXPECT_OK(reader);
  return *std::move(reader);
}

// Reads every page through the queue, as many at a time as it has slots, and compares them.
inline void ExpectAllPages(ReadQueue& queue, size_t slots, size_t count) {
  const std::string expected = TestPages(count);
  for (size_t first = 0; first < count; first += slots) {
    const size_t some = std::min(slots, count - first);
    for (size_t i = 0; i < some; ++i) queue.Start(i, (first + i) * kPageBytes);
    ASSERT_OK(queue.Submit());
    for (size_t i = some; i-- > 0;) {  // not in the order of the reads
      ASSERT_OK(queue.Wait(i, {}));
      EXPECT_EQ(std::memcmp(queue.buffer(i), &expected[(first + i) * kPageBytes], kPageBytes), 0)
          << first + i;
    }
  }
}

}  // namespace vecdb::store

#endif  // VECDB_TESTS_STORE_READ_QUEUE_TESTING_H_
