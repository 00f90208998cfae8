// Each check reports the violation it is there for, and leaves what is allowed alone.
#include "tree/checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vecdb::tree {
namespace {

struct Sample {
  std::string path;
  std::string text;
};

SourceTree TreeOf(const std::vector<Sample>& samples) {
  SourceTree tree;
  for (const Sample& sample : samples) tree.Add(sample.path, sample.text);
  return tree;
}

// Every folder of the house, each with one header.
SourceTree TreeWithHeaders(const std::vector<Sample>& samples) {
  SourceTree tree = TreeOf(samples);
  for (const char* folder : {"base", "simd", "schema", "store", "codec", "format", "filter",
                             "journal", "catalog", "index", "segment", "query", "engine", "api"}) {
    tree.Add(std::string("src/") + folder + "/x.h", "");
  }
  return tree;
}

Violations BannedIn(const std::string& path, const std::string& text) {
  return CheckBannedNames(TreeOf({{path, text}}));
}

TEST(SourceTreeTest, CommentsAndLiteralsGiveNoTokens) {
  const SourceFile file = ParseSource("a.cc",
                                      "// one\n"
                                      "/* two\n */ a = \"th\\\"ree\"; b = R\"x(four \")x\"; "
                                      "c = 'd'; e = 1'000;\n"
                                      "std::f->g");
  std::string joined;
  for (const Token& token : file.tokens) joined += token.text + " ";
  EXPECT_EQ(joined, "a = ; b = ; c = ; e = 1'000 ; std :: f -> g ");
  EXPECT_EQ(file.tokens.front().line, 3);
  EXPECT_EQ(file.tokens.back().line, 4);
}

TEST(SourceTreeTest, IncludesInCommentsDoNotCount) {
  const SourceFile file = ParseSource("a.cc",
                                      "// #include \"no.h\"\n"
                                      "#include \"base/a.h\"\n"
                                      "#  include <vector>  // no.h\n");
  ASSERT_EQ(file.includes.size(), 2U);
  EXPECT_EQ(file.includes[0].path, "base/a.h");
  EXPECT_EQ(file.includes[1].path, "vector");
  EXPECT_EQ(file.includes[1].line, 3);
}

TEST(IncludeRanksTest, UpwardAndSidewaysIncludesAreReported) {
  const SourceTree tree = TreeWithHeaders({
      {"src/base/a.cc", "#include \"schema/x.h\"\n"},
      {"src/simd/a.cc", "\n#include \"schema/x.h\"\n"},
      {"src/segment/a.cc", "#include \"engine/x.h\"\n#include \"journal/x.h\"\n"},
      {"src/index/a.cc", "#include \"filter/x.h\"\n"},
  });
  EXPECT_EQ(CheckIncludeRanks(tree),
            (Violations{"src/base/a.cc:1: src/base may not include \"schema/x.h\"",
                        "src/index/a.cc:1: src/index may not include \"filter/x.h\"",
                        "src/segment/a.cc:1: src/segment may not include \"engine/x.h\"",
                        "src/segment/a.cc:2: src/segment may not include \"journal/x.h\"",
                        "src/simd/a.cc:2: src/simd may not include \"schema/x.h\""}));
}

TEST(IncludeRanksTest, EverythingBelowIsAllowed) {
  const SourceTree tree = TreeWithHeaders({
      {"include/vecdb/a.h", "#include \"vecdb/b.h\"\n#include \"absl/status/status.h\"\n"},
      {"src/api/a.cc", "#include \"api/x.h\"\n#include \"base/x.h\"\n#include \"vecdb/a.h\"\n"},
      {"src/segment/a.cc", "#include \"store/x.h\"\n#include \"simd/x.h\"\n#include <vector>\n"},
      {"src/faiss/a.cc", "#include \"codec/x.h\"\n#include <faiss/Index.h>\n"},
  });
  EXPECT_EQ(CheckIncludeRanks(tree), Violations{});
}

TEST(IncludeRanksTest, ComponentsSeeThePublicHeadersOnly) {
  const SourceTree tree = TreeWithHeaders({{"src/c/a.cc", "#include \"base/x.h\"\n"}});
  EXPECT_EQ(CheckIncludeRanks(tree).size(), 1U);
}

TEST(IncludeRanksTest, PublicHeadersMayNotReachIntoSrc) {
  const SourceTree tree = TreeWithHeaders({{"include/vecdb/a.h", "#include \"base/x.h\"\n"}});
  EXPECT_EQ(CheckIncludeRanks(tree),
            Violations{"include/vecdb/a.h:1: a public header includes \"base/x.h\" of src/"});
}

TEST(IncludeRanksTest, UnknownFoldersAndRelativeIncludesAreReported) {
  const SourceTree tree = TreeWithHeaders({
      {"src/util/a.cc", ""},
      {"src/base/a.cc", "#include \"x.h\"\n#include \"../simd/x.h\"\n"},
  });
  EXPECT_EQ(CheckIncludeRanks(tree),
            (Violations{"src/base/a.cc:1: write \"x.h\" from src/, as folder/file.h",
                        "src/base/a.cc:2: write \"../simd/x.h\" from src/, as folder/file.h",
                        "src/util/a.cc: folder src/util is not in the table of ranks"}));
}

TEST(DependencyIncludesTest, EachDependencyHasItsPlace) {
  const SourceTree tree = TreeOf({
      {"src/index/a.cc", "#include <faiss/Index.h>\n"},
      {"src/journal/a.cc", "#include <zstd.h>\n"},
      {"src/store/a.cc", "#include <curl/curl.h>\n#include <liburing.h>\n"},
      {"src/base/a.cc", "#include <liburing.h>\n#include <hwy/highway.h>\n"},
      {"src/schema/a.h", "#include <nlohmann/json.hpp>\n"},
      {"src/simd/a.h", "#include <hwy/highway.h>\n"},
      {"src/api/a.cc", "#include <grpcpp/grpcpp.h>\n#include <google/protobuf/message.h>\n"},
      {"include/vecdb/a.h", "#include <Eigen/Dense>\n"},
  });
  EXPECT_EQ(CheckDependencyIncludes(tree),
            (Violations{"include/vecdb/a.h:1: <Eigen/Dense> belongs in .cc files only",
                        "src/api/a.cc:1: only examples/ includes <grpcpp/grpcpp.h>",
                        "src/api/a.cc:2: only examples/ includes <google/protobuf/message.h>",
                        "src/base/a.cc:1: only src/store/ includes <liburing.h>",
                        "src/base/a.cc:2: only src/simd/ includes <hwy/highway.h>",
                        "src/index/a.cc:1: only src/faiss/ includes <faiss/Index.h>",
                        "src/journal/a.cc:1: only src/format/ includes <zstd.h>",
                        "src/schema/a.h:1: <nlohmann/json.hpp> belongs in .cc files only",
                        "src/simd/a.h:1: <hwy/highway.h> belongs in .cc files only",
                        "src/store/a.cc:1: only src/s3/ includes <curl/curl.h>"}));
}

TEST(DependencyIncludesTest, TheRightPlacesAreFree) {
  const SourceTree tree = TreeOf({
      {"src/faiss/a.h", "#include <faiss/Index.h>\n"},
      {"src/format/a.cc", "#include <zstd.h>\n#include <nlohmann/json.hpp>\n"},
      {"src/simd/a-inl.h", "#include <hwy/highway.h>\n"},
      {"src/codec/a.cc", "#include <Eigen/Dense>\n"},
      {"tests/index/a_test.cc", "#include <faiss/Index.h>\n"},
  });
  EXPECT_EQ(CheckDependencyIncludes(tree), Violations{});
}

TEST(HeaderGuardsTest, TheGuardComesFromThePath) {
  const SourceTree tree = TreeOf({
      {"include/vecdb/good.h", "// Why.\n#ifndef VECDB_GOOD_H_\n#define VECDB_GOOD_H_\n#endif\n"},
      {"src/base/good.h", "#ifndef VECDB_BASE_GOOD_H_\n#define VECDB_BASE_GOOD_H_\n#endif\n"},
      {"src/base/other.h", "#ifndef VECDB_OTHER_H_\n#define VECDB_OTHER_H_\n#endif\n"},
      {"src/base/typo.h", "#ifndef VECDB_BASE_TYPO_H_\n#define VECDB_BASE_TYPE_H_\n#endif\n"},
      {"src/base/once.h", "#pragma once\n"},
      {"src/simd/kernel-inl.h", "#if defined(A)\n#endif\n"},
  });
  EXPECT_EQ(CheckHeaderGuards(tree),
            (Violations{"src/base/once.h: the guard should be VECDB_BASE_ONCE_H_",
                        "src/base/other.h: the guard should be VECDB_BASE_OTHER_H_",
                        "src/base/typo.h: the guard should be VECDB_BASE_TYPO_H_"}));
}

TEST(SourcesHaveTestsTest, ASourceWithNeitherTestNorReasonIsReported) {
  const SourceTree tree = TreeOf({
      {"src/base/a.cc", ""},
      {"src/base/b.cc", ""},
      {"src/base/c.cc", ""},
      {"src/base/d.cc", ""},
      {"src/base/e.cc", ""},
      {"tests/base/a_test.cc", ""},
      {"tests/base/b_race_test.cc", ""},
      {"tests/base/c_slow_test.cc", ""},
      {"tests/tree/untested.txt", "# A comment.\n\nsrc/base/d.cc  constants only\n"},
  });
  EXPECT_EQ(CheckSourcesHaveTests(tree),
            Violations{"src/base/e.cc: no test of its name, and no line in "
                       "tests/tree/untested.txt"});
}

TEST(SourcesHaveTestsTest, AnExcuseThatNoLongerAppliesIsReported) {
  const SourceTree tree = TreeOf({
      {"src/base/a.cc", ""},
      {"src/base/b.cc", ""},
      {"tests/base/a_test.cc", ""},
      {"tests/tree/untested.txt",
       "src/base/a.cc  has no logic\nsrc/base/gone.cc  has no logic\nsrc/base/b.cc\n"},
  });
  EXPECT_EQ(CheckSourcesHaveTests(tree),
            (Violations{"tests/tree/untested.txt:1: src/base/a.cc has a test",
                        "tests/tree/untested.txt:2: src/base/gone.cc does not exist",
                        "tests/tree/untested.txt:3: src/base/b.cc has no reason"}));
}

TEST(BannedNamesTest, EachBannedUseIsReported) {
  const std::vector<std::string> uses = {
      "printf(\"x\");",
      "std::fprintf(stderr, \"x\");",
      "std::cout << 1;",
      "absl::PrintF(\"x\");",
      "if (bad) abort();",
      "std::exit(1);",
      "return ::_exit(1);",
      "throw 1;",
      "std::thread worker;",
      "std::vector<std::jthread> workers;",
      "auto f = std::async(g);",
      "pthread_create(&t, nullptr, f, nullptr);",
      "auto t = std::chrono::system_clock::now();",
      "auto t = time(nullptr);",
      "auto t = absl::Now();",
      "std::this_thread::sleep_for(d);",
      "int r = rand();",
      "std::random_device seed;",
      "signal(SIGPIPE, SIG_IGN);",
      "setlocale(0, \"C\");",
      "#include <unistd.h>",
      "#include <sys/stat.h>",
      "// TODO: later",
      "int x;  // FIXME",
      "// XXX",
  };
  for (const std::string& use : uses) {
    const Violations violations = BannedIn("src/index/a.cc", "\n" + use + "\n");
    ASSERT_FALSE(violations.empty()) << use;
    EXPECT_TRUE(violations[0].starts_with("src/index/a.cc:2: ")) << violations[0];
    EXPECT_FALSE(BannedIn("include/vecdb/a.h", use).empty()) << use;
  }
}

TEST(BannedNamesTest, AllowedUsesAreNotReported) {
  const std::vector<std::string> uses = {
      "std::snprintf(buffer, n, \"%d\", 1);",
      "// printf(\"x\")",
      "const char* text = \"std::cout << abort()\";",
      "unsigned n = std::thread::hardware_concurrency();",
      "std::this_thread::yield();",
      "int64_t time() const { return time_; }",
      "auto t = row.time();",
      "auto t = clock->Now();",
      "int64_t Row::time() const;",
      "try { Parse(); } catch (const std::exception& e) { return Bad(e); }",
      "auto t = std::chrono::steady_clock::now();",
      "char name[] = \"fileXXXXXX\";",
  };
  for (const std::string& use : uses) EXPECT_EQ(BannedIn("src/index/a.cc", use), Violations{});
}

TEST(BannedNamesTest, SomeFilesAreThePlaceForIt) {
  const SourceTree tree = TreeOf({
      {"src/base/thread_pool.cc", "std::thread worker;"},
      {"src/base/clock.cc", "auto t = std::chrono::system_clock::now();"},
      {"src/base/random_id.cc", "std::random_device seed;"},
      {"src/base/file.cc", "#include <unistd.h>"},
      {"src/store/local.cc", "#include <fcntl.h>"},
      {"tests/base/a_test.cc", "std::thread worker; printf(\"x\");"},
  });
  EXPECT_EQ(CheckBannedNames(tree), Violations{});
}

TEST(FileLengthsTest, SixHundredLinesAreTheLimit) {
  const std::string line = "int a;\n";
  std::string longest;
  for (int i = 0; i < 600; ++i) longest += line;
  const SourceTree tree = TreeOf({
      {"src/base/longest.cc", longest},
      {"src/base/too_long.cc", longest + line},
      {"tests/base/any_test.cc", longest + line},
  });
  EXPECT_EQ(CheckFileLengths(tree),
            Violations{"src/base/too_long.cc: 601 lines, the limit is 600"});
}

}  // namespace
}  // namespace vecdb::tree
