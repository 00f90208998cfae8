#ifndef DOCSEARCH_TOKENIZE_H_
#define DOCSEARCH_TOKENIZE_H_

#include <string>
#include <string_view>
#include <vector>

namespace docsearch {

/// Cuts text or code into index terms: words and the parts of identifiers, in lower case, without
/// their endings. "pthread_mutex_timedlock" and "TryParseUInt32" give their parts. Left out: words
/// that say nothing ("the", "const"), numbers, single letters, very long words.
std::vector<std::string> Tokenize(std::string_view text);

}  // namespace docsearch

#endif  // DOCSEARCH_TOKENIZE_H_
