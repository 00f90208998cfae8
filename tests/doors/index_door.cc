// The Index door alone: builds, searches, saves and loads with nothing but <vecdb/index.h> and what
// it includes. A test looks at the symbols of this program: it must not link the upper doors.
#include <vecdb/index.h>

#include <cstdio>
#include <vector>

namespace {

constexpr int kDim = 8;
constexpr uint32_t kRows = 500;

std::vector<float> MakeRows() {
  std::vector<float> rows;
  uint32_t state = 1;
  for (uint32_t i = 0; i < kRows * kDim; ++i) {
    state = state * 1664525 + 1013904223;
    rows.push_back(static_cast<float>(state >> 8) / (1 << 24));
  }
  return rows;
}

// True when every row finds itself first.
bool FindsItself(const vecdb::Index& index, const std::vector<float>& rows) {
  const auto found = index.Search({.vectors = rows, .k = 1});
  if (!found.ok() || found->ends.size() != kRows) return false;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (found->of(row).front().row != row) return false;
  }
  return true;
}

bool Run() {
  const std::vector<float> rows = MakeRows();
  const vecdb::IndexBuilder builder(
      kDim, {.metric = vecdb::Metric::kL2, .params = vecdb::HnswParams{.m = 8}});
  const auto built = builder.Build(rows, vecdb::RowStorage::kView);
  if (!built.ok() || !FindsItself(**built, rows)) return false;
  const auto store = vecdb::MakeMemoryObjectStore();
  const auto path = vecdb::ObjectPath::Parse("door.idx");
  if (!path.ok() || !(*built)->Save(*store, *path).ok()) return false;
  const auto loaded = vecdb::Index::Load(*store, *path);
  return loaded.ok() && FindsItself(**loaded, rows);
}

}  // namespace

int main() {
  const bool ok = Run();
  std::puts(ok ? "ok" : "failed");
  return ok ? 0 : 1;
}
