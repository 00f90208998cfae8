#ifndef VECDB_FILTER_PROGRAM_H_
#define VECDB_FILTER_PROGRAM_H_
#include <memory>
#include <span>
#include <vector>
#include "filter/node.h"
namespace vecdb::filter {
class Program {
 public:
  static std::shared_ptr<const Program> Make(const Node&);
  std::span<const size_t> columns() const;
  bool NeverMatches() const; bool AlwaysMatches() const;
};
}
#endif
