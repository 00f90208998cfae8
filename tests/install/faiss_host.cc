// A host program against an installed vecdb with the component faiss: an index goes over and back.
#include <vecdb/faiss.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include <faiss/IndexFlat.h>

int main() {
  const std::vector<float> rows = {0, 0, 1, 0, 0, 2};
  faiss::IndexFlatL2 flat(2);
  flat.add(3, rows.data());
  const auto taken = vecdb::FromFaiss(flat);
  if (!taken.ok()) {
    std::cerr << taken.status() << "\n";
    return 1;
  }
  const std::vector<int64_t> ids = {70, 80, 90};
  const auto given = vecdb::ToFaiss(*taken->index, ids);
  if (!given.ok()) {
    std::cerr << given.status() << "\n";
    return 1;
  }
  const std::vector<float> query = {0.9F, 0.1F};
  float score = 0;
  int64_t id = 0;
  (*given)->search(1, query.data(), 1, &score, &id);
  std::cout << id << "\n";
  return id == 80 ? 0 : 1;
}
