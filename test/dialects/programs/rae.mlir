// RUN: dl-opt %s -o %t.custom && dl-opt %t.custom | diff %t.custom -
// RUN: dl-opt %s --mlir-print-op-generic | dl-opt | diff %t.custom -
// RUN: dl-opt %s --emit-bytecode | dl-opt | diff %t.custom -
// RUN: dl-opt %s --canonicalize --cse --loop-invariant-code-motion --sccp --canonicalize -o /dev/null

// (2a) recursion: siblings are independent, depth is bounded by an argument
func.func private @combine(tensor<512xf32>, tensor<512xf32>, tensor<1024x512xf32>) -> tensor<512xf32>
func.func @rae(%node: index, %left: tensor<127xindex>, %right: tensor<127xindex>, %inp: tensor<127x512xf32>, %W: tensor<1024x512xf32>) -> tensor<512xf32> {
  %z = arith.constant 0 : index
  %depth = arith.constant 126 : index
  %l = tensor.extract %left[%node] : tensor<127xindex>
  %leaf = arith.cmpi eq, %l, %z : index
  %r = ctrl.branch %leaf : i1 -> (tensor<512xf32>) {
    %v = tensor.extract_slice %inp[%node, 0] [1, 512] [1, 1] : tensor<127x512xf32> to tensor<512xf32>
    ctrl.yield %v : tensor<512xf32>
  } else {
    %rr = tensor.extract %right[%node] : tensor<127xindex>
    %a = ctrl.call @rae(%l, %left, %right, %inp, %W) depth(%depth) siblings : (index, tensor<127xindex>, tensor<127xindex>, tensor<127x512xf32>, tensor<1024x512xf32>) -> tensor<512xf32>
    %b = ctrl.call @rae(%rr, %left, %right, %inp, %W) depth(%depth) siblings : (index, tensor<127xindex>, tensor<127xindex>, tensor<127x512xf32>, tensor<1024x512xf32>) -> tensor<512xf32>
    %c = func.call @combine(%a, %b, %W) : (tensor<512xf32>, tensor<512xf32>, tensor<1024x512xf32>) -> tensor<512xf32>
    ctrl.yield %c : tensor<512xf32>
  }
  return %r : tensor<512xf32>
}
// (2b) flattened: an explicit stack of (node*2 + visited); the results of nodes live in one tensor; overflow is checked
func.func @rae_flat(%root: index, %max: index, %left: tensor<127xindex>, %right: tensor<127xindex>, %inp: tensor<127x512xf32>, %W: tensor<1024x512xf32>) -> tensor<127x512xf32> {
  %z = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %true = arith.constant true
  %first = arith.muli %root, %two : index
  %out = ctrl.region at(grid) workers(32) threads(128) -> (tensor<127x512xf32>) {
    // control state between tasks is replicated: every worker has its own stack
    %st0 = bufferization.alloc_tensor(%max) {memory_space = #gpu.address_space<workgroup>} : tensor<?xindex>
    %s0 = tensor.insert %first into %st0[%z] : tensor<?xindex>
    %sp, %st, %vals = ctrl.loop %it carry(%sp = %one : index, %st = %s0 : tensor<?xindex>, %val = %inp : tensor<127x512xf32>) while(%true) at(grid) {
      %top = arith.subi %sp, %one : index
      %e = tensor.extract %st[%top] : tensor<?xindex>
      %node = arith.divui %e, %two : index
      %seen = arith.remui %e, %two : index
      %l = tensor.extract %left[%node] : tensor<127xindex>
      %r = tensor.extract %right[%node] : tensor<127xindex>
      %isleaf = arith.cmpi eq, %l, %z : index
      %case = arith.select %isleaf, %two, %seen : index
      %sp1, %st1, %v1 = ctrl.branch %case : index at(grid) -> (index, tensor<?xindex>, tensor<127x512xf32>)
      case 0 {
        %n = arith.addi %sp, %two : index
        %fits = arith.cmpi ule, %n, %max : index
        cf.assert %fits, "recursion deeper than its stack"
        %e1 = arith.addi %e, %one : index
        %a = tensor.insert %e1 into %st[%top] : tensor<?xindex>
        %l2 = arith.muli %l, %two : index
        %b = tensor.insert %l2 into %a[%sp] : tensor<?xindex>
        %r2 = arith.muli %r, %two : index
        %sq = arith.addi %sp, %one : index
        %c = tensor.insert %r2 into %b[%sq] : tensor<?xindex>
        ctrl.yield %n, %c, %val : index, tensor<?xindex>, tensor<127x512xf32>
      }
      case 1 {
        %nv = ctrl.task (%i) in (32) ins(%w = %W : tensor<1024x512xf32> keep workgroup, %lc = %l : index, %rc = %r : index, %me = %node : index)
            outs(%v = %val : tensor<127x512xf32>) pin affine_map<(i) -> (i)> threads(128) {
          %o = affine.apply affine_map<(i) -> (i * 16)>(%i)
          %x = tensor.extract_slice %v[%lc, %o] [1, 16] [1, 1] : tensor<127x512xf32> to tensor<16xf32>
          ctrl.in_parallel { tensor.parallel_insert_slice %x into %v[%me, %o] [1, 16] [1, 1] : tensor<16xf32> into tensor<127x512xf32> }
        }
        ctrl.yield %top, %st, %nv : index, tensor<?xindex>, tensor<127x512xf32>
      }
      default {
        ctrl.yield %top, %st, %val : index, tensor<?xindex>, tensor<127x512xf32>
      }
      %go = arith.cmpi ugt, %sp1, %z : index
      ctrl.next while(%go) %sp1, %st1, %v1 : index, tensor<?xindex>, tensor<127x512xf32>
    }
    ctrl.yield %vals : tensor<127x512xf32>
  }
  return %out : tensor<127x512xf32>
}
