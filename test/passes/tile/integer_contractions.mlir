// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-integer-contractions,canonicalize))' --split-input-file | FileCheck %s

#id = affine_map<(m, n) -> (m, n)>
#scalar = affine_map<(m, n) -> ()>
#column = affine_map<(m, n) -> (n)>

// The zero point becomes an offset of each column, the scales one number; the bias is added as it is.
// CHECK-LABEL: func @product
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x2xi8>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[SCALE:.*]] = arith.constant 2.500000e-01 : f32
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[}}[1, 2, 3], [4, -5, 6]]> : tensor<2x3xi8>
// CHECK-DAG: %[[OFFSETS:.*]] = arith.constant dense<[-50, 30, -90]> : tensor<3xi32>
// CHECK-DAG: %[[BIAS:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK: %[[START:.*]] = linalg.fill ins(%[[ZERO]] : i32)
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[Q]], %[[W]] : tensor<2x2xi8>, tensor<2x3xi8>) outs(%[[START]] : tensor<2x3xi32>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: i8, %[[Y:.*]]: i8, %[[OUT:.*]]: i32)
// CHECK-DAG: %[[XW:.*]] = arith.extui %[[X]]
// CHECK-DAG: %[[YW:.*]] = arith.extsi %[[Y]]
// CHECK: %[[P:.*]] = arith.muli %[[XW]], %[[YW]]
// CHECK: arith.addi %[[OUT]], %[[P]]
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %[[OFFSETS]], %[[BIAS]] : {{.*}}) outs({{.*}} : tensor<2x3xf32>)
// CHECK: arith.addi
// CHECK: %[[F:.*]] = arith.sitofp
// CHECK: %[[SCALED:.*]] = arith.mulf %[[F]], %[[SCALE]]
// CHECK: arith.addf %[[SCALED]]
func.func @product(%q: tensor<2x2xi8>) -> tensor<2x3xf32> {
  %zero = arith.constant dense<10> : tensor<i32>
  %scale = arith.constant dense<0.5> : tensor<f32>
  %w = arith.constant dense<[[1, 2, 3], [4, -5, 6]]> : tensor<2x3xi32>
  %bias = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %ei = tensor.empty() : tensor<2x2xi32>
  %ef = tensor.empty() : tensor<2x2xf32>
  %ew = tensor.empty() : tensor<2x3xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%q : tensor<2x2xi8>) outs(%ei : tensor<2x2xi32>) {
  ^bb0(%a: i8, %o: i32):
    %r = arith.extui %a : i8 to i32
    linalg.yield %r : i32
  } -> tensor<2x2xi32>
  %centred = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%wide, %zero : tensor<2x2xi32>, tensor<i32>) outs(%ei : tensor<2x2xi32>) {
  ^bb0(%a: i32, %z: i32, %o: i32):
    %r = arith.subi %a, %z : i32
    linalg.yield %r : i32
  } -> tensor<2x2xi32>
  %x = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%centred, %scale : tensor<2x2xi32>, tensor<f32>) outs(%ef : tensor<2x2xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %r = arith.mulf %f, %s : f32
    linalg.yield %r : f32
  } -> tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%w, %scale : tensor<2x3xi32>, tensor<f32>) outs(%ew : tensor<2x3xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %r = arith.mulf %f, %s : f32
    linalg.yield %r : f32
  } -> tensor<2x3xf32>
  %start = linalg.generic {indexing_maps = [#column, #id], iterator_types = ["parallel", "parallel"]} ins(%bias : tensor<3xf32>) outs(%ew : tensor<2x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<2x3xf32>
  %r = linalg.matmul ins(%x, %y : tensor<2x2xf32>, tensor<2x3xf32>) outs(%start : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

#id = affine_map<(n, c, x) -> (n, c, x)>
#scalar = affine_map<(n, c, x) -> ()>
#in = affine_map<(n, f, x, c, k) -> (n, c, x + k)>
#filter = affine_map<(n, f, x, c, k) -> (f, c, k)>
#out = affine_map<(n, f, x, c, k) -> (n, f, x)>

// Signed bytes go up by 128; a border of zeros is one of the zero point, here 3 + 128 = -125 as a byte.
// CHECK-LABEL: func @centred
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x2x5xi8>
// CHECK-DAG: %[[TOP:.*]] = arith.constant -128 : i8
// CHECK-DAG: %[[FILL:.*]] = arith.constant -125 : i8
// CHECK-DAG: %[[OFFSETS:.*]] = arith.constant dense<-1310> : tensor<2xi32>
// CHECK: %[[U:.*]] = linalg.generic {{.*}} ins(%[[Q]]
// CHECK: arith.xori %{{.*}}, %[[TOP]] : i8
// CHECK: %[[B:.*]] = tensor.pad %[[U]] low[0, 0, 1] high[0, 0, 1]
// CHECK: tensor.yield %[[FILL]]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[B]], %{{.*}} : tensor<1x2x7xi8>, tensor<2x2x3xi8>)
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %[[OFFSETS]] : tensor<1x2x5xi32>, tensor<2xi32>)
func.func @centred(%q: tensor<1x2x5xi8>, %init: tensor<1x2x5xi32>) -> tensor<1x2x5xi32> {
  %zero = arith.constant dense<3> : tensor<i32>
  %c0 = arith.constant 0 : i32
  %w = arith.constant dense<[[[1, 2, 3], [4, -5, 5]], [[1, 2, 3], [4, -5, 5]]]> : tensor<2x2x3xi32>
  %ei = tensor.empty() : tensor<1x2x5xi32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%q : tensor<1x2x5xi8>) outs(%ei : tensor<1x2x5xi32>) {
  ^bb0(%a: i8, %o: i32):
    %r = arith.extsi %a : i8 to i32
    linalg.yield %r : i32
  } -> tensor<1x2x5xi32>
  %centred = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%wide, %zero : tensor<1x2x5xi32>, tensor<i32>) outs(%ei : tensor<1x2x5xi32>) {
  ^bb0(%a: i32, %z: i32, %o: i32):
    %r = arith.subi %a, %z : i32
    linalg.yield %r : i32
  } -> tensor<1x2x5xi32>
  %b = tensor.pad %centred low[0, 0, 1] high[0, 0, 1] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c0 : i32
  } : tensor<1x2x5xi32> to tensor<1x2x7xi32>
  %start = linalg.fill ins(%c0 : i32) outs(%ei : tensor<1x2x5xi32>) -> tensor<1x2x5xi32>
  %r = linalg.generic {indexing_maps = [#in, #filter, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%b, %w : tensor<1x2x7xi32>, tensor<2x2x3xi32>) outs(%start : tensor<1x2x5xi32>) {
  ^bb0(%x: i32, %y: i32, %o: i32):
    %p = arith.muli %x, %y : i32
    %s = arith.addi %o, %p : i32
    linalg.yield %s : i32
  } -> tensor<1x2x5xi32>
  return %r : tensor<1x2x5xi32>
}

