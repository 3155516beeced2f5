// See passes/tile/choices.h.
#include "passes/tile/choices.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dlcChoicesRead(MlirStringRef path, DlcChoices *choices) {
  *choices = (DlcChoices){0};
  if (!path.length) return true;
  char name[4096];
  snprintf(name, sizeof name, "%.*s", (int)path.length, path.data);
  FILE *f = fopen(name, "r");
  size_t n = 0, capacity = 1 << 16, got;
  if (!f || !(choices->text = malloc(capacity))) return f ? (fclose(f), false) : false;
  while ((got = fread(choices->text + n, 1, capacity - n - 1, f)) > 0)
    if ((n += got) == capacity - 1) choices->text = realloc(choices->text, capacity *= 2);
  choices->text[n] = 0;
  bool ok = !ferror(f);
  fclose(f);
  return ok;
}

void dlcChoicesDestroy(DlcChoices *choices) { free(choices->text); }

int64_t dlcChoicesOf(const DlcChoices *choices, MlirStringRef label) {
  for (const char *line = choices->text; line && *line;) {
    char *name;
    long long number = strtoll(line, &name, 10);
    const char *end = strchr(line, '\n');
    if (!end) end = line + strlen(line);
    if (*name == ' ' && name < end && (size_t)(end - name - 1) == label.length &&
        !memcmp(name + 1, label.data, label.length))
      return number;
    line = *end ? end + 1 : end;
  }
  return 0;
}

void dlcNoteCandidates(MlirOperation graph, const DlcCandidates *found, intptr_t rank, const char *why) {
  MlirContext ctx = mlirOperationGetContext(graph);
  MlirAttribute notes[DLC_MAX_CANDIDATES];
  intptr_t n = found ? found->n : 0;
  for (intptr_t i = 0; i < n; ++i) {
    const DlcCandidate *c = &found->at[i];
    char text[512];
    size_t used = 0;
    for (intptr_t d = 0; d < rank && used < 400; ++d)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld", d ? ", " : "[",
                               (long long)c->schedule.tile[DLC_WORKGROUP][d]);
    used += (size_t)snprintf(text + used, sizeof text - used, "]");
    for (intptr_t d = 0; d < rank && c->schedule.has[DLC_L2] && used < 400; ++d)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld%s", d ? ", " : " in bands of [",
                               (long long)c->schedule.tile[DLC_L2][d], d == rank - 1 ? "]" : "");
    snprintf(text + used, sizeof text - used, " %.2f us by %s, %s", c->price * 1e6,
             c->cost.bound < 0 ? "compute" : dlcMemoryNames[c->cost.bound], c->origin);
    notes[i] = mlirStringAttrGet(ctx, mlirStringRefCreateFromCString(text));
  }
  if (!n) notes[n++] = mlirStringAttrGet(ctx, mlirStringRefCreateFromCString(why));
  mlirOperationSetDiscardableAttributeByName(graph, mlirStringRefCreateFromCString("tile.alternatives"),
                                             mlirArrayAttrGet(ctx, n, notes));
}
