// What somebody may have meant by a word that the config does not know: near misses in the whole tree of keys, and the
// words of other libraries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace deadrelu {

// What PyTorch, Keras, scikit-learn or JAX call something that has another name here. A word that may mean several
// things stands in a row for each.
struct OtherWords {
  const char* words;            // blanks between them
  const char* path;             // what they mean as a key; else the key or group whose value they would be
  const char* value = nullptr;  // what they mean as a value, as JSON; null: they are keys
};
std::vector<OtherWords> other_words();

// The last of a dotted name in lower case, its letters and digits alone: "nn.LeakyReLU" and "leaky_relu" are the same.
std::string folded(std::string_view word);

// The dotted paths that a key may mean that the group ("": the whole config) does not have, or that is no path
// at all; `names` are the keys that the group has. Empty where nothing is near.
std::vector<std::string> meant_keys(const std::string& key, const std::string& group,
                                    const std::vector<std::string>& names);
std::vector<std::string> meant_paths(const std::string& path);

// What another library's word is called here, for a sentence: `"silu" (model.activation)`; "" where it is none.
std::string name_here(const std::string& word);

// "; did you mean x?" for an unknown key, an unknown path and a value that is none of the key's choices; "" where nothing is near.
std::string key_question(const std::string& key, const std::string& group,
                         const std::vector<std::string>& names);
std::string path_question(const std::string& path);
std::string choice_question(const Key& key, const std::string& given);

}  // namespace deadrelu
