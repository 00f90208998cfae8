#include "format/manifest.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "format/sealed_json.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::format {
namespace {

using support::CodeOf;
using support::PathOf;
using Json = nlohmann::json;

using absl::StatusCode::kDataLoss;

Schema RichSchema() {
  return {
      .description = "d \"quoted\" \xc3\xa9",
      .fields = {{.name = "key", .type = DataType::kVarChar, .primary_key = true, .max_length = 64},
                 {.name = "a", .type = DataType::kFloatVector, .dim = 8, .description = "first"},
                 {.name = "b", .type = DataType::kFloatVector, .dim = 32768},
                 {.name = "j", .type = DataType::kJson},
                 {.name = "n", .type = DataType::kInt16}},
      .enable_dynamic_field = true};
}

SegmentInfo RichSegment(int number) {
  const std::string folder = "collections/c1/segments/s" + std::to_string(number);
  return {.folder = folder,
          .schema = RichSchema(),
          .num_rows = 1000,
          .num_deletes = 3,
          .min_timestamp = 5,
          .max_timestamp = 1ULL << 62,
          .min_key = "\"\"",
          .max_key = "\"z\\n\"",
          .objects = {{"101.vec", 12345, 0xfedcba9876543210},
                      {"102.vec", 1ULL << 45, 0},
                      {"columns.vseg", 1, ~0ULL}},
          .indexes = {{"a",
                       {.metric = Metric::kCosine, .params = HnswParams{.m = 8, .seed = ~0ULL}},
                       {"101-ab.idx", 7, 8},
                       {{10, 16, 0.9123}, {10, 24, 1}, {100, 100, 0}, {100, 65536, 0.1 + 0.2}}},
                      {"b", {.metric = Metric::kL2}, {"102-cd.idx", 9, 10}},
                      {"n", {.params = SortedParams{}}, {"104-ef.idx", 11, 12}}},
          .deletes = ObjectRef{"deletes-1.del", 100, 200}};
}

Manifest RichManifest() {
  Manifest manifest{.collection_id = "c1",
                    .schema = RichSchema(),
                    .options = {.num_shards = 64,
                                .load = LoadPolicy::kManual,
                                .on_duplicate_key = DuplicateKeyPolicy::kReplace,
                                .segment_max_bytes = 64ULL << 30,
                                .seal_proportion = 0.1,
                                .journal = JournalPlace::kObjectStore,
                                .durability = Durability::kProcessCrash,
                                .journal_max_bytes = 1ULL << 40,
                                .consistency = ConsistencyLevel::kEventually,
                                .staleness_ms = 1,
                                .retention_ms = INT64_MAX,
                                .ttl_seconds = INT64_MAX,
                                .auto_compaction = false,
                                .space_amplification = 1.7,
                                .interim_index = false},
                    .flushed_timestamp = 1ULL << 62,
                    .host_sequence = ~0ULL,
                    .history_from = 1ULL << 61,
                    .expired_until = INT64_MAX,
                    .journal = {.id = "00112233445566778899aabbccddeeff",
                                .first_file = 5,
                                .last_file = 5 + (1 << 20) - 1},
                    .kept_journals = {"00", std::string(32, 'f')},
                    .indexes = {{"a", {.metric = Metric::kIp, .params = HnswParams{}}},
                                {"key", {.params = InvertedParams{}}}}};
  manifest.segments.push_back({.id = "s1", .shard = 63, .info = RichSegment(1)});
  manifest.segments.push_back({.id = "s2", .shard = 0, .info = RichSegment(2)});
  manifest.segments[1].info.deletes.reset();
  manifest.segments[1].info.num_deletes = 0;
  manifest.segments[1].info.indexes.clear();
  return manifest;
}

Json TreeOf(const Manifest& manifest) { return Json::parse(ManifestToJson(manifest)); }

absl::StatusCode ManifestCode(const Json& tree) {
  return CodeOf(ManifestFromJson("m", tree.dump()));
}

// Calls `visit` with a pointer to every value of a tree.
void ForEachValue(const Json& tree, const Json::json_pointer& at,
                  const std::function<void(const Json::json_pointer&)>& visit) {
  visit(at);
  if (!tree.is_structured()) return;
  for (const auto& [key, value] : tree.items()) {
    const auto below = tree.is_array() ? at / std::stoul(key) : at / key;
    ForEachValue(value, below, visit);
  }
}

TEST(ManifestTest, RichManifestComesBack) {
  const Manifest manifest = RichManifest();
  const auto read = ManifestFromJson("m", ManifestToJson(manifest));
  ASSERT_OK(read);
  EXPECT_EQ(*read, manifest);
}

TEST(ManifestTest, WhatOlderFilesLackHasTheValueOfThen) {
  Json tree = TreeOf(RichManifest());
  tree.erase("auto_compaction");
  tree.erase("interim_index");
  tree.erase("space_amplification");
  tree.erase("history_from");
  tree.erase("ttl_seconds");
  tree.erase("expired_until");
  const auto read = ManifestFromJson("m", tree.dump());
  ASSERT_OK(read);
  EXPECT_TRUE(read->options.auto_compaction);
  EXPECT_TRUE(read->options.interim_index);
  EXPECT_EQ(read->options.space_amplification, 1.3);
  EXPECT_EQ(read->history_from, 0u);
  EXPECT_EQ(read->options.ttl_seconds, 0);
  EXPECT_EQ(read->expired_until, 0u);
  // These values are not written, so that older programs and newer ones write the same.
  EXPECT_EQ(TreeOf(*read), tree);
}

TEST(ManifestTest, EmptyManifestComesBack) {
  const Manifest manifest{
      .collection_id = "c",
      .schema = {
          .fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true, .auto_id = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 1}}}};
  const auto read = ManifestFromJson("m", ManifestToJson(manifest));
  ASSERT_OK(read);
  EXPECT_EQ(*read, manifest);
}

