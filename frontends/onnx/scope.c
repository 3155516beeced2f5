// Names to values. A subgraph's scope sees the scopes around it; leaving a
// scope forgets the SSA values that were made inside its region.
#include "frontends/onnx/import.h"
#include <stdlib.h>
#include <string.h>

typedef struct OnnxEntry {
  struct OnnxEntry *next;
  const char *name;
  OnnxValue *value;
} OnnxEntry;

static size_t hash(const char *s) {
  size_t h = 1469598103934665603u;
  for (; *s; ++s) h = (h ^ (unsigned char)*s) * 1099511628211u;
  return h;
}
void onnxEnterScope(OnnxContext *ctx, OnnxScope *scope, bool seesOuter) {
  *scope = (OnnxScope){
      .outer = seesOuter ? ctx->scope : NULL, .cacheMark = ctx->cacheCount, .materialisedMark = ctx->materialisedCount};
  ctx->scope = scope;
}
void onnxLeaveScope(OnnxContext *ctx, OnnxScope *scope, OnnxScope *previous) {
  ctx->cacheCount = scope->cacheMark;
  while (ctx->materialisedCount > scope->materialisedMark)
    ctx->materialised[--ctx->materialisedCount]->tensor = (MlirValue){0};
  free(scope->buckets);
  ctx->scope = previous;
}
static void grow(OnnxScope *scope) {
  size_t count = scope->bucketCount ? 2 * scope->bucketCount : 64;
  OnnxEntry **buckets = calloc(count, sizeof *buckets);
  if (!buckets) abort();
  for (size_t i = 0; i < scope->bucketCount; ++i)
    for (OnnxEntry *e = scope->buckets[i], *next; e; e = next) {
      next = e->next;
      OnnxEntry **slot = &buckets[hash(e->name) % count];
      e->next = *slot, *slot = e;
    }
  free(scope->buckets);
  scope->buckets = buckets, scope->bucketCount = count;
}
static OnnxValue *lookupHere(const OnnxScope *scope, const char *name) {
  if (!scope->bucketCount) return NULL;
  for (OnnxEntry *e = scope->buckets[hash(name) % scope->bucketCount]; e; e = e->next)
    if (!strcmp(e->name, name)) return e->value;
  return NULL;
}
OnnxValue *onnxLookup(const OnnxContext *ctx, const char *name) {
  for (const OnnxScope *s = ctx->scope; s; s = s->outer) {
    OnnxValue *v = lookupHere(s, name);
    if (v) return v;
  }
  return NULL;
}
bool onnxDefine(OnnxContext *ctx, const char *name, OnnxValue *v) {
  OnnxScope *scope = ctx->scope;
  if (lookupHere(scope, name)) return onnxInvalid(ctx, "the name \"%.200s\" is defined twice", name), false;
  if (scope->count >= scope->bucketCount) grow(scope);
  OnnxEntry *e = onnxAllocate(ctx, sizeof *e);
  OnnxEntry **slot = &scope->buckets[hash(name) % scope->bucketCount];
  *e = (OnnxEntry){*slot, name, v}, *slot = e;
  ++scope->count;
  if (!v->name[0]) v->name = name;
  return true;
}
