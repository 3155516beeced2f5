// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// (1a) raised: time outer, layer inner, dynamic trip count
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @lstm_raised(%T: index, %x: tensor<?x64x256xf32>, %W: tensor<10x256x1024xf32>, %U: tensor<10x256x1024xf32>, %B: tensor<10x64x1024xf32>,
                       %h0: tensor<10x64x256xf32>, %c0: tensor<10x64x256xf32>) -> tensor<10x64x256xf32> {
  %L = arith.constant 10 : index
  %hT, %cT = ctrl.loop %t to %T carry(%h = %h0 : tensor<10x64x256xf32>, %c = %c0 : tensor<10x64x256xf32>) {
    %xt = tensor.extract_slice %x[%t, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<?x64x256xf32> to tensor<64x256xf32>
    %i, %h1, %c1 = ctrl.loop %l to %L carry(%in = %xt : tensor<64x256xf32>, %ha = %h : tensor<10x64x256xf32>, %ca = %c : tensor<10x64x256xf32>) {
      %hl = tensor.extract_slice %ha[%l, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<10x64x256xf32> to tensor<64x256xf32>
      %cl = tensor.extract_slice %ca[%l, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<10x64x256xf32> to tensor<64x256xf32>
      %wl = tensor.extract_slice %W[%l, 0, 0] [1, 256, 1024] [1, 1, 1] : tensor<10x256x1024xf32> to tensor<256x1024xf32>
      %ul = tensor.extract_slice %U[%l, 0, 0] [1, 256, 1024] [1, 1, 1] : tensor<10x256x1024xf32> to tensor<256x1024xf32>
      %bl = tensor.extract_slice %B[%l, 0, 0] [1, 64, 1024] [1, 1, 1] : tensor<10x64x1024xf32> to tensor<64x1024xf32>
      %hn, %cn = tile.graph "lstm_cell" ins(%a = %in : tensor<64x256xf32>, %w = %wl : tensor<256x1024xf32>, %u = %ul : tensor<256x1024xf32>, %b = %bl : tensor<64x1024xf32>)
          outs(%ho = %hl : tensor<64x256xf32>, %co = %cl : tensor<64x256xf32>) {
        %g0 = linalg.matmul ins(%a, %w : tensor<64x256xf32>, tensor<256x1024xf32>) outs(%b : tensor<64x1024xf32>) -> tensor<64x1024xf32>
        %g = linalg.matmul ins(%ho, %u : tensor<64x256xf32>, tensor<256x1024xf32>) outs(%g0 : tensor<64x1024xf32>) -> tensor<64x1024xf32>
        %e = tile.edge %g at(register) : tensor<64x1024xf32>
        %gi = tensor.extract_slice %e[0, 0] [64, 256] [1, 1] : tensor<64x1024xf32> to tensor<64x256xf32>
        %gf = tensor.extract_slice %e[0, 256] [64, 256] [1, 1] : tensor<64x1024xf32> to tensor<64x256xf32>
        %r:2 = linalg.generic {indexing_maps = [#map, #map, #map, #map], iterator_types = ["parallel", "parallel"]}
            ins(%gi, %gf : tensor<64x256xf32>, tensor<64x256xf32>) outs(%ho, %co : tensor<64x256xf32>, tensor<64x256xf32>) {
        ^bb0(%p: f32, %q: f32, %hh: f32, %cc: f32):
          %m = arith.mulf %q, %cc : f32
          %s = arith.addf %m, %p : f32
          %th = math.tanh %s : f32
          linalg.yield %th, %s : f32, f32
        } -> (tensor<64x256xf32>, tensor<64x256xf32>)
        tile.yield %r#0, %r#1 : tensor<64x256xf32>, tensor<64x256xf32>
      }
      %h2 = tensor.insert_slice %hn into %ha[%l, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<64x256xf32> into tensor<10x64x256xf32>
      %c2 = tensor.insert_slice %cn into %ca[%l, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<64x256xf32> into tensor<10x64x256xf32>
      ctrl.next %hn, %h2, %c2 : tensor<64x256xf32>, tensor<10x64x256xf32>, tensor<10x64x256xf32>
    }
    ctrl.next %h1, %c1 : tensor<10x64x256xf32>, tensor<10x64x256xf32>
  }
  return %hT : tensor<10x64x256xf32>
}
// (1b) wavefront, on tensors: wave w runs the layers l with 0 <= w - l < T at once; h ping-pongs, c stays with its worker, weights are kept
#worker = affine_map<(l, n) -> (l * 16 + n)>
func.func @lstm_wave(%T: index, %x: tensor<?x64x256xf32>, %W: tensor<10x512x1024xf32>, %ha: tensor<11x64x256xf32>, %hb: tensor<11x64x256xf32>,
                     %c0: tensor<10x64x256xf32>) -> tensor<11x64x256xf32> {
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %c10 = arith.constant 10 : index
  %z = arith.constant 0 : index
  %waves = arith.addi %T, %c9 : index
  %hT = ctrl.region at(grid) workers(160) threads(256) -> (tensor<11x64x256xf32>) {
    %r, %s, %c = ctrl.loop %w to %waves carry(%rd = %ha : tensor<11x64x256xf32>, %wr = %hb : tensor<11x64x256xf32>, %c = %c0 : tensor<10x64x256xf32>) at(grid) {
      %w1 = arith.addi %w, %c1 : index
      %d = arith.subi %w1, %T : index
      %lo = arith.maxsi %d, %z : index
      %hi = arith.minsi %w1, %c10 : index
      %hn, %cn = ctrl.task (%l, %n) in (%lo to %hi, 16) ins(%h = %rd : tensor<11x64x256xf32>, %wt = %W : tensor<10x512x1024xf32> keep workgroup, %xs = %x : tensor<?x64x256xf32>, %wv = %w : index)
          outs(%ho = %wr : tensor<11x64x256xf32>, %co = %c : tensor<10x64x256xf32> keep register) pin #worker threads(256) {
        %n0 = affine.apply affine_map<(n) -> (n * 16)>(%n)
        %below = tensor.extract_slice %h[%l, 0, 0] [1, 64, 256] [1, 1, 1] : tensor<11x64x256xf32> to tensor<64x256xf32>
        %wl = tensor.extract_slice %wt[%l, 0, %n0] [1, 256, 16] [1, 1, 1] : tensor<10x512x1024xf32> to tensor<256x16xf32>
        %cl = tensor.extract_slice %co[%l, 0, %n0] [1, 64, 16] [1, 1, 1] : tensor<10x64x256xf32> to tensor<64x16xf32>
        %g = linalg.matmul ins(%below, %wl : tensor<64x256xf32>, tensor<256x16xf32>) outs(%cl : tensor<64x16xf32>) -> tensor<64x16xf32>
        %l1 = affine.apply affine_map<(l) -> (l + 1)>(%l)
        ctrl.in_parallel {
          tensor.parallel_insert_slice %g into %ho[%l1, 0, %n0] [1, 64, 16] [1, 1, 1] : tensor<64x16xf32> into tensor<11x64x256xf32>
          tensor.parallel_insert_slice %g into %co[%l, 0, %n0] [1, 64, 16] [1, 1, 1] : tensor<64x16xf32> into tensor<10x64x256xf32>
        }
      }
      ctrl.next %hn, %rd, %cn : tensor<11x64x256xf32>, tensor<11x64x256xf32>, tensor<10x64x256xf32>
    }
    ctrl.yield %r : tensor<11x64x256xf32>
  }
  return %hT : tensor<11x64x256xf32>
}
// (1c) the same on buffers, synchronised: layer l waits for the items of layers l-1, l (it reads them) and l+1 (it overwrites what they read) of the wave before, not for a grid barrier
func.func @lstm_synced(%waves: index, %W: memref<10x512x1024xf32>, %ha: memref<11x64x256xf32>, %hb: memref<11x64x256xf32>, %c: memref<10x64x256xf32>) {
  ctrl.region at(grid) workers(160) threads(256) tokens {
    %t0 = ctrl.ready
    %r, %s, %tk = ctrl.loop %w to %waves carry(%rd = %ha : memref<11x64x256xf32>, %wr = %hb : memref<11x64x256xf32>, %tok = %t0 : !ctrl.token) at(grid) {
      %tn = ctrl.task (%l, %n) in (10, 16) ins(%h = %rd : memref<11x64x256xf32>, %wt = %W : memref<10x512x1024xf32> keep workgroup)
          outs(%ho = %wr : memref<11x64x256xf32>, %co = %c : memref<10x64x256xf32> keep register) workgroup(%wg : memref<65536xi8, #gpu.address_space<workgroup>>)
          after(%tok by #ctrl.dep<window from affine_map<(l, n) -> (l - 1)> size [3]>) signal affine_map<(l, n) -> (l)> pin affine_map<(l, n) -> (l * 16 + n)> threads(256) -> !ctrl.token {
        %sub = memref.subview %h[%l, 0, 0] [1, 64, 256] [1, 1, 1] : memref<11x64x256xf32> to memref<64x256xf32, strided<[256, 1], offset: ?>>
      }
      ctrl.next %wr, %rd, %tn : memref<11x64x256xf32>, memref<11x64x256xf32>, !ctrl.token
    }
    ctrl.yield
  }
  return
}