TEST(ManifestTest, EveryPlaceAndDurabilityComesBack) {
  for (const JournalPlace place : {JournalPlace::kAuto, JournalPlace::kDirectory,
                                   JournalPlace::kObjectStore, JournalPlace::kNone}) {
    for (const Durability durability :
         {Durability::kNone, Durability::kProcessCrash, Durability::kSynced}) {
      Manifest manifest = RichManifest();
      manifest.options.journal = place;
      manifest.options.durability = durability;
      const auto read = ManifestFromJson("m", ManifestToJson(manifest));
      ASSERT_OK(read);
      EXPECT_EQ(*read, manifest);
    }
  }
}

TEST(ManifestTest, IndexThatDoesNotFitItsFieldIsDataLoss) {
  const struct {
    const char* field;
    IndexSpec spec;
  } cases[] = {{"a", {.params = InvertedParams{}}},     {"n", {.metric = Metric::kL2}},
               {"n", {.params = IvfFlatParams{}}},      {"a", {.params = IvfPqParams{.m = 3}}},
               {"a", {.params = IvfPqParams{.m = 16}}}, {"j", {.params = SortedParams{}}},
               {"nope", {.params = SortedParams{}}}};
  for (const auto& c : cases) {
    Manifest manifest = RichManifest();
    manifest.indexes = {{c.field, c.spec}};
    EXPECT_EQ(CodeOf(ManifestFromJson("m", ManifestToJson(manifest))), kDataLoss) << c.field;
    SegmentInfo info = RichSegment(1);
    info.indexes = {{c.field, c.spec, {"x.idx", 1, 2}}};
    EXPECT_EQ(CodeOf(SegmentInfo::FromJson(info.ToJson())), kDataLoss) << c.field;
  }
}

TEST(ManifestTest, IvfIndexesComeBack) {
  const IndexSpec specs[] = {
      {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 65536, .seed = ~0ULL}},
      {.params = IvfSq8Params{.nlist = 1, .refine = Refine::kNone}},
      {.params = IvfPqParams{}},
      {.metric = Metric::kCosine, .params = IvfPqParams{.nlist = 9, .m = 8, .nbits = 4}},
  };
  for (const IndexSpec& spec : specs) {
    Manifest manifest = RichManifest();
    manifest.indexes = {{"a", spec}};
    manifest.segments[1].info.indexes = {{"a", spec, {"x.idx", 1, 2}}};
    const auto read = ManifestFromJson("m", ManifestToJson(manifest));
    ASSERT_OK(read);
    EXPECT_EQ(*read, manifest) << spec.ToJson();
  }
}

