#ifndef VECDB_SUPPORT_STORE_TESTING_H_
#define VECDB_SUPPORT_STORE_TESTING_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "support/status_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::support {

/// For GetObject, where the size does not matter.
constexpr uint64_t kNoLimit = uint64_t{1} << 40;

inline ObjectPath PathOf(std::string_view text) { return ObjectPath::Parse(text).value(); }

inline Context CancelledContext() {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  return context;
}

/// Objects by their path.
using Objects = std::map<std::string, std::string>;

/// Every object of a database that can be read, also those that later ones have replaced.
inline Objects ReadAll(ObjectStore& store) {
  Objects objects;
  const auto read = [&](const ObjectPath& path) {
    const auto text = GetObject(store, path, kNoLimit);
    if (text.ok()) objects[path.str()] = *text;
  };
  read(PathOf("vecdb.json"));
  for (const char* folder : {"catalog", "collections"}) {
    const auto infos = store.List(PathOf(folder));
    for (const ObjectInfo& info : *infos) read(info.path);
  }
  return objects;
}

/// A store in memory that holds `objects`.
inline std::shared_ptr<ObjectStore> StoreOf(const Objects& objects) {
  auto store = MakeMemoryObjectStore();
  for (const auto& [path, text] : objects) EXPECT_OK(PutObject(*store, PathOf(path), text));
  return store;
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_STORE_TESTING_H_
