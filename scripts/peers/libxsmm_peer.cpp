// The steps as a loop over products that LIBXSMM compiles for their shapes.
#include <libxsmm.h>

#include "products.h"

namespace {

// There is no kernel for a transposed a, which is copied the other way round before.
class JitProduct {
 public:
  explicit JitProduct(const ProductShape& shape)
      : shape_(shape), turned_(shape.a_transposed ? static_cast<std::size_t>(shape.rows) * shape.inner : 0) {
    const int flags = shape.b_transposed ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const int prefetch = LIBXSMM_GEMM_PREFETCH_NONE, a_pitch = shape.a_transposed ? shape.rows : shape.a_pitch;
    const float one = 1, beta = shape.accumulates ? 1 : 0;
    kernel_ = libxsmm_smmdispatch(shape.rows, shape.columns, shape.inner, &a_pitch, &shape.b_pitch, &shape.c_pitch,
                                  &one, &beta, &flags, &prefetch);
    if (kernel_ == nullptr) throw std::runtime_error("LIBXSMM has no kernel for this product");
  }
  void operator()(const float* a, const float* b, float* c) const {
    if (shape_.a_transposed) {
      libxsmm_otrans(turned_.data(), a, sizeof(float), shape_.inner, shape_.rows, shape_.a_pitch, shape_.rows);
      a = turned_.data();
    }
    kernel_(a, b, c);
  }

 private:
  ProductShape shape_;
  Values turned_;
  libxsmm_smmfunction kernel_;
};

}  // namespace

int main(int, char** arguments) {
  return serve_products<JitProduct>(arguments[1], "LIBXSMM", "LIBXSMM " LIBXSMM_VERSION);
}