TEST(ManifestTest, OlderFilesHaveNoCalibrations) {
  Json tree = TreeOf(RichManifest());
  const Json::json_pointer at("/segments/0/info/indexes/0/calibration");
  EXPECT_EQ(tree[at].dump(),
            "[[10,16,0.9123],[10,24,1.0],[100,100,0.0],"
            "[100,65536,0.30000000000000004]]");
  tree[at.parent_pointer()].erase("calibration");
  const auto read = ManifestFromJson("m", tree.dump());
  ASSERT_OK(read);
  EXPECT_TRUE(read->segments[0].info.indexes[0].calibration.empty());
  EXPECT_EQ(TreeOf(*read), tree);
  EXPECT_NE(*read, RichManifest());
}

TEST(ManifestTest, CalibrationsOfNoIndexAreDataLoss) {
  const Json good = TreeOf(RichManifest());
  Json many = Json::array();
  for (int k = 1; k <= 257; ++k) many.push_back({k, 1, 0.5});
  Json most = many;
  most.erase(0);
  const Json one = {{10, 16, 0.5}};
  const struct {
    const char* at;
    Json value;
    bool ok;
  } cases[] = {
      {"0/calibration", one, true},
      {"0/calibration", most, true},
      {"0/calibration", Json::array(), true},
      {"0/calibration", many, false},
      {"0/calibration", Json::object(), false},
      {"0/calibration", "[]", false},
      {"0/calibration", {10, 16, 0.5}, false},
      {"0/calibration", {{10, 16}}, false},
      {"0/calibration", {{10, 16, 0.5, 1}}, false},
      {"0/calibration/0/0", 0, false},
      {"0/calibration/0/0", -1, false},
      {"0/calibration/0/0", 1.5, false},
      {"0/calibration/0/0", 11, false},          // after 10
      {"0/calibration/0/0", 1ULL << 32, false},  // which would be 0
      {"0/calibration/0/1", 0, false},
      {"0/calibration/0/1", 24, false},
      {"0/calibration/1/1", (1ULL << 32) + 24, false},
      {"0/calibration/3/1", 65537, false},
      {"0/calibration/0/2", "0.5", false},
      {"0/calibration/0/2", -0.5, false},
      {"0/calibration/0/2", 1, false},
      {"0/calibration/3/2", 1, true},
      {"0/calibration/3/2", 1.5, false},
      {"1/calibration", one, false},  // of FLAT
      {"2/calibration", one, false},  // of SORTED
  };
  for (const auto& c : cases) {
    Json tree = good;
    tree[Json::json_pointer(std::string("/segments/0/info/indexes/") + c.at)] = c.value;
    EXPECT_EQ(ManifestCode(tree), c.ok ? absl::StatusCode::kOk : kDataLoss)
        << c.at << " = " << c.value;
  }
}

TEST(ManifestTest, GraphsOfCodesAndRefineComeBack) {
  const IndexSpec specs[] = {
      {.params = HnswParams{.codec = HnswCodec::kFloat32}},
      {.params = HnswParams{.codec = HnswCodec::kFloat16, .refine = Refine::kNone}},
      {.metric = Metric::kCosine, .params = HnswParams{.m = 8, .codec = HnswCodec::kSq8}},
      {.metric = Metric::kL2,
       .params = HnswParams{.seed = 3, .codec = HnswCodec::kSq4, .refine = Refine::kSq8}},
      {.params = HnswParams{.codec = HnswCodec::kRabitq, .refine = Refine::kFloat32}},
      {.params = IvfSq8Params{.refine = Refine::kFloat16}},
      {.params = IvfPqParams{.m = 2, .refine = Refine::kSq8}},
  };
  for (const IndexSpec& spec : specs) {
    Manifest manifest = RichManifest();
    manifest.indexes = {{"a", spec}};
    manifest.segments[1].info.indexes = {{"a", spec, {"x.idx", 1, 2}}};
    const auto read = ManifestFromJson("m", ManifestToJson(manifest));
    ASSERT_OK(read);
    EXPECT_EQ(*read, manifest) << spec.ToJson();
  }
}

