// RUN: capi-attributes 2>&1 | FileCheck %s
// Constructors and accessors that ods2c makes from our AttrDefs and TypeDefs.
#include <stdio.h>
#include "dlc/tools.h"
#include "ods/ctrl.h"
#include "ods/place.h"
#include "ods/tile.h"

static void show(const char *what, MlirAttribute a) {
  printf("%s: %s\n", what, a.ptr ? dlcShowAttribute(a).text : "null");
}

int main(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextLoadAllAvailableDialects(ctx);
  setvbuf(stdout, NULL, _IONBF, 0);

  // CHECK: fit: #tile.fit<workgroup[128, 256] step[64] stages 4>
  MlirAttribute wide = tile_fit_get(ctx, tile_Level_workgroup, i64s(128, 256), .step = i64s(64), .stages = 4);
  show("fit", wide);
  MlirAttribute narrow = tile_fit_get(ctx, .level = tile_Level_reg, .tile = i64s(64, 256));
  // CHECK: schedule: #tile.schedule<[<workgroup[128, 256] step[64] stages 4>, <register[64, 256]>] cluster[2, 1] order
  // <grouped by 8>>
  MlirAttribute schedule = tile_schedule_get(ctx, .fit = attrList(wide, narrow), .cluster = i64s(2, 1),
                                             .order = tile_order_get(ctx, tile_Raster_grouped, .group = 8));
  show("schedule", schedule);
  // CHECK: 2 fits, the second at register 64x256, order grouped by 8, roles absent
  MlirAttribute second = tile_schedule_fit_at(schedule, 1);
  printf("%d fits, the second at %s %dx%d, order %s by %d, roles %s\n", (int)tile_schedule_fit_n(schedule),
         tile_Level_str(tile_fit_level(second)), (int)tile_fit_tile(second).data[0], (int)tile_fit_tile(second).data[1],
         tile_Raster_str(tile_order_raster(tile_schedule_order(schedule))),
         (int)tile_order_group(tile_schedule_order(schedule)), tile_schedule_roles(schedule).ptr ? "given" : "absent");
  // CHECK: error: stages pipeline a step: there is none
  // CHECK: refused: null
  show("refused", tile_fit_get(ctx, tile_Level_workgroup, i64s(64), .stages = 2));
  // CHECK: error: tile_schedule: wrong kind of attribute for 'order'
  // CHECK: wrong kind: null
  show("wrong kind", tile_schedule_get(ctx, .fit = attrList(narrow), .order = wide));

  // CHECK: pool: #place.pool<hbm> named hbm
  MlirAttribute pool = place_pool_get(ctx, mlirStringRefCreateFromCString("hbm"));
  MlirStringRef name = place_pool_name(pool);
  printf("pool: %s named %.*s\n", dlcShowAttribute(pool).text, (int)name.length, name.data);
  // CHECK: dep: #ctrl.dep<window from affine_map<(d0) -> (d0 - 1)> size[3]>
  MlirAffineExpr before = mlirAffineAddExprGet(mlirAffineDimExprGet(ctx, 0), mlirAffineConstantExprGet(ctx, -1));
  MlirAffineMap map = mlirAffineMapGet(ctx, 1, 0, 1, &before);
  MlirAttribute dep = ctrl_dep_get(ctx, ctrl_DepKind_window, map, i64s(3));
  show("dep", dep);
  // CHECK: its map is the one given: yes
  printf("its map is the one given: %s\n", mlirAffineMapEqual(ctrl_dep_from(dep), map) ? "yes" : "no");
  // CHECK: level: #ctrl<level grid>
  show("level", ctrl_level_get(ctx, ctrl_Level_grid));
  // CHECK: token: !ctrl.token, a token: yes, an index: no
  printf("token: %s, a token: %s, an index: %s\n", dlcShowType(ctrl_token_get(ctx)).text,
         ctrl_token_isa(ctrl_token_get(ctx)) ? "yes" : "no", ctrl_token_isa(mlirIndexTypeGet(ctx)) ? "yes" : "no");

  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
