#include "format/json_path_tree.h"

#include <gtest/gtest.h>

namespace vecdb::format {
namespace {

using Path = std::vector<std::string>;

uint32_t AddTo(JsonPathTree* tree, const Path& path) { return tree->Add(path); }

TEST(JsonPathTreeTest, NodesArePathsAndAreMadeOnce) {
  JsonPathTree tree;
  const uint32_t b = AddTo(&tree, {"a", "b"});
  EXPECT_EQ(tree.PathOf(b), (Path{"a", "b"}));
  EXPECT_EQ(AddTo(&tree, {"a", "b"}), b);
  EXPECT_EQ(tree.size(), 3u);
  EXPECT_TRUE(tree.PathOf(JsonPathTree::kRoot).empty());
}

TEST(JsonPathTreeTest, DocumentsAreReadAtTheirNodes) {
  JsonPathTree tree;
  const uint32_t a = AddTo(&tree, {"a"});
  const uint32_t b = AddTo(&tree, {"a", "b"});
  const uint32_t quote = AddTo(&tree, {"\""});
  tree.Read(R"( {"a" : {"x":1, "b": [2] } , "\"":null, "c":3} )");
  EXPECT_EQ(tree.raw(a), R"({"x":1, "b": [2] })");
  EXPECT_EQ(tree.raw(b), "[2]");
  EXPECT_EQ(tree.raw(quote), "null");
  tree.Read(R"({"a":[{"b":1}]})");
  EXPECT_EQ(tree.raw(a), R"([{"b":1}])");
  EXPECT_EQ(tree.raw(b), "");
  EXPECT_EQ(tree.raw(quote), "");
  tree.Read("7");
  EXPECT_EQ(tree.raw(a), "");
  EXPECT_TRUE(tree.touched().empty());
}

TEST(JsonPathTreeTest, OfAKeyThatComesTwiceTheLastCounts) {
  JsonPathTree tree;
  const uint32_t b = AddTo(&tree, {"a", "b"});
  const uint32_t c = AddTo(&tree, {"a", "c"});
  tree.Read(R"({"a":{"b":1,"b":2},"a":{"c":3}})");
  EXPECT_EQ(tree.raw(b), "");
  EXPECT_EQ(tree.raw(c), "3");
  tree.Read(R"({"a":{"b":1,"b":2}})");
  EXPECT_EQ(tree.raw(b), "2");
  tree.Read(R"({"a":{"b":1},"a":7})");
  EXPECT_EQ(tree.raw(b), "");
}

TEST(JsonPathTreeTest, NewPathsGetNodesWhileThereIsRoom) {
  JsonPathTree tree;
  tree.Read(R"({"a":{"b":{"c":{"d":{"e":1}}}},"f":2})", 100);
  EXPECT_EQ(tree.size(), 6u);  // the root, a to d, f
  EXPECT_EQ(tree.PathOf(4), (Path{"a", "b", "c", "d"}));
  EXPECT_EQ(tree.raw(4), R"({"e":1})");
  tree.Read(R"({"g":1,"h":2,"a":3})", 7);
  EXPECT_EQ(tree.size(), 7u);
  EXPECT_EQ(tree.raw(1), "3");
  tree.Read(R"({"i":1})");
  EXPECT_EQ(tree.size(), 7u);
}

TEST(JsonPathTreeTest, KeysOfMoreThanAKilobyteGetNoNode) {
  JsonPathTree tree;
  tree.Read("{\"" + std::string(1025, 'k') + "\":1}", 100);
  EXPECT_EQ(tree.size(), 1u);
  tree.Read("{\"" + std::string(1024, 'k') + "\":1}", 100);
  EXPECT_EQ(tree.size(), 2u);
}

}  // namespace
}  // namespace vecdb::format