TEST(ManifestTest, OnlyIndexesOfVectorsAreForSearches) {
  Manifest manifest = RichManifest();
  EXPECT_TRUE(HasVectorIndex(manifest.indexes));
  manifest.indexes.erase(manifest.indexes.begin());
  EXPECT_FALSE(HasVectorIndex(manifest.indexes));
  EXPECT_FALSE(HasVectorIndex({}));
}

TEST(ManifestTest, ErrorsNameTheObject) {
  EXPECT_EQ(ManifestFromJson("some/manifest", "{}").status(),
            absl::DataLossError("object some/manifest: impossible manifest"));
}

TEST(ManifestTest, EveryValueOfAnotherTypeIsDataLossOrHarmless) {
  const Json good = TreeOf(RichManifest());
  const std::vector<Json> others = {nullptr, -1, "../x", Json::array({Json::object()})};
  ForEachValue(good, Json::json_pointer(), [&](const Json::json_pointer& at) {
    for (const Json& other : others) {
      Json bad = good;
      bad[at] = other;
      const auto read = ManifestFromJson("m", bad.dump());
      if (!read.ok()) {
        EXPECT_EQ(CodeOf(read), kDataLoss) << at.to_string() << " = " << other;
        continue;
      }
      // What was understood is what stood there.
      const auto again = ManifestFromJson("m", ManifestToJson(*read));
      ASSERT_OK(again);
      EXPECT_EQ(*again, *read) << at.to_string() << " = " << other;
      EXPECT_EQ(good[at].type() == other.type() || (good[at].is_number() && other.is_number()),
                true)
          << at.to_string() << " = " << other;
    }
  });
}

TEST(ManifestTest, EveryMissingMemberIsDataLossUnlessItMayBeAbsent) {
  const Json good = TreeOf(RichManifest());
  ForEachValue(good, Json::json_pointer(), [&](const Json::json_pointer& at) {
    if (at.empty()) return;
    const Json& parent = good[at.parent_pointer()];
    if (!parent.is_object()) return;
    Json bad = good;
    bad[at.parent_pointer()].erase(at.back());
    const auto read = ManifestFromJson("m", bad.dump());
    if (read.ok()) {
      // Members of schema and index specs that have a default, and what older files lack.
      const std::string text = at.to_string();
      EXPECT_TRUE(
          text == "/auto_compaction" || text == "/interim_index" ||
          text == "/space_amplification" || text == "/history_from" || text == "/ttl_seconds" ||
          text == "/expired_until" || text == "/segments/0/info/indexes/0/calibration" ||
          text.find("/schema/") != std::string::npos || text.find("/spec/") != std::string::npos)
          << text;
    } else {
      EXPECT_EQ(CodeOf(read), kDataLoss) << at.to_string();
    }
  });
}

TEST(ManifestTest, DamagedTextNeverCrashes) {
  Manifest manifest = RichManifest();
  manifest.segments.pop_back();
  const std::string good = ManifestToJson(manifest);
  for (size_t at = 0; at < good.size(); at += 7) {
    for (const char other : {'9', '"', '{'}) {
      std::string bad = good;
      bad[at] = other;
      const auto read = ManifestFromJson("m", bad);
      if (!read.ok()) {
        EXPECT_EQ(CodeOf(read), kDataLoss) << at;
      }
    }
    EXPECT_EQ(CodeOf(ManifestFromJson("m", good.substr(0, at))), kDataLoss) << at;
  }
}

TEST(ManifestTest, HostileTextIsDataLoss) {
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("7"),
        std::string(1000000, '['), std::string(1000000, '{'), std::string("{\"collection\":1e999}"),
        std::string("{}\0", 3), std::string("\xef\xbb\xbf{}")}) {
    EXPECT_EQ(CodeOf(ManifestFromJson("m", text)), kDataLoss) << text.substr(0, 20);
    EXPECT_EQ(CodeOf(CatalogFromJson("m", text)), kDataLoss) << text.substr(0, 20);
    EXPECT_EQ(CodeOf(SegmentInfo::FromJson(text)), kDataLoss) << text.substr(0, 20);
  }
}