// -----

// Constants of more than eight bits, and operands that are no constants, stay as they are.
// CHECK-LABEL: func @large
// CHECK-NOT: i8
// CHECK: linalg.matmul {{.*}} tensor<2x3xi32>
func.func @large(%x: tensor<2x2xi32>, %o: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %w = arith.constant dense<[[1, 2, 300], [4, -5, 6]]> : tensor<2x3xi32>
  %r = linalg.matmul ins(%x, %w : tensor<2x2xi32>, tensor<2x3xi32>) outs(%o : tensor<2x3xi32>) -> tensor<2x3xi32>
  return %r : tensor<2x3xi32>
}

// -----

#id = affine_map<(n) -> (n)>
#scalar = affine_map<(n) -> ()>

// What was dequantised in the same way is quantised already; an input keeps its division.
// CHECK-LABEL: func @again
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<8xi8>, %[[X:[a-z0-9]+]]: tensor<4x2xf32>
// CHECK: %[[R:.*]] = tensor.expand_shape %[[Q]] {{.*}} : tensor<8xi8> into tensor<4x2xi8>
// CHECK: arith.divf
// CHECK: return %[[R]]
func.func @again(%q: tensor<8xi8>, %x: tensor<4x2xf32>) -> (tensor<4x2xi8>, tensor<4x2xi8>) {
  %scale = arith.constant dense<0.1> : tensor<f32>
  %zero = arith.constant dense<7> : tensor<i32>
  %byte = arith.constant dense<7> : tensor<i8>
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %ei = tensor.empty() : tensor<8xi32>
  %ef = tensor.empty() : tensor<8xf32>
  %eb = tensor.empty() : tensor<4x2xi8>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%q : tensor<8xi8>) outs(%ei : tensor<8xi32>) {
  ^bb0(%a: i8, %o: i32):
    %r = arith.extui %a : i8 to i32
    linalg.yield %r : i32
  } -> tensor<8xi32>
  %centred = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]} ins(%wide, %zero : tensor<8xi32>, tensor<i32>) outs(%ei : tensor<8xi32>) {
  ^bb0(%a: i32, %z: i32, %o: i32):
    %r = arith.subi %a, %z : i32
    linalg.yield %r : i32
  } -> tensor<8xi32>
  %f = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]} ins(%centred, %scale : tensor<8xi32>, tensor<f32>) outs(%ef : tensor<8xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %v = arith.sitofp %a : i32 to f32
    %r = arith.mulf %v, %s : f32
    linalg.yield %r : f32
  } -> tensor<8xf32>
  %y = tensor.expand_shape %f [[0, 1]] output_shape [4, 2] : tensor<8xf32> into tensor<4x2xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%y, %scale, %byte : tensor<4x2xf32>, tensor<f32>, tensor<i8>) outs(%eb : tensor<4x2xi8>) {
  ^bb0(%a: f32, %sc: f32, %z: i8, %o: i8):
    %d = arith.divf %a, %sc : f32
    %e = math.roundeven %d : f32
    %zf = arith.uitofp %z : i8 to f32
    %g = arith.addf %e, %zf : f32
    %h = arith.maxnumf %g, %low : f32
    %i = arith.minnumf %h, %high : f32
    %j = arith.fptosi %i : f32 to i32
    %k = arith.trunci %j : i32 to i8
    linalg.yield %k : i8
  } -> tensor<4x2xi8>
  %t = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %scale, %byte : tensor<4x2xf32>, tensor<f32>, tensor<i8>) outs(%eb : tensor<4x2xi8>) {
  ^bb0(%a: f32, %sc: f32, %z: i8, %o: i8):
    %d = arith.divf %a, %sc : f32
    %e = math.roundeven %d : f32
    %zf = arith.uitofp %z : i8 to f32
    %g = arith.addf %e, %zf : f32
    %h = arith.maxnumf %g, %low : f32
    %i = arith.minnumf %h, %high : f32
    %j = arith.fptosi %i : f32 to i32
    %k = arith.trunci %j : i32 to i8
    linalg.yield %k : i8
  } -> tensor<4x2xi8>
  return %s, %t : tensor<4x2xi8>, tensor<4x2xi8>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#scalar = affine_map<(m, n) -> ()>

