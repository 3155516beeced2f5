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