TEST(ManifestTest, ValuesThatCannotBeAreDataLoss) {
  struct Case {
    const char* at;
    Json value;
  };
  const std::vector<Case> cases = {
      {"/num_shards", 4294967297},
      {"/load", 0},
      {"/load", 3},
      {"/on_duplicate_key", 0},
      {"/on_duplicate_key", 3},
      {"/flushed_timestamp", 1ULL << 63},
      {"/host_sequence", -1},
      {"/auto_compaction", 0},
      {"/interim_index", 0},
      {"/space_amplification", "1.3"},
      {"/space_amplification", nullptr},
      {"/history_from", -1},
      {"/history_from", (1ULL << 62) + 1},
      {"/ttl_seconds", -1},
      {"/ttl_seconds", 1ULL << 63},
      {"/ttl_seconds", 1.5},
      {"/expired_until", -1},
      {"/expired_until", 1ULL << 63},
      {"/durability", 0},
      {"/durability", 4},
      {"/journal_max_bytes", -1},
      {"/consistency", 4},
      {"/consistency", -1},
      {"/staleness_ms", -1},
      {"/retention_ms", -1},
      {"/retention_ms", 1ULL << 63},
      {"/kept_journals", "00"},
      {"/kept_journals/0", 7},
      {"/journal/place", 4},
      {"/journal/place", -1},
      {"/journal/id", "00112233445566778899AABBCCDDEEFF"},
      {"/journal/id", "00112233445566778899aabbccddeef"},
      {"/journal/id", "../../../../../../../../../../.."},
      {"/journal/id", ""},
      {"/journal/first_file", 0},
      {"/journal/first_file", 6 + (1 << 20)},
      {"/journal/last_file", 4},
      {"/journal/last_file", 5 + (1 << 20)},
      {"/journal/last_file", ~0ULL},
      {"/indexes/0/field", "nope"},
      {"/indexes/0/field", "j"},
      {"/indexes/0/spec/index_type", "HNSV"},
      {"/indexes/0/spec/params/M", 1},
      {"/segments/0/shard", 64},
      {"/segments/0/info/rows", 1ULL << 31},
      {"/segments/0/info/deletes", 1001},
      {"/segments/0/info/deletes", 0},
      {"/segments/1/info/deletes", 1},
      {"/segments/0/info/min_timestamp", 1ULL << 63},
      {"/segments/0/info/max_timestamp", 1ULL << 63},
      {"/segments/0/info/max_timestamp", 4},
      {"/segments/0/info/folder", "../outside"},
      {"/segments/0/info/folder", "/etc"},
      {"/segments/0/info/folder", "a/../../b"},
      {"/segments/0/info/folder", ""},
      {"/segments/0/info/folder", "a//b"},
      {"/segments/0/info/folder", ".tmp"},
      {"/segments/0/info/objects/0/name", "../x"},
      {"/segments/0/info/objects/0/name", "/etc/passwd"},
      {"/segments/0/info/objects/0/checksum", "123"},
      {"/segments/0/info/objects/0/checksum", "FEDCBA9876543210"},
      {"/segments/0/info/objects/0/checksum", "-edcba9876543210"},
      {"/segments/0/info/objects/0/size", -1},
      {"/segments/0/info/indexes/0/field", "nope"},
      {"/segments/0/info/indexes/0/field", "key"},
      {"/segments/0/info/indexes/1/field", "a"},
      {"/segments/0/info/indexes/0/object/name", "a/../b"},
      {"/segments/0/info/delete_object/name", ".."},
      {"/schema/fields/0/id", 101},
      {"/schema/fields/1/dim", 0},
  };
  const Json good = TreeOf(RichManifest());
  ASSERT_EQ(ManifestCode(good), absl::StatusCode::kOk);
  for (const Case& c : cases) {
    Json bad = good;
    ASSERT_TRUE(bad.contains(Json::json_pointer(c.at))) << c.at;
    bad[Json::json_pointer(c.at)] = c.value;
    EXPECT_EQ(ManifestCode(bad), kDataLoss) << c.at << " = " << c.value;
  }
  Json twice = good;
  twice["indexes"].push_back(twice["indexes"][0]);
  EXPECT_EQ(ManifestCode(twice), kDataLoss);
}

