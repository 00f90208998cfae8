#ifndef VECDB_TREE_CHECKS_H_
#define VECDB_TREE_CHECKS_H_

#include <string>
#include <vector>

#include "tree/source_tree.h"

namespace vecdb::tree {

// The rules of the house that a compiler does not know. Each check returns one line per violation,
// beginning with "path:line: " or "path: ", and nothing when the tree keeps the rule.
using Violations = std::vector<std::string>;

// A file in src/ includes its own folder, the public headers, and the folders below its own.
Violations CheckIncludeRanks(const SourceTree& tree);

// Each dependency is included where it has its one purpose, and JSON, PEGTL, Eigen and Highway stay
// out of headers.
Violations CheckDependencyIncludes(const SourceTree& tree);

// Every header of the library has the guard that its path gives.
Violations CheckHeaderGuards(const SourceTree& tree);

// Every src/<folder>/x.cc has a test of its name, or a line with a reason in
// tests/tree/untested.txt; a line there that no longer applies is a violation.
Violations CheckSourcesHaveTests(const SourceTree& tree);

// The library prints nothing, ends no process, starts no thread, reads no wall clock, sleeps
// nowhere, throws nothing, and makes system calls in two folders only. No marker of unfinished
// work.
Violations CheckBannedNames(const SourceTree& tree);

// No file of the library is longer than 600 lines.
Violations CheckFileLengths(const SourceTree& tree);

}  // namespace vecdb::tree

#endif  // VECDB_TREE_CHECKS_H_
