// NumPy's files: .npy (one array; numpy.lib.format, versions 1 to 3) and .npz (a zip file of such, stored or
// deflated).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/array.h"
#include "data/zip.h"

namespace deadrelu {

// The array of an .npy file that fills `bytes`; its numbers stay where they are. Throws
// UserError(kInputOutput), beginning with `place`, for anything else: pickled objects, texts, records, a
// header that promises more, or less, than there is, and an array without numbers.
Array read_npy(const Bytes& bytes, const std::string& place);

// The same of the file at a path; one of another kind is named.
Array read_npy_file(const std::string& path);

class NpzFile {
 public:
  // Throws UserError(kInputOutput) where it is no zip file of arrays.
  explicit NpzFile(const std::string& path);

  std::vector<std::string> names() const;  // of the arrays, in the order of the file
  // Throws UserError(kInputOutput), with the names that there are, where it has no such array.
  Array read(std::string_view name) const;

 private:
  ZipFile zip_;
};

// An array to be written.
struct NamedArray {
  std::string name;
  Lengths shape;
  std::span<const double> numbers;  // the last axis fastest
};

// The numbers as bytes, the lowest first: float32, or float64.
std::string number_bytes(std::span<const double> numbers, bool single);

// An array as an .npy file, and several as an .npz file, stored.
std::string npy_text(const NamedArray& array, bool single);
std::string npz_text(std::span<const NamedArray> arrays, bool single);

}  // namespace deadrelu
