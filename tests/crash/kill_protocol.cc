#include "crash/kill_protocol.h"

#include <set>
#include <string_view>
#include <utility>

#include "support/seeded_random.h"
#include "support/unlocked_store.h"

namespace vecdb::support {
namespace {

constexpr uint64_t kHotKeys = 40;         // written again and again
constexpr int64_t kFirstLargeKey = 1000;  // of batches that are worth an index
constexpr int64_t kLargeBatch = 1100;
constexpr int64_t kFirstNewKey = 10'000;

int64_t NewKey(uint64_t number, uint64_t row) {
  return kFirstNewKey + static_cast<int64_t>(8 * number + row);
}

// A key that was written often, or was new not long ago.
int64_t OldKey(uint64_t number, SeededRandom& random) {
  if (random.OneIn(3)) return NewKey(number - random.Below(number), random.Below(8));
  return static_cast<int64_t>(random.Below(kHotKeys));
}

}  // namespace

absl::StatusOr<std::shared_ptr<ObjectStore>> OpenUnlockedDirectory(const std::string& name) {
  auto store = OpenLocalObjectStore(name);
  if (!store.ok()) return store.status();
  return std::make_shared<UnlockedStore>(*std::move(store));
}

absl::StatusOr<DatabaseOptions> KillDatabase(const std::string& place, OpenKillStore open_store) {
  const std::string_view prefix = kStorePlace;
  if (!place.starts_with(prefix)) return DatabaseOptions{.path = place};
  auto store = open_store(place.substr(prefix.size()));
  if (!store.ok()) return store.status();
  return DatabaseOptions{.store = *std::move(store)};
}

KillBatch KillBatchOf(uint64_t seed, int writer, uint64_t number) {
  SeededRandom random(seed * 1'000'003 + number * 2 + static_cast<uint64_t>(writer));
  KillBatch made{.level = static_cast<Durability>(1 + random.Below(3))};
  made.batch.number = number;
  const uint64_t dice = random.Below(100);
  const uint64_t num_rows = 1 + random.Below(8);
  std::set<int64_t> keys;
  if (dice < 2) {
    made.kind = KillBatch::Kind::kUpsert;
    for (int64_t i = 0; i < kLargeBatch; ++i) keys.insert(kFirstLargeKey + i);
  } else if (dice < 40) {
    for (uint64_t row = 0; row < num_rows; ++row) keys.insert(NewKey(number, row));
  } else {
    made.kind = dice < 80 ? KillBatch::Kind::kUpsert : KillBatch::Kind::kDelete;
    // An Insert of a later batch must not meet them, so none is from the future.
    for (uint64_t row = 0; row < num_rows; ++row) keys.insert(OldKey(number, random));
  }
  made.batch.is_delete = made.kind == KillBatch::Kind::kDelete;
  for (const int64_t key : keys) made.batch.keys.push_back(writer * kKeysPerWriter + key);
  return made;
}

}  // namespace vecdb::support
