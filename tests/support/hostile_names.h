#ifndef VECDB_SUPPORT_HOSTILE_NAMES_H_
#define VECDB_SUPPORT_HOSTILE_NAMES_H_

#include <set>
#include <string>
#include <vector>

namespace vecdb::support {

/// No segment of a name can be one of these.
inline std::vector<std::string> HostileSegments() {
  using namespace std::string_literals;
  return {"", ".", "..", "...", ".hidden", ".tmp", ".lock", ".git", "~", "~root",
          // Encodings that somebody further down may undo.
          "%2e%2e", "%2E%2E%2F", "..%2f", "%00", "%5c", "..;", "..%c0%af", "&#46;&#46;", "a+b",
          // Bytes that end or split a string.
          "\0"s, "a\0b"s, "..\0"s, "\t", "\n", "a\r\nb", "\x7f", "\x1b[2J", " ", "a b", " a", "a ",
          // Names of Windows.
          "a\\b", "..\\", "..\\..\\x", "\\\\host\\share", "C:", "C:\\Windows", "CON:", "a:$DATA",
          "nul.txt:s", "LPT1*", "\\\\?\\C:",
          // Dots and slashes of Unicode, overlong and broken UTF-8.
          "\xe2\x80\xa5", "\xe2\x80\xa4\xe2\x80\xa4", "\xef\xbc\x8e\xef\xbc\x8e", "\xe2\x88\x95",
          "\xef\xbc\x8f", "\xe2\x80\xae", "\xc0\xae\xc0\xae", "\xc0\xaf", "\xff\xfe", "\xc3\xa9",
          // Signs of shells, patterns and addresses.
          "*", "?", "|", ";", "`id`", "$(id)", "$HOME", "&", "<", ">", "\"", "'", ",", "@", "#",
          "!", "{a}", "[a]", "^", "file:", "http:", std::string(129, 'x')};
}

/// Such segments alone and among others, and names that are wrong as a whole.
inline std::vector<std::string> HostileNames() {
  std::set<std::string> names = {"/",
                                 "//",
                                 "///",
                                 "../../../../etc/passwd",
                                 "/etc/passwd",
                                 "a/../b",
                                 "a/../../b",
                                 "a//b",
                                 "file:///etc/passwd",
                                 "http://169.254.169.254/x",
                                 std::string(100000, 'x'),
                                 std::string(513, 'a'),
                                 "a/a/a/a/a/a/a/a/a"};
  for (const std::string& segment : HostileSegments()) {
    names.insert(segment);
    names.insert("a/" + segment);
    names.insert(segment + "/a");
    names.insert("a/" + segment + "/b");
  }
  return {names.begin(), names.end()};
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_HOSTILE_NAMES_H_
