// The steps as a loop over OpenBLAS's products.
#include <cblas-openblas.h>

#include "products.h"

namespace {

struct SgemmProduct {
  ProductShape shape;
  void operator()(const float* a, const float* b, float* c) const {
    const auto transposition = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
    cblas_sgemm(CblasColMajor, transposition(shape.a_transposed), transposition(shape.b_transposed), shape.rows,
                shape.columns, shape.inner, 1, a, shape.a_pitch, b, shape.b_pitch, shape.accumulates ? 1 : 0, c,
                shape.c_pitch);
  }
};

}  // namespace

int main(int, char** arguments) {
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE …"
  return serve_products<SgemmProduct>(arguments[1], "OpenBLAS", config.substr(0, config.find(' ', 9)));
}
