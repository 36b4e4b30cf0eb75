// Arrays of numbers as files hold them: any type, byte order and storage order, read where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "data/input_file.h"

namespace deadrelu {

enum class Element {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat16,   // IEEE 754 binary16
  kBfloat16,  // the upper half of a float32
  kFloat32,
  kFloat64,
};
template <>
inline constexpr std::array kNames<Element>{"bool",     "int8",    "int16",  "int32",  "int64",
                                            "uint8",    "uint16",  "uint32", "uint64", "float16",
                                            "bfloat16", "float32", "float64"};

std::size_t bytes_of(Element element);
bool is_float(Element element);

using Lengths = std::vector<std::size_t>;  // of an array's axes

struct Array {
  std::string place;  // what sentences call it: "x.npy", "d.npz: array 'inputs'"
  Element element = Element::kFloat64;
  Lengths shape;  // [axis]; empty: a single number
  Bytes bytes;    // as many as type and shape take
  bool big_endian = false;
  bool fortran_order = false;  // the first axis is the fastest, not the last

  std::size_t size() const;                                   // numbers in all
  std::size_t row_size() const { return size() / shape[0]; }  // numbers in one place of the first axis

  // The numbers in place `row` of the first axis, the last axis fastest; as doubles (integers beyond 2^53 are
  // rounded) in to[0 … row_size−1]. REQUIRES: there is a first axis, and row is below its length.
  void read_row(std::size_t row, double* to) const;
};

// Bytes of an array, empty where more than memory can have. An axis of length 0 makes it 0.
std::optional<std::size_t> array_bytes(Element element, const Lengths& shape);

std::string shape_text(const Lengths& shape);  // "60000 × 28 × 28"; "a single number"

// Throws UserError(kInputOutput) with the first number that is infinite or none, and its place.
// REQUIRES: there is a first axis.
void require_finite(const Array& array);

}  // namespace deadrelu