// An element of a dequantised table is dequantised when it is read.
// CHECK-LABEL: func @table
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<100x8xi8>, %[[I:[a-z0-9]+]]: index
// CHECK-NOT: linalg.generic
// CHECK: %[[B:.*]] = tensor.extract %[[Q]][%[[I]], %[[I]]]
// CHECK: %[[W:.*]] = arith.extsi %[[B]]
// CHECK: %[[F:.*]] = arith.sitofp %[[W]]
// CHECK: %[[R:.*]] = arith.mulf %[[F]]
// CHECK: return %[[R]]
func.func @table(%q: tensor<100x8xi8>, %i: index) -> f32 {
  %scale = arith.constant dense<0.5> : tensor<f32>
  %ei = tensor.empty() : tensor<100x8xi32>
  %ef = tensor.empty() : tensor<100x8xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%q : tensor<100x8xi8>) outs(%ei : tensor<100x8xi32>) {
  ^bb0(%a: i8, %o: i32):
    %r = arith.extsi %a : i8 to i32
    linalg.yield %r : i32
  } -> tensor<100x8xi32>
  %x = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%wide, %scale : tensor<100x8xi32>, tensor<f32>) outs(%ef : tensor<100x8xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %r = arith.mulf %f, %s : f32
    linalg.yield %r : f32
  } -> tensor<100x8xf32>
  %e = tensor.extract %x[%i, %i] : tensor<100x8xf32>
  return %e : f32
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#scalar = affine_map<(m, n) -> ()>
#column = affine_map<(m, n) -> (n)>

// A zero point, a scale for each column, and a start that is no constant.
// CHECK-LABEL: func @columns
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x2xi8>, %[[I:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK-DAG: %[[OFFSETS:.*]] = arith.constant dense<[-50, 30, -90]> : tensor<3xi32>
// CHECK-DAG: %[[SCALES:.*]] = arith.constant dense<[2.500000e-01, 5.000000e-01, 1.000000e+00]> : tensor<3xf32>
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[Q]], %{{.*}} : tensor<2x2xi8>, tensor<2x3xi8>)
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %[[OFFSETS]], %[[SCALES]], %[[I]] : tensor<2x3xi32>, tensor<3xi32>, tensor<3xf32>, tensor<2x3xf32>)
func.func @columns(%q: tensor<2x2xi8>, %init: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant dense<10> : tensor<i32>
  %scale = arith.constant dense<0.5> : tensor<f32>
  %scales = arith.constant dense<[0.5, 1.0, 2.0]> : tensor<3xf32>
  %w = arith.constant dense<[[1, 2, 3], [4, -5, 6]]> : tensor<2x3xi32>
  %ei = tensor.empty() : tensor<2x2xi32>
  %ef = tensor.empty() : tensor<2x2xf32>
  %ew = tensor.empty() : tensor<2x3xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%q : tensor<2x2xi8>) outs(%ei : tensor<2x2xi32>) {
  ^bb0(%a: i8, %o: i32):
    %r = arith.extui %a : i8 to i32
    linalg.yield %r : i32
  } -> tensor<2x2xi32>
  %centred = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%wide, %zero : tensor<2x2xi32>, tensor<i32>) outs(%ei : tensor<2x2xi32>) {
  ^bb0(%a: i32, %z: i32, %o: i32):
    %r = arith.subi %a, %z : i32
    linalg.yield %r : i32
  } -> tensor<2x2xi32>
  %x = linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%centred, %scale : tensor<2x2xi32>, tensor<f32>) outs(%ef : tensor<2x2xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %r = arith.mulf %f, %s : f32
    linalg.yield %r : f32
  } -> tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]} ins(%w, %scales : tensor<2x3xi32>, tensor<3xf32>) outs(%ew : tensor<2x3xf32>) {
  ^bb0(%a: i32, %s: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %r = arith.mulf %f, %s : f32
    linalg.yield %r : f32
  } -> tensor<2x3xf32>
  %r = linalg.matmul ins(%x, %y : tensor<2x2xf32>, tensor<2x3xf32>) outs(%init : tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}
