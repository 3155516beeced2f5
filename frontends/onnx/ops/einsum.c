// Einsum: operands are multiplied two at a time, each time into the labels that
// the output or a later operand still needs; the others are summed.
//
//   bij, bjk, kl -> bil     becomes     t[b,i,k] = sum_j A B,   y[b,i,l] = sum_k t C
//
// A label that an operand repeats walks its diagonal. An ellipsis stands for
// labels of its own, counted from the right, and sizes of 1 are broadcast.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include <ctype.h>
#include <string.h>

#define B onnxBuilder(ctx)

enum { LETTERS = 52, LABELS = LETTERS + ONNX_MAX_RANK };

typedef struct {
  int n;
  int label[ONNX_MAX_RANK];
} Term;
typedef struct {
  OnnxValue *value;
  Term term;
} Operand;
typedef struct {
  OnnxIndex size[LABELS];
  int count[LABELS]; // of uses by inputs
  int dots;          // labels that an ellipsis stands for
} Labels;

//===--- the equation ---
static int labelOf(char c) { return islower((unsigned char)c) ? c - 'a' : c - 'A' + 26; }
// A term up to a comma, an arrow or the end; -1 stands for the ellipsis.
static const char *readTerm(OnnxContext *ctx, const char *p, Term *term) {
  *term = (Term){0};
  for (; *p && *p != ',' && strncmp(p, "->", 2); ++p) {
    if (*p == ' ') continue;
    bool dots = !strncmp(p, "...", 3);
    if (!dots && !isalpha((unsigned char)*p))
      return onnxInvalid(ctx, "attribute equation has '%c' where a label was expected", *p), NULL;
    if (term->n == ONNX_MAX_RANK)
      return onnxRefuse(ctx, "attribute equation has more than %d labels in a term", ONNX_MAX_RANK), NULL;
    term->label[term->n++] = dots ? -1 : labelOf(*p);
    if (dots) p += 2;
  }
  return p;
}
// The ellipsis becomes `n` labels, the last ones of all that there are.
static void expandDots(OnnxContext *ctx, Term *term, int n, int dots) {
  int at = 0;
  while (at < term->n && term->label[at] >= 0) ++at;
  if (at == term->n) return;
  if (term->n - 1 + n > ONNX_MAX_RANK)
    return onnxRefuse(ctx, "attribute equation has more than %d labels in a term", ONNX_MAX_RANK);
  memmove(term->label + at + n, term->label + at + 1, (size_t)(term->n - at - 1) * sizeof *term->label);
  for (int i = 0; i < n; ++i) term->label[at + i] = LETTERS + dots - n + i;
  term->n += n - 1;
  for (int i = 0; i < term->n; ++i)
    if (term->label[i] < 0) return onnxInvalid(ctx, "attribute equation has two ellipses in a term");
}
static int missingDims(const Operand *o) { // of an ellipsis; without one, a term of another rank is an error
  for (int i = 0; i < o->term.n; ++i)
    if (o->term.label[i] < 0) return o->value->rank - (o->term.n - 1);
  return o->value->rank == o->term.n ? 0 : -1;
}
static const char *readInputs(OnnxContext *ctx, const char *p, int n, Operand *operands, Labels *labels) {
  for (int k = 0; k < n; ++k) {
    if (!(p = readTerm(ctx, p, &operands[k].term))) return NULL;
    if ((*p == ',') != (k + 1 < n))
      return onnxInvalid(ctx, "attribute equation does not have %d terms, one an input", n), NULL;
    if (*p == ',') ++p;
    int missing = missingDims(&operands[k]);
    if (missing < 0)
      return onnxInvalid(ctx, "input %d has rank %d, attribute equation another", k, operands[k].value->rank), NULL;
    if (missing > labels->dots) labels->dots = missing;
  }
  for (int k = 0; k < n; ++k) {
    expandDots(ctx, &operands[k].term, missingDims(&operands[k]), labels->dots);
    if (onnxFailed(ctx)) return NULL;
    for (int i = 0; i < operands[k].term.n; ++i) ++labels->count[operands[k].term.label[i]];
  }
  return p;
}
static bool readOutput(OnnxContext *ctx, const char *p, const Labels *labels, Term *out) {
  bool seen[LABELS] = {false};
  if (*p) {
    if (!(p = readTerm(ctx, p + 2, out))) return false;
    if (*p) return onnxInvalid(ctx, "attribute equation goes on after its output"), false;
    expandDots(ctx, out, labels->dots, labels->dots);
  } else {
    *out = (Term){0};
    for (int i = 0; i < labels->dots; ++i) out->label[out->n++] = LETTERS + i;
    for (int k = 0; k < LETTERS; ++k) { // in the order of the alphabet, capitals first
      int label = (k + 26) % LETTERS;
      if (labels->count[label] == 1 && out->n < ONNX_MAX_RANK) out->label[out->n++] = label;
    }
  }
  for (int i = 0; i < out->n && !onnxFailed(ctx); ++i) {
    if (!labels->count[out->label[i]] || seen[out->label[i]])
      onnxInvalid(ctx, "attribute equation: label %d of the output is no label of an input, or repeated", i);
    seen[out->label[i]] = true;
  }
  return !onnxFailed(ctx);
}
static void joinSizes(OnnxContext *ctx, int n, const Operand *operands, Labels *labels) {
  for (int i = 0; i < LABELS; ++i) labels->size[i] = onnxConst(1);
  for (int pass = 0; pass < 2; ++pass) // static sizes first
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < operands[k].term.n; ++i) {
        OnnxIndex d = operands[k].value->dims[i], *size = &labels->size[operands[k].term.label[i]];
        if (onnxIsConst(d) == (pass == 1) || onnxIs(d, 1)) continue;
        if (onnxIs(*size, 1))
          *size = d;
        else
          onnxRequireEqual(ctx, *size, d, "sizes of a label of the equation");
      }
}

