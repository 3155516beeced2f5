// The attributes of tile: what each refuses.
#include "ods/tile.h"

bool dlcTileHaloVerify(const struct tile_halo *a, DlcMessage *why) {
  for (intptr_t i = 0; i < a->dims.n; ++i) {
    if (a->dims.data[i] < 0) return dlcExplain(why, "halo dimensions must not be negative");
    for (intptr_t k = 0; k < i; ++k)
      if (a->dims.data[k] == a->dims.data[i])
        return dlcExplain(why, "halo dimension %lld twice", (long long)a->dims.data[i]);
  }
  if (a->kind == tile_HaloKind_line && (a->dims.n != 1 || a->rows <= 0))
    return dlcExplain(why, "a line buffer has one dimension and a positive number of rows");
  if (a->kind != tile_HaloKind_line && a->rows) return dlcExplain(why, "only a line buffer has rows");
  return true;
}

bool dlcTileFitVerify(const struct tile_fit *a, DlcMessage *why) {
  for (intptr_t i = 0; i < a->tile.n; ++i)
    if (a->tile.data[i] < 0) return dlcExplain(why, "tile sizes are >= 0 (0: the whole extent)");
  for (intptr_t i = 0; i < a->step.n; ++i)
    if (a->step.data[i] < 0) return dlcExplain(why, "steps are >= 0 (0: the whole extent)");
  if (a->stages < 0) return dlcExplain(why, "stages must be positive");
  if (a->stages > 1 && !a->step.n) return dlcExplain(why, "stages pipeline a step: there is none");
  return true;
}

bool dlcTileRolesVerify(const struct tile_roles *a, DlcMessage *why) {
  if (a->producers < 1 || a->consumers < 1) return dlcExplain(why, "roles need at least one producer and one consumer");
  if (a->regs.n && a->regs.n != 2)
    return dlcExplain(why, "regs are those of a producer and of a consumer: two numbers");
  for (intptr_t i = 0; i < a->regs.n; ++i)
    if (a->regs.data[i] % 8 || a->regs.data[i] < 24 || a->regs.data[i] > 256)
      return dlcExplain(why, "register counts are multiples of 8 in 24..256, not %lld", (long long)a->regs.data[i]);
  return true;
}

bool dlcTileOrderVerify(const struct tile_order *a, DlcMessage *why) {
  if (a->group < 0) return dlcExplain(why, "the size of a group must be positive");
  if (a->raster == tile_Raster_grouped && !a->group)
    return dlcExplain(why, "a grouped order needs 'by' the size of a group");
  if (a->raster != tile_Raster_grouped && a->group) return dlcExplain(why, "only a grouped order has 'by'");
  return true;
}

bool dlcTileScheduleVerify(const struct tile_schedule *a, DlcMessage *why) {
  if (!a->fit.n) return dlcExplain(why, "a schedule fits at least one level");
  DlcI64s top = tile_fit_tile(a->fit.data[0]);
  bool pipelined = false;
  for (intptr_t i = 0; i < a->fit.n; ++i) {
    struct tile_fit fit = tile_fit_read(a->fit.data[i]);
    pipelined |= fit.stages > 1;
    if (!i) continue;
    struct tile_fit above = tile_fit_read(a->fit.data[i - 1]);
    if (fit.level >= above.level)
      return dlcExplain(why, "levels go from high to low, each once: %s after %s", tile_Level_str(fit.level),
                        tile_Level_str(above.level));
    if (fit.tile.n != top.n)
      return dlcExplain(why, "tiles differ in rank: %d at %s, %d at %s", (int)fit.tile.n, tile_Level_str(fit.level),
                        (int)above.tile.n, tile_Level_str(above.level));
    for (intptr_t d = 0; d < top.n; ++d)
      if (above.tile.data[d] && (fit.tile.data[d] > above.tile.data[d] || !fit.tile.data[d]))
        return fit.tile.data[d]
                   ? dlcExplain(why, "tile %lld at %s exceeds %lld at %s", (long long)fit.tile.data[d],
                                tile_Level_str(fit.level), (long long)above.tile.data[d], tile_Level_str(above.level))
                   : dlcExplain(why, "the whole extent (0) at %s exceeds %lld at %s", tile_Level_str(fit.level),
                                (long long)above.tile.data[d], tile_Level_str(above.level));
  }
  if (a->cluster.n && a->cluster.n != top.n)
    return dlcExplain(why, "cluster needs one size a tile dimension: %d for %d", (int)a->cluster.n, (int)top.n);
  for (intptr_t i = 0; i < a->cluster.n; ++i)
    if (a->cluster.data[i] < 1) return dlcExplain(why, "cluster sizes must be positive");
  if (a->roles.ptr && !pipelined) return dlcExplain(why, "roles need a pipelined level (stages > 1)");
  return true;
}
