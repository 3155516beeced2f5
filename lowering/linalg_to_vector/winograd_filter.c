// The filter's transform, when compiling: G g G' of every 3 x 3 filter, in double precision.
#include <stdlib.h>
#include <string.h>
#include "dlc/ir.h"
#include "lowering/linalg_to_vector/winograd.h"

enum { MAX_POINTS = 6 };
static const double two[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double four[6][3] = {{1. / 4, 0, 0},
                                  {-1. / 6, -1. / 6, -1. / 6},
                                  {-1. / 6, 1. / 6, -1. / 6},
                                  {1. / 24, 1. / 12, 1. / 6},
                                  {1. / 24, -1. / 12, 1. / 6},
                                  {0, 0, 1}};

typedef struct {
  const DlcConvolution *c;
  const double (*matrix)[3];
  int64_t points, panel, channels, filters;
  int64_t stride[4]; // of the filter's dimensions
  size_t bytes, filled;
  float *in;
} Filter;

static void transformOne(const Filter *f, const float *from, float *to) {
  const DlcConvolutionDims *d = &f->c->filter;
  double half[MAX_POINTS][3];
  for (int64_t i = 0; i < f->points; ++i)
    for (int64_t x = 0; x < 3; ++x) {
      half[i][x] = 0;
      for (int64_t y = 0; y < 3; ++y)
        half[i][x] += f->matrix[i][y] * (double)from[y * f->stride[d->row] + x * f->stride[d->column]];
    }
  for (int64_t i = 0; i < f->points; ++i)
    for (int64_t j = 0; j < f->points; ++j) {
      double sum = 0;
      for (int64_t x = 0; x < 3; ++x) sum += half[i][x] * f->matrix[j][x];
      to[(i * f->points + j) * f->channels * f->panel] = (float)sum;
    }
}

// The whole filter; of a splat, element by element.
static void collect(const void *bytes, size_t n, void *data) {
  Filter *f = data;
  if (f->filled + n <= f->bytes) memcpy((char *)f->in + f->filled, bytes, n);
  f->filled += n;
}

static void transformAll(const Filter *f, float *out) {
  const DlcConvolutionDims *d = &f->c->filter;
  for (int64_t filter = 0; filter < f->filters; ++filter) {
    float *panel = out + filter / f->panel * f->points * f->points * f->channels * f->panel + filter % f->panel;
    for (int64_t channel = 0; channel < f->channels; ++channel)
      transformOne(f, f->in + filter * f->stride[d->image] + channel * f->stride[d->channel],
                   panel + channel * f->panel);
  }
}

MlirAttribute dlcWinogradFilter(MlirAttribute filter, MlirType filterType, const DlcConvolution *c, int64_t outputs,
                                MlirType *type) {
  Filter f = {.c = c, .matrix = outputs == 4 ? four : two, .points = outputs + 2};
  f.channels = mlirShapedTypeGetDimSize(filterType, c->filter.channel);
  f.filters = mlirShapedTypeGetDimSize(filterType, c->filter.image);
  f.panel = dlcWinogradPanel(f.filters);
  f.bytes = (size_t)dlcStaticBytes(filterType);
  for (intptr_t i = 3, stride = 1; i >= 0; --i) f.stride[i] = stride, stride *= mlirShapedTypeGetDimSize(filterType, i);
  f.in = malloc(f.bytes);
  float *out = malloc(f.bytes / 9 * (size_t)(f.points * f.points));
  if (!f.in || !out || !dlcForConstantBytes(filter, collect, &f) || f.filled != f.bytes)
    return free(f.in), free(out), mlirAttributeGetNull();
  transformAll(&f, out);
  free(f.in);
  int64_t shape[] = {f.filters / f.panel, f.points * f.points, f.channels, f.panel};
  MlirType element = mlirShapedTypeGetElementType(filterType);
  *type = mlirMemRefTypeContiguousGet(element, 4, shape, mlirAttributeGetNull());
  return dlcConstantOfBytes(mlirRankedTensorTypeGet(4, shape, element, mlirAttributeGetNull()), "winograd", out);
}