TEST(SegmentInfoTest, ComesBackFromJson) {
  const SegmentInfo info = RichSegment(7);
  const auto read = SegmentInfo::FromJson(info.ToJson());
  ASSERT_OK(read);
  EXPECT_EQ(*read, info);
  EXPECT_EQ(info.size_bytes(), 12345u + (1ULL << 45) + 1 + 7 + 9 + 11 + 100);
}

TEST(SegmentInfoTest, ImpossibleOnesAreDataLoss) {
  const Json good = Json::parse(RichSegment(7).ToJson());
  for (const char* missing : {"schema", "folder", "rows", "objects", "indexes", "delete_object"}) {
    Json bad = good;
    bad.erase(missing);
    EXPECT_EQ(CodeOf(SegmentInfo::FromJson(bad.dump())), kDataLoss) << missing;
  }
  for (const auto& [at, value] :
       std::vector<std::pair<const char*, Json>>{{"/schema", Json::object()},
                                                 {"/schema", "x"},
                                                 {"/indexes/0/field", "nope"},
                                                 {"/indexes/1/field", "a"},
                                                 {"/folder", ".."}}) {
    Json bad = good;
    bad[Json::json_pointer(at)] = value;
    EXPECT_EQ(CodeOf(SegmentInfo::FromJson(bad.dump())), kDataLoss) << at;
  }
}

TEST(SegmentInfoTest, ReadGivesWhatLiesInTheFolder) {
  const auto store = MakeMemoryObjectStore();
  const SegmentInfo info = RichSegment(7);
  const ObjectPath path = PathOf("s/segment.json");
  EXPECT_EQ(CodeOf(SegmentInfo::Read(*store, PathOf("s"))), absl::StatusCode::kNotFound);
  ASSERT_OK(PutObject(*store, path, SealJson("segment", "1", info.ToJson())));
  const auto read = SegmentInfo::Read(*store, PathOf("s"));
  ASSERT_OK(read);
  EXPECT_EQ(*read, info);
  for (const std::string& bad :
       {SealJson("manifest", "1", info.ToJson()), SealJson("segment", "1", "{}"), info.ToJson()}) {
    ASSERT_OK(store->Delete(path));
    ASSERT_OK(PutObject(*store, path, bad));
    EXPECT_EQ(CodeOf(SegmentInfo::Read(*store, PathOf("s"))), kDataLoss);
  }
}

TEST(CatalogTest, ComesBack) {
  const std::vector<CatalogEntry> entries = {{.name = "docs", .id = "0a1b", .dropped = false},
                                             {.name = "docs", .id = "ff", .dropped = true}};
  for (const auto& catalog : {std::vector<CatalogEntry>{}, entries}) {
    const auto read = CatalogFromJson("c", CatalogToJson(catalog));
    ASSERT_OK(read);
    EXPECT_EQ(*read, catalog);
  }
}

TEST(CatalogTest, ImpossibleOnesAreDataLoss) {
  for (const char* bad : {R"({})", R"({"collections":{}})", R"({"collections":[7]})",
                          R"({"collections":[{}]})", R"({"collections":[{"name":"a","id":"1"}]})",
                          R"({"collections":[{"name":"a","id":"1","dropped":0}]})",
                          R"({"collections":[{"name":"a","id":"..","dropped":false}]})",
                          R"({"collections":[{"name":"a","id":"","dropped":false}]})",
                          R"({"collections":[{"name":"a","id":"/x","dropped":false}]})",
                          R"({"collections":[{"name":1,"id":"x","dropped":false}]})"}) {
    EXPECT_EQ(CodeOf(CatalogFromJson("c", bad)), kDataLoss) << bad;
  }
}

}  // namespace
}  // namespace vecdb::format
