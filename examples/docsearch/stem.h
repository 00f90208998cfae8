#ifndef DOCSEARCH_STEM_H_
#define DOCSEARCH_STEM_H_

#include <string>

namespace docsearch {

/// Takes the endings off an English word in lower case, so that "compressed", "compressing" and
/// "compression" become one term. The algorithm of M. F. Porter, "An algorithm for suffix
/// stripping", 1980. Words with anything but a to z come back as they are.
std::string Stem(std::string word);

}  // namespace docsearch

#endif  // DOCSEARCH_STEM_H_
