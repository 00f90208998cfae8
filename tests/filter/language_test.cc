// The filter language, as the text files of tests/filter/language describe it. A file begins with
// the fields of its schema; then come cases, with empty lines between:
//
//   ? the filter, which may go on in further lines of this kind
//   : name = value of a parameter, or several such lines
//   the normal form, or the error, as it stands; "(all rows)" for a filter that holds for all
//
// Lines that begin with # say something to the reader. VECDB_WRITE_EXPECTED=1 in the environment
// writes what the library answers now into the files, to be read before it is kept.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "filter/parse.h"
#include "support/status_testing.h"
#include "vecdb/filter.h"

namespace vecdb::filter {
namespace {

constexpr const char* kAllRows = "(all rows)";

struct LanguageCase {
  int line = 0;
  std::vector<std::string> filter{};
  std::vector<std::string> parameters{};
  std::vector<std::string> expected{};
};

struct LanguageFile {
  std::vector<std::string> head{};  // up to the first case
  Schema schema{};
  std::vector<LanguageCase> cases{};
  std::vector<std::vector<std::string>> comments{};  // before each case
};

DataType TypeOf(const std::string& name) {
  for (int number = 0; number <= 105; ++number) {
    if (DataTypeName(static_cast<DataType>(number)) == name) return static_cast<DataType>(number);
  }
  ADD_FAILURE() << "unknown type " << name;
  return DataType::kNone;
}

// "fields: id Int64, source VarChar, ...", of which the first is the key; "dynamic" stands for
// further ones.
Schema ParseFields(std::string_view line) {
  Schema schema;
  for (const auto& part : absl::StrSplit(std::string(line.substr(7)), ',')) {
    const std::vector<std::string> words = absl::StrSplit(part, ' ', absl::SkipEmpty());
    if (words.size() == 1 && words[0] == "dynamic") {
      schema.enable_dynamic_field = true;
      continue;
    }
    const DataType type = TypeOf(words.at(1));
    schema.fields.push_back({.name = words.at(0),
                             .type = type,
                             .primary_key = schema.fields.empty(),
                             .dim = type == DataType::kFloatVector ? 2 : 0,
                             .max_length = type == DataType::kVarChar ? 64 : 0});
  }
  return schema;
}

std::vector<std::string> ReadLines(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

LanguageFile Read(const std::filesystem::path& path) {
  LanguageFile file;
  bool open = false;
  std::vector<std::string> comments;
  const std::vector<std::string> lines = ReadLines(path);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (line.empty()) {
      open = false;
    } else if (!open && line.starts_with("#")) {
      comments.push_back(line);
    } else if (!open && line.starts_with("fields:")) {
      file.schema = ParseFields(line);
      file.head = comments;
      file.head.push_back(line);
      comments.clear();
    } else if (!open) {
      EXPECT_TRUE(line.starts_with("? ")) << path << ":" << i + 1 << " is no filter";
      open = true;
      file.cases.push_back({.line = static_cast<int>(i + 1), .filter = {line.substr(2)}});
      file.comments.push_back(std::move(comments));
      comments.clear();
    } else if (line.starts_with("? ") && file.cases.back().expected.empty()) {
      file.cases.back().filter.push_back(line.substr(2));
    } else if (line.starts_with(": ") && file.cases.back().expected.empty()) {
      file.cases.back().parameters.push_back(line.substr(2));
    } else {
      file.cases.back().expected.push_back(line);
    }
  }
  return file;
}

// "name = value", with the value as in a filter.
void AddParameter(const std::string& line, FilterParameters* parameters) {
  const size_t equals = line.find(" = ");
  ASSERT_NE(equals, std::string::npos) << line;
  const std::string value = line.substr(equals + 3);
  const auto expr = ParseFilter(absl::StrCat(value.starts_with("[") ? "x in " : "x == ", value));
  ASSERT_OK(expr);
  parameters->emplace(line.substr(0, equals), expr->children[1].value);
}

std::string TextOf(const absl::StatusOr<Filter>& filter) {
  if (!filter.ok()) {
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(filter.status().message());
  }
  const std::string text = filter->ToString();
  return text.empty() ? kAllRows : text;
}

std::string Answer(const Schema& schema, const LanguageCase& one) {
  const auto filter = Filter::Parse(schema, absl::StrJoin(one.filter, "\n"));
  if (!filter.ok() || one.parameters.empty()) return TextOf(filter);
  FilterParameters parameters;
  for (const std::string& line : one.parameters) AddParameter(line, &parameters);
  return TextOf(filter->Bind(parameters));
}

void Write(const std::filesystem::path& path, const LanguageFile& file) {
  std::ofstream out(path);
  for (const std::string& line : file.head) out << line << "\n";
  for (size_t i = 0; i < file.cases.size(); ++i) {
    const LanguageCase& one = file.cases[i];
    out << "\n";
    for (const std::string& line : file.comments[i]) out << line << "\n";
    if (!file.comments[i].empty()) out << "\n";
    for (const std::string& line : one.filter) out << "? " << line << "\n";
    for (const std::string& line : one.parameters) out << ": " << line << "\n";
    out << Answer(file.schema, one) << "\n";
  }
}

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(VECDB_LANGUAGE_DIR)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class LanguageTest : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(LanguageTest, FiltersMeanWhatTheFileSays) {
  const LanguageFile file = Read(GetParam());
  ASSERT_OK(file.schema.Validate());
  ASSERT_FALSE(file.cases.empty());
  for (const LanguageCase& one : file.cases) {
    EXPECT_EQ(Answer(file.schema, one), absl::StrJoin(one.expected, "\n"))
        << GetParam().string() << ":" << one.line;
  }
  if (std::getenv("VECDB_WRITE_EXPECTED") != nullptr) Write(GetParam(), file);
}

TEST_P(LanguageTest, NormalFormsAreTheirOwn) {
  const LanguageFile file = Read(GetParam());
  for (const LanguageCase& one : file.cases) {
    const std::string text = Answer(file.schema, one);
    if (text == kAllRows || text.starts_with("filter")) continue;
    const auto again = Filter::Parse(file.schema, text);
    EXPECT_EQ(TextOf(again), text) << GetParam().string() << ":" << one.line;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, LanguageTest, ::testing::ValuesIn(Files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace vecdb::filter
