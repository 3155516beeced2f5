// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd))' --split-input-file | FileCheck %s
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd{outputs=2}))' --split-input-file | FileCheck %s --check-prefix=TWO
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd{mode=off}))' --split-input-file | FileCheck %s --check-prefix=OFF
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd{mode=on}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: not dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd{outputs=3}))' --split-input-file 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// RUN: dl-opt %s --pass-pipeline='builtin.module(func.func(tile-winograd,tile-choose-layouts,canonicalize,tile-form-graphs,tile-schedule))' --split-input-file | FileCheck %s --check-prefix=SCHEDULE
// MODE: tile-winograd: mode=on is neither auto nor off
// OUTPUTS: tile-winograd: outputs=3 is neither 0, 2 nor 4
// OFF-NOT: tile.winograd

// The mark outlives the layout, which has the input's channels last as well; items are whole rows of tiles.
// CHECK-LABEL: func @pays
// CHECK: linalg.conv_2d_nchw_fchw {{.*}}tile.winograd = 4 : i64
// TWO-LABEL: func @pays
// TWO: linalg.conv_2d_nchw_fchw {{.*}}tile.winograd = 2 : i64
// SCHEDULE-LABEL: func @pays
// SCHEDULE: schedule #tile.schedule<[<workgroup[0, 0, {{(4|8|28)}}, 0]>]>
// SCHEDULE: linalg.generic {{.*}}tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>{{.*}}{tile.winograd = 4 : i64}
func.func @pays(%x: tensor<1x64x58x58xf32>, %i: tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32> {
  %w = arith.constant dense<0.5> : tensor<64x64x3x3xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>) outs(%i : tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32>
  return %r : tensor<1x64x56x56xf32>
}

// -----

// Few filters: the transforms cost more than they save. They can be, all the same.
// CHECK-LABEL: func @small
// CHECK-NOT: tile.winograd
// TWO-LABEL: func @small
// TWO: tile.winograd = 2
func.func @small(%x: tensor<1x16x10x10xf32>, %i: tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32> {
  %w = arith.constant dense<0.5> : tensor<16x16x3x3xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x16x10x10xf32>, tensor<16x16x3x3xf32>) outs(%i : tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  return %r : tensor<1x16x8x8xf32>
}

// -----

// A stride, a dilation, another window, a filter at run time, another type, channels of no whole unit, a dynamic side.
// TWO-LABEL: func @cannot
// TWO-NOT: tile.winograd
func.func @cannot(%x: tensor<1x64x58x58xf32>, %filter: tensor<64x64x3x3xf32>, %h: tensor<1x64x58x58xf16>, %y: tensor<1x65x58x58xf32>,
                  %n: tensor<1x64x?x58xf32>, %a: tensor<1x64x28x28xf32>, %b: tensor<1x64x54x54xf32>, %c: tensor<1x64x57x57xf32>,
                  %d: tensor<1x64x56x56xf32>, %e: tensor<1x64x56x56xf16>, %f: tensor<1x64x?x56xf32>) {
  %w = arith.constant dense_resource<w> : tensor<64x64x3x3xf32>
  %v = arith.constant dense_resource<v> : tensor<64x64x2x2xf32>
  %u = arith.constant dense_resource<u> : tensor<64x64x3x3xf16>
  %t = arith.constant dense_resource<t> : tensor<64x65x3x3xf32>
  %0 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%x, %w : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>) outs(%a : tensor<1x64x28x28xf32>) -> tensor<1x64x28x28xf32>
  %1 = linalg.conv_2d_nchw_fchw {dilations = dense<2> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>) outs(%b : tensor<1x64x54x54xf32>) -> tensor<1x64x54x54xf32>
  %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %v : tensor<1x64x58x58xf32>, tensor<64x64x2x2xf32>) outs(%c : tensor<1x64x57x57xf32>) -> tensor<1x64x57x57xf32>
  %3 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %filter : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>) outs(%d : tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32>
  %4 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%h, %u : tensor<1x64x58x58xf16>, tensor<64x64x3x3xf16>) outs(%e : tensor<1x64x56x56xf16>) -> tensor<1x64x56x56xf16>
  %5 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%y, %t : tensor<1x65x58x58xf32>, tensor<64x65x3x3xf32>) outs(%d : tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32>
  %6 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%n, %w : tensor<1x64x?x58xf32>, tensor<64x64x3x3xf32>) outs(%f : tensor<1x64x?x56xf32>) -> tensor<1x64x?x56xf32>
  return
}

// -----

// A dynamic number of images: items of one.
// TWO-LABEL: func @batch
// CHECK-LABEL: func @batch
// CHECK: linalg.conv_2d_nchw_fchw {{.*}}tile.winograd = 4 : i64
// SCHEDULE-LABEL: func @batch
// SCHEDULE: schedule #tile.schedule<[<workgroup[1, 0, 28, 0]>]>
func.func @batch(%x: tensor<?x64x58x58xf32>, %i: tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32> {
  %w = arith.constant dense<0.5> : tensor<64x64x3x3xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<?x64x58x58xf32>, tensor<64x64x3x3xf32>) outs(%i : tensor<?x64x56x56xf32>) -> tensor<?x64x56x56xf32>
  return %r : tensor<?x64x56x56xf32>
}
