// RUN: dl-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{levels go from high to low}}
func.func private @s1() attributes {s = #tile.schedule<[<register [8, 8]>, <workgroup [64, 64]>]>}

// -----

// expected-error @+1 {{tile 128 at register exceeds 64 at workgroup}}
func.func private @s2() attributes {s = #tile.schedule<[<workgroup [64, 64]>, <register [8, 128]>]>}

// -----

// expected-error @+1 {{stages pipeline a step: there is none}}
func.func private @s3() attributes {s = #tile.fit<workgroup [64, 64] stages 4>}

// -----

// expected-error @+1 {{roles need a pipelined level}}
func.func private @s4() attributes {s = #tile.schedule<[<workgroup [64, 64] step [16]>] roles <producers 1 consumers 2>>}

// -----

func.func @sched_rank(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{schedule tiles 1 dimensions, the root result has 2}}
  %r = tile.graph outs(%x = %a : tensor<4x4xf32>) schedule <[<workgroup [4]>]> { tile.yield %x : tensor<4x4xf32> }
  return
}

// -----

func.func @sched_step(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{schedule steps over 2 reductions, the streamed node has 1}}
  %r = tile.graph outs(%x = %a : tensor<4x4xf32>) schedule <[<workgroup [4, 4] step [2, 2]>]> {
    %m = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%x : tensor<4x4xf32>) -> tensor<4x4xf32>
    tile.yield %m : tensor<4x4xf32>
  }
  return
}

// -----

func.func @effects(%a: tensor<4xf32>, %m: memref<4xf32>) {
  %r = tile.graph ins(%b = %m : memref<4xf32>) outs(%x = %a : tensor<4xf32>) {
    %z = arith.constant 0 : index
    %f = arith.constant 0.0 : f32
    // expected-error @+1 {{in a tile.graph must be free of effects}}
    memref.store %f, %b[%z] : memref<4xf32>
    tile.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @line(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{a line buffer has one dimension and a positive number of rows}}
  %e = tile.edge %a at(workgroup) halo <line dims [0, 1]> : tensor<4x4xf32>
  return
}

// -----

func.func @halo_level(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{has no halo at global}}
  %e = tile.edge %a at(global) halo <recompute dims [0]> : tensor<4x4xf32>
  return
}

// -----

func.func @reduce_extent(%a: tensor<4xf32>, %b: tensor<8xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{streams extents 4 and 8 together}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32> along 0, %y = %b : tensor<8xf32> along 0) inits(%z = %c : tensor<f32>) { tile.yield %z : tensor<f32> }
  return
}

// -----

// expected-error @+1 {{tile sizes are >= 0}}
func.func private @fit_negative() attributes {s = #tile.fit<workgroup [-1, 64]>}

// -----

// expected-error @+1 {{the whole extent (0) at register exceeds 64 at workgroup}}
func.func private @whole_above_part() attributes {s = #tile.schedule<[<workgroup [64, 64]>, <register [8, 0]>]>}

// -----

// expected-error @+1 {{tiles differ in rank: 1 at register, 2 at workgroup}}
func.func private @fit_rank() attributes {s = #tile.schedule<[<workgroup [64, 64]>, <register [8]>]>}

// -----

// expected-error @+1 {{cluster needs one size a tile dimension: 1 for 2}}
func.func private @cluster() attributes {s = #tile.schedule<[<workgroup [64, 64]>] cluster [2]>}

// -----

// expected-error @+1 {{roles need at least one producer and one consumer}}
func.func private @roles() attributes {s = #tile.roles<producers 0 consumers 1>}

// -----

// expected-error @+1 {{register counts are multiples of 8 in 24..256, not 41}}
func.func private @regs() attributes {s = #tile.roles<producers 1 consumers 1 regs [41, 232]>}

// -----

// expected-error @+1 {{a grouped order needs 'by' the size of a group}}
func.func private @grouped() attributes {s = #tile.order<grouped>}

// -----

// expected-error @+1 {{only a grouped order has 'by'}}
func.func private @row_by() attributes {s = #tile.order<row by 8>}

// -----

// expected-error @+1 {{halo dimension 1 twice}}
func.func private @halo_twice() attributes {s = #tile.halo<recompute dims [1, 1]>}

// -----

// expected-error @+1 {{only a line buffer has rows}}
func.func private @halo_rows() attributes {s = #tile.halo<recompute dims [1] rows 2>}

// -----

func.func @halo_rank(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{halo dimension 2 of a value of rank 2}}
  %e = tile.edge %a at(workgroup) halo <recompute dims [2]> : tensor<4x4xf32>
  return
}

// -----

func.func @halo_register(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{registers cannot be exchanged with a neighbour tile}}
  %e = tile.edge %a at(register) halo <exchange dims [0]> : tensor<4x4xf32>
  return
}

// -----

func.func @edge_level(%a: tensor<4x4xf32>) {
  // expected-error @+1 {{unknown level 'l9'}}
  %e = tile.edge %a at(l9) : tensor<4x4xf32>
  return
}

// -----

func.func @graph_yield(%a: tensor<4xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{must end in tile.yield of the result types}}
  %r = tile.graph ins(%x = %b : tensor<8xf32>) outs(%y = %a : tensor<4xf32>) { tile.yield %x : tensor<8xf32> }
  return
}

// -----

func.func @graph_in_graph(%a: tensor<4xf32>) {
  %r = tile.graph outs(%y = %a : tensor<4xf32>) {
    // expected-error @+1 {{cannot stand in another tile.graph}}
    %s = tile.graph outs(%z = %y : tensor<4xf32>) { tile.yield %z : tensor<4xf32> }
    tile.yield %s : tensor<4xf32>
  }
  return
}

// -----

func.func @graph_control_flow(%a: tensor<4xf32>, %n: index) {
  %r = tile.graph ins(%m = %n : index) outs(%y = %a : tensor<4xf32>) {
    // expected-error @+1 {{control flow cannot stand in a tile.graph}}
    %s = ctrl.loop %i to %m carry(%c = %y : tensor<4xf32>) { ctrl.next %c : tensor<4xf32> }
    tile.yield %s : tensor<4xf32>
  }
  return
}

// -----

func.func @graph_nothing() {
  // expected-error @+1 {{schedules no result}}
  tile.graph schedule <[<workgroup [4]>]> { tile.yield }
  return
}

// -----

func.func @reduce_nothing(%a: tensor<4xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{streams no input: one needs 'along'}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32>) inits(%z = %c : tensor<f32>) { tile.yield %z : tensor<f32> }
  return
}

// -----

func.func @reduce_rank(%a: tensor<4xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{along 1 of a value of rank 1}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32> along 1) inits(%z = %c : tensor<f32>) { tile.yield %z : tensor<f32> }
  return
}

// -----

func.func @reduce_yield(%a: tensor<4xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{step must yield the accumulators}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32> along 0) inits(%z = %c : tensor<f32>) { tile.yield }
  return
}

// -----

func.func @reduce_merge(%a: tensor<4xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{merge takes the accumulators twice}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32> along 0) inits(%z = %c : tensor<f32>) { tile.yield %z : tensor<f32> }
    merge { ^bb0(%p: tensor<f32>): tile.yield %p : tensor<f32> }
  return
}

// -----

func.func @reduce_until(%a: tensor<4xf32>, %c: tensor<f32>) {
  // expected-error @+1 {{until must be one expression of dimensions}}
  %r = tile.reduce ins(%x = %a : tensor<4xf32> along 0) inits(%z = %c : tensor<f32>) attributes {until = affine_map<(d0) -> (d0, 1)>} { tile.yield %z : tensor<f32> }
  return
}