//===--- one step ---
static bool has(const Term *term, int label) {
  for (int i = 0; i < term->n; ++i)
    if (term->label[i] == label) return true;
  return false;
}
typedef struct {
  OnnxElement element;
  bool two, sums; // factors; and a sum to add to
} Product;
static void productBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results,
                        void *data) { // one factor or two, the sum
  Product *p = data;
  MlirValue x = p->two ? onnxArithmetic(ctx, ONNX_MUL, p->element, args[0], args[1]) : args[0];
  results[0] = p->sums ? onnxArithmetic(ctx, ONNX_ADD, p->element, args[p->two ? 2 : 1], x) : x;
}
static OnnxAccess accessOf(OnnxContext *ctx, OnnxValue *v, const Term *term, int loops, const int *loopOf,
                           const Labels *labels) {
  int dims[ONNX_MAX_RANK];
  for (int i = 0; i < term->n; ++i) {
    bool broadcast = onnxIs(v->dims[i], 1) && !onnxIs(labels->size[term->label[i]], 1);
    dims[i] = broadcast ? -1 : loopOf[term->label[i]];
  }
  return (OnnxAccess){onnxTensor(ctx, v), onnxMap(ctx, loops, term->n, dims)};
}
// The sum over all labels that `out` has not of the product of one operand or two.
static OnnxValue *contract(OnnxContext *ctx, int n, const Operand *operands, const Term *out, const Labels *labels) {
  int loops = 0, loopOf[LABELS];
  char iterators[2 * ONNX_MAX_RANK + 1] = {0};
  for (int i = 0; i < LABELS; ++i) loopOf[i] = -1;
  for (int i = 0; i < out->n; ++i) loopOf[out->label[i]] = loops, iterators[loops++] = 'p';
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < operands[k].term.n; ++i) {
      int label = operands[k].term.label[i];
      if (loopOf[label] >= 0) continue;
      if (loops == ONNX_MAX_RANK)
        return onnxRefuse(ctx, "attribute equation with more than %d labels at a time is not supported", ONNX_MAX_RANK),
               NULL;
      loopOf[label] = loops, iterators[loops++] = 'r';
    }
  OnnxIndex dims[ONNX_MAX_RANK];
  int identity[ONNX_MAX_RANK];
  for (int i = 0; i < out->n; ++i) dims[i] = labels->size[out->label[i]], identity[i] = i;
  OnnxElement e = operands[0].value->element;
  Product p = {e, n == 2, loops > out->n};
  OnnxAccess ins[2], to = {p.sums ? onnxZeros(ctx, e, out->n, dims) : onnxEmpty(ctx, e, out->n, dims),
                           onnxMap(ctx, loops, out->n, identity)};
  for (int k = 0; k < n; ++k) ins[k] = accessOf(ctx, operands[k].value, &operands[k].term, loops, loopOf, labels);
  MlirValue r;
  onnxGeneric(ctx, iterators, n, ins, 1, &to, productBody, &p, &r);
  return onnxNewTensor(ctx, e, out->n, dims, r);
}
// What the first two operands leave: labels that the output or a later operand needs.
static bool remaining(OnnxContext *ctx, int n, const Operand *operands, const Term *out, Term *kept) {
  *kept = (Term){0};
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < operands[k].term.n; ++i) {
      int label = operands[k].term.label[i];
      bool needed = has(out, label);
      for (int later = 2; later < n; ++later) needed |= has(&operands[later].term, label);
      if (!needed || has(kept, label)) continue;
      if (kept->n == ONNX_MAX_RANK)
        return onnxRefuse(ctx, "attribute equation with an intermediate of rank over %d is not supported",
                          ONNX_MAX_RANK),
               false;
      kept->label[kept->n++] = label;
    }
  return true;
}

//===--- the operator ---
static void lowerEinsum(OnnxContext *ctx, OnnxNode *node) {
  const char *equation = onnxString(ctx, node, "equation", NULL);
  if (!equation) return onnxInvalid(ctx, "attribute equation is missing");
  int n = node->inputCount;
  OnnxElement result = node->inputs[0]->element;
  if (result == ONNX_BOOL) return onnxRefuseElement(ctx, node->inputs[0]);
  Operand *operands = onnxAllocate(ctx, (size_t)n * sizeof *operands);
  Labels *labels = onnxAllocate(ctx, sizeof *labels);
  for (int k = 0; k < n; ++k) {
    if (!node->inputs[k] || node->inputs[k]->element != result)
      return onnxInvalid(ctx, "inputs differ in element type, or are omitted");
    operands[k].value = onnxCast(ctx, node->inputs[k], onnxWide(result));
    if (onnxFailed(ctx)) return;
  }
  Term out, kept;
  const char *p = readInputs(ctx, equation, n, operands, labels);
  if (!p || !readOutput(ctx, p, labels, &out)) return;
  joinSizes(ctx, n, operands, labels);
  for (; n > 2 && !onnxFailed(ctx); --n, ++operands) {
    if (!remaining(ctx, n, operands, &out, &kept)) return;
    operands[1] = (Operand){contract(ctx, 2, operands, &kept, labels), kept};
  }
  if (onnxFailed(ctx)) return;
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, contract(ctx, n, operands, &out, labels), result));
}

const OnnxOperator dlcOnnxEinsum[] = {{"Einsum", 12, 0, 1, -1, lowerEinsum}, {0}};
